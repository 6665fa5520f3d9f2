/* What the parts of the load client share: ws.c (commands), member.c (websockets), tally.c (numbers). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define FIRST_RETRY 0.1e6    /* µs until somebody who failed tries again; doubled each time, up to: */
#define LONGEST_RETRY 2e6

/* The states of a member, in their order. REFUSED: the join was refused and will be repeated. */
enum state { DOWN, CONNECTING, UPGRADING, OPENING, ENTERING, JOINING, REFUSED, READY };

struct room { char department[256], cursor[256]; long revision; };

struct member {
  int fd;
  enum state state;
  struct room *room;
  double due, pause;         /* DOWN, REFUSED: when to try again, and the pause after that */
  bool back;                 /* has become READY since the command began */
  long base;                 /* the first change of the request that `seen` is about */
  uint64_t seen;             /* which changes of that request have arrived */
  long missed;               /* deliveries that were given up, and may yet come */
  char *rest;                /* the beginning of a frame whose end is still to come */
  size_t rest_size, rest_room;
};

/* The request whose deliveries are awaited. Changes are numbered from 0 on, over all requests. */
struct request { long first; int size; long outstanding; bool answered; };

/* What the current command has seen. Times in µs of CLOCK_MONOTONIC, 0: not yet. */
struct tally {
  double began, cpu, first_drop, first_answer, last_ready, last_delivery;
  int under_way, back;
  long dropped, retries, behind, full;
  long expected, deliveries, lost, duplicates, late, disordered, refused, frames, bytes, heartbeats;
};

extern bool plain;             /* the server speaks websockets without Socket.IO: no handshake, no join */
extern int port, epoll_fd, ready_members;
extern struct member *members;
extern int member_count;
extern struct request request;
extern struct tally tally;

/* tally.c */
void fail(const char *what);             /* ends the client */
double clock_us(void);
double cpu_seconds(void);                /* of this process so far */
void note_latency(double ms);
size_t latencies_noted(void);
void forget_latencies(size_t after);     /* all but the first so many */
void sort_latencies(void);
double latency(double percent);          /* ms, nearest rank, once they are sorted */

/* member.c */
bool under_way(const struct member *m);
void start_due(int at_once);             /* starts whoever is due, while fewer than `at_once` are under way */
void member_event(struct member *m);

/* ws.c */
void watch(int fd, int how, uint32_t events, uint64_t who);
int dial(int flags);                     /* a socket on its way to the server, or -1 */
