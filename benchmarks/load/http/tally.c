/* Numbers. */
#include "http.h"

void fail(const char *what) {
  fprintf(stderr, "%s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
  exit(1);
}

double clock_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static double cpu_seconds(void) {
  struct timespec used;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return used.tv_sec + used.tv_nsec / 1e9;
}

void note(struct tally *t, int status, double ms) {
  if ((size_t)t->requests == t->room) {
    t->room = t->room ? 2 * t->room : 4096;
    if (!(t->latencies = realloc(t->latencies, t->room * sizeof *t->latencies))) fail("out of memory");
  }
  t->latencies[t->requests++] = ms;
  t->statuses[status]++;
}

static int ascending(const void *one, const void *other) {
  float a = *(const float *)one, b = *(const float *)other;
  return (a > b) - (a < b);
}

/* Nearest rank: the smallest that at least `percent` don't exceed. */
static double latency(const struct tally *t, double percent) {
  if (!t->requests) return 0;
  double exact = t->requests * percent / 100;
  long rank = (long)exact + ((double)(long)exact < exact);
  return t->latencies[(rank < 1 ? 1 : rank) - 1];
}

void tell(struct tally *t, double seconds) {
  qsort(t->latencies, t->requests, sizeof *t->latencies, ascending);
  printf("{\"requests\": %ld, \"statuses\": {", t->requests);
  const char *comma = "";
  for (int status = 0; status < 1000; status++) {
    if (!t->statuses[status]) continue;
    printf("%s\"%d\": %ld", comma, status, t->statuses[status]);
    comma = ", ";
  }
  printf("}, \"seconds\": %.6f, \"rate\": %.3f, \"p50_ms\": %.4f, \"p99_ms\": %.4f, \"p999_ms\": %.4f, ",
         seconds, seconds > 0 ? t->requests / seconds : 0, latency(t, 50), latency(t, 99), latency(t, 99.9));
  printf("\"max_ms\": %.4f, \"bytes\": %llu, \"again\": %ld, \"client_cpu_s\": %.6f}\n",
         latency(t, 100), (unsigned long long)t->bytes, t->again, cpu_seconds());
}
