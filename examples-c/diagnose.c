/* Says which step on the way from an identity file to a login fails, and why: what support asks for.
 *
 *   diagnose IDENTITY.json
 *
 * It goes through the proxy that the environment names, if any. Exits with 1 if a step failed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ziti_edge_client.h"

int main(int argc, char **argv) {
  zec_client_options options = ZEC_CLIENT_OPTIONS_INIT;
  zec_identity *identity = NULL;
  zec_client *client = NULL;
  zec_diagnosis *diagnosis = NULL;
  int is_ok = 0;
  if (argc != 2) {
    fprintf(stderr, "usage: diagnose IDENTITY.json\n");
    return EXIT_FAILURE;
  }
  options.timeout_ms = 60000;
  options.proxy = "environment";

  zec_error *error = zec_identity_load(argv[1], &identity);
  if (!error) error = zec_client_new(identity, &options, &client);
  if (!error) error = zec_client_diagnose(client, &diagnosis);
  if (error) fprintf(stderr, "diagnose: %s\n", zec_error_message(error));
  if (!error) is_ok = fputs(diagnosis->text, stdout) >= 0 && fflush(stdout) == 0 && diagnosis->is_ok;

  zec_error_free(error);
  zec_diagnosis_free(diagnosis);
  zec_client_free(client);
  zec_identity_free(identity);
  return is_ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
