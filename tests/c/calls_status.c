/* calls_status IDENTITY.json: how a client is doing, before and after a login and after a refusal. */
#include "client.h"

static zec_status *status_of(const zec_client *client) {
  zec_status *status = NULL;
  MUST(zec_client_status(client, &status));
  return status;
}

int main(int argc, char **argv) {
  zec_credentials credentials = ZEC_CREDENTIALS_INIT;
  zec_api_session *session = NULL;
  zec_service *service = NULL;
  zec_client *client;
  zec_status *status;
  if (argc != 2) return EXIT_FAILURE;
  client = client_of(argv[1]);

  status = status_of(client);
  CHECK(same(status->login_state, "none") && !status->login_in_flight && status->login_expires_in_ms == -1);
  CHECK(status->controllers_len == 1 && status->controllers[1] == NULL && status->identity_name == NULL);
  CHECK(status->controllers[0]->answered_ago_ms == -1 && status->controllers[0]->failed_ago_ms == -1);
  CHECK(status->controllers[0]->avoided_for_ms == -1 && status->controllers[0]->failure == NULL);
  CHECK(status->last_error == NULL && status->last_error_ago_ms == -1 && status->counters.requests == 0);
  CHECK(status->certificate_ends != NULL && status->certificate_ends_unix > 0 && status->certificate_left_ms > 0);
  CHECK(!status->is_clock_known && status->clock_ahead_seconds == 0 && status->login_factors_len == 0);
  zec_status_free(status);

  MUST(zec_client_authenticate(client, &session));
  status = status_of(client);
  CHECK(same(status->login_state, "complete") && same(status->identity_name, "alice"));
  CHECK(same(status->identity_id, session->identity_id));
  CHECK(same(status->login_controller, status->controllers[0]->url) && status->controllers[0]->answered_ago_ms >= 0);
  CHECK(status->login_expires_in_ms > 60 * 1000 && status->login_refusal == NULL && status->login_refused_ago_ms == -1);
  CHECK(status->is_clock_known && status->clock_ahead_seconds >= -1 && status->clock_ahead_seconds <= 1);
  CHECK(status->counters.logins == 1 && status->counters.requests == 2 && status->counters.connections == 1);
  CHECK(strstr(status->json, "\"state\":\"complete\"") != NULL && strchr(status->json, '\n') == NULL);
  zec_status_free(status);
  zec_api_session_free(session);

  FAILS(zec_services_get(client, "none", &service), ZEC_ERR_API);
  status = status_of(client);
  CHECK(status->last_error && strstr(status->last_error, "404") != NULL && status->last_error_ago_ms >= 0);
  CHECK(status->login_refusal == NULL && status->login_refused_ago_ms == -1);
  zec_status_free(status);

  credentials.username = "alice";
  credentials.password = "wrong";
  MUST(zec_client_set_credentials(client, &credentials));
  FAILS(zec_client_authenticate(client, &session), ZEC_ERR_REJECTED);
  status = status_of(client);
  CHECK(same(status->login_state, "rejected") && status->login_expires_in_ms == -1 && !status->login_controller);
  CHECK(status->login_refusal && strstr(status->login_refusal, "INVALID_AUTH") && status->login_refused_ago_ms >= 0);
  CHECK(same(status->last_error, status->login_refusal) && status->counters.failed_logins == 1);
  zec_status_free(status);
  zec_client_free(client);
  return failures != 0;
}
