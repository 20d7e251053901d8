/* Prints which services came (+), changed (~) and went (-), with what a tunneler would intercept for them.
 *
 *   watch_services IDENTITY.json [SECONDS [TIMES]]    asks every SECONDS, 10 if not given, TIMES times or until ^C
 *
 * As it may run for months, it also keeps its identity up to date: certificate, controllers and their CA certificates.
 */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <time.h>
#include "ziti_edge_client.h"

static volatile sig_atomic_t stopped;
static void stop(int number) { stopped = number; }

/* From 1 to 1,000,000, or 0 for anything else. */
static long number(const char *text) {
  char *end;
  long value = strtol(text, &end, 10);
  return *end == '\0' && value > 0 && value <= 1000000 ? value : 0;
}

static void show(char sign, const zec_service *service) {
  zec_intercept_v1 *intercept = NULL;
  zec_error *error = zec_service_intercept_v1(service, &intercept);
  printf("%c %s", sign, service->name);
  for (size_t i = 0; intercept && i < intercept->addresses_len; i++) printf(" %s", intercept->addresses[i]);
  printf("%s%s\n", error ? ": " : "", error ? zec_error_message(error) : "");
  zec_intercept_v1_free(intercept);
  zec_error_free(error);
}

/* Polls once. An error that may pass is told, and the next poll catches up; any other one is returned. */
static zec_error *poll_once(zec_service_watch *watch) {
  zec_service_changes *changes = NULL;
  zec_error *error = zec_service_watch_poll(watch, &changes);
  for (size_t i = 0; changes && i < changes->added_len; i++) show('+', changes->added[i]);
  for (size_t i = 0; changes && i < changes->changed_len; i++) show('~', changes->changed[i]);
  for (size_t i = 0; changes && i < changes->removed_len; i++) printf("- %s\n", changes->removed[i]->name);
  fflush(stdout);
  zec_service_changes_free(changes);
  if (!zec_error_is_retryable(error)) return error;
  fprintf(stderr, "watch_services: %s\n", zec_error_message(error));
  zec_error_free(error);
  return NULL;
}

/* Seconds on a clock that only goes forward. */
static uint64_t seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec;
}

/* Does what is due for the identity, and returns when it wants to be done again. */
static uint64_t maintain(const zec_client *client) {
  zec_maintenance *done = NULL;
  zec_error *error = zec_client_maintain(client, &done);
  uint64_t again = seconds() + (done ? done->next_ms / 1000 : 60);
  for (size_t i = 0; done && i < done->events_len; i++) fprintf(stderr, "watch_services: %s\n", done->events[i]->message);
  if (error) fprintf(stderr, "watch_services: %s\n", zec_error_message(error));
  zec_maintenance_free(done);
  zec_error_free(error);
  return again;
}

int main(int argc, char **argv) {
  struct timespec interval = {argc > 2 ? number(argv[2]) : 10, 0};
  long times = argc > 3 ? number(argv[3]) : -1;
  if (argc < 2 || argc > 4 || interval.tv_sec == 0 || times == 0) {
    fprintf(stderr, "usage: watch_services IDENTITY.json [SECONDS [TIMES]]\n");
    return EXIT_FAILURE;
  }
  /* The signal comes only while pselect() waits, so that it is not missed and no call is cut off. */
  sigset_t stopping, usual;
  sigemptyset(&stopping);
  sigaddset(&stopping, SIGINT);
  sigprocmask(SIG_BLOCK, &stopping, &usual);
  signal(SIGINT, stop);

  zec_identity *identity = NULL;
  zec_client *client = NULL;
  zec_service_watch *watch = NULL;
  zec_error *error = zec_identity_load(argv[1], &identity);
  if (!error) error = zec_client_new(identity, NULL, &client);
  if (!error) error = zec_service_watch_new(client, NULL, &watch);
  uint64_t upkeep = 0;
  while (!error && !stopped) {
    if ((error = poll_once(watch))) break;
    if (upkeep <= seconds()) upkeep = maintain(client);
    if (--times == 0) break;
    pselect(0, NULL, NULL, NULL, &interval, &usual);
  }
  if (!error) error = zec_client_logout(client);
  if (error) fprintf(stderr, "watch_services: %s\n", zec_error_message(error));
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  zec_error_free(error);
  zec_service_watch_free(watch);
  zec_client_free(client);
  zec_identity_free(identity);
  return status;
}
