/* calls_refused_identity IDENTITY.json: the controller refuses to show the identity. */
#include "client.h"

int main(int argc, char **argv) {
  zec_identity_detail *identity = NULL;
  if (argc != 2) return EXIT_FAILURE;
  zec_client *client = client_of(argv[1]);
  REFUSED(zec_current_identity_get(client, &identity), 404, "NOT_FOUND");
  CHECK(identity == NULL);
  zec_client_free(client);
  return failures != 0;
}
