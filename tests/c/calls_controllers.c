/* calls_controllers IDENTITY.json: the controllers of a network of three, and any operation by the raw door, where
 * there are two services. */
#include "client.h"

static int32_t take(const zec_controller *controller, void *userdata) {
  char *last = userdata;
  snprintf(last, 8, "%s", controller->name);
  return strcmp(controller->name, "c2") == 0;
}

static void controllers(const zec_client *client) {
  zec_controller_list *list = NULL;
  zec_list_query query = ZEC_LIST_QUERY_INIT;
  char last[8] = "";

  query.sort = "name";
  MUST(zec_controllers_list(client, &query, &list));
  CHECK(list->len == 3 && list->total == 3 && list->items[3] == NULL);
  const zec_controller *first = list->items[0];
  CHECK(same(first->name, "c1"));
  CHECK(first->id && first->is_online && first->cert_pem && first->fingerprint && first->tags_json[0] == '{');
  CHECK(first->api_addresses_len > 0 && first->api_addresses[first->api_addresses_len] == NULL);
  CHECK(first->api_addresses[0]->binding && strncmp(first->api_addresses[0]->url, "https://", 8) == 0);
  zec_controller_list_free(list);

  MUST(zec_controllers_for_each(client, &query, take, last));
  CHECK(strcmp(last, "c2") == 0);
  query.limit = 2;
  query.offset = 2;
  MUST(zec_controllers_page(client, &query, &list));
  CHECK(list->len == 1 && list->total == 3);
  CHECK(same(list->items[0]->name, "c3"));
  zec_controller_list_free(list);

  FAILS(zec_controllers_list(client, &query, &list), ZEC_ERR_INVALID_ARGUMENT);
  query.limit = query.offset = 0;
  query.filter = "name = ";
  FAILS(zec_controllers_list(client, &query, &list), ZEC_ERR_API);
  FAILS(zec_controllers_page(client, &query, &list), ZEC_ERR_API);
  FAILS(zec_controllers_for_each(client, &query, take, last), ZEC_ERR_API);
  CHECK(list == NULL);
}

static void quoting(void) {
  char *quoted = NULL;

  MUST(zec_filter_quote("a\\\"b", &quoted));
  CHECK(same(quoted, "\"a\\\\\\\\\\\"b\""));
  zec_string_free(quoted);
  FAILS(zec_filter_quote("C:\\new", &quoted), ZEC_ERR_INVALID_ARGUMENT);
  CHECK(quoted == NULL);
}

static void raw(const zec_client *client) {
  static const char *const query[] = {"limit", "1"};
  static const char body[] = "{\"username\":\"x1234\",\"password\":\"p12345\"}";
  static const char fact[] = "{\"typeId\":\"DOMAIN\",\"id\":\"q\",\"domain\":\"d\"}";
  zec_request request = ZEC_REQUEST_INIT;
  zec_request told = ZEC_REQUEST_INIT;
  zec_answer *answer = NULL;

  request.method = "GET";
  request.path = "/services";
  request.query = query;
  request.query_len = 2;
  MUST(zec_client_request(client, &request, &answer));
  CHECK(answer->http_status == 200 && answer->body_len > 0 && answer->body[answer->body_len] == 0);
  CHECK(same(answer->content_type, "application/json"));
  CHECK(strstr((const char *)answer->body, "\"totalCount\":2"));
  zec_answer_free(answer);

  told.method = "POST";
  told.path = "/posture-response";
  told.body = (const uint8_t *)fact;
  told.body_len = strlen(fact);
  MUST(zec_client_request(client, &told, &answer));
  CHECK(answer->http_status == 201);
  zec_answer_free(answer);
  told.media_type = "text/plain";
  FAILS(zec_client_request(client, &told, &answer), ZEC_ERR_API);

  request.query_len = 1;
  FAILS(zec_client_request(client, &request, &answer), ZEC_ERR_INVALID_ARGUMENT);
  request.query_len = 0;
  request.path = "services";
  FAILS(zec_client_request(client, &request, &answer), ZEC_ERR_INVALID_ARGUMENT);
  request.path = "/no-such-thing";
  FAILS(zec_client_request(client, &request, &answer), ZEC_ERR_API);
  request.method = "TRACE";
  FAILS(zec_client_request(client, &request, &answer), ZEC_ERR_INVALID_ARGUMENT);
  request.method = "PATCH";
  request.path = "/services/id";
  request.body = (const uint8_t *)body;
  request.body_len = sizeof body - 1;
  FAILS(zec_client_request(client, &request, &answer), ZEC_ERR_UNSUPPORTED);
  request.body_len = SIZE_MAX;
  FAILS(zec_client_request(client, &request, &answer), ZEC_ERR_INVALID_ARGUMENT);
  request.body = NULL;
  FAILS(zec_client_request(client, &request, &answer), ZEC_ERR_INVALID_ARGUMENT);
  CHECK(answer == NULL);
}

int main(int argc, char **argv) {
  if (argc != 2) return EXIT_FAILURE;
  zec_client *client = client_of(argv[1]);
  controllers(client);
  quoting();
  raw(client);
  zec_client_free(client);
  return failures != 0;
}
