/* Every function with NULL for each of its pointers: an error that names the argument, and never a crash. */
#include "null.h"

static int32_t save(const char *identity_json, uint64_t ms_left, void *userdata) {
  (void)identity_json;
  (void)ms_left;
  (void)userdata;
  return 0;
}

static void count(void *userdata) { ++*(int *)userdata; }

static void no_error(void) {
  CHECK(zec_error_code(NULL) == ZEC_OK);
  CHECK(strcmp(zec_error_message(NULL), "success") == 0);
  CHECK(zec_error_stage(NULL) == NULL);
  CHECK(zec_error_enrollment_problem(NULL) == NULL);
  CHECK(zec_error_http_status(NULL) == 0);
  CHECK(zec_error_api_code(NULL) == NULL);
  CHECK(zec_error_request_id(NULL) == NULL);
  CHECK(zec_error_cause_json(NULL) == NULL);
  CHECK(zec_error_retry_after_ms(NULL) == 0);
  CHECK(!zec_error_is_retryable(NULL));
}

static void an_error_without_an_answer(void) {
  zec_error *error = zec_cancel_new(NULL);
  CHECK(zec_error_stage(error) == NULL);
  CHECK(zec_error_enrollment_problem(error) == NULL);
  CHECK(zec_error_session_problem(error) == NULL);
  CHECK(zec_error_http_status(error) == 0);
  CHECK(zec_error_api_code(error) == NULL);
  CHECK(zec_error_request_id(error) == NULL);
  CHECK(zec_error_cause_json(error) == NULL);
  CHECK(zec_error_retry_after_ms(error) == 0);
  CHECK(!zec_error_is_retryable(error));
  zec_error_free(error);
}

static void identities(void) {
  REFUSES(zec_identity_load("identity.json", NULL), "out");
  REFUSES_OUT(zec_identity, zec_identity_load(NULL, &out), "path");
  REFUSES(zec_identity_from_json("{}", NULL), "out");
  REFUSES_OUT(zec_identity, zec_identity_from_json(NULL, &out), "identity_json");
  REFUSES(zec_identity_save(NULL, NULL), "path");
  REFUSES(zec_identity_save(NULL, "identity.json"), "identity");
  REFUSES(zec_identity_to_json(NULL, NULL), "out");
  REFUSES_OUT(char, zec_identity_to_json(NULL, &out), "identity");
  REFUSES(zec_identity_controllers(NULL, NULL), "out");
  REFUSES_OUT(zec_string_list, zec_identity_controllers(NULL, &out), "identity");
}

static void enrollment(void) {
  REFUSES(zec_enrollment_parse("token", NULL), "out");
  REFUSES_OUT(zec_enrollment, zec_enrollment_parse(NULL, &out), "jwt");
  REFUSES(zec_enrollment_load("alice.jwt", NULL), "out");
  REFUSES_OUT(char, zec_enrollment_load(NULL, &out), "path");
  REFUSES(zec_identity_enroll("token", NULL, NULL), "out");
  REFUSES_OUT(zec_identity, zec_identity_enroll(NULL, NULL, &out), "jwt");

  /* The destructor of userdata runs once, whatever is wrong. */
  int freed = 0;
  zec_enroll_options options = ZEC_ENROLL_OPTIONS_INIT;
  options.userdata = &freed;
  options.userdata_free = count;
  REFUSES(zec_identity_enroll(NULL, &options, NULL), "out");
  CHECK(freed == 1);
  options.save = save;
  REFUSES_OUT(zec_identity, zec_identity_enroll(NULL, &options, &out), "jwt");
  CHECK(freed == 2);
}

static void clients(void) {
  zec_cancel *cancel = NULL;
  CHECK(zec_cancel_new(&cancel) == NULL);

  REFUSES(zec_client_new(NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_client, zec_client_new(NULL, NULL, &out), "identity");
  REFUSES(zec_client_with_timeout(NULL, 1, NULL), "out");
  REFUSES_OUT(zec_client, zec_client_with_timeout(NULL, 1, &out), "client");
  REFUSES(zec_client_with_cancel(NULL, cancel, NULL), "out");
  REFUSES_OUT(zec_client, zec_client_with_cancel(NULL, NULL, &out), "cancel");
  REFUSES_OUT(zec_client, zec_client_with_cancel(NULL, cancel, &out), "client");
  REFUSES(zec_client_identity(NULL, NULL), "out");
  REFUSES_OUT(zec_identity, zec_client_identity(NULL, &out), "client");
  REFUSES(zec_client_logout(NULL), "client");
  bool before = true;
  REFUSES(zec_client_logout_everywhere(NULL, NULL), "before");
  REFUSES(zec_client_logout_everywhere(NULL, &before), "client");
  CHECK(!before);

  int freed = 0;
  zec_client_options options = ZEC_CLIENT_OPTIONS_INIT;
  options.save = save;
  options.userdata = &freed;
  options.userdata_free = count;
  REFUSES_OUT(zec_client, zec_client_new(NULL, &options, &out), "identity");
  CHECK(freed == 1);
  zec_cancel_free(cancel);
}

static void resources(void) {
  REFUSES(zec_client_authenticate(NULL, NULL), "out");
  REFUSES_OUT(zec_api_session, zec_client_authenticate(NULL, &out), "client");
  REFUSES(zec_current_api_session_get(NULL, NULL), "out");
  REFUSES_OUT(zec_api_session, zec_current_api_session_get(NULL, &out), "client");
  REFUSES(zec_controller_version(NULL, NULL), "out");
  REFUSES_OUT(zec_version_info, zec_controller_version(NULL, &out), "client");
  REFUSES(zec_services_list(NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_service_list, zec_services_list(NULL, NULL, &out), "client");
  REFUSES(zec_services_page(NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_service_list, zec_services_page(NULL, NULL, &out), "client");
  REFUSES(zec_services_get(NULL, "id", NULL), "out");
  REFUSES_OUT(zec_service, zec_services_get(NULL, NULL, &out), "id");
  REFUSES_OUT(zec_service, zec_services_get(NULL, "id", &out), "client");
}

static void the_rest(void) {
  REFUSES(zec_cancel_new(NULL), "out");
  zec_cancel_cancel(NULL);
  CHECK(!zec_cancel_is_canceled(NULL));
  CHECK(zec_set_log(5, NULL, NULL) == NULL);

  zec_error_free(NULL);
  zec_cancel_free(NULL);
  zec_identity_free(NULL);
  zec_client_free(NULL);
  zec_api_session_free(NULL);
  zec_version_info_free(NULL);
  zec_service_free(NULL);
  zec_service_list_free(NULL);
  zec_enrollment_free(NULL);
  zec_string_list_free(NULL);
  zec_string_free(NULL);
}

int main(void) {
  CHECK(strcmp(zec_version(), ZEC_VERSION) == 0);
  no_error();
  an_error_without_an_answer();
  identities();
  enrollment();
  clients();
  resources();
  the_rest();
  return failures != 0;
}
