/* A load client for Socket.IO servers: thousands of websocket members in one process, on one epoll.

   usage: ws PORT ROOMS SECONDS [plain]        connects to 127.0.0.1 only

   plain: the server speaks websockets without Socket.IO. A member is ready when its websocket is open, and
   the body of a POST is the message that every member gets, padded to the size of our server's.

   ROOMS is a file of lines "department cursor revision"; member i joins the one of line i modulo their
   number. The cursor is "-" for none; the revision is what the answer to the join must have reached.
   After SECONDS without any delivery those that are missing are lost.

   Commands come on standard input, one a line, and each is answered by one line of JSON:

     connect N AT_ONCE SECONDS   N members connect and join, at most AT_ONCE of them under way (0: all)
     return AT_ONCE SECONDS      waits until every member has been dropped and has come back
     post COUNT SIZE RATE        COUNT requests of SIZE changes each to the first department, in lock-step:
                                 the next one goes out when every delivery of the last has arrived, and not
                                 before 1/RATE s have passed (RATE 0: at once)
     more COUNT SIZE RATE        the same; its latencies are added to those of the last
     warm COUNT                  COUNT requests that don't count

   Every change has the title "@number:microseconds" (CLOCK_MONOTONIC when its request was sent); so each
   delivery tells its latency, and which change it is: lost, doubled and disordered ones are counted.
   The members answer heartbeats between the commands too. The end of standard input ends the client. */
#include "load.h"

#define MAX_SIZE 64          /* changes in one request: a bit each */
#define SETTLE 0.1e6         /* µs after the last request, for deliveries that are one too many */
/* With ids and cursor, our server's message about it has about 430 bytes. */
#define EVENT "{\"event_date\":\"2024-01-20\",\"title\":\"@%ld:%.0f\",\"time\":\"14:00\"}"
#define MESSAGE_SIZE 430     /* of our server's */
/* Sources of epoll's events other than members, which have their number. */
#define POSTER UINT32_MAX
#define COMMANDS (UINT32_MAX - 1ull)

bool plain;
int port, epoll_fd, ready_members, member_count;
struct member *members;
struct request request;
static struct room *rooms;
static int room_count;
static int poster = -1;                              /* the connection over which changes are posted */
static char answer[1 << 20];
static size_t answer_size;
static double patience;                              /* µs */

void watch(int fd, int how, uint32_t events, uint64_t who) {
  struct epoll_event e = {.events = events, .data.u64 = who};
  if (epoll_ctl(epoll_fd, how, fd, &e)) fail("epoll_ctl");
}

int dial(int flags) {
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

static void hang_up(void) {
  if (poster >= 0) close(poster);
  poster = -1;
}

static void send_request(int size) {
  static char body[MAX_SIZE * 200], message[sizeof body + 1000];
  double sent = clock_us();
  int n = 0;
  request.first += request.size;  /* numbers are consecutive over all requests */
  request.size = size;
  if (size > 1) n = sprintf(body, "{\"operations\":[");
  for (int i = 0; i < size; i++) {
    n += sprintf(body + n, size > 1 ? "%s{\"op\":\"create\",\"event\":" : "%s", i ? "," : "");
    n += sprintf(body + n, EVENT "%s", request.first + i, sent, size > 1 ? "}" : "");
  }
  if (size > 1) n += sprintf(body + n, "]}");
  while (plain && n < MESSAGE_SIZE) body[n++] = ' ';
  body[n] = 0;
  int head = sprintf(message, "POST /api/events/%s%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                     "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                     rooms[0].department, size > 1 ? "/batch" : "", port, n, body);
  if (poster < 0) {
    if ((poster = dial(0)) < 0) fail("connect");
    watch(poster, EPOLL_CTL_ADD, EPOLLIN, POSTER);
  }
  request.answered = false;
  answer_size = 0;
  if (send(poster, message, head, MSG_NOSIGNAL) != head) fail("send");
}

/* Reads a part of the answer. The server may close the connection between two requests. */
static void poster_event(void) {
  ssize_t got = recv(poster, answer + answer_size, sizeof answer - 1 - answer_size, MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    hang_up();
    if (!request.answered) tally.refused++, request.answered = true, request.outstanding = 0;
    return;
  }
  answer[answer_size += got] = 0;
  char *end = strstr(answer, "\r\n\r\n"), *length = strcasestr(answer, "\r\ncontent-length:");
  if (!end || answer + answer_size - (end + 4) < (length ? atol(length + 17) : 0)) return;
  request.answered = true;
  if (answer[9] != '2') {
    fprintf(stderr, "%.300s\n", answer);
    tally.refused++;
    request.outstanding = 0;
  }
  if (strcasestr(answer, "\r\nconnection: close")) hang_up();
}

/* Waits up to `us` for events and handles them. Returns true if a command waits. */
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

/* Begins a command. The first `known` latencies stay. */
static void begin(size_t known) {
  tally = (struct tally){.began = clock_us(), .cpu = cpu_seconds()};
  forget_latencies(known);
  for (int i = 0; i < member_count; i++) {
    members[i].back = false;
    tally.under_way += under_way(&members[i]);
  }
}

static void gather(int at_once, double seconds) {
  begin(0);
  while (tally.back < member_count && clock_us() - tally.began < seconds * 1e6) {
    start_due(at_once ? at_once : member_count);
    turn(5e3);
  }
  sort_latencies();
  double down = tally.first_drop && tally.first_answer ? tally.first_answer - tally.first_drop : 0;
  printf("{\"members\":%d,\"ready\":%d,\"back\":%d,\"retries\":%ld,\"refused\":%ld,\"behind\":%ld,"
         "\"full\":%ld,\"seconds\":%.3f,\"down_s\":%.3f,\"after_first_answer_s\":%.3f,\"p50_ms\":%.1f,"
         "\"client_cpu_s\":%.3f}\n",
         member_count, ready_members, tally.back, tally.retries, tally.refused, tally.behind, tally.full,
         (tally.last_ready - (tally.first_drop ? tally.first_drop : tally.began)) / 1e6, down / 1e6,
         (tally.last_ready - tally.first_answer) / 1e6, latency(50), cpu_seconds() - tally.cpu);
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
  tally.lost += request.outstanding;
  for (int i = 0; i < member_count; i++) {
    struct member *m = &members[i];
    if (m->state == READY && m->room == rooms)
      m->missed += request.size - (m->base == request.first ? __builtin_popcountll(m->seen) : 0);
  }
  request.outstanding = 0;
}

static void post_once(int size) {
  int listeners = 0;
  for (int i = 0; i < member_count; i++)
    listeners += members[i].state == READY && members[i].room == rooms;
  request.outstanding = (long)listeners * size;
  tally.expected += request.outstanding;
  tally.last_delivery = clock_us();
  send_request(size);
  while (request.outstanding > 0 || !request.answered) {
    turn(50e3);
    if (clock_us() - tally.last_delivery > patience) break;
  }
  if (!request.answered) fail("no answer");
  if (request.outstanding > 0) give_up();
}

static void warm(int count) {
  size_t known = latencies_noted();
  begin(known);
  for (int i = 0; i < count; i++) post_once(1);
  forget_latencies(known);
  printf("{\"expected\":%ld,\"deliveries\":%ld,\"lost\":%ld}\n", tally.expected, tally.deliveries, tally.lost);
}

static void post(int count, int size, double rate, size_t known) {
  double last = 0;
  begin(known);
  for (int i = 0; i < count; i++) {
    double due = rate > 0 ? tally.began + i * 1e6 / rate : 0;
    while (clock_us() < due) turn(due - clock_us());
    post_once(size);
    last = clock_us();
  }
  while (clock_us() - last < SETTLE) turn(SETTLE / 10);
  sort_latencies();
  printf("{\"members\":%d,\"expected\":%ld,\"deliveries\":%ld,\"lost\":%ld,\"duplicates\":%ld,\"late\":%ld,"
         "\"disordered\":%ld,\"refused\":%ld,\"dropped\":%ld,\"frames\":%ld,"
         "\"bytes_per_delivery\":%.0f,\"heartbeats\":%ld,"
         "\"seconds\":%.3f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"p999_ms\":%.3f,\"max_ms\":%.3f,"
         "\"client_cpu_s\":%.3f}\n",
         ready_members, tally.expected, tally.deliveries, tally.lost, tally.duplicates, tally.late,
         tally.disordered, tally.refused, tally.dropped, tally.frames,
         tally.deliveries ? tally.bytes / (double)tally.deliveries : 0, tally.heartbeats,
         (last - tally.began) / 1e6, latency(50), latency(99), latency(99.9), latency(100),
         cpu_seconds() - tally.cpu);
}

static void obey(const char *line) {
  int a, b;
  double c;
  if (sscanf(line, "connect %d %d %lf", &a, &b, &c) == 3) connect_members(a, b, c);
  else if (sscanf(line, "return %d %lf", &a, &c) == 2) gather(a, c);
  else if (sscanf(line, "warm %d", &a) == 1) warm(a);
  else if (sscanf(line, "post %d %d %lf", &a, &b, &c) == 3 && b > 0 && b <= MAX_SIZE) post(a, b, c, 0);
  else if (sscanf(line, "more %d %d %lf", &a, &b, &c) == 3 && b > 0 && b <= MAX_SIZE)
    post(a, b, c, latencies_noted());
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
  plain = argc == 5 && !strcmp(argv[4], "plain");
  if (argc != 4 + plain) return 2;
  port = atoi(argv[1]);
  read_rooms(argv[2]);
  patience = atof(argv[3]) * 1e6;
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
