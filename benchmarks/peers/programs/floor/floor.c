/* The floor under every fan-out: a bare loop of send() to the same sockets.

   usage: floor PORT        listens on 127.0.0.1 only

   A GET with "Upgrade:" becomes a member (the key isn't checked, nothing that a member sends is looked at).
   The body of a POST becomes one text frame, which a loop of send() hands to every member; then the POST is
   answered. There are no rooms, no heartbeats, and nothing is stored. Errors end the program. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define LONGEST_BODY 65535
#define MOST_SOCKETS 65536

static int epoll_fd, listener;
static int members[MOST_SOCKETS], member_count;
static bool is_member[MOST_SOCKETS];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void send_all(int fd, const void *data, size_t size) {
  if (send(fd, data, size, MSG_NOSIGNAL) != (ssize_t)size) fail("send");
}

static void watch(int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event)) fail("epoll_ctl");
}

static void accept_one(void) {
  int fd = accept(listener, NULL, NULL), one = 1;
  if (fd < 0 || fd >= MOST_SOCKETS) fail("accept");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  watch(fd);
}

static void forget(int fd) {
  for (int i = 0; is_member[fd] && i < member_count; i++)
    if (members[i] == fd) members[i--] = members[--member_count];
  is_member[fd] = false;
  close(fd);
}

static void add_member(int fd) {
  static const char welcome[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                "Connection: Upgrade\r\n\r\n";
  send_all(fd, welcome, sizeof welcome - 1);
  members[member_count++] = fd;
  is_member[fd] = true;
}

static void broadcast(const char *body, size_t size) {
  static char frame[LONGEST_BODY + 4];
  size_t header = size < 126 ? 2 : 4;
  frame[0] = (char)0x81;
  frame[1] = size < 126 ? size : 126;
  if (header == 4) frame[2] = size >> 8, frame[3] = size & 255;
  memcpy(frame + header, body, size);
  for (int i = 0; i < member_count; i++) send_all(members[i], frame, header + size);
}

/* Reads a request until it is whole; a client sends its next one only after the answer. */
static void serve(int fd) {
  static char request[LONGEST_BODY + 4096];
  ssize_t size = recv(fd, request, sizeof request - 1, 0);
  if (size <= 0 || is_member[fd]) {
    if (size <= 0) forget(fd);
    return;
  }
  char *end, *length;
  for (;;) {
    request[size] = 0;
    end = strstr(request, "\r\n\r\n");
    length = strcasestr(request, "\r\ncontent-length:");
    if (end && request + size >= end + 4 + (length ? atol(length + 17) : 0)) break;
    ssize_t more = recv(fd, request + size, sizeof request - 1 - size, 0);
    if (more <= 0) return forget(fd);
    size += more;
  }
  if (strcasestr(request, "\r\nupgrade:")) return add_member(fd);
  if (!strncmp(request, "POST", 4)) broadcast(end + 4, request + size - (end + 4));
  static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
  send_all(fd, answer, sizeof answer - 1);
}

int main(int argc, char **argv) {
  struct epoll_event events[256];
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int one = 1;
  if (argc != 2) return 2;
  at.sin_port = htons(atoi(argv[1]));
  listener = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 2048)) fail("listen");
  if ((epoll_fd = epoll_create1(0)) < 0) fail("epoll_create1");
  watch(listener);
  for (;;) {
    int n = epoll_wait(epoll_fd, events, 256, -1);
    for (int i = 0; i < n; i++)
      if (events[i].data.fd == listener) accept_one();
      else serve(events[i].data.fd);
  }
}
