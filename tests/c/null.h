/* What the programs that call every function with NULL share. */
#ifndef NULL_H
#define NULL_H

#include <stdio.h>
#include <string.h>

#include "ziti_edge_client.h"

#include "check.h"

/* Takes over the error of a call and looks whether it is about the argument. */
static inline void refused(zec_error *error, const char *argument, const char *call, int line) {
  char expected[100];
  snprintf(expected, sizeof expected, "argument %s is NULL", argument);
  check(zec_error_code(error) == ZEC_ERR_INVALID_ARGUMENT, call, __FILE__, line);
  check(strcmp(zec_error_message(error), expected) == 0, zec_error_message(error), __FILE__, line);
  zec_error_free(error);
}

/* Where an `out` points before the call. */
static char something;

#define REFUSES(call, argument) refused((call), (argument), #call, __LINE__)
/* The same for a call with an `out` of the given type, which has to be NULL afterwards. */
#define REFUSES_OUT(type, call, argument)      \
  do {                                         \
    type *out = (type *)(void *)&something;    \
    refused((call), (argument), #call, __LINE__); \
    CHECK(out == NULL);                        \
  } while (0)

#endif
