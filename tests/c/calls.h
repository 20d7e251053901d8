/* What stall.c and cancel.c share: the calls that may hang, and how they tell the test how it went.
 *
 * Arguments: enroll TOKEN NEW_IDENTITY.json PROXY LIMIT_MS
 *            login|list IDENTITY.json - PROXY LIMIT_MS
 * with - for no proxy.
 */
#ifndef CALLS_H
#define CALLS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ziti_edge_client.h"

/* More than a call takes that does not hang, even under valgrind on a busy machine. */
enum { ENOUGH_MS = 120000 };

/* Somebody who makes one kind of call. The client is NULL for an enrollment. */
struct user {
  const char *call;
  const char *token;
  const char *path;
  const char *proxy;
  uint64_t limit_ms;
  zec_client *client;
};

/* Ends the program if what is not under test failed. */
static void must(zec_error *error) {
  if (!error) return;
  fprintf(stderr, "%s\n", zec_error_message(error));
  exit(EXIT_FAILURE);
}

static struct user user_of(int argc, char **argv) {
  struct user user = {0};
  zec_client_options options = ZEC_CLIENT_OPTIONS_INIT;
  zec_identity *identity = NULL;

  if (argc != 6) exit(EXIT_FAILURE);
  user.call = argv[1];
  user.token = argv[2];
  user.path = argv[3];
  user.proxy = strcmp(argv[4], "-") == 0 ? NULL : argv[4];
  user.limit_ms = strtoul(argv[5], NULL, 10);
  if (strcmp(user.call, "enroll") == 0) return user;
  options.proxy = user.proxy;
  options.timeout_ms = options.connect_timeout_ms = ENOUGH_MS;
  must(zec_identity_load(argv[2], &identity));
  must(zec_client_new(identity, &options, &user.client));
  zec_identity_free(identity);
  return user;
}

static zec_error *enroll(const struct user *user, uint64_t limit_ms, const zec_cancel *cancel) {
  zec_identity *identity = NULL;
  zec_enroll_options options = ZEC_ENROLL_OPTIONS_INIT;
  options.path = user->path;
  options.proxy = user->proxy;
  options.timeout_ms = limit_ms;
  options.cancel = cancel;
  zec_error *error = zec_identity_enroll(user->token, &options, &identity);
  if (error && identity) abort();
  zec_identity_free(identity);
  return error;
}

static zec_error *login(const zec_client *client) {
  zec_api_session *session = NULL;
  zec_error *error = zec_client_authenticate(client, &session);
  if (error && session) abort();
  zec_api_session_free(session);
  return error;
}

static zec_error *list(const zec_client *client) {
  zec_service_list *services = NULL;
  zec_error *error = zec_services_list(client, NULL, &services);
  if (error && services) abort();
  zec_service_list_free(services);
  return error;
}

/* Makes the call. `cancel` may be NULL. */
static zec_error *make_call(const struct user *user, uint64_t limit_ms, const zec_cancel *cancel) {
  zec_client *limited = NULL, *canceled = NULL;
  zec_error *error;

  if (!user->client) return enroll(user, limit_ms, cancel);
  must(zec_client_with_timeout(user->client, limit_ms, &limited));
  if (cancel) must(zec_client_with_cancel(limited, cancel, &canceled));
  const zec_client *client = cancel ? canceled : limited;
  error = strcmp(user->call, "login") == 0 ? login(client) : list(client);
  zec_client_free(limited);
  zec_client_free(canceled);
  return error;
}

static double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* For how long this thread was ready to run and had no processor; 0 where the kernel does not count it. */
static double denied_ms(void) {
  double running = 0, denied = 0;
  FILE *counted = fopen("/proc/thread-self/schedstat", "r");
  if (!counted) return 0;
  if (fscanf(counted, "%lf %lf", &running, &denied) != 2) denied = 0;
  fclose(counted);
  return denied / 1e6;
}

static const char *or_dash(const char *word) { return word ? word : "-"; }

/* Tells how the call ended and takes over its error: code, stage, problem, time it took, and without a processor. */
static void tell(zec_error *error, double took_ms, double denied) {
  fprintf(stderr, "%s\n", error ? zec_error_message(error) : "no error");
  printf("%d %s %s %.0f %.0f\n", (int)zec_error_code(error), or_dash(zec_error_stage(error)),
         or_dash(zec_error_enrollment_problem(error)), took_ms, denied);
  fflush(stdout);
  zec_error_free(error);
}

/* Waits until the test has written a line; 0 if it wants no more. */
static int next_step(void) {
  char line[16];
  return fgets(line, sizeof line, stdin) != NULL;
}

#endif
