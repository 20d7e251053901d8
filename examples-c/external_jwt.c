/* Logs in by the external JWT in a file, which another program keeps fresh, and prints the services.
 *
 *   external_jwt IDENTITY.json TOKEN_FILE
 *
 * The file is read whenever a login needs a token. The identity needs no certificate.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ziti_edge_client.h"

/* Supplies what the file holds; white space around it does no harm. */
static int32_t read_token(const zec_jwt_request *request, zec_jwt *out, void *userdata) {
  const char *path = userdata;
  FILE *file = fopen(path, "rb");
  size_t len = file ? fread(out->token, 1, sizeof out->token - 1, file) : 0;
  int failed = !file || ferror(file) || !feof(file);
  if (file) fclose(file);
  out->token[len] = '\0';
  if (!failed && !request->refused) return 0;
  const char *why = failed ? "cannot be read, or is no token" : "holds a token that is refused or has expired";
  snprintf(out->message, sizeof out->message, "%s %s", path, why);
  return 1;
}

static zec_error *list(const zec_client *client) {
  zec_service_list *services = NULL;
  zec_error *error = zec_services_list(client, NULL, &services);
  for (size_t i = 0; !error && i < services->len; i++) puts(services->items[i]->name);
  zec_service_list_free(services);
  return error;
}

int main(int argc, char **argv) {
  zec_credentials credentials = ZEC_CREDENTIALS_INIT;
  zec_client_options options = ZEC_CLIENT_OPTIONS_INIT;
  zec_jwt_source *source = NULL;
  zec_identity *identity = NULL;
  zec_client *client = NULL;
  if (argc != 3) {
    fprintf(stderr, "usage: external_jwt IDENTITY.json TOKEN_FILE\n");
    return EXIT_FAILURE;
  }

  zec_error *error = zec_identity_load(argv[1], &identity);
  if (!error) error = zec_jwt_source_supplier(read_token, argv[2], NULL, &source);
  credentials.jwt = source;
  options.credentials = &credentials;
  if (!error) error = zec_client_new(identity, &options, &client);
  if (!error) error = list(client);
  if (!error) error = zec_client_logout(client);
  if (error) fprintf(stderr, "external_jwt: %s\n", zec_error_message(error));

  int status = error || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
  zec_error_free(error);
  zec_client_free(client);
  zec_jwt_source_free(source);
  zec_identity_free(identity);
  return status;
}
