/* Logs in by a password and, where the controller wants one, a TOTP code, and prints the services.
 *
 *   password_totp IDENTITY.json USERNAME
 *
 * Password and code are read from standard input, one line each. The identity needs no certificate.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ziti_edge_client.h"

/* Reads a line, without its end. Other than 0 if there is none, or a longer one. */
static int ask(const char *what, char *line, int size) {
  fprintf(stderr, "%s: ", what);
  line[0] = '\0';
  int failed = !fgets(line, size, stdin) || !strchr(line, '\n');
  line[strcspn(line, "\r\n")] = '\0';
  if (failed) fprintf(stderr, "\npassword_totp: no %s\n", what);
  return failed;
}

/* Whether the error is that a login waits for a code, as any call may find later, too. */
static int waits_for_code(const zec_error *error) {
  zec_auth_query_list *factors = NULL;
  int waits = 0;
  zec_error_free(zec_error_factors(error, &factors));
  for (size_t i = 0; factors && i < factors->len; i++) {
    const char *factor = factors->items[i]->type_id;
    waits = waits || (factor && (strcmp(factor, "MFA") == 0 || strcmp(factor, "TOTP") == 0));
  }
  zec_auth_query_list_free(factors);
  return waits;
}

/* A code is asked for until one is right or no line is left. */
static zec_error *give_code(const zec_client *client) {
  char code[32];
  zec_api_session *session = NULL;
  zec_error *error = NULL;
  do {
    zec_error_free(error);
    if (ask("code", code, sizeof code)) exit(EXIT_FAILURE);
    error = zec_client_authenticate_mfa(client, code, &session);
    if (error) fprintf(stderr, "password_totp: %s\n", zec_error_message(error));
  } while (error && zec_error_code(error) == ZEC_ERR_API);
  zec_api_session_free(session);
  return error;
}

/* Logs in by itself. */
static zec_error *list(const zec_client *client) {
  zec_service_list *services = NULL;
  zec_error *error = zec_services_list(client, NULL, &services);
  if (error && waits_for_code(error)) {
    zec_error_free(error);
    error = give_code(client);
    if (!error) error = zec_services_list(client, NULL, &services);
  }
  for (size_t i = 0; !error && i < services->len; i++) puts(services->items[i]->name);
  zec_service_list_free(services);
  return error;
}

int main(int argc, char **argv) {
  char password[256];
  zec_credentials credentials = ZEC_CREDENTIALS_INIT;
  zec_client_options options = ZEC_CLIENT_OPTIONS_INIT;
  zec_identity *identity = NULL;
  zec_client *client = NULL;
  if (argc != 3) {
    fprintf(stderr, "usage: password_totp IDENTITY.json USERNAME\n");
    return EXIT_FAILURE;
  }
  if (ask("password", password, sizeof password)) return EXIT_FAILURE;
  credentials.username = argv[2];
  credentials.password = password;
  options.credentials = &credentials;

  zec_error *error = zec_identity_load(argv[1], &identity);
  if (!error) error = zec_client_new(identity, &options, &client);
  memset(password, 0, sizeof password);
  if (!error) error = list(client);
  if (!error) error = zec_client_logout(client);
  if (error) fprintf(stderr, "password_totp: %s\n", zec_error_message(error));

  int status = error || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
  zec_error_free(error);
  zec_client_free(client);
  zec_identity_free(identity);
  return status;
}
