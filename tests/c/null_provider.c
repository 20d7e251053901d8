/* Logins at identity providers with NULL for each pointer. */
#include "null.h"

static void tokens(void) {
  REFUSES(zec_provider_token_from_refresh_token(NULL, "x", NULL), "out");
  REFUSES_OUT(zec_provider_token, zec_provider_token_from_refresh_token(NULL, NULL, &out), "refresh_token");
  REFUSES(zec_provider_token_get(NULL, NULL), "out");
  REFUSES_OUT(zec_provider_tokens, zec_provider_token_get(NULL, &out), "token");
  REFUSES(zec_provider_token_current(NULL, false, NULL), "out");
  REFUSES_OUT(char, zec_provider_token_current(NULL, false, &out), "token");
  REFUSES(zec_provider_token_refresh(NULL), "token");
  REFUSES(zec_jwt_source_provider(NULL, NULL), "out");
  REFUSES_OUT(zec_jwt_source, zec_jwt_source_provider(NULL, &out), "token");
  zec_provider_tokens_free(NULL);
  zec_provider_token_free(NULL);
}

static void browsers(void) {
  REFUSES(zec_provider_login_begin(NULL, "http://127.0.0.1/", NULL), "out");
  REFUSES_OUT(zec_provider_login, zec_provider_login_begin(NULL, NULL, &out), "redirect_uri");
  CHECK(zec_provider_login_url(NULL) == NULL);
  REFUSES(zec_provider_login_complete(NULL, "x", NULL), "out");
  REFUSES_OUT(zec_provider_token, zec_provider_login_complete(NULL, NULL, &out), "redirect_url");
  REFUSES_OUT(zec_provider_token, zec_provider_login_complete(NULL, "x", &out), "login");
  zec_provider_login_free(NULL);

  zec_loopback *loopback = NULL;
  REFUSES(zec_loopback_bind(0, NULL), "out");
  REFUSES(zec_loopback_at("http://127.0.0.1/", NULL), "out");
  REFUSES_OUT(zec_loopback, zec_loopback_at(NULL, &out), "redirect_uri");
  CHECK(zec_loopback_redirect_uri(NULL) == NULL);
  REFUSES(zec_loopback_wait(NULL, NULL, 1, NULL), "out");
  zec_error *error = zec_loopback_bind(0, &loopback);
  CHECK(error == NULL && loopback != NULL);
  REFUSES_OUT(char, zec_loopback_wait(loopback, NULL, 1, &out), "login");
  zec_loopback_free(loopback);
  zec_loopback_free(NULL);
}

static void devices(void) {
  REFUSES(zec_device_login_begin(NULL, NULL), "out");
  CHECK(zec_device_login_user_code(NULL) == NULL && zec_device_login_verification_uri(NULL) == NULL);
  CHECK(zec_device_login_verification_uri_complete(NULL) == NULL);
  CHECK(zec_device_login_expires_in_ms(NULL) == 0 && zec_device_login_interval_ms(NULL) == 0);
  REFUSES(zec_device_login_poll(NULL, NULL), "out");
  REFUSES_OUT(zec_provider_token, zec_device_login_poll(NULL, &out), "login");
  REFUSES(zec_device_login_wait(NULL, 1, NULL), "out");
  REFUSES_OUT(zec_provider_token, zec_device_login_wait(NULL, 1, &out), "login");
  zec_device_login_free(NULL);
}

static void count(void *userdata) { ++*(int *)userdata; }

/* Options that name no provider are told before anybody is asked. */
static void options(void) {
  zec_provider_options options = ZEC_PROVIDER_OPTIONS_INIT;
  zec_device_login *login = NULL;
  zec_error *error = zec_device_login_begin(NULL, &login);
  CHECK(zec_error_code(error) == ZEC_ERR_INVALID_ARGUMENT && login == NULL);
  CHECK(strstr(zec_error_message(error), "one of issuer and configuration_url") != NULL);
  zec_error_free(error);
  options.issuer = "https://idp.test";
  REFUSES_OUT(zec_device_login, zec_device_login_begin(&options, &out), "options.client_id");
  options.client_id = "client";
  options.scopes_len = 1;
  error = zec_device_login_begin(&options, &login);
  CHECK(zec_error_code(error) == ZEC_ERR_INVALID_ARGUMENT && strstr(zec_error_message(error), "scopes") != NULL);
  zec_error_free(error);
  options.scopes_len = 0;
  /* What belongs to a callback is freed also where nothing comes of the call, and without a callback. */
  int freed = 0;
  options.refresh_token_userdata = &freed;
  options.refresh_token_userdata_free = count;
  options.target_token = "REFRESH";
  error = zec_device_login_begin(&options, &login);
  CHECK(zec_error_code(error) == ZEC_ERR_INVALID_ARGUMENT && strstr(zec_error_message(error), "target_token") != NULL);
  zec_error_free(error);
  CHECK(freed == 1);
}

int main(void) {
  tokens();
  browsers();
  devices();
  options();
  return failures != 0;
}
