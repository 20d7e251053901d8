/* calls_login IDENTITY.json PASSWORD JWT SECOND_JWT: logs alice in by all that there is. Her logins want the second JWT. */
#include "client.h"

struct supplier {
  const char *first, *token;
  const char *message;
  int asked, refused, freed;
  char signer[64];
  const zec_client *client;
  zec_code inside;
};

/* Supplies `first` the first time and `token` from then on, or says why there is none. NULL is a token without end. */
static int32_t supply(const zec_jwt_request *request, zec_jwt *out, void *userdata) {
  struct supplier *supplier = userdata;
  const char *token = supplier->asked++ == 0 && supplier->first ? supplier->first : supplier->token;
  supplier->refused += request->refused;
  snprintf(supplier->signer, sizeof supplier->signer, "%s", request->signer ? request->signer : "-");
  CHECK(request->ms_left > 0 && out->token[0] == '\0' && out->message[0] == '\0');
  if (supplier->client) {
    zec_service_list *services = NULL;
    zec_error *error = zec_services_list(supplier->client, NULL, &services);
    supplier->inside = zec_error_code(error);
    zec_error_free(error);
  }
  if (supplier->message) {
    snprintf(out->message, sizeof out->message, "%s", supplier->message);
    return 7;
  }
  if (token)
    snprintf(out->token, sizeof out->token, "%s", token);
  else
    memset(out->token, 'x', sizeof out->token);
  return 0;
}

static void let_go(void *userdata) { ((struct supplier *)userdata)->freed++; }

static zec_client *client_with(const char *path, const zec_credentials *credentials, const zec_jwt_source *second) {
  zec_client_options options = ZEC_CLIENT_OPTIONS_INIT;
  zec_identity *identity = NULL;
  zec_client *client = NULL;
  options.credentials = credentials;
  options.second_factor_jwt = second;
  options.login_flow = ZEC_LOGIN_FLOW_LEGACY;
  MUST(zec_identity_load(path, &identity));
  MUST(zec_client_new(identity, &options, &client));
  zec_identity_free(identity);
  return client;
}

static zec_error *list(const zec_client *client) {
  zec_service_list *services = NULL;
  zec_error *error = zec_services_list(client, NULL, &services);
  CHECK((error == NULL) == (services != NULL));
  zec_service_list_free(services);
  return error;
}

/* A wrong password is refused until there are others, or somebody says that it is worth a try. */
static void passwords(const char *path, const char *password, const zec_jwt_source *second) {
  zec_credentials wrong = ZEC_CREDENTIALS_INIT, right = ZEC_CREDENTIALS_INIT;
  zec_api_session *session = NULL;
  wrong.username = right.username = "alice";
  wrong.password = "wrong";
  right.password = password;
  zec_client *client = client_with(path, &wrong, second);
  REFUSED(list(client), 401, "INVALID_AUTH");
  zec_error *error = zec_client_authenticate(client, &session);
  zec_string_list *facts = NULL;
  CHECK(zec_error_code(error) == ZEC_ERR_REJECTED);
  MUST(zec_error_known_facts(error, &facts));
  CHECK(facts->len == 1 && strstr(facts->items[0], "the password is not sent again") && facts->items[1] == NULL);
  zec_error_free(error);
  zec_string_list_free(facts);
  MUST(zec_client_retry_now(client));
  REFUSED(list(client), 401, "INVALID_AUTH");
  MUST(zec_client_set_credentials(client, &right));
  MUST(list(client));
  MUST(zec_client_authenticate(client, &session));
  CHECK(session->auth_queries_len == 0);
  zec_api_session_free(session);
  zec_client_free(client);
}

static void tokens(const char *path, const char *jwt, const zec_jwt_source *second) {
  zec_credentials credentials = ZEC_CREDENTIALS_INIT;
  struct supplier supplier = {.first = "a.b.c", .token = jwt};
  zec_jwt_source *source = NULL;
  MUST(zec_jwt_source_supplier(supply, &supplier, let_go, &source));
  credentials.jwt = source;
  zec_client *client = client_with(path, &credentials, second);
  zec_jwt_source_free(source);
  CHECK(supplier.asked == 0 && supplier.freed == 0);
  supplier.client = client;
  MUST(list(client));
  CHECK(supplier.asked == 2 && supplier.refused == 1 && same(supplier.signer, "-"));
  CHECK(supplier.inside == ZEC_ERR_INVALID_ARGUMENT);
  zec_client_free(client);
  CHECK(supplier.freed == 1);
}

/* What a supplier says in place of a token ends the call, and what is no token does. */
static void no_tokens(const char *path, const zec_jwt_source *second) {
  const char *wrong[] = {"", "two words", "\xff", NULL};
  struct supplier supplier = {.message = "nobody is there"};
  zec_credentials credentials = ZEC_CREDENTIALS_INIT;
  zec_jwt_source *source = NULL;
  MUST(zec_jwt_source_supplier(supply, &supplier, let_go, &source));
  credentials.jwt = source;
  zec_client *client = client_with(path, &credentials, second);
  zec_error *error = list(client);
  CHECK(zec_error_code(error) == ZEC_ERR_IDENTITY);
  CHECK(strstr(zec_error_message(error), "nobody is there (the supply callback returned 7)") != NULL);
  zec_error_free(error);
  supplier.message = NULL;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    supplier.token = wrong[i];
    FAILS(list(client), ZEC_ERR_IDENTITY);
  }
  zec_jwt_source_free(source);
  zec_client_free(client);
}

/* A login without the JWT of its second factor says whose it wants. */
static void waits(const char *path, const zec_jwt_source *second) {
  zec_client *client = client_with(path, NULL, NULL);
  zec_api_session *session = NULL;
  MUST(zec_client_authenticate(client, &session));
  CHECK(session->auth_queries_len == 1 && same(session->auth_queries[0]->type_id, "EXT-JWT"));
  CHECK(session->auth_queries[0]->id && !session->auth_queries[0]->is_refused);
  zec_error *error = list(client);
  zec_auth_query_list *factors = NULL;
  CHECK(zec_error_code(error) == ZEC_ERR_LOGIN_PENDING);
  MUST(zec_error_factors(error, &factors));
  zec_error_free(error);
  CHECK(factors->len == 1 && factors->items[1] == NULL && same(factors->items[0]->type_id, "EXT-JWT"));
  CHECK(same(factors->items[0]->id, session->auth_queries[0]->id) && !factors->items[0]->is_refused);
  zec_auth_query_list_free(factors);
  MUST(zec_client_set_second_factor_jwt(client, second));
  MUST(list(client));
  zec_api_session_free(session);
  zec_client_free(client);
}

static void wrong_options(const char *path, const zec_jwt_source *source) {
  zec_client_options options = ZEC_CLIENT_OPTIONS_INIT;
  zec_credentials credentials = ZEC_CREDENTIALS_INIT;
  zec_identity *identity = NULL;
  zec_client *client = client_with(path, NULL, NULL), *other = NULL;
  MUST(zec_identity_load(path, &identity));
  options.credentials = &credentials;
  credentials.username = "alice";
  FAILS(zec_client_new(identity, &options, &other), ZEC_ERR_INVALID_ARGUMENT);
  FAILS(zec_client_set_credentials(client, &credentials), ZEC_ERR_INVALID_ARGUMENT);
  credentials.password = "secret";
  credentials.jwt = source;
  FAILS(zec_client_new(identity, &options, &other), ZEC_ERR_INVALID_ARGUMENT);
  credentials.size = 0;
  FAILS(zec_client_set_credentials(client, &credentials), ZEC_ERR_INVALID_ARGUMENT);
  FAILS(zec_client_set_credentials(client, NULL), ZEC_ERR_INVALID_ARGUMENT);
  options.credentials = NULL;
  options.login_flow = 3;
  FAILS(zec_client_new(identity, &options, &other), ZEC_ERR_INVALID_ARGUMENT);
  CHECK(other == NULL);
  zec_client_free(client);
  zec_identity_free(identity);
}

int main(int argc, char **argv) {
  zec_jwt_source *second = NULL;
  if (argc != 5) return EXIT_FAILURE;
  MUST(zec_jwt_source_token(argv[4], &second));
  passwords(argv[1], argv[2], second);
  tokens(argv[1], argv[3], second);
  no_tokens(argv[1], second);
  waits(argv[1], second);
  wrong_options(argv[1], second);
  zec_jwt_source_free(second);
  return failures != 0;
}
