/* How a program ends if what is not under test fails. */
#ifndef MUST_H
#define MUST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ziti_edge_client.h"

#include "check.h"

static void must(zec_error *error, const char *call, const char *file, int line) {
  if (!error) return;
  fprintf(stderr, "%s:%d: %s: %s\n", file, line, call, zec_error_message(error));
  exit(EXIT_FAILURE);
}

#define MUST(call) must((call), #call, __FILE__, __LINE__)

/* Takes over the error of a call, which has this code. */
static inline void fails(zec_error *error, zec_code code, const char *call, const char *file, int line) {
  if (zec_error_code(error) != code) fprintf(stderr, "%s\n", zec_error_message(error));
  check(zec_error_code(error) == code, call, file, line);
  zec_error_free(error);
}

#define FAILS(call, code) fails((call), (code), #call, __FILE__, __LINE__)
#define SAME(text, expected) CHECK((text) && strcmp((text), (expected)) == 0)

/* A client of the identity in a file. */
static inline zec_client *client_of(const char *path) {
  zec_identity *identity = NULL;
  zec_client *client = NULL;
  MUST(zec_identity_load(path, &identity));
  MUST(zec_client_new(identity, NULL, &client));
  zec_identity_free(identity);
  return client;
}

#endif
