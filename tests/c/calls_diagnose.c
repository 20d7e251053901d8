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
  zec_diagnosis_free(diagnosis);
  zec_client_free(client);

  options.proxy = "http://127.0.0.1:1";
  MUST(zec_identity_load(argv[1], &identity));
  MUST(zec_client_new(identity, &options, &client));
  MUST(zec_client_diagnose(client, &diagnosis));
  CHECK(!diagnosis->is_ok);
  CHECK(is(step_of(diagnosis->controllers[0], "connect"), "failed"));
  CHECK(step_of(diagnosis->controllers[0], "connect")->advice != NULL);
  CHECK(is(step_of(diagnosis->controllers[0], "tls"), "skipped") && is(diagnosis->identity[1], "skipped"));
  zec_diagnosis_free(diagnosis);
  zec_client_free(client);
  zec_identity_free(identity);
  return failures != 0;
}
