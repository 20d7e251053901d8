/* calls_current_identity IDENTITY.json NAME: the own identity. For "alice" the controller answers by itself; for "full"
 * with all that an identity can have. */
#include "client.h"

static void alice(const zec_identity_detail *identity) {
  CHECK(same(identity->name, "alice") && identity->id[0]);
  CHECK(same(identity->type_id, "Default") && same(identity->type_name, "Default"));
  CHECK(same(identity->auth_policy_id, "default") && same(identity->auth_policy_name, "Default"));
  CHECK(identity->external_id == NULL && identity->has_api_session && !identity->is_admin && !identity->disabled);
  CHECK(same(identity->edge_router_connection_status, "offline") && identity->disabled_at == NULL);
  CHECK(identity->cert_authenticator_id && identity->cert_fingerprint && strlen(identity->cert_fingerprint) == 40);
  CHECK(identity->updb_authenticator_id == NULL && identity->updb_username == NULL);
  CHECK(!identity->enrollment_ott && !identity->enrollment_ottca && !identity->enrollment_updb);
  CHECK(identity->permissions_len == 0 && identity->permissions[0] == NULL);
  CHECK(identity->interfaces_len == 0 && identity->interfaces[0] == NULL);
  CHECK(identity->env_info && same(identity->env_info->os, "linux"));
  CHECK(identity->sdk_info && same(identity->sdk_info->sdk_type, "ziti-edge-client") && !identity->sdk_info->branch);
  CHECK(identity->default_hosting_cost == 0 && same(identity->default_hosting_precedence, "default"));
  CHECK(identity->service_hosting_costs_len == 0 && identity->service_hosting_costs[0] == NULL);
  CHECK(identity->created_at && identity->tags_json[0] == '{' && identity->app_data_json[0] == '{');
}

static void full(const zec_identity_detail *identity) {
  CHECK(same(identity->id, "i") && identity->name == NULL && identity->type_name == NULL);
  CHECK(identity->disabled && same(identity->disabled_until, "2026-01-02T00:00:00Z"));
  CHECK(same(identity->updb_username, "user") && identity->cert_fingerprint == NULL);
  CHECK(identity->enrollment_ott && same(identity->enrollment_ott->token, "t"));
  CHECK(same(identity->enrollment_ott->jwt, "j") && same(identity->enrollment_ott->expires_at, "2026-01-03T00:00:00Z"));
  CHECK(identity->enrollment_ottca && same(identity->enrollment_ottca->ca_name, "ca"));
  CHECK(identity->enrollment_ottca->token == NULL && identity->enrollment_updb == NULL);
  CHECK(identity->permissions_len == 1 && same(identity->permissions[0], "service.read"));
  CHECK(identity->role_attributes_len == 1 && same(identity->role_attributes[0], "web"));
  CHECK(identity->interfaces_len == 2 && identity->interfaces[2] == NULL);
  const zec_network_interface *eth0 = identity->interfaces[0];
  CHECK(same(eth0->name, "eth0") && eth0->mtu == 1500 && eth0->index == 2 && eth0->is_up && !eth0->is_loopback);
  CHECK(eth0->addresses_len == 1 && same(eth0->addresses[0], "192.0.2.1/24") && eth0->addresses[1] == NULL);
  CHECK(identity->interfaces[1]->index == -1 && identity->interfaces[1]->mtu == 0 && !identity->interfaces[1]->name);
  CHECK(identity->default_hosting_cost == -1 && identity->env_info == NULL && identity->sdk_info == NULL);
  CHECK(identity->service_hosting_costs_len == 1 && identity->service_hosting_costs[0]->cost == 65535);
  CHECK(same(identity->service_hosting_costs[0]->service_id, "s"));
  CHECK(identity->service_hosting_precedences_len == 1 && identity->service_hosting_precedences[1] == NULL);
  CHECK(same(identity->service_hosting_precedences[0]->precedence, "required"));
  CHECK(same(identity->app_data_json, "{\"role\":\"x\"}"));
}

static int32_t count(const zec_edge_router *router, void *userdata) {
  CHECK(router->id && router->name[0]);
  return ++*(int *)userdata == 2;
}

static void edge_routers(const zec_client *client) {
  zec_list_query query = ZEC_LIST_QUERY_INIT;
  zec_edge_router_list *list = NULL;
  int shown = 0;

  query.sort = "name";
  MUST(zec_current_identity_edge_routers(client, &query, &list));
  CHECK(list->len == 3 && list->total == 3 && list->items[3] == NULL);
  const zec_edge_router *east = list->items[0];
  CHECK(same(east->name, "east") && east->id && east->created_at && east->urls_len == 0 && east->urls[0] == NULL);
  CHECK(east->cost == -1 && east->no_traversal == -1 && east->disabled == -1 && same(east->hostname, ""));
  CHECK(same(east->sync_status, "SYNC_DONE") && same(east->supported_protocols[0]->protocol, "tls"));
  zec_edge_router_list_free(list);
  query.limit = 1;
  query.offset = 1;
  MUST(zec_current_identity_edge_routers_page(client, &query, &list));
  CHECK(list->len == 1 && list->total == 3 && same(list->items[0]->name, "south"));
  zec_edge_router_list_free(list);
  MUST(zec_current_identity_edge_routers_for_each(client, NULL, count, &shown));
  CHECK(shown == 2);

  query.limit = query.offset = 0;
  query.filter = "nonsense = 1";
  REFUSED(zec_current_identity_edge_routers(client, &query, &list), 400, "INVALID_FILTER");
  REFUSED(zec_current_identity_edge_routers_page(client, &query, &list), 400, "INVALID_FILTER");
  REFUSED(zec_current_identity_edge_routers_for_each(client, &query, count, &shown), 400, "INVALID_FILTER");
  CHECK(list == NULL && shown == 2);
}

int main(int argc, char **argv) {
  zec_identity_detail *identity = NULL;
  if (argc != 3) return EXIT_FAILURE;
  zec_client *client = client_of(argv[1]);
  MUST(zec_current_identity_get(client, &identity));
  (same(argv[2], "full") ? full : alice)(identity);
  zec_identity_detail_free(identity);
  edge_routers(client);
  zec_client_free(client);
  return failures != 0;
}
