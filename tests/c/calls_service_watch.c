/* calls_service_watch IDENTITY.json: polls once for each line on standard input, and tells in one line what changed. */
#include "client.h"

static int next_step(void) {
  char line[16];
  return fgets(line, sizeof line, stdin) != NULL;
}

int main(int argc, char **argv) {
  zec_service_query query = ZEC_SERVICE_QUERY_INIT;
  zec_service_watch *watch = NULL;
  if (argc != 2) return EXIT_FAILURE;

  zec_client *client = client_of(argv[1]);
  query.limit = 1;
  FAILS(zec_service_watch_new(client, &query, &watch), ZEC_ERR_INVALID_ARGUMENT);
  CHECK(watch == NULL);
  query.limit = 0;
  query.sort = "name";
  MUST(zec_service_watch_new(client, &query, &watch));
  zec_client_free(client);
  while (next_step()) {
    zec_service_changes *changes = NULL;
    MUST(zec_service_watch_poll(watch, &changes));
    for (size_t i = 0; i < changes->added_len; i++) printf("+%s ", changes->added[i]->name);
    for (size_t i = 0; i < changes->changed_len; i++) printf("~%s ", changes->changed[i]->name);
    for (size_t i = 0; i < changes->removed_len; i++) {
      CHECK(changes->removed[i]->id[0] != '\0');
      printf("-%s ", changes->removed[i]->name);
    }
    CHECK(!changes->added[changes->added_len] && !changes->changed[changes->changed_len]);
    CHECK(!changes->removed[changes->removed_len]);
    printf("\n");
    fflush(stdout);
    zec_service_changes_free(changes);
  }
  zec_service_watch_free(watch);
  return failures != 0;
}
