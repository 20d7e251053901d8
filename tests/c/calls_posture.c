/* calls_posture IDENTITY.json [changed|refused]: every kind of posture response, one by one and all at once, to a
 * controller that takes them as they are; that says which timeouts have changed; that refuses them. */
#include "client.h"

enum { KINDS = 5 };

static const char *const addresses[] = {"00:11:22:33:44:55", "a"};
static const char *const signers[] = {"cd"};

/* One response of each kind. */
static void fill(zec_posture_response *responses) {
  static const char *const ids[] = {"q1", "q2", "q3", "q4", "q5"};
  static const uint32_t kinds[] = {ZEC_POSTURE_OS, ZEC_POSTURE_DOMAIN, ZEC_POSTURE_MAC, ZEC_POSTURE_PROCESS,
                                   ZEC_POSTURE_ENDPOINT_STATE};
  for (int i = 0; i < KINDS; i++) {
    zec_posture_response response = ZEC_POSTURE_RESPONSE_INIT;
    response.id = ids[i];
    response.kind = kinds[i];
    response.os_type = "Linux";
    response.os_version = "6.1.0";
    response.os_build = "7";
    response.domain = "corp.test";
    response.mac_addresses = addresses;
    response.mac_addresses_len = 2;
    response.path = "/a";
    response.is_running = 1;
    response.hash = "ab";
    response.signer_fingerprints = signers;
    response.signer_fingerprints_len = 1;
    response.woken = response.unlocked = 1;
    responses[i] = response;
  }
}

static void look(zec_posture_answer *answer, int changed) {
  CHECK(answer->services[answer->services_len] == NULL && answer->services_len == (changed ? 2u : 0u));
  if (changed) {
    const zec_posture_service *service = answer->services[0];
    CHECK(same(service->id, "s1"));
    CHECK(same(service->name, "guarded"));
    CHECK(same(service->posture_query_type, "MFA"));
    CHECK(service->timeout == 600 && service->timeout_remaining == 300);
    service = answer->services[1];
    CHECK(!service->name && !service->posture_query_type && service->timeout == -1 && service->timeout_remaining == -1);
  }
  zec_posture_answer_free(answer);
}

int main(int argc, char **argv) {
  if (argc != 2 && argc != 3) return EXIT_FAILURE;
  int is_refused = argc == 3 && strcmp(argv[2], "refused") == 0;
  int changed = argc == 3 && strcmp(argv[2], "changed") == 0;
  zec_posture_response responses[KINDS];
  const zec_posture_response *pointers[KINDS];
  zec_posture_answer *answer = NULL;
  zec_client *client = client_of(argv[1]);

  fill(responses);
  for (int i = 0; i < KINDS; i++) {
    pointers[i] = &responses[i];
    if (is_refused) {
      FAILS(zec_posture_submit(client, pointers[i], &answer), ZEC_ERR_API);
      CHECK(answer == NULL);
    } else {
      MUST(zec_posture_submit(client, pointers[i], &answer));
      look(answer, changed);
    }
  }
  if (is_refused) {
    FAILS(zec_posture_submit_bulk(client, pointers, KINDS, &answer), ZEC_ERR_API);
    CHECK(answer == NULL);
  } else {
    MUST(zec_posture_submit_bulk(client, pointers, KINDS, &answer));
    look(answer, changed);
  }
  MUST(zec_posture_submit_bulk(client, NULL, 0, &answer));
  look(answer, 0);
  zec_client_free(client);
  return failures != 0;
}
