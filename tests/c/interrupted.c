/* interrupted enroll TOKEN timeout|cancel STAGE [CANCEL_AFTER_SECONDS]
 * interrupted login|list IDENTITY.json timeout|cancel STAGE [CANCEL_AFTER_SECONDS]
 *
 * The call stalls at this stage. It has to end in time and say where it was, and the client has to work afterwards
 * (not where it cannot even connect). */
#define _POSIX_C_SOURCE 200112L
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ziti_edge_client.h"

enum { LIMIT_MS = 400 };

static double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void must(zec_error *error) {
  if (!error) return;
  fprintf(stderr, "%s\n", zec_error_message(error));
  exit(EXIT_FAILURE);
}

struct canceler {
  const zec_cancel *cancel;
  struct timespec pause;
  double at;
};

static void *cancel_later(void *data) {
  struct canceler *canceler = data;
  nanosleep(&canceler->pause, NULL);
  canceler->at = now_ms();
  zec_cancel_cancel(canceler->cancel);
  return NULL;
}

/* The calls that may stall, each with a time limit or a cancel token. */
static zec_error *enroll(const char *token, const zec_cancel *cancel, int cancels) {
  zec_identity *identity = NULL;
  zec_enroll_options options = ZEC_ENROLL_OPTIONS_INIT;
  options.timeout_ms = cancels ? 0 : LIMIT_MS;
  options.cancel = cancels ? cancel : NULL;
  zec_error *error = zec_identity_enroll(token, &options, &identity);
  zec_identity_free(identity);
  return error;
}

static zec_error *login(const zec_client *client) {
  zec_api_session *session = NULL;
  zec_error *error = zec_client_authenticate(client, &session);
  zec_api_session_free(session);
  return error;
}

static zec_error *list(const zec_client *client) {
  zec_service_list *services = NULL;
  zec_error *error = zec_services_list(client, NULL, &services);
  zec_service_list_free(services);
  return error;
}

/* Looks whether the call ended as it has to. Takes over its error. */
static int holds(zec_error *error, zec_code code, const char *stage, int in_time, double took) {
  const char *at = zec_error_stage(error);
  int as_expected = in_time && zec_error_code(error) == code && at && strcmp(at, stage) == 0;
  printf("%.0f ms, %s\n", took, zec_error_message(error));
  zec_error_free(error);
  return as_expected;
}

int main(int argc, char **argv) {
  zec_identity *identity = NULL;
  zec_client *client = NULL, *limited = NULL;
  zec_cancel *cancel = NULL;
  pthread_t thread;
  if (argc < 5) return EXIT_FAILURE;
  int enrolls = strcmp(argv[1], "enroll") == 0;
  int cancels = strcmp(argv[3], "cancel") == 0;

  must(zec_cancel_new(&cancel));
  if (!enrolls) {
    must(zec_identity_load(argv[2], &identity));
    must(zec_client_new(identity, NULL, &client));
    must(cancels ? zec_client_with_cancel(client, cancel, &limited)
                 : zec_client_with_timeout(client, LIMIT_MS, &limited));
  }

  struct canceler canceler = {cancel, {0, 200000000}, 0};
  if (argc > 5) canceler.pause = (struct timespec){atoi(argv[5]), 0};
  double start = now_ms();
  if (cancels && pthread_create(&thread, NULL, cancel_later, &canceler) != 0) return EXIT_FAILURE;
  zec_error *error = enrolls                          ? enroll(argv[2], cancel, cancels)
                     : strcmp(argv[1], "login") == 0 ? login(limited)
                                                      : list(limited);
  double end = now_ms();
  if (cancels) pthread_join(thread, NULL);
  int in_time = cancels ? end - canceler.at <= 100 : end - start >= LIMIT_MS - 5 && end - start <= LIMIT_MS + 250;
  int good = holds(error, cancels ? ZEC_ERR_CANCELED : ZEC_ERR_TIMEOUT, argv[4], in_time, end - start);

  /* The token may be freed while a client still has it. */
  zec_cancel_free(cancel);
  zec_client_free(limited);
  if (!enrolls && strcmp(argv[4], "connect") != 0) must(list(client));
  zec_client_free(client);
  zec_identity_free(identity);
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
