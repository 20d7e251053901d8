/* What the programs share that call the functions of a resource: a client, and what a call says. */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ziti_edge_client.h"

#include "check.h"

/* Without this call nothing that follows makes sense. */
static inline void must(zec_error *error, const char *call, const char *file, int line) {
  if (!error) return;
  fprintf(stderr, "%s:%d: %s: %s\n", file, line, call, zec_error_message(error));
  exit(EXIT_FAILURE);
}

#define MUST(call) must((call), #call, __FILE__, __LINE__)

/* Takes over the error of a call that the controller has to refuse in this way. */
static inline void refused(zec_error *error, uint16_t status, const char *code, const char *call, int line) {
  const char *told = zec_error_api_code(error);
  check(zec_error_http_status(error) == status && told && strcmp(told, code) == 0, call, __FILE__, line);
  zec_error_free(error);
}

#define REFUSED(call, status, code) refused((call), (status), (code), #call, __LINE__)

/* Takes over the error of a call that has to fail with this code. */
static inline void fails(zec_error *error, zec_code code, const char *call, const char *file, int line) {
  check(zec_error_code(error) == code, call, file, line);
  zec_error_free(error);
}

#define FAILS(call, code) fails((call), (code), #call, __FILE__, __LINE__)

/* A client of the identity in a file. */
static inline zec_client *client_of(const char *path) {
  zec_identity *identity = NULL;
  zec_client *client = NULL;
  MUST(zec_identity_load(path, &identity));
  MUST(zec_client_new(identity, NULL, &client));
  zec_identity_free(identity);
  return client;
}

static inline int same(const char *one, const char *other) { return one && other && strcmp(one, other) == 0; }

#endif
