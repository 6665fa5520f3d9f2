/* The numbers of a command. */
#include "load.h"

struct tally tally;
static float *latencies;
static size_t count, room;

void fail(const char *what) {
  perror(what);
  exit(2);
}

double clock_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

double cpu_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

void note_latency(double ms) {
  if (count == room) {
    room = room ? room * 2 : 1 << 16;
    if (!(latencies = realloc(latencies, room * sizeof *latencies))) fail("latencies");
  }
  latencies[count++] = ms;
}

size_t latencies_noted(void) { return count; }

void forget_latencies(size_t after) { count = after; }

static int by_size(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

void sort_latencies(void) { qsort(latencies, count, sizeof *latencies, by_size); }

double latency(double percent) {
  if (!count) return 0;
  size_t rank = count * percent / 100;
  return latencies[rank < count ? rank : count - 1];
}
