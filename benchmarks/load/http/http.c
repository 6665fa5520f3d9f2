/* A closed-loop HTTP/1.1 client: every connection sends its next request when the last has been answered.

     http PORT TEMPLATES CONNECTIONS SECONDS REQUESTS

   No request begins after SECONDS, nor more than REQUESTS of them (0: no such limit); those that are under way
   then are awaited. Request number n (from 0 on) is template n modulo their number. Templates are raw requests
   with line feeds, divided by lines of "%%"; in them {{n}} is the number n and {{uuid}} a new random UUID.
   Content-Length is added to those that have a body.

   Prints one line of JSON. A latency is from before a request is sent until its answer has been read whole. */
#include "http.h"

#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>

#define PATIENCE 60e6      /* µs: without any answer for so long, it ends with failure */
#define RETRY 20e3         /* µs between attempts to connect to a server that isn't there */

static struct sockaddr_in server;
static int epoll_fd;
static double began, ends, last_answer;
static long limit, started, waiting;
static struct tally tally;

static void watch(struct connection *c, int how, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = c};
  if (epoll_ctl(epoll_fd, how, c->fd, &event) < 0) fail("epoll_ctl");
}

static void hang_up(struct connection *c) {
  if (c->fd >= 0) close(c->fd);
  c->fd = -1;
  c->used = false;
}

static void dial(struct connection *c) {
  int one = 1;
  if ((c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) < 0) fail("socket");
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  c->used = false;
  c->due = 0;
  if (connect(c->fd, (struct sockaddr *)&server, sizeof server) < 0 && errno != EINPROGRESS) {
    hang_up(c);
    c->due = clock_us() + RETRY;
    return;
  }
  watch(c, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT);
}

/* Sends the rest of the request. EPOLLOUT is watched until nothing is left. */
static bool push(struct connection *c) {
  while (c->sent < c->request.size) {
    ssize_t done = send(c->fd, c->request.text + c->sent, c->request.size - c->sent, MSG_NOSIGNAL);
    if (done < 0) return errno == EAGAIN || errno == ENOTCONN || errno == EINTR;
    c->sent += done;
  }
  watch(c, EPOLL_CTL_MOD, EPOLLIN);
  return true;
}

static void begin(struct connection *c) {
  c->busy = false;
  if ((limit && started >= limit) || (ends && clock_us() >= ends)) return;
  render(&c->request, started++);
  c->busy = true;
  waiting++;
  c->since = clock_us();
  c->sent = 0;
  forget(&c->answer);
  if (c->fd < 0) dial(c);
  else if (!push(c)) tally.again++, hang_up(c), c->sent = 0, dial(c);
  else if (c->sent < c->request.size) watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
}

static void finish(struct connection *c, int status) {
  last_answer = clock_us();
  note(&tally, status, (last_answer - c->since) / 1e3);
  waiting--;
  c->used = true;
  if (!c->answer.keep || status == 0) hang_up(c);
  begin(c);
}

/* The server has closed the connection. It may close a kept one before the first byte of an answer: the request
   is sent again then, and also if no server was reached. */
static void closed(struct connection *c) {
  bool idle = c->used && !c->answer.size, refused = !c->used && !c->sent;
  hang_up(c);
  if (!c->busy) return;
  if (ends_with_close(&c->answer)) {
    finish(c, c->answer.status);
  } else if (idle || refused) {
    tally.again++;
    c->sent = 0;
    if (idle) dial(c);
    else c->due = clock_us() + RETRY;
  } else {
    finish(c, 0);
  }
}

static void receive(struct connection *c) {
  static char bytes[1 << 18];
  ssize_t size = recv(c->fd, bytes, sizeof bytes, 0);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0 || !c->busy) return closed(c);
  tally.bytes += size;
  if (take(&c->answer, bytes, size)) finish(c, c->answer.status);
}

static void serve(struct epoll_event *event) {
  struct connection *c = event->data.ptr;
  if (c->fd < 0) return;
  if (event->events & (EPOLLERR | EPOLLHUP) && !(event->events & EPOLLIN)) return closed(c);
  if (event->events & EPOLLOUT && !push(c)) return closed(c);
  if (event->events & EPOLLIN) receive(c);
}

static void run(struct connection *connections, unsigned count) {
  struct epoll_event events[256];
  for (unsigned i = 0; i < count; i++) begin(&connections[i]);
  while (waiting) {
    int ready = epoll_wait(epoll_fd, events, 256, 20);
    for (int i = 0; i < ready; i++) serve(&events[i]);
    double now = clock_us();
    for (unsigned i = 0; i < count; i++)
      if (connections[i].busy && connections[i].fd < 0 && connections[i].due <= now) dial(&connections[i]);
    if (now - last_answer > PATIENCE) errno = 0, fail("no answer for a minute");
  }
}

int main(int argc, char **argv) {
  if (argc != 6) fail("usage: http PORT TEMPLATES CONNECTIONS SECONDS REQUESTS");
  server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  read_templates(argv[2]);
  unsigned count = strtoul(argv[3], NULL, 10);
  double seconds = atof(argv[4]);
  limit = atol(argv[5]);
  if (!count || count > 60000 || (seconds <= 0 && limit <= 0)) fail("connections, and seconds or requests, are at least 1");
  struct connection *connections = calloc(count, sizeof *connections);
  for (unsigned i = 0; i < count; i++) connections[i].fd = -1;
  if ((epoll_fd = epoll_create1(0)) < 0) fail("epoll_create1");
  began = last_answer = clock_us();
  ends = seconds > 0 ? began + seconds * 1e6 : 0;
  run(connections, count);
  tell(&tally, (last_answer - began) / 1e6);
}
