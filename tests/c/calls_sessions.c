/* calls_sessions IDENTITY.json SERVICE GUARDED ROUTERLESS: sessions with a service that may be dialed and hosted, with
 * one whose posture check fails, and with one that no edge router serves. */
#include "client.h"

static zec_session *make(const zec_client *client, const char *service_id, const char *kind) {
  zec_session_request request = ZEC_SESSION_REQUEST_INIT;
  zec_session *session = NULL;
  request.service_id = service_id;
  request.kind = kind;
  request.tags_json = "{\"a\": 1}";
  MUST(zec_sessions_create(client, &request, &session));
  return session;
}

static void fields(const zec_session *made, const char *service_id) {
  CHECK(made->id[0] && made->token[0] && strcmp(made->id, made->token) != 0);
  CHECK(same(made->kind, "Dial") && same(made->service_id, service_id));
  CHECK(made->identity_id && made->api_session_id && made->tags_json[0] == '{');
  CHECK(made->service_policy_ids_len == 0 && made->service_policy_ids[0] == NULL);
  CHECK(made->edge_routers_len == 1 && made->edge_routers[1] == NULL);
  const zec_edge_router *router = made->edge_routers[0];
  CHECK(same(router->name, "router-1") && router->is_online && router->id == NULL);
  CHECK(router->cost == 0 && router->no_traversal == 0 && router->disabled == 0);
  CHECK(router->urls_len == 1 && router->urls[1] == NULL && router->supported_protocols_len == 1);
  CHECK(same(router->urls[0]->protocol, "tls") && same(router->urls[0]->url, "tls://router.test:3022"));
  CHECK(router->created_at == NULL && router->tags_json[0] == '{' && router->app_data_json[0] == '{');
}

struct count {
  const zec_client *client;
  int shown;
  int enough;
};

static int32_t count(const zec_session *session, void *userdata) {
  struct count *count = userdata;
  zec_session *same_one = NULL;
  CHECK(session->id[0] && session->token[0] && session->service_name);
  /* Nothing stands in the way of a call within a call. */
  MUST(zec_sessions_get(count->client, session->id, &same_one));
  CHECK(same(same_one->id, session->id));
  zec_session_free(same_one);
  return ++count->shown == count->enough;
}

static void lists(const zec_client *client, const char *id) {
  zec_list_query query = ZEC_LIST_QUERY_INIT;
  zec_session_list *list = NULL;
  struct count all = {client, 0, 0}, first = {client, 0, 1};

  MUST(zec_sessions_list(client, NULL, &list));
  CHECK(list->len == 2 && list->total == 2 && list->items[2] == NULL);
  zec_session_list_free(list);
  query.limit = 1;
  query.filter = "type = \"Dial\"";
  MUST(zec_sessions_page(client, &query, &list));
  CHECK(list->len == 1 && same(list->items[0]->id, id) && same(list->items[0]->service_name, "web"));
  CHECK(list->items[0]->service_policy_ids_len == 1 && list->items[0]->created_at);
  zec_session_list_free(list);
  MUST(zec_sessions_for_each(client, NULL, count, &all));
  MUST(zec_sessions_for_each(client, NULL, count, &first));
  CHECK(all.shown == 2 && first.shown == 1);

  query.limit = 0;
  query.filter = "nonsense = 1";
  REFUSED(zec_sessions_list(client, &query, &list), 400, "INVALID_FILTER");
  REFUSED(zec_sessions_page(client, &query, &list), 400, "INVALID_FILTER");
  REFUSED(zec_sessions_for_each(client, &query, count, &all), 400, "INVALID_FILTER");
  CHECK(list == NULL);
}

static void refusals(const zec_client *client, const char *guarded, const char *routerless) {
  zec_session_request request = ZEC_SESSION_REQUEST_INIT;
  zec_session *session = NULL;
  zec_failed_policy_list *policies = NULL;

  request.service_id = guarded;
  zec_error *error = zec_sessions_create(client, &request, &session);
  CHECK(zec_error_http_status(error) == 409 && same(zec_error_api_code(error), "INVALID_POSTURE") && !session);
  CHECK(zec_error_cause_json(error) && strstr(zec_error_cause_json(error), "mac-1"));
  MUST(zec_error_failed_posture(error, &policies));
  CHECK(policies->len == 1 && policies->items[1] == NULL && same(policies->items[0]->policy_id, "p1"));
  CHECK(policies->items[0]->checks_len == 1 && policies->items[0]->checks[1] == NULL);
  const zec_failed_check *failed = policies->items[0]->checks[0];
  CHECK(same(failed->id, "mac-1") && same(failed->type_id, "MAC") && !failed->is_passing);
  CHECK(same(failed->details_json, "{}"));
  zec_failed_policy_list_free(policies);
  zec_error_free(error);

  request.service_id = routerless;
  REFUSED(zec_sessions_create(client, &request, &session), 400, "NO_EDGE_ROUTERS_AVAILABLE");
  CHECK(session == NULL);
}

int main(int argc, char **argv) {
  zec_session *shown = NULL;
  if (argc != 5) return EXIT_FAILURE;
  zec_client *client = client_of(argv[1]);
  zec_session *dialing = make(client, argv[2], NULL);
  zec_session *hosting = make(client, argv[2], "Bind");
  CHECK(same(hosting->kind, "Bind"));
  fields(dialing, argv[2]);
  lists(client, dialing->id);
  MUST(zec_sessions_get(client, hosting->id, &shown));
  CHECK(same(shown->id, hosting->id) && same(shown->service_name, "web"));
  zec_session_free(shown);
  MUST(zec_sessions_delete(client, hosting->id));
  REFUSED(zec_sessions_delete(client, hosting->id), 404, "NOT_FOUND");
  REFUSED(zec_sessions_get(client, hosting->id, &shown), 404, "NOT_FOUND");
  CHECK(shown == NULL);
  refusals(client, argv[3], argv[4]);
  zec_session_free(dialing);
  zec_session_free(hosting);
  zec_client_free(client);
  return failures != 0;
}
