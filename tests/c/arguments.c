/* Arguments that are there and wrong, and the handles that need no controller. */
#include "arguments.h"

static void cancel_is_sticky(void) {
  zec_cancel *cancel = NULL;
  CHECK(zec_cancel_new(&cancel) == NULL && cancel != NULL);
  CHECK(!zec_cancel_is_canceled(cancel));
  zec_cancel_cancel(cancel);
  zec_cancel_cancel(cancel);
  CHECK(zec_cancel_is_canceled(cancel));
  zec_cancel_free(cancel);
}

static void text_that_is_not_utf8(void) {
  zec_identity *identity = NULL;
  FAILS(zec_identity_load("alice\xff.json", &identity), ZEC_ERR_INVALID_ARGUMENT,
        "argument path is not UTF-8 (at byte 5)");
  FAILS(zec_identity_from_json("\xc3\x28", &identity), ZEC_ERR_INVALID_ARGUMENT,
        "argument identity_json is not UTF-8");
  FAILS(zec_identity_enroll("\x80", NULL, &identity), ZEC_ERR_INVALID_ARGUMENT, "argument jwt is not UTF-8");
  CHECK(identity == NULL);
}

static void paths_that_are_empty(void) {
  zec_identity *identity = NULL;
  zec_enroll_options options = ZEC_ENROLL_OPTIONS_INIT;
  FAILS(zec_identity_load("", &identity), ZEC_ERR_INVALID_ARGUMENT, "argument path is empty");
  FAILS(zec_identity_save(NULL, ""), ZEC_ERR_INVALID_ARGUMENT, "argument path is empty");
  options.path = "";
  FAILS(zec_identity_enroll("no token", &options, &identity), ZEC_ERR_INVALID_ARGUMENT, "options.path is empty");
  CHECK(identity == NULL);
}

static void sizes_of_options(void) {
  zec_identity *identity = NULL;
  zec_enroll_options options = ZEC_ENROLL_OPTIONS_INIT;
  struct {
    zec_enroll_options known;
    uint64_t unknown;
  } newer = {ZEC_ENROLL_OPTIONS_INIT, 0};

  options.size = 0;
  FAILS(zec_identity_enroll("no token", &options, &identity), ZEC_ERR_INVALID_ARGUMENT, "_INIT macro");
  /* Of an older header: the fields at the end are not there. */
  options.size = offsetof(zec_enroll_options, proxy);
  options.proxy = "nothing that could be a proxy";
  zec_error *error = zec_identity_enroll("no token", &options, &identity);
  CHECK(strstr(zec_error_message(error), "proxy") == NULL);
  zec_error_free(error);
  /* Of a newer header: what is unknown may be there, but not be used. */
  newer.known.size = sizeof newer;
  newer.unknown = 1;
  FAILS(zec_identity_enroll("no token", &newer.known, &identity), ZEC_ERR_UNSUPPORTED, "argument options");
  CHECK(identity == NULL);
}

/* {"alg":"ES256","typ":"JWT"} and a signature that is long enough. */
#define TOKEN(claims) "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9." claims "." SIGNATURE
#define SIGNATURE "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ"

static void tokens(void) {
  zec_enrollment *enrollment = NULL;
  /* {"iss":"https://ctrl.example:1280","sub":"aB.cD","jti":"one-time","em":"ott","exp":4102444800} */
  const char *claims =
      TOKEN("eyJpc3MiOiJodHRwczovL2N0cmwuZXhhbXBsZToxMjgwIiwic3ViIjoiYUIuY0QiLCJqdGkiOiJvbmUtdGltZSIs"
            "ImVtIjoib3R0IiwiZXhwIjo0MTAyNDQ0ODAwfQ");
  CHECK(zec_enrollment_parse(claims, &enrollment) == NULL);
  CHECK(strcmp(enrollment->method, "ott") == 0 && strcmp(enrollment->subject, "aB.cD") == 0);
  CHECK(strcmp(enrollment->issuer, "https://ctrl.example:1280") == 0);
  CHECK(enrollment->expires_at_unix == 4102444800);
  zec_enrollment_free(enrollment);

  /* The same with "em":"ca" and without "exp". */
  claims =
      TOKEN("eyJpc3MiOiJodHRwczovL2N0cmwuZXhhbXBsZToxMjgwIiwic3ViIjoiYUIuY0QiLCJqdGkiOiJvbmUtdGltZSIs"
            "ImVtIjoiY2EifQ");
  CHECK(zec_enrollment_parse(claims, &enrollment) == NULL);
  CHECK(strcmp(enrollment->method, "ca") == 0 && enrollment->expires_at_unix == 0);
  zec_enrollment_free(enrollment);

  zec_error *error = zec_enrollment_parse("no token", &enrollment);
  CHECK(enrollment == NULL && strcmp(zec_error_enrollment_problem(error), "token_malformed") == 0);
  FAILS(error, ZEC_ERR_ENROLLMENT, "token");
}

static void texts_in_options(void) {
  static const char *const types[] = {"host.v1", NULL};
  zec_identity *identity = NULL;
  zec_client *client = NULL;
  zec_client_options options = ZEC_CLIENT_OPTIONS_INIT;
  zec_error *error = zec_identity_from_json("{\"ztAPI\":\"https://ctrl.example:1280\",\"id\":{}}", &identity);
  CHECK(error == NULL);
  options.config_types = types;
  options.config_types_len = 2;
  FAILS(zec_client_new(identity, &options, &client), ZEC_ERR_INVALID_ARGUMENT, "options.config_types[1] is NULL");
  options.config_types = NULL;
  FAILS(zec_client_new(identity, &options, &client), ZEC_ERR_INVALID_ARGUMENT, "options.config_types_len is 2");
  options.config_types_len = 0;
  options.app_version = "\xff";
  FAILS(zec_client_new(identity, &options, &client), ZEC_ERR_INVALID_ARGUMENT, "options.app_version is not UTF-8");
  CHECK(client == NULL);
  zec_identity_free(identity);
}

static int32_t save(const char *identity_json, uint64_t ms_left, void *userdata) {
  (void)identity_json;
  (void)ms_left;
  (void)userdata;
  return 0;
}

static void count(void *userdata) { ++*(int *)userdata; }

static void two_places_to_store(void) {
  int freed = 0;
  zec_identity *identity = NULL;
  zec_enroll_options options = ZEC_ENROLL_OPTIONS_INIT;
  options.path = "identity.json";
  options.save = save;
  options.userdata = &freed;
  options.userdata_free = count;
  FAILS(zec_identity_enroll("no token", &options, &identity), ZEC_ERR_INVALID_ARGUMENT,
        "options.path and options.save");
  CHECK(freed == 1);
}

static void ignore(int32_t level, const char *target, const char *message, void *userdata) {
  (void)level;
  (void)target;
  (void)message;
  (void)userdata;
}

static void log_levels(void) {
  FAILS(zec_set_log(6, ignore, NULL), ZEC_ERR_INVALID_ARGUMENT, "argument level is 6");
  FAILS(zec_set_log(-1, NULL, NULL), ZEC_ERR_INVALID_ARGUMENT, "argument level is -1");
  CHECK(zec_set_log(5, ignore, NULL) == NULL);
  CHECK(zec_set_log(0, NULL, NULL) == NULL);
}

int main(void) {
  cancel_is_sticky();
  text_that_is_not_utf8();
  paths_that_are_empty();
  sizes_of_options();
  tokens();
  texts_in_options();
  two_places_to_store();
  log_levels();
  return failures != 0;
}
