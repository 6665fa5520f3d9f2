/* Templates, and requests made from them. */
#include "http.h"

#include <sys/random.h>

static char **templates;
static long template_count;

static void add_template(char *text) {
  templates = realloc(templates, (template_count + 1) * sizeof *templates);
  if (!templates) fail("out of memory");
  templates[template_count++] = text;
}

void read_templates(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) fail(path);
  fseek(file, 0, SEEK_END);
  size_t size = ftell(file);
  rewind(file);
  char *text = calloc(size + 1, 1);
  if (!text || fread(text, 1, size, file) != size) fail(path);
  fclose(file);
  add_template(text);
  for (char *end; (end = strstr(text, "\n%%\n")); text = end + 4) {
    *end = 0;
    add_template(end + 4);
  }
}

static void append(struct request *r, const char *text, size_t size) {
  if (r->size + size > r->room) {
    r->room = 2 * (r->size + size);
    if (!(r->text = realloc(r->text, r->room))) fail("out of memory");
  }
  memcpy(r->text + r->size, text, size);
  r->size += size;
}

static void append_uuid(struct request *r) {
  unsigned char bytes[16];
  char text[37];
  if (getrandom(bytes, 16, 0) != 16) fail("getrandom");
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  for (int i = 0, at = 0; i < 16; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text[at++] = '-';
    at += sprintf(text + at, "%02x", bytes[i]);
  }
  append(r, text, 36);
}

/* `text` up to `end` with its substitutions. Within a request {{uuid}} is always the same one. */
static void substitute(struct request *r, const char *text, const char *end, long number, const char *uuid) {
  for (const char *mark; (mark = memmem(text, end - text, "{{", 2)); ) {
    append(r, text, mark - text);
    char digits[24];
    if (!strncmp(mark, "{{uuid}}", 8)) append(r, uuid, 36), text = mark + 8;
    else if (!strncmp(mark, "{{n}}", 5)) append(r, digits, sprintf(digits, "%ld", number)), text = mark + 5;
    else append(r, mark, 2), text = mark + 2;
  }
  append(r, text, end - text);
}

static void append_head(struct request *r, const char *head, size_t size, size_t body) {
  for (const char *end = head + size; head < end; ) {
    const char *line_end = memchr(head, '\n', end - head);
    if (!line_end) line_end = end;
    append(r, head, line_end - head);
    append(r, "\r\n", 2);
    head = line_end + 1;
  }
  char line[64];
  if (body) append(r, line, sprintf(line, "Content-Length: %zu\r\n", body));
  append(r, "\r\n", 2);
}

void render(struct request *request, long number) {
  static struct request id, head, body;
  const char *text = templates[number % template_count], *gap = strstr(text, "\n\n");
  const char *end = text + strlen(text);
  id.size = head.size = body.size = request->size = 0;
  append_uuid(&id);
  substitute(&head, text, gap ? gap : end, number, id.text);
  if (gap) substitute(&body, gap + 2, end, number, id.text);
  append_head(request, head.text, head.size, body.size);
  append(request, body.text, body.size);
}
