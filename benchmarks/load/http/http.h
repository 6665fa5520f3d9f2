/* What the parts of the load client share: http.c (connections), request.c, answer.c and tally.c. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define LONGEST_HEAD 16384

struct request { char *text; size_t size, room; };

/* What has been read of an answer. LINE, DATA, AFTER, TRAILER are the parts of a chunked body. */
struct answer {
  char head[LONGEST_HEAD];
  size_t size;              /* bytes read of it so far, head included */
  size_t head_size;
  bool in_body, chunked, sized, keep;
  enum { LINE, DATA, AFTER, TRAILER } part;
  bool blank;               /* TRAILER: nothing stands on this line so far */
  int status;
  uint64_t left;            /* bytes that are still to come, of the body or of the chunk */
};

struct connection {
  int fd;                   /* -1: none */
  bool busy, used;          /* a request is under way; the server has kept it over an answer */
  double since, due;        /* when the request began; when to connect again. µs */
  struct request request;
  size_t sent;
  struct answer answer;
};

struct tally {
  long statuses[1000];      /* [0]: the connection broke in the middle of an answer */
  long requests, again;     /* `again`: sent once more, because the server had hung up before answering */
  uint64_t bytes;
  float *latencies;         /* ms */
  size_t room;
};

/* request.c */
void read_templates(const char *path);
void render(struct request *request, long number);

/* answer.c */
void forget(struct answer *a);
bool take(struct answer *a, const char *bytes, size_t size);   /* true: it is whole */
bool ends_with_close(const struct answer *a);                  /* it has no length, and begins all right */

/* tally.c */
void fail(const char *what);                                   /* ends the client */
double clock_us(void);
void note(struct tally *t, int status, double ms);
void tell(struct tally *t, double seconds);
