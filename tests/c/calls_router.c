/* calls_router ROUTER.json CSR: a router renews its certificates. */
#include "client.h"

int main(int argc, char **argv) {
  zec_enrolled *enrolled = NULL;
  if (argc != 3) return EXIT_FAILURE;
  zec_client *client = client_of(argv[1]);
  MUST(zec_enrollments_extend_router(client, argv[2], argv[2], &enrolled));
  CHECK(enrolled->cert && enrolled->server_cert && !enrolled->ca && !enrolled->username);
  zec_enrolled_free(enrolled);
  zec_client_free(client);
  return failures != 0;
}
