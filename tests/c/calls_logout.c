/* calls_logout IDENTITY.json: ends a login over OIDC, and then all of its identity, twice. */
#include "client.h"

static void list(const zec_client *client) {
  zec_service_list *services = NULL;
  MUST(zec_services_list(client, NULL, &services));
  CHECK(services->len == 1);
  zec_service_list_free(services);
}

int main(int argc, char **argv) {
  bool before = true;
  if (argc != 2) return EXIT_FAILURE;
  zec_client *client = client_of(argv[1]);
  list(client);
  MUST(zec_client_logout(client));
  list(client);
  MUST(zec_client_logout_everywhere(client, &before));
  CHECK(!before);
  list(client);
  MUST(zec_client_logout_everywhere(client, &before));
  CHECK(before);
  FAILS(zec_client_logout_everywhere(client, &before), ZEC_ERR_API);
  CHECK(!before);
  zec_client_free(client);
  return failures != 0;
}
