/* calls_services IDENTITY.json: services one by one, and changes to them; there are three, and none may be changed.
 * calls_services IDENTITY.json refused: the same where the controller answers with 500.
 * calls_services IDENTITY.json late: more pages than there is time for. */
#include "client.h"

struct seen {
  int count;
  int stop_after;
  char last[64];
};

static int32_t see(const zec_service *service, void *userdata) {
  struct seen *seen = userdata;
  seen->count++;
  snprintf(seen->last, sizeof seen->last, "%s", service->name);
  CHECK(service->can_dial && service->permissions_len == 1 && service->permissions[1] == NULL);
  CHECK(service->config_ids[service->config_ids_len] == NULL);
  return seen->count == seen->stop_after ? 7 : 0;
}

static void one_by_one(const zec_client *client) {
  static const char *const roles[] = {"#testkit"};
  zec_service_query query = ZEC_SERVICE_QUERY_INIT;
  struct seen seen = {0, 0, ""};
  MUST(zec_services_for_each(client, NULL, see, &seen));
  CHECK(seen.count == 3);
  seen.count = 0;
  seen.stop_after = 2;
  query.sort = "name desc";
  query.role_filter = roles;
  query.role_filter_len = 1;
  query.role_semantic = "AnyOf";
  MUST(zec_services_for_each(client, &query, see, &seen));
  CHECK(seen.count == 2);
  CHECK(same(seen.last, "svc-00002"));
  query.limit = 1;
  FAILS(zec_services_for_each(client, &query, see, &seen), ZEC_ERR_INVALID_ARGUMENT);
  query.limit = 0;
  query.reserved = 1;
  FAILS(zec_services_for_each(client, &query, see, &seen), ZEC_ERR_UNSUPPORTED);
  CHECK(seen.count == 2);
}

static void updates(const zec_client *client) {
  static const char *const ids[] = {"c1", "c2"};
  static const char *const roles[] = {"r"};
  zec_service_update update = ZEC_SERVICE_UPDATE_INIT;
  FAILS(zec_services_update(client, "id", &update), ZEC_ERR_INVALID_ARGUMENT);
  update.name = "web";
  FAILS(zec_services_update(client, "id", &update), ZEC_ERR_UNSUPPORTED);
  update.configs = ids;
  update.configs_len = 2;
  update.encryption_required = 1;
  update.max_idle_time_ms = 5000;
  update.role_attributes = roles;
  update.role_attributes_len = 1;
  update.tags_json = "{\"k\":[1]}";
  update.terminator_strategy = "random";
  FAILS(zec_services_update(client, "id", &update), ZEC_ERR_UNSUPPORTED);
  update.tags_json = "[]";
  FAILS(zec_services_update(client, "id", &update), ZEC_ERR_INVALID_ARGUMENT);
  update.tags_json = "{";
  FAILS(zec_services_update(client, "id", &update), ZEC_ERR_INVALID_ARGUMENT);
}

static void patches(const zec_client *client) {
  static const char *const nothing[] = {NULL};
  static const char *const roles[] = {"r"};
  int32_t required = 0;
  int64_t idle = 0;
  zec_service_patch patch = ZEC_SERVICE_PATCH_INIT;
  FAILS(zec_services_patch(client, "id", &patch), ZEC_ERR_UNSUPPORTED);
  patch.configs = nothing;
  patch.role_attributes = nothing;
  patch.encryption_required = &required;
  patch.max_idle_time_ms = &idle;
  FAILS(zec_services_patch(client, "id", &patch), ZEC_ERR_UNSUPPORTED);
  required = 1;
  patch.name = "web";
  patch.role_attributes = roles;
  patch.role_attributes_len = 1;
  patch.tags_json = "{}";
  patch.terminator_strategy = "random";
  FAILS(zec_services_patch(client, "id", &patch), ZEC_ERR_UNSUPPORTED);
  patch.configs_len = 1;
  FAILS(zec_services_patch(client, "id", &patch), ZEC_ERR_INVALID_ARGUMENT);
}

static void stamps(const zec_client *client) {
  zec_service_updates *now = NULL;
  char *stamp = NULL, *again = NULL;
  MUST(zec_current_api_session_service_updates(client, &now));
  MUST(zec_services_changed_since(client, NULL, &stamp));
  CHECK(same(stamp, now->last_change_at));
  MUST(zec_services_changed_since(client, stamp, &again));
  CHECK(again == NULL);
  MUST(zec_services_changed_since(client, "another", &again));
  CHECK(same(again, stamp));
  zec_string_free(again);
  zec_string_free(stamp);
  zec_service_updates_free(now);
}

static void refusals(const zec_client *client) {
  struct seen seen = {0, 0, ""};
  zec_service_updates *updates = NULL;
  zec_service_watch *watch = NULL;
  zec_service_changes *changes = NULL;
  char *stamp = NULL;
  FAILS(zec_services_for_each(client, NULL, see, &seen), ZEC_ERR_API);
  FAILS(zec_current_api_session_service_updates(client, &updates), ZEC_ERR_API);
  FAILS(zec_services_changed_since(client, NULL, &stamp), ZEC_ERR_API);
  MUST(zec_service_watch_new(client, NULL, &watch));
  FAILS(zec_service_watch_poll(watch, &changes), ZEC_ERR_API);
  CHECK(seen.count == 0 && updates == NULL && stamp == NULL && changes == NULL);
  zec_service_watch_free(watch);
}

static void late(const zec_client *client) {
  struct seen seen = {0, 0, ""};
  zec_client *hurried = NULL;
  zec_api_session *session = NULL;
  MUST(zec_client_authenticate(client, &session));
  MUST(zec_client_with_timeout(client, 1000, &hurried));
  FAILS(zec_services_for_each(hurried, NULL, see, &seen), ZEC_ERR_TIMEOUT);
  CHECK(seen.count < 1500);
  zec_client_free(hurried);
  zec_api_session_free(session);
}

int main(int argc, char **argv) {
  zec_client *client = client_of(argv[1]);
  if (argc > 2 && same(argv[2], "late")) {
    late(client);
  } else if (argc > 2) {
    refusals(client);
  } else {
    one_by_one(client);
    updates(client);
    patches(client);
    FAILS(zec_services_delete(client, "id"), ZEC_ERR_UNSUPPORTED);
    FAILS(zec_services_delete(client, ".."), ZEC_ERR_INVALID_ARGUMENT);
    stamps(client);
  }
  zec_client_free(client);
  return failures != 0;
}
