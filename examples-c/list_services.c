/* Prints the services that an identity may use, one "id<TAB>name" per line.
 *
 *   list_services IDENTITY.json [TIMEOUT_SECONDS]
 *   list_services --jwt TOKEN.jwt IDENTITY.json [TIMEOUT_SECONDS]    enrolls into IDENTITY.json first
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ziti_edge_client.h"

/* The time limit of each call in milliseconds, or 0 if it is no number from 1 to 1,000,000. */
static uint64_t milliseconds(const char *seconds) {
  char *end;
  long value = strtol(seconds, &end, 10);
  return *end == '\0' && value > 0 && value <= 1000000 ? (uint64_t)value * 1000 : 0;
}

static zec_error *list(const zec_client *client) {
  zec_service_list *services = NULL;
  zec_error *error = zec_services_list(client, NULL, &services);
  for (size_t i = 0; !error && i < services->len; i++)
    printf("%s\t%s\n", services->items[i]->id, services->items[i]->name);
  zec_service_list_free(services);
  return error;
}

int main(int argc, char **argv) {
  int first = argc > 2 && strcmp(argv[1], "--jwt") == 0 ? 3 : 1;
  uint64_t timeout_ms = argc > first + 1 ? milliseconds(argv[first + 1]) : 30000;
  if (argc <= first || argc > first + 2 || timeout_ms == 0) {
    fprintf(stderr, "usage: list_services [--jwt TOKEN.jwt] IDENTITY.json [TIMEOUT_SECONDS]\n");
    return EXIT_FAILURE;
  }
  const char *path = argv[first];

  zec_enroll_options enrollment = ZEC_ENROLL_OPTIONS_INIT;
  zec_client_options options = ZEC_CLIENT_OPTIONS_INIT;
  zec_identity *identity = NULL;
  zec_client *client = NULL;
  enrollment.path = path;
  enrollment.timeout_ms = options.timeout_ms = timeout_ms;

  char *token = NULL;
  zec_error *error = first == 3 ? zec_enrollment_load(argv[2], &token) : zec_identity_load(path, &identity);
  if (!error && token) error = zec_identity_enroll(token, &enrollment, &identity);
  if (!error) error = zec_client_new(identity, &options, &client);
  if (!error) error = list(client);
  if (!error) error = zec_client_logout(client);
  if (error) fprintf(stderr, "list_services: %s\n", zec_error_message(error));

  int status = error || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
  zec_error_free(error);
  zec_string_free(token);
  zec_client_free(client);
  zec_identity_free(identity);
  return status;
}
