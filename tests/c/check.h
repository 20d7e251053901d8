/* What does not hold is told on standard error, by file and line, and counted. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>

static int failures;

static void check(int holds, const char *what, const char *file, int line) {
  if (holds) return;
  fprintf(stderr, "%s:%d: %s\n", file, line, what);
  failures++;
}

#define CHECK(condition) check((condition) != 0, #condition, __FILE__, __LINE__)

#endif
