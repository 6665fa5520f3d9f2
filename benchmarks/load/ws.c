/* A load client for Socket.IO servers: thousands of websocket members in one process, on one epoll.

   usage: ws PORT ROOMS        (gcc -O2 -o ws ws.c; speaks to 127.0.0.1, nothing else)

   ROOMS is a file of lines "department cursor revision"; member i joins the one of line i modulo their
   number. The cursor is "-" for none; the revision is what an answer to a join must have reached.

   Commands come on standard input, one a line, and each is answered by one line of JSON:

     connect N AT_ONCE SECONDS   N members connect and join, at most AT_ONCE of them under way
     return AT_ONCE SECONDS      waits until every member has been dropped and has come back
     post COUNT SIZE RATE        COUNT requests of SIZE changes each to the first department, in lock-step:
                                 the next one goes out when every delivery of the last has arrived, and not
                                 before 1/RATE s have passed (RATE 0: at once)

   Every change has the title "@number:microseconds" (CLOCK_MONOTONIC when its request was sent); so each
   delivery tells its latency, and which change it is: lost, doubled and disordered ones are counted.
   The members answer heartbeats also between the commands. The end of standard input ends the client. */
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

#define MAX_SIZE 64          /* changes in one request: a bit each */
#define PATIENCE 10e6        /* µs without any delivery until the missing ones are lost */
#define SETTLE 0.1e6         /* µs after the last request, for deliveries that nobody asked for */
#define FIRST_RETRY 0.1e6    /* µs; doubled at every failure, up to: */
#define LONGEST_RETRY 2e6
/* Makes a message of our server, ids and cursor included, about 430 bytes. */
#define EVENT "{\"event_date\":\"2024-01-20\",\"title\":\"@%ld:%.0f\",\"time\":\"14:00\"}"

enum state { DOWN, CONNECTING, UPGRADING, OPENING, ENTERING, JOINING, REFUSED, READY };

struct room { char department[256], cursor[256]; long revision; };

struct member {
  int fd;
  enum state state;
  struct room *room;
  double due, pause;         /* DOWN, REFUSED: when to try again; how long the next pause is */
  bool back;                 /* has become READY since the command began */
  long base;                 /* number of the first change of the request that `seen` is about */
  uint64_t seen;             /* which changes of it have arrived */
  long missed;               /* deliveries that were given up, and may yet come */
  char *rest;                /* the beginning of a frame whose end is still to come */
  size_t rest_size, rest_room;
};

static int port, epoll_fd, poster = -1;
static struct room *rooms;
static int room_count;
static struct member *members;
static int member_count;
static char input[1 << 20];

/* What the current command has seen. */
static struct {
  double began, first_drop, first_answer, last_ready, last_delivery;
  int under_way, back, ready;
  long retries, behind, full, expected, deliveries, lost, duplicates, late, disordered, frames, bytes;
  long heartbeats, refused;
} now_;
static int ready;                                    /* members that are READY */
static long next_number, base;                       /* of changes; the current request's first */
static int size_of_request;
static long outstanding;                             /* deliveries of the current request still to come */
static bool answered;                                /* the current request */
static char answer[1 << 20];
static size_t answer_size;
static float *latencies;                             /* ms */
static size_t latency_count, latency_room;

static void fail(const char *what) { perror(what); exit(2); }

static double clock_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static double own_cpu(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void note_latency(double ms) {
  if (latency_count == latency_room) {
    latency_room = latency_room ? latency_room * 2 : 1 << 16;
    if (!(latencies = realloc(latencies, latency_room * sizeof *latencies))) fail("latencies");
  }
  latencies[latency_count++] = ms;
}

static int by_size(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

/* Nearest rank; the latencies are sorted. */
static double percentile(double percent) {
  if (!latency_count) return 0;
  size_t rank = latency_count * percent / 100;
  return latencies[rank < latency_count ? rank : latency_count - 1];
}

static void watch(int fd, int how, uint32_t events, uint64_t who) {
  struct epoll_event e = {.events = events, .data.u64 = who};
  if (epoll_ctl(epoll_fd, how, fd, &e)) fail("epoll_ctl");
}

/* A socket on its way to the server, or -1. */
static int dial(int flags) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port),
                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | flags, 0), one = 1;
  if (fd < 0) fail("socket");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) {
    close(fd);
    return -1;
  }
  return fd;
}

/* ---- A member ---- */

static bool under_way(struct member *m) { return m->state > DOWN && m->state < READY; }

static void become(struct member *m, enum state state) {
  now_.under_way -= under_way(m);
  ready -= m->state == READY;
  m->state = state;
  now_.under_way += under_way(m);
  ready += state == READY;
}

static void try_again(struct member *m, enum state state) {
  double jitter = 0.5 + rand() / (double)RAND_MAX;
  m->due = clock_us() + m->pause * jitter;
  m->pause = m->pause * 2 < LONGEST_RETRY ? m->pause * 2 : LONGEST_RETRY;
  become(m, state);
}

static void drop(struct member *m) {
  if (m->fd >= 0) close(m->fd);
  m->fd = -1;
  m->rest_size = 0;
  if (m->state == READY) {
    m->due = clock_us();  /* comes back at once; only who fails then waits */
    if (!now_.first_drop) now_.first_drop = m->due;
    become(m, DOWN);
  } else {
    now_.retries++;
    try_again(m, DOWN);
  }
}

static void start(struct member *m) {
  m->fd = dial(SOCK_NONBLOCK);
  if (m->fd < 0) {
    drop(m);
    return;
  }
  watch(m->fd, EPOLL_CTL_ADD, EPOLLOUT, m - members);
  become(m, CONNECTING);
}

static void say_raw(struct member *m, const void *data, size_t size) {
  if (send(m->fd, data, size, MSG_NOSIGNAL) != (ssize_t)size) drop(m);  /* far less than a buffer holds */
}

/* A text frame; a client's are masked. */
static void say(struct member *m, const char *format, ...) {
  static unsigned char frame[1024];
  char text[1000];
  va_list arguments;
  va_start(arguments, format);
  int n = vsnprintf(text, sizeof text, format, arguments), at = 0;
  va_end(arguments);
  frame[at++] = 0x81;
  if (n < 126) {
    frame[at++] = 0x80 | n;
  } else {
    frame[at++] = 0x80 | 126;
    frame[at++] = n >> 8;
    frame[at++] = n & 255;
  }
  for (int i = 1; i <= 4; i++) frame[at++] = i;
  for (int i = 0; i < n; i++) frame[at++] = text[i] ^ ((i & 3) + 1);
  say_raw(m, frame, at);
}

static void upgrade(struct member *m) {
  char request[300];
  int n = sprintf(request,
      "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Version: 13\r\n\r\n", port);
  watch(m->fd, EPOLL_CTL_MOD, EPOLLIN, m - members);
  become(m, UPGRADING);
  say_raw(m, request, n);
}

static void join(struct member *m) {
  become(m, JOINING);
  if (strcmp(m->room->cursor, "-"))
    say(m, "420[\"join_department\",{\"department_id\":\"%s\",\"cursor\":\"%s\"}]", m->room->department,
        m->room->cursor);
  else
    say(m, "420[\"join_department\",{\"department_id\":\"%s\"}]", m->room->department);
}

/* The acknowledgement of a join. Its own revision stands before those of the events that it may hold. */
static void joined(struct member *m, const char *text, size_t n) {
  const char *revision = memmem(text, n, "\"revision\":", 11);
  if (!revision) {
    now_.retries++;
    try_again(m, REFUSED);
    return;
  }
  now_.behind += atol(revision + 11) < m->room->revision;
  now_.full += memmem(text, n, "\"full\":true", 11) != NULL;
  m->pause = FIRST_RETRY;
  m->base = -1;
  become(m, READY);
  if (m->back) return;
  m->back = true;
  now_.back++;
  now_.last_ready = clock_us();
  note_latency((now_.last_ready - now_.began) / 1e3);
}

static void delivered(struct member *m, long number, double sent) {
  double at = clock_us();
  int bit = number - base;
  if (bit < 0 || bit >= size_of_request) {  /* of an earlier request */
    if (m->missed > 0) m->missed--, now_.late++;
    else now_.duplicates++;
    return;
  }
  if (m->base != base) m->base = base, m->seen = 0;
  if (m->seen >> bit & 1) {
    now_.duplicates++;
    return;
  }
  now_.disordered += m->seen >> bit != 0;
  m->seen |= 1ull << bit;
  now_.deliveries++;
  now_.last_delivery = at;
  outstanding--;
  note_latency((at - sent) / 1e3);
}

static void live(struct member *m, const char *text, size_t n) {
  static const char mark[] = "\"title\":\"@";
  const char *end = text + n, *at = text;
  bool any = false;
  while ((at = memmem(at, end - at, mark, sizeof mark - 1))) {
    char *colon;
    at += sizeof mark - 1;
    long number = strtol(at, &colon, 10);
    delivered(m, number, strtod(colon + 1, NULL));
    any = true;
  }
  now_.frames += any;
  now_.bytes += any ? n : 0;
}

/* One Engine.IO packet: 0 open, 2 ping, 40 entered, 43 acknowledgement, 42 event. */
static void packet(struct member *m, const char *text, size_t n) {
  if (n == 1 && *text == '2') {
    now_.heartbeats++;
    say(m, "3");
  } else if (m->state == OPENING) {
    become(m, ENTERING);
    say(m, "40");
  } else if (m->state == ENTERING && n >= 2 && !memcmp(text, "40", 2)) {
    join(m);
  } else if (m->state == JOINING && n >= 2 && !memcmp(text, "43", 2)) {
    joined(m, text, n);
  } else if (m->state == READY) {
    live(m, text, n);
  }
}

/* The bytes of `data` that were whole frames (or the answer to the upgrade). */
static size_t take(struct member *m, const char *data, size_t n) {
  size_t at = 0;
  if (m->state == UPGRADING) {
    const char *end = memmem(data, n, "\r\n\r\n", 4);
    if (!end) return 0;
    if (n < 12 || memcmp(data + 9, "101", 3)) {
      drop(m);
      return n;
    }
    if (!now_.first_answer) now_.first_answer = clock_us();
    become(m, OPENING);
    at = end + 4 - data;
  }
  while (n - at >= 2) {
    const unsigned char *head = (const unsigned char *)data + at;
    uint64_t size = head[1] & 127;
    size_t header = size == 127 ? 10 : size == 126 ? 4 : 2;
    if (n - at < header) break;
    if (header > 2) {
      size = 0;
      for (size_t i = 2; i < header; i++) size = size << 8 | head[i];
    }
    if (n - at - header < size) break;
    at += header + size;
    if ((head[0] & 15) == 8) drop(m);
    else packet(m, (const char *)head + header, size);
    if (m->fd < 0) return n;
  }
  return at;
}

static void keep(struct member *m, const char *data, size_t n) {
  if (n > m->rest_room) {
    m->rest_room = n * 2;
    char *bigger = malloc(m->rest_room);
    if (!bigger) fail("malloc");
    memcpy(bigger, data, n);
    free(m->rest);
    m->rest = bigger;
  } else if (n) {
    memmove(m->rest, data, n);
  }
  m->rest_size = n;
}

static void readable(struct member *m) {
  size_t had = m->rest_size;
  if (had >= sizeof input) fail("a frame is too long");
  if (had) memcpy(input, m->rest, had);
  ssize_t got = recv(m->fd, input + had, sizeof input - had, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    drop(m);
    return;
  }
  size_t taken = take(m, input, had + got);
  if (m->fd >= 0) keep(m, input + taken, had + got - taken);
}

static void member_event(struct member *m) {
  int error = 0;
  socklen_t length = sizeof error;
  if (m->state != CONNECTING) {
    readable(m);
    return;
  }
  getsockopt(m->fd, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error) drop(m);
  else upgrade(m);
}

/* ---- The one who writes ---- */

#define POSTER UINT32_MAX
#define COMMANDS (UINT32_MAX - 1ull)

static void hang_up(void) {
  if (poster >= 0) close(poster);
  poster = -1;
}

static void send_request(int size) {
  static char body[MAX_SIZE * 200], request[sizeof body + 1000];
  double sent = clock_us();
  int n = 0;
  base = next_number;
  size_of_request = size;
  if (size > 1) n = sprintf(body, "{\"operations\":[");
  for (int i = 0; i < size; i++) {
    n += sprintf(body + n, size > 1 ? "%s{\"op\":\"create\",\"event\":" : "%s", i ? "," : "");
    n += sprintf(body + n, EVENT "%s", next_number++, sent, size > 1 ? "}" : "");
  }
  if (size > 1) n += sprintf(body + n, "]}");
  int head = sprintf(request, "POST /api/events/%s%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                     "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                     rooms[0].department, size > 1 ? "/batch" : "", port, n, body);
  if (poster < 0) {
    if ((poster = dial(0)) < 0) fail("connect");
    watch(poster, EPOLL_CTL_ADD, EPOLLIN, POSTER);
  }
  answered = false;
  answer_size = 0;
  if (send(poster, request, head, MSG_NOSIGNAL) != head) fail("send");
}

/* A part of the answer. Its connection may end while nothing is asked. */
static void poster_event(void) {
  ssize_t got = recv(poster, answer + answer_size, sizeof answer - 1 - answer_size, MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    hang_up();
    if (!answered) now_.refused++, answered = true, outstanding = 0;
    return;
  }
  answer[answer_size += got] = 0;
  char *end = strstr(answer, "\r\n\r\n"), *length = strcasestr(answer, "\r\ncontent-length:");
  if (!end || answer + answer_size - (end + 4) < (length ? atol(length + 17) : 0)) return;
  answered = true;
  if (answer[9] != '2') {
    fprintf(stderr, "%.300s\n", answer);
    now_.refused++;
    outstanding = 0;
  }
  if (strcasestr(answer, "\r\nconnection: close")) hang_up();
}

/* ---- Commands ---- */

/* Handles what has happened within `us`. True: a command waits. */
static bool turn(double us) {
  static struct epoll_event events[512];
  bool command = false;
  int n = epoll_wait(epoll_fd, events, 512, us < 0 ? -1 : us < 1000 ? us > 0 : (int)(us / 1000));
  for (int i = 0; i < n; i++) {
    uint64_t who = events[i].data.u64;
    if (who == POSTER) poster_event();
    else if (who == COMMANDS) command = true;
    else if (members[who].fd >= 0) member_event(&members[who]);
    if (who == COMMANDS && events[i].events & EPOLLHUP && !(events[i].events & EPOLLIN)) exit(0);
  }
  return command;
}

static void begin(void) {
  memset(&now_, 0, sizeof now_);
  now_.began = clock_us();
  latency_count = 0;
  for (int i = 0; i < member_count; i++) {
    members[i].back = false;
    now_.under_way += under_way(&members[i]);
  }
}

/* Starts whoever is due, while fewer than `at_once` are under way. */
static void start_due(int at_once) {
  double now = clock_us();
  for (int i = 0; i < member_count; i++) {
    struct member *m = &members[i];
    if (m->state == REFUSED && m->due <= now) join(m);
    else if (m->state == DOWN && m->due <= now && now_.under_way < at_once) start(m);
  }
}

static void gather(int at_once, double seconds) {
  double cpu = own_cpu();
  begin();
  while (now_.back < member_count && clock_us() - now_.began < seconds * 1e6) {
    start_due(at_once ? at_once : member_count);
    turn(5e3);
  }
  qsort(latencies, latency_count, sizeof *latencies, by_size);
  double down = now_.first_drop && now_.first_answer ? now_.first_answer - now_.first_drop : 0;
  printf("{\"members\":%d,\"ready\":%d,\"back\":%d,\"retries\":%ld,\"behind\":%ld,\"full\":%ld,"
         "\"seconds\":%.3f,\"down_s\":%.3f,\"after_first_answer_s\":%.3f,\"p50_ms\":%.1f,"
         "\"client_cpu_s\":%.3f}\n", member_count, ready, now_.back, now_.retries, now_.behind, now_.full,
         (now_.last_ready - (now_.first_drop ? now_.first_drop : now_.began)) / 1e6, down / 1e6,
         (now_.last_ready - now_.first_answer) / 1e6, percentile(50), own_cpu() - cpu);
}

static void connect_members(int count, int at_once, double seconds) {
  if (member_count) fail("they are connected");
  if (!(members = calloc(count, sizeof *members))) fail("calloc");
  member_count = count;
  for (int i = 0; i < count; i++)
    members[i] = (struct member){.fd = -1, .room = &rooms[i % room_count], .pause = FIRST_RETRY};
  gather(at_once, seconds);
}

static void give_up(void) {
  now_.lost += outstanding;
  for (int i = 0; i < member_count; i++) {
    struct member *m = &members[i];
    if (m->state == READY && m->room == rooms)
      m->missed += size_of_request - (m->base == base ? __builtin_popcountll(m->seen) : 0);
  }
  outstanding = 0;
}

static void post_once(int size) {
  int listeners = 0;
  for (int i = 0; i < member_count; i++) listeners += members[i].state == READY && members[i].room == rooms;
  outstanding = (long)listeners * size;
  now_.expected += outstanding;
  now_.last_delivery = clock_us();
  send_request(size);
  while (outstanding > 0 || !answered) {
    turn(50e3);
    if (clock_us() - now_.last_delivery > PATIENCE) break;
  }
  if (!answered) fail("no answer");
  if (outstanding > 0) give_up();
}

static void post(int count, int size, double rate) {
  double cpu = own_cpu(), last = 0;
  begin();
  for (int i = 0; i < count; i++) {
    double due = rate > 0 ? now_.began + i * 1e6 / rate : 0;
    while (clock_us() < due) turn(due - clock_us());
    post_once(size);
    last = clock_us();
  }
  while (clock_us() - last < SETTLE) turn(SETTLE / 10);
  qsort(latencies, latency_count, sizeof *latencies, by_size);
  printf("{\"members\":%d,\"expected\":%ld,\"deliveries\":%ld,\"lost\":%ld,\"duplicates\":%ld,\"late\":%ld,"
         "\"disordered\":%ld,\"refused\":%ld,\"frames\":%ld,\"bytes_per_delivery\":%.0f,\"heartbeats\":%ld,"
         "\"seconds\":%.3f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"p999_ms\":%.3f,\"max_ms\":%.3f,"
         "\"client_cpu_s\":%.3f}\n", ready, now_.expected, now_.deliveries, now_.lost, now_.duplicates,
         now_.late, now_.disordered, now_.refused, now_.frames,
         now_.deliveries ? now_.bytes / (double)now_.deliveries : 0, now_.heartbeats,
         (last - now_.began) / 1e6, percentile(50), percentile(99), percentile(99.9), percentile(100),
         own_cpu() - cpu);
}

static void obey(const char *line) {
  int a, b;
  double c;
  if (sscanf(line, "connect %d %d %lf", &a, &b, &c) == 3) connect_members(a, b, c);
  else if (sscanf(line, "return %d %lf", &a, &c) == 2) gather(a, c);
  else if (sscanf(line, "post %d %d %lf", &a, &b, &c) == 3 && b > 0 && b <= MAX_SIZE) post(a, b, c);
  else printf("{\"error\":\"no such command\"}\n");
  fflush(stdout);
}

static void read_rooms(const char *path) {
  FILE *file = fopen(path, "r");
  struct room r;
  if (!file) fail(path);
  while (fscanf(file, "%255s %255s %ld", r.department, r.cursor, &r.revision) == 3) {
    if (!(rooms = realloc(rooms, (room_count + 1) * sizeof r))) fail("rooms");
    rooms[room_count++] = r;
  }
  fclose(file);
  if (!room_count) fail("no rooms");
}

int main(int argc, char **argv) {
  char line[200];
  struct rlimit files;
  if (argc != 3) return 2;
  port = atoi(argv[1]);
  read_rooms(argv[2]);
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  epoll_fd = epoll_create1(0);
  watch(STDIN_FILENO, EPOLL_CTL_ADD, EPOLLIN, COMMANDS);
  for (;;) {
    while (!turn(-1)) {}
    if (!fgets(line, sizeof line, stdin)) return 0;
    obey(line);
  }
}
