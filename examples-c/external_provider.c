/* Logs in at the identity provider of a network, in a browser, and prints the services.
 *
 *   external_provider IDENTITY.json REDIRECT_URI
 *
 * The provider has to know REDIRECT_URI. Nothing has to listen there: the address at which the browser ends is to be
 * copied. The identity needs no certificate.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ziti_edge_client.h"

/* Who the providers are is told without a login, so the client needs no credentials yet. */
static zec_error *open_client(const char *path, zec_client **client) {
  zec_identity *identity = NULL;
  zec_error *error = zec_identity_load(path, &identity);
  if (!error) error = zec_client_new(identity, NULL, client);
  zec_identity_free(identity);
  return error;
}

/* Has the user log in at the first provider of the network. */
static zec_error *log_in(const zec_client *client, const char *redirect_uri) {
  char line[16384] = "";
  zec_provider_options options = ZEC_PROVIDER_OPTIONS_INIT;
  zec_credentials credentials = ZEC_CREDENTIALS_INIT;
  zec_external_jwt_signer_list *signers = NULL;
  zec_provider_login *login = NULL;
  zec_provider_token *token = NULL;
  zec_jwt_source *source = NULL;
  zec_error *error = zec_external_jwt_signers_list(client, NULL, &signers);
  if (!error) options.signer = signers->items[0]; /* NULL, which is refused, if there is none */
  if (!error) error = zec_provider_login_begin(&options, redirect_uri, &login);
  if (!error) {
    puts("Open this in a browser, log in, and paste the address at which it ends:");
    puts(zec_provider_login_url(login));
    fflush(stdout);
    if (!fgets(line, sizeof line, stdin)) line[0] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    error = zec_provider_login_complete(login, line, &token);
  }
  if (!error) error = zec_jwt_source_provider(token, &source);
  credentials.jwt = source;
  if (!error) error = zec_client_set_credentials(client, &credentials);
  zec_jwt_source_free(source);
  zec_provider_token_free(token);
  zec_provider_login_free(login);
  zec_external_jwt_signer_list_free(signers);
  return error;
}

int main(int argc, char **argv) {
  zec_client *client = NULL;
  zec_service_list *services = NULL;
  if (argc != 3) {
    fprintf(stderr, "usage: external_provider IDENTITY.json REDIRECT_URI\n");
    return EXIT_FAILURE;
  }

  zec_error *error = open_client(argv[1], &client);
  if (!error) error = log_in(client, argv[2]);
  if (!error) error = zec_services_list(client, NULL, &services);
  for (size_t i = 0; !error && i < services->len; i++) puts(services->items[i]->name);
  if (!error) error = zec_client_logout(client);
  if (error) fprintf(stderr, "external_provider: %s\n", zec_error_message(error));

  int status = error || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
  zec_error_free(error);
  zec_service_list_free(services);
  zec_client_free(client);
  return status;
}
