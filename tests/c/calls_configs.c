/* calls_configs IDENTITY.json: what the services "full", "bare" and "broken" say of configs and posture. */
#include "client.h"

static zec_service *service(const zec_client *client, const char *name) {
  char filter[64];
  zec_service_query query = ZEC_SERVICE_QUERY_INIT;
  zec_service_list *list = NULL;
  zec_service *one = NULL;
  snprintf(filter, sizeof filter, "name = \"%s\"", name);
  query.filter = filter;
  MUST(zec_services_list(client, &query, &list));
  CHECK(list->len == 1);
  MUST(zec_services_get(client, list->items[0]->id, &one));
  zec_service_list_free(list);
  return one;
}

static void intercept(const zec_service *full) {
  zec_intercept_v1 *config = NULL;
  MUST(zec_service_intercept_v1(full, &config));
  CHECK(config->protocols_len == 2 && config->addresses_len == 1 && config->port_ranges_len == 1);
  CHECK(same(config->protocols[1], "udp"));
  CHECK(same(config->addresses[0], "*.a.test"));
  CHECK(config->addresses[1] == NULL && config->port_ranges[1] == NULL);
  CHECK(config->port_ranges[0]->low == 80 && config->port_ranges[0]->high == 65535);
  CHECK(same(config->dial_options->identity, "$dst_hostname"));
  CHECK(config->dial_options->connect_timeout_seconds == 5);
  CHECK(same(config->source_ip, "$src_ip"));
  CHECK(config->allowed_source_addresses_len == 1);
  CHECK(same(config->allowed_source_addresses[0], "10.0.0.0/8"));
  zec_intercept_v1_free(config);
}

static void checks(const zec_port_check *port, const zec_http_check *http) {
  CHECK(same(port->address, "a:1"));
  CHECK(same(port->interval, "5s"));
  CHECK(same(port->timeout, "500ms"));
  CHECK(port->actions_len == 1 && port->actions[1] == NULL && port->actions[0]->consecutive_events == 3);
  CHECK(same(port->actions[0]->trigger, "fail"));
  CHECK(same(port->actions[0]->duration, "10s"));
  CHECK(same(port->actions[0]->action, "mark unhealthy"));
  CHECK(same(http->url, "https://a"));
  CHECK(same(http->method, "PUT"));
  CHECK(same(http->body, "b"));
  CHECK(same(http->expect_in_body, "ok"));
  CHECK(http->expect_status == 204 && http->interval == NULL && http->timeout == NULL && http->actions_len == 0);
}

static void host(const zec_host_v1 *config) {
  CHECK(config->protocol == NULL && config->address == NULL && config->port == -1);
  CHECK(config->forward_protocol && config->forward_address && config->forward_port);
  CHECK(same(config->allowed_protocols[0], "tcp"));
  CHECK(same(config->allowed_addresses[0], "a.test"));
  CHECK(config->allowed_protocols_len == 1 && config->allowed_addresses_len == 1);
  CHECK(config->allowed_port_ranges_len == 1 && config->allowed_port_ranges[0]->high == 1024);
  CHECK(config->forward_address_translations_len == 1);
  CHECK(same(config->forward_address_translations[0]->from, "10.0.0.0"));
  CHECK(same(config->forward_address_translations[0]->to, "10.1.0.0"));
  CHECK(config->forward_address_translations[0]->prefix_length == 16);
  CHECK(same(config->allowed_source_addresses[0], "10.2.0.0/16"));
  CHECK(config->allowed_source_addresses_len == 1 && config->port_checks_len == 1 && config->http_checks_len == 1);
  checks(config->port_checks[0], config->http_checks[0]);
  const zec_listen_options *listen = config->listen_options;
  CHECK(listen->bind_using_edge_identity && listen->cost == 7 && listen->max_connections == 3);
  CHECK(listen->connect_timeout_seconds == 6);
  CHECK(same(listen->identity, "me"));
  CHECK(same(listen->connect_timeout, "5s"));
  CHECK(same(listen->precedence, "required"));
  CHECK(same(config->proxy->kind, "http"));
  CHECK(same(config->proxy->address, "p:1"));
}

static void hosts(const zec_service *full) {
  zec_host_v1 *one = NULL;
  zec_host_v2 *two = NULL;
  MUST(zec_service_host_v1(full, &one));
  host(one);
  MUST(zec_service_host_v2(full, &two));
  CHECK(two->terminators_len == 2 && two->terminators[2] == NULL);
  host(two->terminators[0]);
  CHECK(two->terminators[1]->port == 443 && two->terminators[1]->listen_options == NULL);
  CHECK(two->terminators[1]->proxy == NULL && two->terminators[1]->port_checks[0] == NULL);
  CHECK(same(two->terminators[1]->protocol, "tcp"));
  CHECK(same(two->terminators[1]->address, "10.0.0.1"));
  zec_host_v1_free(one);
  zec_host_v2_free(two);
}

static void tunnelers(const zec_service *full) {
  zec_tunneler_client_v1 *client = NULL;
  zec_tunneler_server_v1 *server = NULL;
  MUST(zec_service_tunneler_client_v1(full, &client));
  CHECK(same(client->hostname, "a.test"));
  CHECK(client->port == 80);
  MUST(zec_service_tunneler_server_v1(full, &server));
  CHECK(same(server->hostname, "localhost"));
  CHECK(same(server->protocol, "udp"));
  CHECK(server->port == 53 && server->port_checks_len == 1 && server->http_checks_len == 1);
  checks(server->port_checks[0], server->http_checks[0]);
  zec_tunneler_client_v1_free(client);
  zec_tunneler_server_v1_free(server);
}

static void posture(const zec_service *full) {
  zec_posture_query_set_list *list = NULL;
  bool can_use = true;
  MUST(zec_service_posture_queries(full, &list));
  CHECK(list->len == 1 && list->items[1] == NULL);
  const zec_posture_query_set *set = list->items[0];
  CHECK(same(set->policy_type, "Dial"));
  CHECK(set->policy_id[0] && !set->is_passing && set->queries_len == 2 && set->queries[2] == NULL);
  const zec_posture_query *mfa = set->queries[0], *process = set->queries[1];
  CHECK(same(mfa->id, "m"));
  CHECK(same(mfa->query_type, "MFA"));
  CHECK(same(mfa->timeout_at, "2026-11-22T06:54:05.645Z"));
  CHECK(same(mfa->created_at, "2026-11-22T06:53:43.755Z"));
  CHECK(same(mfa->tags_json, "{\"k\":1}"));
  CHECK(!mfa->is_passing && mfa->prompt_on_wake && mfa->prompt_on_unlock && mfa->prompt_grace_period_seconds == 9);
  CHECK(mfa->timeout == 600 && mfa->timeout_remaining == 0 && mfa->process == NULL && mfa->processes_len == 0);
  CHECK(process->is_passing && !process->prompt_on_wake && process->prompt_grace_period_seconds == -1);
  CHECK(process->timeout == -1 && process->timeout_at == NULL && process->updated_at == NULL);
  CHECK(same(process->process->os_type, "Linux"));
  CHECK(same(process->process->path, "/usr/bin/agent"));
  CHECK(process->processes_len == 1 && process->processes[0]->path == NULL && process->processes[1] == NULL);
  MUST(zec_service_can_use_dial(full, &can_use));
  CHECK(full->can_dial && !can_use);
  MUST(zec_service_can_use_bind(full, &can_use));
  CHECK(!full->can_bind && !can_use);
  zec_posture_query_set_list_free(list);
}

static void what_is_not_there(const zec_service *bare) {
  zec_intercept_v1 *intercept = NULL;
  zec_host_v1 *host = NULL;
  zec_host_v2 *hosts = NULL;
  zec_tunneler_client_v1 *client = NULL;
  zec_tunneler_server_v1 *server = NULL;
  char *raw = NULL;
  bool can_use = false;
  MUST(zec_service_intercept_v1(bare, &intercept));
  MUST(zec_service_host_v1(bare, &host));
  MUST(zec_service_host_v2(bare, &hosts));
  MUST(zec_service_tunneler_client_v1(bare, &client));
  MUST(zec_service_tunneler_server_v1(bare, &server));
  MUST(zec_service_raw_config(bare, "intercept.v1", &raw));
  CHECK(!intercept && !host && !hosts && !client && !server && !raw);
  MUST(zec_service_can_use_dial(bare, &can_use));
  CHECK(can_use);
}

static void what_cannot_be_read(const zec_service *broken) {
  zec_intercept_v1 *intercept = NULL;
  zec_host_v1 *host = NULL;
  zec_host_v2 *hosts = NULL;
  zec_tunneler_client_v1 *client = NULL;
  zec_tunneler_server_v1 *server = NULL;
  zec_posture_query_set_list *list = NULL;
  char *raw = NULL;
  bool can_use = true;
  FAILS(zec_service_intercept_v1(broken, &intercept), ZEC_ERR_DECODE);
  FAILS(zec_service_host_v1(broken, &host), ZEC_ERR_DECODE);
  FAILS(zec_service_host_v2(broken, &hosts), ZEC_ERR_DECODE);
  FAILS(zec_service_tunneler_client_v1(broken, &client), ZEC_ERR_DECODE);
  FAILS(zec_service_tunneler_server_v1(broken, &server), ZEC_ERR_DECODE);
  FAILS(zec_service_posture_queries(broken, &list), ZEC_ERR_DECODE);
  FAILS(zec_service_can_use_dial(broken, &can_use), ZEC_ERR_DECODE);
  CHECK(!intercept && !host && !hosts && !client && !server && !list && !can_use);
  MUST(zec_service_raw_config(broken, "greeting.v1", &raw));
  CHECK(same(raw, "{\"text\":\"hello\"}"));
  zec_string_free(raw);
}

int main(int argc, char **argv) {
  if (argc != 2) return EXIT_FAILURE;
  zec_client *client = client_of(argv[1]);
  zec_service *full = service(client, "full"), *bare = service(client, "bare"), *broken = service(client, "broken");
  intercept(full);
  hosts(full);
  tunnelers(full);
  posture(full);
  what_is_not_there(bare);
  what_cannot_be_read(broken);
  zec_service_free(full);
  zec_service_free(bare);
  zec_service_free(broken);
  zec_client_free(client);
  return failures != 0;
}
