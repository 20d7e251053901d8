/* calls_upkeep IDENTITY.json: maintenance and renewals, at a controller that refuses to extend the first time. */
#include "client.h"

static int freed;

/* Counts events, and remembers the last one. */
struct told {
  int count;
  char last[32];
};

static void tell(const zec_event *event, void *userdata) {
  struct told *told = userdata;
  told->count++;
  snprintf(told->last, sizeof told->last, "%s", event->kind);
  CHECK(event->message[0] != 0);
}

static void let_go(void *userdata) {
  (void)userdata;
  freed++;
}

static void maintain(const zec_client *client, const struct told *told) {
  zec_maintenance *maintenance = NULL;
  MUST(zec_client_maintain(client, &maintenance));
  CHECK(maintenance->events_len == 1 && maintenance->events[1] == NULL && maintenance->next_ms >= 1000);
  CHECK(same(maintenance->events[0]->kind, "login_renewed") && maintenance->events[0]->code == ZEC_OK);
  CHECK(strstr(maintenance->events[0]->message, "https://") != NULL);
  CHECK(told->count == 1 && same(told->last, "login_renewed"));
  zec_maintenance_free(maintenance);
  MUST(zec_client_maintain(client, &maintenance));
  CHECK(maintenance->events_len == 0 && maintenance->events[0] == NULL);
  zec_maintenance_free(maintenance);
}

static void renew(const zec_client *client, const struct told *told) {
  zec_event *event = NULL;
  MUST(zec_client_renew_if_due(client, &event));
  CHECK(event == NULL && told->count == 1);
  FAILS(zec_client_renew(client, &event), ZEC_ERR_API);
  CHECK(event == NULL);
  MUST(zec_client_renew(client, &event));
  CHECK(same(event->kind, "certificate_renewed") && strstr(event->message, "a new key") && event->code == ZEC_OK);
  CHECK(told->count == 2 && same(told->last, "certificate_renewed"));
  zec_event_free(event);
}

/* Each certificate is due for who renews it as early as can be; the controller fails once more. */
static void due(const zec_identity *identity) {
  zec_client_options options = ZEC_CLIENT_OPTIONS_INIT;
  zec_maintenance *maintenance = NULL;
  zec_client *client = NULL;
  zec_event *event = NULL;
  options.renew_before_ms = UINT64_C(100) * 365 * 24 * 3600 * 1000;
  MUST(zec_client_new(identity, &options, &client));
  FAILS(zec_client_renew_if_due(client, &event), ZEC_ERR_API);
  MUST(zec_client_maintain(client, &maintenance));
  CHECK(maintenance->events_len == 1 && same(maintenance->events[0]->kind, "certificate_renewed"));
  zec_maintenance_free(maintenance);
  MUST(zec_client_renew_if_due(client, &event));
  CHECK(event && same(event->kind, "certificate_renewed"));
  zec_event_free(event);
  zec_client_free(client);
}

int main(int argc, char **argv) {
  zec_client_options options = ZEC_CLIENT_OPTIONS_INIT;
  struct told told = {0, ""};
  zec_identity *identity = NULL;
  zec_client *client = NULL;
  if (argc != 2) return EXIT_FAILURE;
  MUST(zec_identity_load(argv[1], &identity));
  options.on_event = tell;
  options.event_userdata = &told;
  options.event_userdata_free = let_go;
  options.always_renew_key = 1;
  options.renewal_key_kind = ZEC_KEY_EXISTING;
  FAILS(zec_client_new(identity, &options, &client), ZEC_ERR_INVALID_ARGUMENT);
  CHECK(freed == 1);
  options.renewal_key_kind = ZEC_KEY_P384;
  MUST(zec_client_new(identity, &options, &client));
  zec_identity_free(identity);
  maintain(client, &told);
  renew(client, &told);
  zec_client_free(client);
  CHECK(freed == 2);
  MUST(zec_identity_load(argv[1], &identity));
  due(identity);
  zec_identity_free(identity);
  return failures != 0;
}
