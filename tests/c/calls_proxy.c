/* calls_proxy IDENTITY.json TOKEN PROXY: calls through a proxy; the environment names the same one. */
#include "client.h"

/* What a client does that goes through `proxy`. */
static zec_error *log_in(const zec_identity *identity, const char *proxy) {
  zec_client_options options = ZEC_CLIENT_OPTIONS_INIT;
  zec_api_session *session = NULL;
  zec_client *client = NULL;
  zec_error *error;
  options.proxy = proxy;
  if ((error = zec_client_new(identity, &options, &client))) return error;
  error = zec_client_authenticate(client, &session);
  CHECK((error == NULL) == (session != NULL));
  zec_api_session_free(session);
  zec_client_free(client);
  return error;
}

static void enroll(const char *token, const char *proxy) {
  zec_enroll_options options = ZEC_ENROLL_OPTIONS_INIT;
  zec_identity *identity = NULL;
  options.proxy = proxy;
  MUST(zec_identity_enroll(token, &options, &identity));
  zec_identity_free(identity);
}

/* A wrong password is told apart from all else that a proxy refuses. */
static void refuses_the_login(const zec_identity *identity, const char *proxy) {
  char wrong[256];
  const char *at = strchr(proxy, '@');
  snprintf(wrong, sizeof wrong, "%.*s-canary%s", (int)(at - proxy), proxy, at);
  zec_error *error = log_in(identity, wrong);
  CHECK(zec_error_code(error) == ZEC_ERR_TRANSPORT && same(zec_error_stage(error), "proxy_login"));
  CHECK(!zec_error_is_retryable(error) && strstr(zec_error_message(error), "canary") == NULL);
  zec_error_free(error);
}

int main(int argc, char **argv) {
  zec_identity *identity = NULL;
  zec_error *error;
  if (argc != 4) return EXIT_FAILURE;
  MUST(zec_identity_load(argv[1], &identity));

  MUST(log_in(identity, argv[3]));
  MUST(log_in(identity, "environment"));
  enroll(argv[2], "environment");

  refuses_the_login(identity, argv[3]);
  error = log_in(identity, NULL);
  CHECK(zec_error_code(error) == ZEC_ERR_TRANSPORT && same(zec_error_stage(error), "resolve"));
  zec_error_free(error);
  error = log_in(identity, "socks5h://somebody:canary@127.0.0.1:1");
  CHECK(zec_error_code(error) == ZEC_ERR_TRANSPORT && same(zec_error_stage(error), "connect"));
  CHECK(strstr(zec_error_message(error), "the proxy socks5h://127.0.0.1:1:") != NULL);
  CHECK(strstr(zec_error_message(error), "canary") == NULL);
  zec_error_free(error);
  FAILS(log_in(identity, "https://127.0.0.1:1"), ZEC_ERR_UNSUPPORTED);
  FAILS(log_in(identity, "socks5://127.0.0.1"), ZEC_ERR_INVALID_ARGUMENT);
  FAILS(log_in(identity, "Environment"), ZEC_ERR_INVALID_ARGUMENT);

  zec_identity_free(identity);
  return failures != 0;
}
