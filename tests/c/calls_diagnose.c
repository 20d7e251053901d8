/* calls_diagnose IDENTITY.json: a diagnosis with nothing to find, and one through a proxy that is not there. */
#include "client.h"

static const zec_diagnosis_step *step_of(const zec_controller_diagnosis *controller, const char *kind) {
  for (size_t i = 0; i < controller->steps_len; i++)
    if (same(controller->steps[i]->kind, kind)) return controller->steps[i];
  return NULL;
}

static int is(const zec_diagnosis_step *step, const char *outcome) { return step && same(step->outcome, outcome); }

int main(int argc, char **argv) {
  zec_client_options options = ZEC_CLIENT_OPTIONS_INIT;
  zec_identity *identity = NULL;
  zec_diagnosis *diagnosis = NULL;
  zec_client *client = NULL;
  if (argc != 2) return EXIT_FAILURE;

  client = client_of(argv[1]);
  MUST(zec_client_diagnose(client, &diagnosis));
  CHECK(diagnosis->is_ok && diagnosis->controllers_len == 1 && diagnosis->controllers[1] == NULL);
  CHECK(strncmp(diagnosis->controllers[0]->url, "https://", 8) == 0);
  CHECK(is(step_of(diagnosis->controllers[0], "version"), "ok"));
  CHECK(is(step_of(diagnosis->controllers[0], "proxy"), "skipped"));
  CHECK(diagnosis->identity_len == 2 && same(diagnosis->identity[0]->kind, "certificate"));
  CHECK(same(diagnosis->identity[1]->kind, "login") && is(diagnosis->identity[1], "ok"));
  CHECK(diagnosis->identity[1]->detail[0] != 0 && diagnosis->identity[1]->advice == NULL);
  CHECK(strstr(diagnosis->text, "  ok       login") != NULL && diagnosis->json[0] == '{');
  CHECK(strchr(diagnosis->json, '\n') == NULL);
  const zec_diagnosed_client *about = diagnosis->client;
  CHECK(same(about->version, zec_version()) && about->features_len > 0 && about->features[about->features_len] == NULL);
  CHECK(about->system[0] && about->time[0] && about->time_unix > 1500000000 && same(about->identity->store, argv[1]));
  CHECK(about->identity->key_kind != NULL && !about->is_key_in_signer && !about->trusts_system_roots);
  CHECK(same(about->credentials, "certificate") && same(about->login_flow, "auto") && about->proxy == NULL);
  CHECK(about->timeout_ms == 30000 && about->connect_timeout_ms == 10000);
  zec_diagnosis_free(diagnosis);
  zec_client_free(client);

  options.proxy = "http://user:canary@127.0.0.1:1";
  options.login_flow = ZEC_LOGIN_FLOW_OIDC;
  MUST(zec_identity_load(argv[1], &identity));
  MUST(zec_client_new(identity, &options, &client));
  MUST(zec_client_diagnose(client, &diagnosis));
  CHECK(!diagnosis->is_ok);
  CHECK(same(diagnosis->client->proxy, "http://127.0.0.1:1") && same(diagnosis->client->login_flow, "oidc"));
  CHECK(strstr(diagnosis->text, "canary") == NULL && strstr(diagnosis->json, "canary") == NULL);
  CHECK(is(step_of(diagnosis->controllers[0], "connect"), "failed"));
  CHECK(step_of(diagnosis->controllers[0], "connect")->advice != NULL);
  CHECK(is(step_of(diagnosis->controllers[0], "tls"), "skipped") && is(diagnosis->identity[1], "skipped"));
  zec_diagnosis_free(diagnosis);
  zec_client_free(client);
  zec_identity_free(identity);
  return failures != 0;
}
