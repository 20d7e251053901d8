/* calls_service_parts IDENTITY.json SERVICE: a service with the terminators "a", "b" and "c" at one edge router. */
#include "client.h"

static int32_t count(const zec_terminator *terminator, void *userdata) {
  CHECK(terminator->id[0] && terminator->identity);
  return ++*(int *)userdata == 2;
}

static void terminators(const zec_client *client, const char *id) {
  zec_list_query query = ZEC_LIST_QUERY_INIT;
  zec_terminator_list *list = NULL;
  int shown = 0;

  query.sort = "instanceId";
  MUST(zec_services_terminators(client, id, &query, &list));
  CHECK(list->len == 3 && list->total == 3 && list->items[3] == NULL);
  const zec_terminator *first = list->items[0];
  CHECK(same(first->identity, "a") && same(first->service_id, id) && same(first->service_name, "web"));
  CHECK(first->id[0] && first->router_id && first->created_at && first->updated_at && first->tags_json[0] == '{');
  zec_terminator_list_free(list);
  query.limit = 1;
  query.offset = 2;
  MUST(zec_services_terminators_page(client, id, &query, &list));
  CHECK(list->len == 1 && list->total == 3 && same(list->items[0]->identity, "c"));
  zec_terminator_list_free(list);
  MUST(zec_services_terminators_for_each(client, id, NULL, count, &shown));
  CHECK(shown == 2);

  REFUSED(zec_services_terminators(client, "unknown", NULL, &list), 404, "NOT_FOUND");
  REFUSED(zec_services_terminators_page(client, "unknown", NULL, &list), 404, "NOT_FOUND");
  REFUSED(zec_services_terminators_for_each(client, "unknown", NULL, count, &shown), 404, "NOT_FOUND");
  CHECK(list == NULL && shown == 2);
}

static void edge_routers(const zec_client *client, const char *id) {
  zec_session_request request = ZEC_SESSION_REQUEST_INIT;
  zec_session *session = NULL;
  zec_edge_router_list *list = NULL;

  request.service_id = id;
  MUST(zec_sessions_create(client, &request, &session));
  MUST(zec_services_edge_routers(client, id, session->token, &list));
  CHECK(list->len == 1 && list->total == 1 && list->items[1] == NULL);
  CHECK(same(list->items[0]->name, "router-1") && list->items[0]->cost == 0 && list->items[0]->urls_len == 0);
  zec_edge_router_list_free(list);
  zec_session_free(session);
  MUST(zec_services_edge_routers(client, id, NULL, &list));
  CHECK(list->len == 1);
  zec_edge_router_list_free(list);

  REFUSED(zec_services_edge_routers(client, id, "no token", &list), 401, "UNAUTHORIZED");
  REFUSED(zec_services_edge_routers(client, "unknown", NULL, &list), 404, "NOT_FOUND");
  CHECK(list == NULL);
}

int main(int argc, char **argv) {
  if (argc != 3) return EXIT_FAILURE;
  zec_client *client = client_of(argv[1]);
  terminators(client, argv[2]);
  edge_routers(client, argv[2]);
  zec_client_free(client);
  return failures != 0;
}
