/* Signers and choices of a key, with NULL for each pointer. */
#include "null.h"

static int32_t refuse(uint16_t scheme, const uint8_t *message, size_t message_len, uint64_t ms_left,
                      zec_signature *out, void *userdata) {
  (void)scheme, (void)message, (void)message_len, (void)ms_left, (void)out, (void)userdata;
  return 1;
}

static void count(void *userdata) { ++*(int *)userdata; }

/* The destructor of userdata runs once, whatever is wrong. */
static void signers(void) {
  static const uint8_t key[] = {0x30, 0};
  static const uint16_t schemes[] = {ZEC_SCHEME_ECDSA_P256_SHA256};
  int freed = 0;
  zec_signer_options options = ZEC_SIGNER_OPTIONS_INIT;
  REFUSES_OUT(zec_signer, zec_signer_new(NULL, &out), "options");
  options.userdata = &freed;
  options.userdata_free = count;
  REFUSES(zec_signer_new(&options, NULL), "out");
  REFUSES_OUT(zec_signer, zec_signer_new(&options, &out), "options.reference");
  options.reference = "test:key";
  REFUSES_OUT(zec_signer, zec_signer_new(&options, &out), "options.public_key");
  options.public_key = key;
  options.public_key_len = sizeof key;
  REFUSES_OUT(zec_signer, zec_signer_new(&options, &out), "options.schemes");
  options.schemes = schemes;
  options.schemes_len = 1;
  REFUSES_OUT(zec_signer, zec_signer_new(&options, &out), "options.sign");
  CHECK(freed == 5);
  options.sign = refuse;

  zec_signer *signer = NULL;
  zec_error *error = zec_signer_new(&options, &signer);
  CHECK(error == NULL && signer != NULL);
  REFUSES(zec_identity_load_with_signer("identity.json", signer, NULL), "out");
  REFUSES_OUT(zec_identity, zec_identity_load_with_signer(NULL, signer, &out), "path");
  REFUSES_OUT(zec_identity, zec_identity_load_with_signer("identity.json", NULL, &out), "signer");
  REFUSES(zec_identity_from_json_with_signer("{}", signer, NULL), "out");
  REFUSES_OUT(zec_identity, zec_identity_from_json_with_signer(NULL, signer, &out), "identity_json");
  REFUSES_OUT(zec_identity, zec_identity_from_json_with_signer("{}", NULL, &out), "signer");
  CHECK(freed == 5);
  zec_signer_free(signer);
  CHECK(freed == 6);
  zec_signer_free(NULL);
}

static void choices(void) {
  zec_enroll_options options = ZEC_ENROLL_OPTIONS_INIT;
  options.key_kind = ZEC_KEY_EXISTING;
  REFUSES_OUT(zec_identity, zec_identity_enroll("token", &options, &out), "options.key");
  options.key_kind = ZEC_KEY_SIGNER;
  REFUSES_OUT(zec_identity, zec_identity_enroll("token", &options, &out), "options.signer");
  options.key_kind = ZEC_KEY_P256;
  options.server_key_kind = ZEC_KEY_EXISTING;
  REFUSES_OUT(zec_identity, zec_identity_enroll("token", &options, &out), "options.server_key");
  options.server_key_kind = ZEC_KEY_SIGNER;
  REFUSES_OUT(zec_identity, zec_identity_enroll("token", &options, &out), "options.signer");
}

int main(void) {
  signers();
  choices();
  return failures != 0;
}
