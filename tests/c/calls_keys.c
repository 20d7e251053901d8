/* keys EXISTING.key ENCRYPTED.key PUBLIC.der PRIVATE.pem FOLDER TOKEN...: enrolls with every choice of a key. The
 * "signer" signs by running openssl, so the key in PRIVATE.pem stays out of the library. Each TOKEN is used once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ziti_edge_client.h"

#include "check.h"

struct key {
  const char *folder;
  const char *private_pem;
  const char *trouble;
  int signed_so_far;
  uint64_t ms_left;
  int freed;
};

static size_t read_file(const char *path, uint8_t *into, size_t room) {
  FILE *file = fopen(path, "rb");
  if (!file) return 0;
  size_t length = fread(into, 1, room, file);
  fclose(file);
  return length;
}

/* Signs by `openssl dgst`, which writes ECDSA as DER. */
static int32_t sign(uint16_t scheme, const uint8_t *message, size_t message_len, uint64_t ms_left, zec_signature *out,
                    void *userdata) {
  struct key *key = userdata;
  char input[300], output[300], command[1200];
  key->signed_so_far++;
  key->ms_left = ms_left;
  CHECK(scheme == ZEC_SCHEME_ECDSA_P256_SHA256 && out->len == 0 && out->message[0] == 0);
  if (key->trouble) {
    snprintf(out->message, sizeof out->message, "%s", key->trouble);
    return 7;
  }
  snprintf(input, sizeof input, "%s/message", key->folder);
  snprintf(output, sizeof output, "%s/signature", key->folder);
  snprintf(command, sizeof command, "openssl dgst -sha256 -sign '%s' -out '%s' '%s'", key->private_pem, output, input);
  FILE *file = fopen(input, "wb");
  if (!file || fwrite(message, 1, message_len, file) != message_len || fclose(file) != 0) return 1;
  if (system(command) != 0) return 2;
  out->len = read_file(output, out->bytes, sizeof out->bytes);
  return out->len ? 0 : 3;
}

static void let_go(void *userdata) { ((struct key *)userdata)->freed++; }

/* Looks at an error's code and words, and frees it. */
static void expect(zec_error *error, zec_code code, const char *words, int line) {
  check(zec_error_code(error) == code && strstr(zec_error_message(error), words) != NULL, zec_error_message(error),
        __FILE__, line);
  zec_error_free(error);
}

#define EXPECT(call, code, words) expect((call), (code), (words), __LINE__)
#define GOOD(call) EXPECT((call), ZEC_OK, "success")

static void logs_in(const zec_identity *identity) {
  zec_client *client = NULL;
  zec_api_session *session = NULL;
  GOOD(zec_client_new(identity, NULL, &client));
  GOOD(zec_client_authenticate(client, &session));
  zec_api_session_free(session);
  zec_client_free(client);
}

static void new_keys(char **tokens) {
  static const uint32_t kinds[] = {ZEC_KEY_P256, ZEC_KEY_P384, ZEC_KEY_ED25519};
  for (size_t i = 0; i < 3; i++) {
    zec_enroll_options options = ZEC_ENROLL_OPTIONS_INIT;
    zec_identity *identity = NULL;
    options.key_kind = kinds[i];
    GOOD(zec_identity_enroll(tokens[i], &options, &identity));
    logs_in(identity);
    zec_identity_free(identity);
  }
}

static void keys_that_exist(const char *good, const char *encrypted, const char *token) {
  uint8_t bytes[8192];
  zec_enroll_options options = ZEC_ENROLL_OPTIONS_INIT;
  zec_identity *identity = NULL;
  options.key_kind = ZEC_KEY_EXISTING;
  options.key = bytes;
  options.key_len = read_file(encrypted, bytes, sizeof bytes);
  EXPECT(zec_identity_enroll(token, &options, &identity), ZEC_ERR_IDENTITY, "is encrypted; decrypt it first: openssl");
  options.key_len = 0;
  EXPECT(zec_identity_enroll(token, &options, &identity), ZEC_ERR_IDENTITY, "no private key");
  options.key_len = UINT64_MAX;
  EXPECT(zec_identity_enroll(token, &options, &identity), ZEC_ERR_INVALID_ARGUMENT, "options.key_len is over");
  options.key_len = read_file(good, bytes, sizeof bytes);
  GOOD(zec_identity_enroll(token, &options, &identity));
  logs_in(identity);
  zec_identity_free(identity);
}

static void choices_that_contradict(const char *token) {
  static const uint8_t key[] = {0x30, 0};
  zec_enroll_options options = ZEC_ENROLL_OPTIONS_INIT;
  zec_identity *identity = NULL;
  options.key = key;
  EXPECT(zec_identity_enroll(token, &options, &identity), ZEC_ERR_INVALID_ARGUMENT, "not ZEC_KEY_EXISTING");
  options.key = NULL;
  options.key_len = sizeof key;
  EXPECT(zec_identity_enroll(token, &options, &identity), ZEC_ERR_INVALID_ARGUMENT, "not ZEC_KEY_EXISTING");
  options.key_len = 0;
  options.key_bits = 2048;
  EXPECT(zec_identity_enroll(token, &options, &identity), ZEC_ERR_INVALID_ARGUMENT, "not ZEC_KEY_RSA");
  options.key_kind = ZEC_KEY_RSA;
  options.key_bits = 1024;
  EXPECT(zec_identity_enroll(token, &options, &identity), ZEC_ERR_INVALID_ARGUMENT, "not 1024");
  options.key_bits = 0;
  options.key_kind = 99;
  EXPECT(zec_identity_enroll(token, &options, &identity), ZEC_ERR_INVALID_ARGUMENT, "options.key_kind is 99");
}

static void signers(const char *public_der, struct key *key, const char *token) {
  static const uint16_t schemes[] = {0xffff, ZEC_SCHEME_ECDSA_P256_SHA256};
  uint8_t public_key[512];
  char path[300];
  zec_signer_options signer_options = ZEC_SIGNER_OPTIONS_INIT;
  zec_enroll_options options = ZEC_ENROLL_OPTIONS_INIT;
  zec_signer *signer = NULL;
  zec_identity *enrolled = NULL, *loaded = NULL, *read = NULL;
  zec_client *client = NULL;
  zec_api_session *session = NULL;
  char *json = NULL;

  signer_options.reference = "openssl:alice";
  signer_options.public_key = public_key;
  signer_options.public_key_len = read_file(public_der, public_key, sizeof public_key);
  signer_options.schemes = schemes;
  signer_options.schemes_len = 2;
  signer_options.sign = sign;
  signer_options.userdata = key;
  signer_options.userdata_free = let_go;
  GOOD(zec_signer_new(&signer_options, &signer));
  snprintf(path, sizeof path, "%s/signer.json", key->folder);
  options.path = path;
  options.key_kind = ZEC_KEY_SIGNER;
  options.signer = signer;
  options.timeout_ms = 50000;

  key->trouble = "the drawer is shut";
  EXPECT(zec_identity_enroll(token, &options, &enrolled), ZEC_ERR_IDENTITY,
         "signer openssl:alice: the drawer is shut (the sign callback returned 7)");
  CHECK(enrolled == NULL && key->signed_so_far == 1);
  key->trouble = NULL;
  GOOD(zec_identity_enroll(token, &options, &enrolled));
  CHECK(key->signed_so_far == 2 && key->ms_left > 0 && key->ms_left <= 50000);
  logs_in(enrolled);
  CHECK(key->signed_so_far > 2);

  EXPECT(zec_identity_load(path, &loaded), ZEC_ERR_UNSUPPORTED, "openssl:alice is not in a file");
  GOOD(zec_identity_load_with_signer(path, signer, &loaded));
  GOOD(zec_identity_to_json(loaded, &json));
  CHECK(strstr(json, "PRIVATE KEY") == NULL && strstr(json, "\"openssl:alice\"") != NULL);
  GOOD(zec_identity_from_json_with_signer(json, signer, &read));
  zec_signer_free(signer);
  zec_identity_free(enrolled);
  logs_in(loaded);
  GOOD(zec_client_new(read, NULL, &client));
  key->trouble = "";
  EXPECT(zec_client_authenticate(client, &session), ZEC_ERR_IDENTITY,
         "signer openssl:alice: the sign callback returned 7");
  key->trouble = NULL;
  zec_string_free(json);
  zec_identity_free(loaded);
  zec_identity_free(read);
  CHECK(key->freed == 0);
  zec_client_free(client);
  CHECK(key->freed == 1);
}

int main(int argc, char **argv) {
  if (argc != 11) return 2;
  struct key key = {argv[5], argv[4], NULL, 0, 0, 0};
  new_keys(argv + 6);
  keys_that_exist(argv[1], argv[2], argv[9]);
  choices_that_contradict(argv[9]);
  signers(argv[3], &key, argv[10]);
  return failures != 0;
}
