/* calls_oidc IDENTITY.json: a login over OIDC by certificate that lists, is refreshed, is made anew, is kept for another
 * client and ended. Before each list it waits for a line, and then tells what was counted. */
#include "client.h"

static void tell(const zec_client *client) {
  zec_status *status = NULL;
  MUST(zec_client_status(client, &status));
  CHECK(same(status->login_state, "complete") && status->login_expires_in_ms > 0 && !status->login_in_flight);
  printf("%lu logins, %lu refreshes\n", (unsigned long)status->counters.logins, (unsigned long)status->counters.refreshes);
  fflush(stdout);
  zec_status_free(status);
}

static void list(const zec_client *client) {
  char line[8];
  zec_service_list *services = NULL;
  if (!fgets(line, sizeof line, stdin)) exit(EXIT_FAILURE);
  MUST(zec_services_list(client, NULL, &services));
  CHECK(services->len == 1 && same(services->items[0]->name, "svc-00001"));
  zec_service_list_free(services);
  tell(client);
}

static int32_t keep(const char *saved, uint64_t ms_left, void *userdata) {
  int *told = userdata;
  (void)ms_left;
  told[saved == NULL]++;
  return 0;
}

static zec_client *made(const zec_identity *identity, int *told, const char *saved) {
  zec_client_options options = ZEC_CLIENT_OPTIONS_INIT;
  zec_client *client = NULL;
  options.login_flow = ZEC_LOGIN_FLOW_OIDC;
  options.on_session_change = keep;
  options.session_userdata = told;
  options.saved_session = saved;
  MUST(zec_client_new(identity, &options, &client));
  return client;
}

int main(int argc, char **argv) {
  int told[2] = {0, 0};
  zec_identity *identity = NULL;
  zec_session_credentials *credentials = NULL;
  char *saved = NULL;
  if (argc != 2) return EXIT_FAILURE;
  MUST(zec_identity_load(argv[1], &identity));
  zec_client *first = made(identity, told, NULL);
  list(first);
  list(first);
  list(first);
  CHECK(told[0] >= 3 && told[1] == 0);

  MUST(zec_client_credentials(first, &credentials));
  CHECK(same(credentials->kind, "oidc") && strlen(credentials->token) > 100 && credentials->second_factor_jwt == NULL);
  zec_session_credentials_free(credentials);
  MUST(zec_client_save_session(first, &saved));
  zec_client_free(first);
  zec_client *second = made(identity, told, saved);
  zec_string_free(saved);
  list(second);
  MUST(zec_client_logout(second));
  CHECK(told[1] == 1);
  MUST(zec_client_save_session(second, &saved));
  CHECK(saved == NULL);
  zec_client_free(second);
  zec_identity_free(identity);
  return failures != 0;
}
