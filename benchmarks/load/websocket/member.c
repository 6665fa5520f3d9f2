/* A member: a websocket that speaks just enough Engine.IO v4 and Socket.IO v5. */
#include "load.h"

static char input[1 << 20];

bool under_way(const struct member *m) { return m->state > DOWN && m->state < READY; }

static void become(struct member *m, enum state state) {
  tally.under_way -= under_way(m);
  ready_members -= m->state == READY;
  m->state = state;
  tally.under_way += under_way(m);
  ready_members += state == READY;
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
    m->due = clock_us();  /* reconnects at once; only a failed attempt waits */
    if (!tally.first_drop) tally.first_drop = m->due;
    tally.dropped++;
    become(m, DOWN);
  } else {
    tally.retries++;
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
  char asked[300];
  int n = sprintf(asked,
      "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Version: 13\r\n\r\n", port);
  watch(m->fd, EPOLL_CTL_MOD, EPOLLIN, m - members);
  become(m, UPGRADING);
  say_raw(m, asked, n);
}

static void join(struct member *m) {
  become(m, JOINING);
  if (strcmp(m->room->cursor, "-"))
    say(m, "420[\"join_department\",{\"department_id\":\"%s\",\"cursor\":\"%s\"}]", m->room->department,
        m->room->cursor);
  else
    say(m, "420[\"join_department\",{\"department_id\":\"%s\"}]", m->room->department);
}

static void ready(struct member *m) {
  m->pause = FIRST_RETRY;
  m->base = -1;
  become(m, READY);
  if (m->back) return;
  m->back = true;
  tally.back++;
  tally.last_ready = clock_us();
  note_latency((tally.last_ready - tally.began) / 1e3);
}

/* The acknowledgement of a join. Its own revision stands before those of the events that it may hold. */
static void joined(struct member *m, const char *text, size_t n) {
  const char *revision = memmem(text, n, "\"revision\":", 11);
  if (!revision) {
    tally.refused++;
    try_again(m, REFUSED);
    return;
  }
  tally.behind += atol(revision + 11) < m->room->revision;
  tally.full += memmem(text, n, "\"full\":true", 11) != NULL;
  ready(m);
}

static void delivered(struct member *m, long number, double sent) {
  double at = clock_us();
  int bit = number - request.first;
  if (bit < 0 || bit >= request.size) {  /* a change of an earlier request */
    if (m->missed > 0) m->missed--, tally.late++;
    else tally.duplicates++;
    return;
  }
  if (m->base != request.first) m->base = request.first, m->seen = 0;
  if (m->seen >> bit & 1) {
    tally.duplicates++;
    return;
  }
  tally.disordered += m->seen >> bit != 0;
  m->seen |= 1ull << bit;
  tally.deliveries++;
  tally.last_delivery = at;
  request.outstanding--;
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
  tally.frames += any;
  tally.bytes += any ? n : 0;
}

/* One Engine.IO packet: 0 open, 2 ping, 40 entered, 43 acknowledgement, 42 event. */
static void packet(struct member *m, const char *text, size_t n) {
  if (n == 1 && *text == '2') {
    tally.heartbeats++;
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

/* Returns how many bytes of `data` were complete frames (or the answer to the upgrade). */
static size_t take(struct member *m, const char *data, size_t n) {
  size_t at = 0;
  if (m->state == UPGRADING) {
    const char *end = memmem(data, n, "\r\n\r\n", 4);
    if (!end) return 0;
    if (n < 12 || memcmp(data + 9, "101", 3)) {
      drop(m);
      return n;
    }
    if (!tally.first_answer) tally.first_answer = clock_us();
    if (plain) ready(m);
    else become(m, OPENING);
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

void member_event(struct member *m) {
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

void start_due(int at_once) {
  double now = clock_us();
  for (int i = 0; i < member_count; i++) {
    struct member *m = &members[i];
    if (m->due > now) continue;
    if (m->state == REFUSED) join(m);
    else if (m->state == DOWN && tally.under_way < at_once) start(m);
  }
}
