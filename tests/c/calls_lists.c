/* calls_lists IDENTITY: of a list that has no end the second page comes too late for the call. */
#define _POSIX_C_SOURCE 199309L
#include <time.h>

#include "client.h"

static int32_t dawdle(const zec_controller *controller, void *userdata) {
  struct timespec time = {0, 600 * 1000 * 1000};
  CHECK(same(controller->id, "a"));
  nanosleep(&time, NULL);
  return ++*(int *)userdata == 9;
}

int main(int argc, char **argv) {
  zec_client *hasty = NULL;
  int shown = 0;
  if (argc != 2) return EXIT_FAILURE;
  zec_client *client = client_of(argv[1]);
  zec_controller_list *first = NULL;
  MUST(zec_controllers_page(client, NULL, &first));
  zec_controller_list_free(first);
  MUST(zec_client_with_timeout(client, 500, &hasty));
  FAILS(zec_controllers_for_each(hasty, NULL, dawdle, &shown), ZEC_ERR_TIMEOUT);
  CHECK(shown == 1);
  zec_client_free(hasty);
  zec_client_free(client);
  return failures != 0;
}
