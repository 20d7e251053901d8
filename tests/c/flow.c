/* flow TOKEN TOKEN FOLDER: the whole way against a controller that has five services. The second token is for an
 * enrollment that fails. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ziti_edge_client.h"

#include "check.h"

/* Without this call nothing that follows makes sense. */
static void must(zec_error *error, const char *call, int line) {
  if (!error) return;
  fprintf(stderr, "flow.c:%d: %s: %s\n", line, call, zec_error_message(error));
  exit(EXIT_FAILURE);
}

#define MUST(call) must((call), #call, __LINE__)

struct kept {
  char text[32 * 1024];
  uint64_t ms_left;
  int saved;
  int freed;
};

/* Takes the identity through everything that a callback might want to do with it. */
static void use_inside_of_a_callback(const char *identity_json) {
  zec_identity *identity = NULL;
  zec_client *client = NULL;
  zec_service_list *list = NULL;
  MUST(zec_identity_from_json(identity_json, &identity));
  MUST(zec_client_new(identity, NULL, &client));
  MUST(zec_services_list(client, NULL, &list));
  CHECK(list->len == 5);
  MUST(zec_client_logout(client));
  zec_service_list_free(list);
  zec_client_free(client);
  zec_identity_free(identity);
}

static int32_t keep(const char *identity_json, uint64_t ms_left, void *userdata) {
  struct kept *kept = userdata;
  kept->saved++;
  kept->ms_left = ms_left;
  snprintf(kept->text, sizeof kept->text, "%s", identity_json);
  use_inside_of_a_callback(identity_json);
  return 0;
}

static int32_t refuse(const char *identity_json, uint64_t ms_left, void *userdata) {
  (void)identity_json;
  (void)ms_left;
  (void)userdata;
  return 7;
}

static void let_go(void *userdata) { ((struct kept *)userdata)->freed++; }

struct lines {
  int count;
  int foreign;
  int secret;
};

static void take_line(int32_t level, const char *target, const char *message, void *userdata) {
  struct lines *lines = userdata;
  lines->count++;
  lines->foreign += level < 1 || level > 5 || strncmp(target, "ziti_edge_client", 16) != 0;
  lines->secret += strstr(message, "PRIVATE KEY") != NULL;
}

/* Enrolls into a save hook, and takes the identity through text and file. */
static zec_identity *enroll(const char *token, const char *path) {
  static struct kept kept;
  zec_enroll_options options = ZEC_ENROLL_OPTIONS_INIT;
  zec_identity *enrolled = NULL, *read = NULL, *loaded = NULL;
  zec_string_list *controllers = NULL;
  zec_enrollment *enrollment = NULL;
  char *json = NULL;

  options.timeout_ms = 50000;
  options.save = keep;
  options.userdata = &kept;
  options.userdata_free = let_go;
  MUST(zec_identity_enroll(token, &options, &enrolled));
  CHECK(kept.saved == 1 && kept.ms_left > 0 && kept.ms_left < 50000);
  MUST(zec_identity_to_json(enrolled, &json));
  CHECK(strcmp(json, kept.text) == 0 && strstr(json, "PRIVATE KEY") != NULL);
  MUST(zec_identity_from_json(json, &read));
  MUST(zec_identity_save(read, path));
  MUST(zec_identity_load(path, &loaded));
  MUST(zec_identity_controllers(loaded, &controllers));
  MUST(zec_enrollment_parse(token, &enrollment));
  CHECK(controllers->len == 1 && strcmp(controllers->items[0], enrollment->issuer) == 0 && !controllers->items[1]);
  CHECK(strcmp(enrollment->method, "ott") == 0 && enrollment->subject[0] && enrollment->expires_at_unix > 1500000000);
  zec_enrollment_free(enrollment);
  zec_string_list_free(controllers);
  zec_string_free(json);
  zec_identity_free(read);
  zec_identity_free(enrolled);
  CHECK(kept.freed == 1);

  /* The token is spent by now. */
  zec_error *error = zec_identity_enroll(token, NULL, &enrolled);
  CHECK(zec_error_code(error) == ZEC_ERR_ENROLLMENT && enrolled == NULL);
  CHECK(zec_error_enrollment_problem(error) && strcmp(zec_error_enrollment_problem(error), "token_not_known") == 0);
  zec_error_free(error);
  return loaded;
}

static void session(const zec_client *client) {
  zec_api_session *login = NULL, *current = NULL;
  MUST(zec_client_authenticate(client, &login));
  CHECK(login->identity_name && strcmp(login->identity_name, "alice") == 0);
  CHECK(login->auth_queries_len == 0 && login->auth_queries[0] == NULL);
  CHECK(login->config_types_len == 1 && login->config_types[0] && login->config_types[1] == NULL);
  CHECK(login->expires_at_unix > 1500000000 && login->expires_at && login->expiration_seconds > 0);
  MUST(zec_current_api_session_get(client, &current));
  CHECK(strcmp(current->id, login->id) == 0 && current->tags_json[0] == '{');
  zec_api_session_free(login);
  zec_api_session_free(current);
}

static void version(const zec_client *client) {
  zec_version_info *info = NULL;
  MUST(zec_controller_version(client, &info));
  CHECK(info->version && info->version[0] == 'v');
  CHECK(info->api_versions_len > 0 && info->api_versions[info->api_versions_len] == NULL);
  CHECK(info->api_versions[0]->binding && info->api_versions[0]->path);
  CHECK(info->capabilities[info->capabilities_len] == NULL);
  zec_version_info_free(info);
}

static void services(const zec_client *client) {
  static const char *const types[] = {"all"};
  zec_service_query query = ZEC_SERVICE_QUERY_INIT;
  zec_service_list *all = NULL, *page = NULL;
  zec_service *one = NULL;

  query.config_types = types;
  query.config_types_len = 1;
  MUST(zec_services_list(client, &query, &all));
  CHECK(all->len == 5 && all->total == 5 && all->items[5] == NULL);
  for (size_t i = 0; i < all->len; i++) {
    const zec_service *service = all->items[i];
    CHECK(service->id[0] && service->name[0] && (service->can_dial || service->can_bind));
    CHECK(service->permissions_len > 0 && service->permissions[service->permissions_len] == NULL);
    CHECK(service->config_ids[service->config_ids_len] == NULL);
    CHECK(service->role_attributes[service->role_attributes_len] == NULL);
    CHECK(service->config_json[0] == '{' && service->tags_json[0] == '{' && service->posture_queries_json[0] == '[');
    CHECK(service->created_at && service->updated_at && service->terminator_strategy);
  }

  query.limit = 2;
  query.offset = 1;
  MUST(zec_services_page(client, &query, &page));
  CHECK(page->len == 2 && page->total == 5 && strcmp(page->items[0]->id, all->items[1]->id) == 0);
  MUST(zec_services_get(client, all->items[3]->id, &one));
  CHECK(strcmp(one->name, all->items[3]->name) == 0 && one->permissions[one->permissions_len] == NULL);

  /* A list has no limit. */
  zec_service_list_free(page);
  zec_error *error = zec_services_list(client, &query, &page);
  CHECK(zec_error_code(error) == ZEC_ERR_INVALID_ARGUMENT && page == NULL);
  zec_error_free(error);
  zec_service_list_free(all);
  zec_service_free(one);
}

static void refusal(const zec_client *client) {
  zec_service *service = NULL;
  zec_error *error = zec_services_get(client, "nobody.knows", &service);
  CHECK(zec_error_code(error) == ZEC_ERR_API && service == NULL && !zec_error_is_retryable(error));
  CHECK(zec_error_http_status(error) == 404);
  CHECK(zec_error_api_code(error) && strcmp(zec_error_api_code(error), "NOT_FOUND") == 0);
  CHECK(zec_error_request_id(error) && strstr(zec_error_message(error), zec_error_request_id(error)));
  CHECK(zec_error_stage(error) == NULL);
  zec_error_free(error);
}

int main(int argc, char **argv) {
  static const char *const types[] = {"intercept.v1"};
  static struct kept kept;
  struct lines lines = {0, 0, 0};
  char path[1024];
  zec_client_options options = ZEC_CLIENT_OPTIONS_INIT;
  zec_enroll_options refusing = ZEC_ENROLL_OPTIONS_INIT;
  zec_client *parent = NULL, *client = NULL;
  zec_identity *current = NULL;
  if (argc != 4) return EXIT_FAILURE;

  MUST(zec_set_log(5, take_line, &lines));
  snprintf(path, sizeof path, "%s/identity.json", argv[3]);
  zec_identity *identity = enroll(argv[1], path);

  refusing.save = refuse;
  zec_error *error = zec_identity_enroll(argv[2], &refusing, &current);
  CHECK(error && strstr(zec_error_message(error), "the save callback returned 7") && current == NULL);
  zec_error_free(error);

  options.timeout_ms = 20000;
  options.no_environment = 1;
  options.config_types = types;
  options.config_types_len = 1;
  options.app_id = "flow";
  options.app_version = "1.2.3";
  options.save = keep;
  options.userdata = &kept;
  options.userdata_free = let_go;
  MUST(zec_client_new(identity, &options, &parent));
  error = zec_client_with_timeout(parent, 0, &client);
  CHECK(zec_error_code(error) == ZEC_ERR_INVALID_ARGUMENT && client == NULL);
  CHECK(strcmp(zec_error_message(error), "argument timeout_ms is 0") == 0);
  zec_error_free(error);
  MUST(zec_client_with_timeout(parent, 15000, &client));
  zec_identity_free(identity);
  zec_client_free(parent);
  CHECK(kept.freed == 0);

  version(client);
  session(client);
  services(client);
  refusal(client);
  MUST(zec_client_identity(client, &current));
  MUST(zec_client_logout(client));
  zec_identity_free(current);
  zec_client_free(client);
  CHECK(kept.freed == 1);

  MUST(zec_set_log(0, NULL, NULL));
  CHECK(lines.count > 0 && lines.foreign == 0 && lines.secret == 0);
  return failures != 0;
}
