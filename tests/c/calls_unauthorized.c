/* calls_unauthorized IDENTITY.json PENDING.json GONE.json PASSWORD: what 401 means, told by the code of the error. The
 * controller plays the faults that tests/c_calls/unauthorized.rs lists. */
#include "client.h"

static zec_error *list(const zec_client *client) {
  zec_service_list *services = NULL;
  zec_error *error = zec_services_list(client, NULL, &services);
  CHECK((error == NULL) == (services != NULL));
  zec_service_list_free(services);
  return error;
}

/* A session that has ended is replaced once for each call. */
static void expired(const zec_client *client) {
  MUST(list(client));
  zec_error *error = list(client);
  CHECK(zec_error_code(error) == ZEC_ERR_UNAUTHORIZED && zec_error_http_status(error) == 401);
  CHECK(!zec_error_is_retryable(error));
  zec_error_free(error);
  MUST(list(client));
}

/* What is refused with a login that is fine is an error, and the login stays. */
static void refused_request(const zec_client *client) {
  zec_error *error = list(client);
  CHECK(zec_error_code(error) == ZEC_ERR_UNAUTHORIZED && strstr(zec_error_message(error), "not for you"));
  zec_error_free(error);
  error = list(client);
  CHECK(zec_error_code(error) == ZEC_ERR_UNAUTHORIZED);
  CHECK(zec_error_cause_json(error) && strstr(zec_error_cause_json(error), "currentPassword"));
  zec_error_free(error);
  MUST(list(client));
}

static void pending(const char *path) {
  zec_client *client = client_of(path);
  for (int i = 0; i < 2; i++) {
    zec_error *error = list(client);
    CHECK(zec_error_code(error) == ZEC_ERR_LOGIN_PENDING && strstr(zec_error_message(error), "a TOTP code"));
    zec_error_free(error);
  }
  zec_client_free(client);
}

static void rejected(const char *path) {
  zec_client *client = client_of(path);
  for (int i = 0; i < 2; i++) {
    zec_error *error = list(client);
    CHECK(zec_error_code(error) == ZEC_ERR_REJECTED && zec_error_http_status(error) == 401);
    CHECK(same(zec_error_api_code(error), "INVALID_AUTH") && !zec_error_is_retryable(error));
    /* The second answer is the first one's: it says when the controller is asked again. */
    CHECK(zec_error_retry_after_ms(error) > 500000 && zec_error_retry_after_ms(error) <= 600000);
    CHECK(strstr(zec_error_message(error), "asked again in") && strstr(zec_error_message(error), "after retry_now"));
    zec_error_free(error);
  }
  zec_client_free(client);
}

/* A password that nobody judges is sent three times, and again when somebody asks for it. */
static void unjudged(const char *path, const char *password) {
  zec_client_options options = ZEC_CLIENT_OPTIONS_INIT;
  zec_credentials credentials = ZEC_CREDENTIALS_INIT;
  zec_identity *identity = NULL;
  zec_client *client = NULL;
  credentials.username = "alice";
  credentials.password = password;
  options.credentials = &credentials;
  MUST(zec_identity_load(path, &identity));
  MUST(zec_client_new(identity, &options, &client));
  zec_identity_free(identity);
  for (int i = 0; i < 3; i++)
    FAILS(list(client), ZEC_ERR_TRANSPORT);
  for (int i = 0; i < 2; i++) {
    zec_error *error = list(client);
    CHECK(zec_error_code(error) == ZEC_ERR_IDENTITY && strstr(zec_error_message(error), "not sent again until"));
    CHECK(!zec_error_is_retryable(error) && !strstr(zec_error_message(error), password));
    zec_error_free(error);
  }
  MUST(zec_client_retry_now(client));
  MUST(list(client));
  zec_client_free(client);
}

int main(int argc, char **argv) {
  if (argc != 5) return EXIT_FAILURE;
  zec_client *client = client_of(argv[1]);
  expired(client);
  refused_request(client);
  zec_client_free(client);
  pending(argv[2]);
  rejected(argv[3]);
  unjudged(argv[1], argv[4]);
  return failures != 0;
}
