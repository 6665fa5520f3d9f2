/* Answers: where they end (Content-Length, chunks, the connection's end) and what status they have. */
#include "http.h"

#include <strings.h>

void forget(struct answer *a) {
  a->size = a->head_size = 0;
  a->in_body = a->chunked = a->sized = a->keep = false;
  a->part = LINE;
  a->left = 0;
  a->status = 0;
}

/* The value of a header, or NULL. */
static const char *header(const struct answer *a, const char *name) {
  size_t size = strlen(name);
  for (const char *line = a->head; (line = strstr(line, "\r\n")); ) {
    line += 2;
    if (strncasecmp(line, name, size) || line[size] != ':') continue;
    line += size + 1;
    return line + strspn(line, " \t");
  }
  return NULL;
}

static bool says(const char *value, const char *word) {
  return value && !strncasecmp(value, word, strlen(word));
}

static void read_head(struct answer *a) {
  int minor = 0;
  if (sscanf(a->head, "HTTP/1.%d %d", &minor, &a->status) != 2 || a->status < 100 || a->status > 999)
    fail("that is no answer of HTTP/1.x");
  const char *connection = header(a, "Connection"), *length = header(a, "Content-Length");
  a->keep = minor ? !says(connection, "close") : says(connection, "keep-alive");
  a->chunked = says(header(a, "Transfer-Encoding"), "chunked");
  a->sized = length && !a->chunked;
  if (a->sized) a->left = strtoull(length, NULL, 10);
  if (a->status == 204 || a->status == 304) a->sized = true, a->chunked = false, a->left = 0;
  if (!a->sized && !a->chunked) a->keep = false;
  a->in_body = true;
}

/* Bytes taken for the head, which is read once it is whole. */
static size_t take_head(struct answer *a, const char *bytes, size_t size) {
  size_t before = a->head_size, room = LONGEST_HEAD - 1 - before;
  size_t taken = size < room ? size : room;
  memcpy(a->head + before, bytes, taken);
  a->head_size += taken;
  a->head[a->head_size] = 0;
  char *end = strstr(a->head, "\r\n\r\n");
  if (!end && a->head_size == LONGEST_HEAD - 1) fail("the head of an answer is too long");
  if (!end) return taken;
  size_t whole = end + 4 - a->head;
  end[2] = 0;
  read_head(a);
  return whole - before;
}

static bool take_sized(struct answer *a, size_t size) {
  a->left -= size < a->left ? size : a->left;
  return !a->left;
}

static int hex(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  digit |= 0x20;
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* One byte between the data of chunks. True: the body has ended. Extensions of chunks don't occur here. */
static bool take_mark(struct answer *a, char byte) {
  if (a->part == LINE) {
    if (byte == '\n') a->part = a->left ? DATA : TRAILER, a->blank = true;
    else if (hex(byte) >= 0) a->left = a->left * 16 + hex(byte);
  } else if (a->part == AFTER) {
    if (byte == '\n') a->part = LINE;
  } else if (byte == '\n') {
    if (a->blank) return true;
    a->blank = true;
  } else if (byte != '\r') {
    a->blank = false;
  }
  return false;
}

static bool take_chunks(struct answer *a, const char *bytes, size_t size) {
  for (size_t at = 0; at < size; ) {
    if (a->part != DATA) {
      if (take_mark(a, bytes[at++])) return true;
      continue;
    }
    size_t taken = size - at < a->left ? size - at : a->left;
    at += taken;
    if (!(a->left -= taken)) a->part = AFTER;
  }
  return false;
}

bool take(struct answer *a, const char *bytes, size_t size) {
  size_t taken = 0;
  a->size += size;
  if (!a->in_body) taken = take_head(a, bytes, size);
  if (!a->in_body) return false;
  if (a->chunked) return take_chunks(a, bytes + taken, size - taken);
  return a->sized && take_sized(a, size - taken);
}

bool ends_with_close(const struct answer *a) {
  return a->in_body && !a->chunked && !a->sized;
}
