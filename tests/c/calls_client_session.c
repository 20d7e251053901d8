/* calls_client_session IDENTITY.json FLOW: keeps a session for another client, and gives it to others. */
#include "client.h"

/* What the callback was given: how often, and the last text, which has to be gone by the time it is looked at again. */
struct kept {
  int calls;
  int ended;
  int freed;
  int answer;
  /* Is called from inside, if it is there. */
  const zec_client *client;
  char text[65536];
};

static int32_t keep(const char *saved, uint64_t ms_left, void *userdata) {
  struct kept *kept = userdata;
  CHECK(ms_left > 0 && ms_left <= 30 * 1000);
  kept->calls++;
  kept->ended = saved == NULL;
  if (saved) {
    CHECK(strlen(saved) < sizeof kept->text);
    strcpy(kept->text, saved);
  }
  if (kept->client) {
    zec_service_list *services = NULL;
    FAILS(zec_services_list(kept->client, NULL, &services), ZEC_ERR_INVALID_ARGUMENT);
    FAILS(zec_client_logout(kept->client), ZEC_ERR_INVALID_ARGUMENT);
    FAILS(zec_client_resume_session(kept->client, kept->text), ZEC_ERR_INVALID_ARGUMENT);
  }
  return kept->answer;
}

/* Counts the lines that tell what the callback returned. */
static void watch(int32_t level, const char *target, const char *message, void *userdata) {
  (void)target;
  if (level == 2 && strstr(message, "returned 7")) ++*(int *)userdata;
}

static void freed(void *userdata) { ((struct kept *)userdata)->freed++; }

static zec_client *keeping(const zec_identity *identity, uint64_t flow, struct kept *kept) {
  zec_client_options options = ZEC_CLIENT_OPTIONS_INIT;
  zec_client *client = NULL;
  options.login_flow = flow;
  options.on_session_change = kept ? keep : NULL;
  options.session_userdata = kept;
  options.session_userdata_free = kept ? freed : NULL;
  MUST(zec_client_new(identity, &options, &client));
  return client;
}

/* Takes over the error of a session that cannot be taken up. */
static void cannot(zec_error *error, zec_code code, const char *problem, int line) {
  check(zec_error_code(error) == code, problem, __FILE__, line);
  check(same(zec_error_session_problem(error), problem), problem, __FILE__, line);
  zec_error_free(error);
}

int main(int argc, char **argv) {
  static struct kept kept;
  zec_identity *identity = NULL;
  zec_session_credentials *credentials = NULL;
  zec_service_list *services = NULL;
  char *saved = NULL;
  if (argc != 3) return EXIT_FAILURE;
  bool is_oidc = strcmp(argv[2], "oidc") == 0;
  uint64_t flow = is_oidc ? ZEC_LOGIN_FLOW_OIDC : ZEC_LOGIN_FLOW_LEGACY;
  MUST(zec_identity_load(argv[1], &identity));
  zec_client *client = keeping(identity, flow, &kept);

  MUST(zec_client_save_session(client, &saved));
  CHECK(saved == NULL && kept.calls == 0);
  MUST(zec_client_credentials(client, &credentials));
  CHECK(kept.calls > 0 && !kept.ended);
  CHECK(same(credentials->kind, argv[2]) && strlen(credentials->token) > 10 && credentials->left_ms > 60 * 1000);
  CHECK(credentials->second_factor_jwt == NULL && credentials->identity_id && *credentials->api_session_id);
  CHECK(strncmp(credentials->controller, "https://", 8) == 0);
  CHECK(strncmp(credentials->ca, "-----BEGIN", 10) == 0 && strncmp(credentials->certificate, "-----BEGIN", 10) == 0);
  CHECK(same(credentials->key, "pem") && credentials->controllers_len == 1);
  CHECK(same(credentials->controllers[0], credentials->controller));
  MUST(zec_client_save_session(client, &saved));
  zec_client_free(client);
  CHECK(kept.freed == 1);

  client = keeping(identity, flow, NULL);
  MUST(zec_client_resume_session(client, saved));
  MUST(zec_services_list(client, NULL, &services));
  CHECK(services->len == 1);
  zec_service_list_free(services);
  zec_client_free(client);
  zec_string_free(saved);

  zec_client_options options = ZEC_CLIENT_OPTIONS_INIT;
  options.login_flow = flow;
  options.saved_session = "bm9uZQ";
  cannot(zec_client_new(identity, &options, &client), ZEC_ERR_INVALID_ARGUMENT, "unreadable", __LINE__);
  CHECK(client == NULL);
  options.saved_session = kept.text;
  MUST(zec_client_new(identity, &options, &client));
  MUST(zec_client_save_session(client, &saved));
  CHECK(saved != NULL);
  zec_string_free(saved);
  zec_client_free(client);

  kept.answer = 7;
  client = keeping(identity, flow, &kept);
  cannot(zec_client_resume_session(client, "bm9uZQ"), ZEC_ERR_INVALID_ARGUMENT, "unreadable", __LINE__);
  /* {"version":9} */
  cannot(zec_client_resume_session(client, "eyJ2ZXJzaW9uIjo5fQ"), ZEC_ERR_INVALID_ARGUMENT, "newer_version", __LINE__);
  MUST(zec_client_resume_session(client, kept.text));
  zec_session_credentials *again = NULL;
  MUST(zec_client_credentials(client, &again));
  CHECK(same(again->token, credentials->token));
  zec_session_credentials_free(again);
  zec_session_credentials_free(credentials);
  kept.client = client;
  int calls = kept.calls;
  static int told;
  MUST(zec_set_log(2, watch, &told));
  MUST(zec_client_logout(client));
  MUST(zec_set_log(0, NULL, NULL));
  CHECK(kept.ended && kept.calls > calls && told == kept.calls - calls);
  zec_client_free(client);
  CHECK(kept.freed == 2);
  zec_identity_free(identity);
  return failures != 0;
}
