/* What logs in, keeps sessions and leads to providers, with text that is empty or no UTF-8, numbers that mean nothing,
 * and structs of older and newer headers. Nobody is asked: each error names its argument. */
#include "arguments.h"

#define BAD "a\xff"
#define NOT_UTF8(call, argument) FAILS(call, ZEC_ERR_INVALID_ARGUMENT, "argument " argument " is not UTF-8 (at byte 1)")
#define EMPTY(call, argument) FAILS(call, ZEC_ERR_INVALID_ARGUMENT, "argument " argument " is empty")
#define WRONG(call, text) FAILS(call, ZEC_ERR_INVALID_ARGUMENT, text)

static const zec_client *client;
static const zec_identity *identity;

static int32_t supply(const zec_jwt_request *request, zec_jwt *out, void *userdata) {
  (void)request, (void)out, (void)userdata;
  return 1;
}

static int32_t keep(const char *saved, uint64_t ms_left, void *userdata) {
  (void)saved, (void)ms_left, (void)userdata;
  return 0;
}

static void count(void *userdata) { ++*(int *)userdata; }

static void texts(void) {
  zec_jwt_source *source = NULL;
  zec_api_session *session = NULL;
  NOT_UTF8(zec_jwt_source_token(BAD, &source), "jwt");
  EMPTY(zec_jwt_source_token("", &source), "jwt");
  NOT_UTF8(zec_client_authenticate_mfa(client, BAD, &session), "code");
  EMPTY(zec_client_authenticate_mfa(client, "", &session), "code");
  NOT_UTF8(zec_client_resume_session(client, BAD), "saved");
  WRONG(zec_client_resume_session(client, ""), "this is no session that was saved");
  CHECK(source == NULL && session == NULL);
}

static void credentials(void) {
  zec_credentials it = ZEC_CREDENTIALS_INIT;
  zec_jwt_source *source = NULL;
  const char *incomplete = "credentials: expected username and password, or jwt, or nothing";
  it.username = "alice";
  WRONG(zec_client_set_credentials(client, &it), incomplete);
  it.password = "";
  EMPTY(zec_client_set_credentials(client, &it), "credentials.password");
  it.password = BAD;
  NOT_UTF8(zec_client_set_credentials(client, &it), "credentials.password");
  it.password = "secret";
  it.username = "";
  EMPTY(zec_client_set_credentials(client, &it), "credentials.username");
  it.username = BAD;
  NOT_UTF8(zec_client_set_credentials(client, &it), "credentials.username");
  it.username = NULL;
  WRONG(zec_client_set_credentials(client, &it), incomplete);

  CHECK(zec_jwt_source_supplier(supply, NULL, NULL, &source) == NULL);
  it.jwt = source;
  WRONG(zec_client_set_credentials(client, &it), incomplete);
  /* Of an older header, which had no jwt: what is set there is not looked at. */
  it.username = "alice";
  it.size = offsetof(zec_credentials, jwt);
  CHECK(zec_client_set_credentials(client, &it) == NULL);
  const size_t sizes[] = {0, 1, sizeof(size_t) + 1, 1u << 20};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    it.size = sizes[i];
    WRONG(zec_client_set_credentials(client, &it), "argument credentials: its size is not set");
  }
  struct {
    zec_credentials known;
    const char *unknown;
  } newer = {ZEC_CREDENTIALS_INIT, NULL};
  newer.known.size = sizeof newer;
  CHECK(zec_client_set_credentials(client, &newer.known) == NULL);
  newer.unknown = "new";
  FAILS(zec_client_set_credentials(client, &newer.known), ZEC_ERR_UNSUPPORTED, "argument credentials uses an option");
  zec_jwt_source_free(source);
}

/* Each option alone is wrong; whatever destructors there are have run when the call is over. */
static void options_of_clients(void) {
  static const char *const bad[] = {"host.v1", BAD};
  zec_client_options it = ZEC_CLIENT_OPTIONS_INIT;
  zec_credentials half = ZEC_CREDENTIALS_INIT;
  zec_client *made = NULL;
  int freed = 0;
  it.trust_system_roots = 1; /* the identity has no CA */
  const zec_client_options good = it;
#define MADE() zec_client_new(identity, &it, &made)
#define NEXT() (it = good)
  it.proxy = BAD, NOT_UTF8(MADE(), "options.proxy"), NEXT();
  it.proxy = "", WRONG(MADE(), "proxy address: the scheme is missing"), NEXT();
  it.path = BAD, NOT_UTF8(MADE(), "options.path"), NEXT();
  it.path = "", EMPTY(MADE(), "options.path"), NEXT();
  it.app_id = BAD, NOT_UTF8(MADE(), "options.app_id"), NEXT();
  it.saved_session = BAD, NOT_UTF8(MADE(), "options.saved_session"), NEXT();
  it.saved_session = "", WRONG(MADE(), "this is no session that was saved"), NEXT();
  it.config_types = bad, it.config_types_len = 2, NOT_UTF8(MADE(), "options.config_types[1]"), NEXT();
  it.config_types_len = 1, WRONG(MADE(), "options.config_types is NULL, but options.config_types_len is 1"), NEXT();
  it.login_flow = 3, WRONG(MADE(), "argument options.login_flow is 3"), NEXT();
  it.renewal_key_kind = 99, WRONG(MADE(), "argument options.renewal_key_kind is 99"), NEXT();
  half.password = "secret";
  it.credentials = &half, WRONG(MADE(), "options.credentials: expected username and password"), NEXT();
  half.size = 0;
  it.credentials = &half, WRONG(MADE(), "argument options.credentials: its size is not set"), NEXT();

  it.on_session_change = keep;
  it.userdata = it.event_userdata = it.session_userdata = &freed;
  it.userdata_free = it.event_userdata_free = it.session_userdata_free = count;
  it.login_flow = 3;
  WRONG(MADE(), "options.login_flow");
  CHECK(freed == 3 && made == NULL);
  /* Of an older header, which ended before what is wrong. */
  it.size = offsetof(zec_client_options, login_flow);
  CHECK(MADE() == NULL && made != NULL);
  /* No callback uses the two that are left. */
  CHECK(freed == 5);
  zec_client_free(made);
  made = NULL;
  it.size = sizeof it + 1;
  WRONG(MADE(), "argument options: its size is not set");
  CHECK(made == NULL && freed == 5);
}

static void options_of_providers(void) {
  static const char *const bad[] = {BAD};
  zec_provider_options it = ZEC_PROVIDER_OPTIONS_INIT;
  zec_provider_login *login = NULL;
  zec_device_login *device = NULL;
  zec_provider_token *token = NULL;
  zec_loopback *loopback = NULL;
  it.issuer = "https://127.0.0.1:1";
  it.client_id = "client";
  const zec_provider_options good = it;
#undef MADE
#define MADE() zec_device_login_begin(&it, &device)
  it.issuer = BAD, NOT_UTF8(MADE(), "options.issuer"), NEXT();
  it.issuer = "", WRONG(MADE(), "issuer: "), NEXT();
  it.issuer = NULL, it.configuration_url = BAD, NOT_UTF8(MADE(), "options.configuration_url"), NEXT();
  it.configuration_url = "https://127.0.0.1:1", WRONG(MADE(), "one of issuer and configuration_url"), NEXT();
  it.client_id = BAD, NOT_UTF8(MADE(), "options.client_id"), NEXT();
  it.client_id = "", WRONG(MADE(), "client id: "), NEXT();
  it.audience = BAD, NOT_UTF8(MADE(), "options.audience"), NEXT();
  it.target_token = "", WRONG(MADE(), "argument options.target_token"), NEXT();
  it.target_token = BAD, NOT_UTF8(MADE(), "options.target_token"), NEXT();
  it.proxy = BAD, NOT_UTF8(MADE(), "options.proxy"), NEXT();
  it.proxy = "", WRONG(MADE(), "proxy address: "), NEXT();
  it.ca = BAD, NOT_UTF8(MADE(), "options.ca"), NEXT();
  it.scopes = bad, it.scopes_len = 1, NOT_UTF8(MADE(), "options.scopes[0]"), NEXT();
  it.size = 0, WRONG(MADE(), "argument options: its size is not set"), NEXT();
  NOT_UTF8(zec_provider_login_begin(&it, BAD, &login), "redirect_uri");
  WRONG(zec_provider_login_begin(&it, "", &login), "redirect address: ");
  NOT_UTF8(zec_provider_token_from_refresh_token(&it, BAD, &token), "refresh_token");
  EMPTY(zec_provider_token_from_refresh_token(&it, "", &token), "refresh_token");
  NOT_UTF8(zec_loopback_at(BAD, &loopback), "redirect_uri");
  WRONG(zec_loopback_at("", &loopback), "redirect address: ");
  CHECK(!login && !device && !token && !loopback);
}

int main(void) {
  /* No call comes to ask this controller. */
  const char *text = "{\"ztAPI\":\"https://127.0.0.1:1\",\"id\":{}}";
  zec_client_options options = ZEC_CLIENT_OPTIONS_INIT;
  zec_identity *own = NULL;
  zec_client *made = NULL;
  options.trust_system_roots = 1;
  zec_error *error = zec_identity_from_json(text, &own);
  if (!error) error = zec_client_new(own, &options, &made);
  CHECK(error == NULL);
  if (error) return 1;
  client = made;
  identity = own;
  texts();
  credentials();
  options_of_clients();
  options_of_providers();
  zec_client_free(made);
  zec_identity_free(own);
  return failures != 0;
}
