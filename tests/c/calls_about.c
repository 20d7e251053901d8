/* calls_about IDENTITY.json ADDRESS: what a controller of 2.0 at this address tells to anybody; it has two signers.
 * calls_about IDENTITY.json refused: the same where the controller answers everything with 500. */
#include "client.h"

static void controller(const zec_client *client, const char *address) {
  zec_version_info *root = NULL;
  zec_string_list *capabilities = NULL;
  zec_protocol_list *protocols = NULL;
  zec_ca_certificates *certificates = NULL;

  MUST(zec_controller_root(client, &root));
  CHECK(root->version && root->api_versions_len > 0 && root->capabilities_len > 0);
  zec_version_info_free(root);
  MUST(zec_controller_capabilities(client, &capabilities));
  CHECK(capabilities->len == 2 && capabilities->items[2] == NULL);
  CHECK(same(capabilities->items[0], "OIDC_AUTH"));
  zec_string_list_free(capabilities);
  MUST(zec_controller_protocols(client, &protocols));
  CHECK(protocols->len == 1 && protocols->items[1] == NULL);
  CHECK(same(protocols->items[0]->name, "https"));
  CHECK(same(protocols->items[0]->address, address));
  zec_protocol_list_free(protocols);
  MUST(zec_controller_ca_certificates(client, &certificates));
  CHECK(strncmp(certificates->pem, "-----BEGIN CERTIFICATE-----\n", 28) == 0);
  CHECK(certificates->problems_len == 0 && certificates->problems[0] == NULL);
  zec_ca_certificates_free(certificates);
}

static void specs(const zec_client *client) {
  zec_spec_list *list = NULL;
  zec_spec *spec = NULL;
  zec_spec_body *body = NULL;

  MUST(zec_specs_list(client, &list));
  CHECK(list->len == 1 && list->items[1] == NULL);
  CHECK(same(list->items[0]->id, "edge-client"));
  MUST(zec_specs_get(client, list->items[0]->id, &spec));
  CHECK(same(spec->name, list->items[0]->name));
  CHECK(same(spec->tags_json, "{}"));
  CHECK(spec->created_at && spec->updated_at);
  MUST(zec_specs_body(client, spec->id, &body));
  CHECK(same(body->media_type, "application/json"));
  CHECK(body->text[0] == '{' && strstr(body->text, "\"swagger\""));
  zec_spec_body_free(body);
  zec_spec_free(spec);
  zec_spec_list_free(list);

  FAILS(zec_specs_get(client, "nope", &spec), ZEC_ERR_API);
  FAILS(zec_specs_body(client, "nope", &body), ZEC_ERR_API);
  FAILS(zec_specs_get(client, "", &spec), ZEC_ERR_INVALID_ARGUMENT);
  CHECK(spec == NULL && body == NULL);
}

static int32_t count(const zec_external_jwt_signer *signer, void *userdata) {
  int *seen = userdata;
  CHECK(signer->id && signer->external_auth_url);
  return ++*seen == 2;
}

static void signers(const zec_client *client) {
  zec_external_jwt_signer_list *list = NULL;
  zec_list_query query = ZEC_LIST_QUERY_INIT;
  int seen = 0;

  query.sort = "name";
  MUST(zec_external_jwt_signers_list(client, &query, &list));
  CHECK(list->len == 2 && list->total == 2 && list->items[2] == NULL);
  const zec_external_jwt_signer *first = list->items[0];
  CHECK(same(first->name, "first"));
  CHECK(same(first->external_auth_url, "https://first.example.test/auth"));
  CHECK(same(first->client_id, "ziti-client"));
  CHECK(same(first->audience, "openziti"));
  CHECK(same(first->target_token, "ACCESS"));
  CHECK(same(first->tags_json, "{}"));
  CHECK(first->scopes_len == 1 && strcmp(first->scopes[0], "openid") == 0 && first->scopes[1] == NULL);
  CHECK(first->enroll_to_token_enabled && !first->enroll_to_cert_enabled && !first->open_id_configuration_url);
  CHECK(first->created_at && first->updated_at);
  zec_external_jwt_signer_list_free(list);

  query.limit = 1;
  query.offset = 1;
  MUST(zec_external_jwt_signers_page(client, &query, &list));
  CHECK(list->len == 1 && list->total == 2);
  CHECK(same(list->items[0]->name, "second"));
  zec_external_jwt_signer_list_free(list);
  FAILS(zec_external_jwt_signers_list(client, &query, &list), ZEC_ERR_INVALID_ARGUMENT);
  CHECK(list == NULL);
  MUST(zec_external_jwt_signers_for_each(client, NULL, count, &seen));
  CHECK(seen == 2);
}

static void network_jwts(const zec_client *client) {
  zec_network_jwt_list *list = NULL;
  zec_enrollment *enrollment = NULL;
  MUST(zec_network_jwts_list(client, &list));
  CHECK(list->len == 1 && list->items[1] == NULL);
  CHECK(same(list->items[0]->name, "default"));
  MUST(zec_enrollment_parse(list->items[0]->token, &enrollment));
  CHECK(same(enrollment->method, "network"));
  zec_enrollment_free(enrollment);
  zec_network_jwt_list_free(list);
}

static void errors(const zec_client *client) {
  zec_version_info *root = NULL;
  zec_string_list *capabilities = NULL;
  zec_protocol_list *protocols = NULL;
  zec_ca_certificates *certificates = NULL;
  zec_spec_list *specs = NULL;
  zec_spec *spec = NULL;
  zec_spec_body *body = NULL;
  zec_external_jwt_signer_list *signers = NULL;
  zec_network_jwt_list *jwts = NULL;
  int seen = 0;

  FAILS(zec_controller_root(client, &root), ZEC_ERR_API);
  FAILS(zec_controller_capabilities(client, &capabilities), ZEC_ERR_API);
  FAILS(zec_controller_protocols(client, &protocols), ZEC_ERR_API);
  FAILS(zec_controller_ca_certificates(client, &certificates), ZEC_ERR_API);
  FAILS(zec_specs_list(client, &specs), ZEC_ERR_API);
  FAILS(zec_specs_get(client, "edge-client", &spec), ZEC_ERR_API);
  FAILS(zec_specs_body(client, "edge-client", &body), ZEC_ERR_API);
  FAILS(zec_external_jwt_signers_list(client, NULL, &signers), ZEC_ERR_API);
  FAILS(zec_external_jwt_signers_page(client, NULL, &signers), ZEC_ERR_API);
  FAILS(zec_external_jwt_signers_for_each(client, NULL, count, &seen), ZEC_ERR_API);
  FAILS(zec_network_jwts_list(client, &jwts), ZEC_ERR_API);
  CHECK(!root && !capabilities && !protocols && !certificates && !specs && !spec && !body && !signers && !jwts);
  CHECK(seen == 0);
}

int main(int argc, char **argv) {
  if (argc != 3) return EXIT_FAILURE;
  zec_client *client = client_of(argv[1]);
  if (strcmp(argv[2], "refused") == 0) {
    errors(client);
  } else {
    controller(client, argv[2]);
    specs(client);
    signers(client);
    network_jwts(client);
  }
  zec_client_free(client);
  return failures != 0;
}
