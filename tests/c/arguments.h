/* What the programs about wrong arguments share. */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include <stdio.h>
#include <string.h>

#include "ziti_edge_client.h"

#include "check.h"

/* Takes over the error of a call: it has this code, and this text in its message. */
static inline void fails(zec_error *error, zec_code code, const char *text, int line) {
  const char *message = zec_error_message(error);
  check(zec_error_code(error) == code && strstr(message, text) != NULL, message, __FILE__, line);
  zec_error_free(error);
}

#define FAILS(call, code, text) fails((call), (code), (text), __LINE__)

#endif
