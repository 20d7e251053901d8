/* calls_provider IDENTITY.json ISSUER CA.pem [PROXY]: logs in at a provider in every way. It asks for what a user does
 * by lines on standard output: "open URL" wants the address that the browser is sent to as a line on standard input,
 * "visit URL" wants the browser to go there, "enter CODE" and "deny CODE" want a code entered or refused. */
#include "client.h"

static char ca[16384];
static const char *proxy;

static zec_provider_options options_for(const char *issuer) {
  zec_provider_options options = ZEC_PROVIDER_OPTIONS_INIT;
  options.issuer = issuer;
  options.client_id = "ziti-client";
  options.audience = "openziti";
  options.ca = ca;
  options.proxy = proxy;
  return options;
}

static void ask(const char *what, const char *about) {
  printf("%s %s\n", what, about);
  fflush(stdout);
}

static zec_provider_token *in_a_browser(const zec_provider_options *options) {
  static char line[16384];
  zec_provider_login *login = NULL;
  zec_provider_token *token = NULL;
  MUST(zec_provider_login_begin(options, "http://127.0.0.1:8765/back", &login));
  ask("open", zec_provider_login_url(login));
  CHECK(fgets(line, sizeof line, stdin) != NULL);
  line[strcspn(line, "\n")] = 0;
  FAILS(zec_provider_login_complete(login, "http://127.0.0.1:8765/back?code=x&state=y", &token),
        ZEC_ERR_INVALID_ARGUMENT);
  CHECK(token == NULL);
  MUST(zec_provider_login_complete(login, line, &token));
  zec_provider_token *again = NULL;
  REFUSED(zec_provider_login_complete(login, line, &again), 400, "invalid_grant");
  zec_provider_login_free(login);
  return token;
}

/* What the callback was given. */
struct kept {
  int calls;
  int ended;
  int freed;
  int32_t answer;
  uint64_t ms_left;
  char token[256];
};

static int32_t keep(const char *refresh_token, uint64_t ms_left, void *userdata) {
  struct kept *kept = userdata;
  kept->calls++;
  kept->ended = refresh_token == NULL;
  kept->ms_left = ms_left;
  snprintf(kept->token, sizeof kept->token, "%s", refresh_token ? refresh_token : "");
  return kept->answer;
}

static void freed(void *userdata) { ((struct kept *)userdata)->freed++; }

static void is_kept(const struct kept *kept, int calls, const zec_provider_token *token) {
  zec_provider_tokens *tokens = NULL;
  MUST(zec_provider_token_get(token, &tokens));
  CHECK(kept->calls == calls && !kept->ended && same(kept->token, tokens->refresh_token));
  CHECK(kept->ms_left > 0 && kept->ms_left <= 20000);
  zec_provider_tokens_free(tokens);
}

static int warnings;

static void count_warnings(int32_t level, const char *target, const char *message, void *userdata) {
  const char *token = userdata;
  if (level == 2 && strstr(message, "the refresh token callback returned 7")) warnings++;
  CHECK(target != NULL && (*token == 0 || strstr(message, token) == NULL));
}

/* Each refresh token goes to who keeps them, and the login goes on if it cannot be kept. */
static void keeping(zec_provider_options options) {
  struct kept kept = {0, 0, 0, 0, 0, ""}, next = {0, 0, 0, 7, 0, ""};
  zec_provider_token *other = NULL;
  options.timeout_ms = 20000;
  options.on_refresh_token = keep;
  options.refresh_token_userdata = &kept;
  options.refresh_token_userdata_free = freed;
  zec_provider_token *token = in_a_browser(&options);
  is_kept(&kept, 1, token);
  MUST(zec_provider_token_refresh(token));
  is_kept(&kept, 2, token);
  options.refresh_token_userdata = &next;
  MUST(zec_set_log(2, count_warnings, next.token));
  MUST(zec_provider_token_from_refresh_token(&options, kept.token, &other));
  is_kept(&next, 1, other);
  MUST(zec_provider_token_refresh(other));
  is_kept(&next, 2, other);
  CHECK(warnings == 2);
  CHECK(kept.freed == 0 && next.freed == 0);
  MUST(zec_set_log(0, NULL, NULL));
  REFUSED(zec_provider_token_refresh(token), 400, "invalid_grant");
  CHECK(kept.calls == 3 && kept.ended);
  zec_provider_token_free(token);
  zec_provider_token_free(other);
  CHECK(kept.freed == 1 && next.freed == 1);
}

static void over_the_loopback(const zec_provider_options *options) {
  zec_loopback *loopback = NULL, *taken = NULL;
  zec_provider_login *login = NULL;
  zec_provider_token *token = NULL;
  char *url = NULL;
  MUST(zec_loopback_bind(0, &loopback));
  FAILS(zec_loopback_at(zec_loopback_redirect_uri(loopback), &taken), ZEC_ERR_TRANSPORT);
  MUST(zec_provider_login_begin(options, zec_loopback_redirect_uri(loopback), &login));
  FAILS(zec_loopback_wait(loopback, login, 0, &url), ZEC_ERR_INVALID_ARGUMENT);
  FAILS(zec_loopback_wait(loopback, login, 30, &url), ZEC_ERR_TIMEOUT);
  CHECK(url == NULL);
  ask("visit", zec_provider_login_url(login));
  MUST(zec_loopback_wait(loopback, login, 20000, &url));
  MUST(zec_provider_login_complete(login, url, &token));
  zec_string_free(url);
  zec_provider_token_free(token);
  zec_provider_login_free(login);
  zec_loopback_free(loopback);
}

static void on_a_device(const zec_provider_options *options) {
  zec_device_login *login = NULL;
  zec_provider_token *token = NULL;
  MUST(zec_device_login_begin(options, &login));
  CHECK(strstr(zec_device_login_verification_uri(login), "/device") != NULL);
  CHECK(strstr(zec_device_login_verification_uri_complete(login), zec_device_login_user_code(login)) != NULL);
  CHECK(zec_device_login_expires_in_ms(login) > 500000 && zec_device_login_interval_ms(login) == 250);
  MUST(zec_device_login_poll(login, &token));
  CHECK(token == NULL);
  FAILS(zec_device_login_wait(login, 30, &token), ZEC_ERR_TIMEOUT);
  FAILS(zec_device_login_wait(login, 0, &token), ZEC_ERR_INVALID_ARGUMENT);
  ask("enter", zec_device_login_user_code(login));
  MUST(zec_device_login_wait(login, 20000, &token));
  zec_provider_token_free(token);
  zec_device_login_free(login);

  MUST(zec_device_login_begin(options, &login));
  ask("deny", zec_device_login_user_code(login));
  REFUSED(zec_device_login_wait(login, 20000, &token), 400, "access_denied");
  CHECK(token == NULL);
  zec_device_login_free(login);
}

static void renewed(const zec_provider_options *options, const zec_provider_token *token) {
  zec_provider_tokens *before = NULL, *after = NULL;
  zec_provider_token *other = NULL;
  char *current = NULL;
  MUST(zec_provider_token_get(token, &before));
  CHECK(same(before->token, before->access_token) && before->id_token && before->refresh_token);
  CHECK(same(before->subject, "alice@example.test") && before->expires_in_ms > 3500000);
  MUST(zec_provider_token_current(token, false, &current));
  CHECK(same(current, before->token));
  zec_string_free(current);
  MUST(zec_provider_token_refresh(token));
  MUST(zec_provider_token_get(token, &after));
  CHECK(!same(before->token, after->token) && !same(before->refresh_token, after->refresh_token));
  REFUSED(zec_provider_token_from_refresh_token(options, before->refresh_token, &other), 400, "invalid_grant");
  MUST(zec_provider_token_from_refresh_token(options, after->refresh_token, &other));
  zec_provider_token_free(other);
  zec_provider_tokens_free(after);
  zec_provider_tokens_free(before);
}

/* What the network says of its provider is all that is needed. */
static void at_a_controller(const char *path) {
  zec_credentials credentials = ZEC_CREDENTIALS_INIT;
  zec_provider_options options = ZEC_PROVIDER_OPTIONS_INIT;
  zec_external_jwt_signer_list *signers = NULL;
  zec_jwt_source *source = NULL;
  zec_service_list *services = NULL;
  zec_client *client = client_of(path);
  MUST(zec_external_jwt_signers_list(client, NULL, &signers));
  CHECK(signers->len == 1);
  options.signer = signers->items[0];
  options.ca = ca;
  options.proxy = proxy;
  const char *email[] = {"email"};
  zec_provider_login *login = NULL;
  options.scopes = email;
  options.scopes_len = 1;
  MUST(zec_provider_login_begin(&options, "http://127.0.0.1:8765/back", &login));
  CHECK(strstr(zec_provider_login_url(login), "&scope=openid%20email&") != NULL);
  zec_provider_login_free(login);
  options.scopes_len = 0;
  zec_provider_token *token = in_a_browser(&options);
  MUST(zec_jwt_source_provider(token, &source));
  zec_provider_token_free(token);
  credentials.jwt = source;
  MUST(zec_client_set_credentials(client, &credentials));
  zec_jwt_source_free(source);
  MUST(zec_services_list(client, NULL, &services));
  CHECK(services->len == 5);
  zec_service_list_free(services);
  zec_external_jwt_signer_list_free(signers);
  zec_client_free(client);
}

int main(int argc, char **argv) {
  CHECK(argc == 4 || argc == 5);
  proxy = argv[4];
  FILE *file = fopen(argv[3], "rb");
  CHECK(file && fread(ca, 1, sizeof ca - 1, file) > 0);
  if (file) fclose(file);
  zec_provider_options options = options_for(argv[2]);
  zec_provider_token *token = in_a_browser(&options);
  renewed(&options, token);
  zec_provider_token_free(token);
  keeping(options);
  over_the_loopback(&options);
  on_a_device(&options);
  at_a_controller(argv[1]);
  zec_provider_login *login = NULL;
  options.issuer = "http://idp.test";
  FAILS(zec_provider_login_begin(&options, "http://127.0.0.1/", &login), ZEC_ERR_INVALID_ARGUMENT);
  return failures != 0;
}
