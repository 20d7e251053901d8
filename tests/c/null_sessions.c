/* Sessions, and why one was refused, with NULL for each of their pointers. */
#include "null.h"

static int32_t callback(const zec_session *session, void *userdata) {
  (void)session;
  (void)userdata;
  return 0;
}

static void sessions(void) {
  zec_session_request request = ZEC_SESSION_REQUEST_INIT;

  REFUSES(zec_sessions_list(NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_session_list, zec_sessions_list(NULL, NULL, &out), "client");
  REFUSES(zec_sessions_page(NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_session_list, zec_sessions_page(NULL, NULL, &out), "client");
  REFUSES(zec_sessions_for_each(NULL, NULL, NULL, NULL), "callback");
  REFUSES(zec_sessions_for_each(NULL, NULL, callback, NULL), "client");
  zec_session_list_free(NULL);

  REFUSES(zec_sessions_create(NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_session, zec_sessions_create(NULL, NULL, &out), "request");
  REFUSES_OUT(zec_session, zec_sessions_create(NULL, &request, &out), "request.service_id");
  request.service_id = "id";
  REFUSES_OUT(zec_session, zec_sessions_create(NULL, &request, &out), "client");
  REFUSES(zec_sessions_get(NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_session, zec_sessions_get(NULL, NULL, &out), "id");
  REFUSES_OUT(zec_session, zec_sessions_get(NULL, "id", &out), "client");
  zec_session_free(NULL);
  REFUSES(zec_sessions_delete(NULL, NULL), "id");
  REFUSES(zec_sessions_delete(NULL, "id"), "client");
}

static void requests_that_are_wrong(void) {
  zec_session *out = NULL;
  zec_session_request request = ZEC_SESSION_REQUEST_INIT;
  zec_error *error;

  request.service_id = "id";
  request.kind = "dial";
  error = zec_sessions_create(NULL, &request, &out);
  CHECK(zec_error_code(error) == ZEC_ERR_INVALID_ARGUMENT && out == NULL);
  CHECK(strcmp(zec_error_message(error), "session type \"dial\": expected Dial or Bind") == 0);
  zec_error_free(error);
  request.kind = "Bind";
  request.tags_json = "[\"a\"]";
  error = zec_sessions_create(NULL, &request, &out);
  CHECK(zec_error_code(error) == ZEC_ERR_INVALID_ARGUMENT && out == NULL);
  CHECK(strcmp(zec_error_message(error), "argument request.tags_json is no JSON object") == 0);
  zec_error_free(error);
  request.size = 0;
  error = zec_sessions_create(NULL, &request, &out);
  CHECK(zec_error_code(error) == ZEC_ERR_INVALID_ARGUMENT && strstr(zec_error_message(error), "_INIT macro"));
  zec_error_free(error);
}

/* Every other error than that for posture has no failed checks, and that is no failure. */
static void failed_posture(void) {
  zec_failed_policy_list *policies = (zec_failed_policy_list *)(void *)&something;
  zec_error *other = zec_sessions_delete(NULL, NULL);

  REFUSES(zec_error_failed_posture(NULL, NULL), "out");
  CHECK(zec_error_failed_posture(NULL, &policies) == NULL);
  CHECK(policies->len == 0 && policies->items[0] == NULL);
  zec_failed_policy_list_free(policies);
  CHECK(zec_error_failed_posture(other, &policies) == NULL);
  CHECK(policies->len == 0 && policies->items[0] == NULL);
  zec_failed_policy_list_free(policies);
  zec_failed_policy_list_free(NULL);
  zec_error_free(other);
}

int main(void) {
  sessions();
  requests_that_are_wrong();
  failed_posture();
  return failures != 0;
}
