/* Enrolls and logs in with a P-256 key that never leaves a PKCS#11 token.
 *
 *   pkcs11_signer MODULE.so TOKEN KEY PUBLIC.der IDENTITY.json [TOKEN.jwt]    with the PIN in PKCS11_PIN
 *
 * TOKEN and KEY are labels, PUBLIC.der is what `pkcs11-tool --read-object --type pubkey --label KEY` gives.
 */
#include <dlfcn.h>
#include <p11-kit-1/p11-kit/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ziti_edge_client.h"

struct token {
  CK_FUNCTION_LIST *p11;
  CK_SLOT_ID slot;
  CK_OBJECT_HANDLE key;
};

/* Signs in a session of its own: several threads may want to at once. The login holds for all sessions. */
static int32_t sign(uint16_t scheme, const uint8_t *message, size_t message_len, uint64_t ms_left, zec_signature *out,
                    void *userdata) {
  struct token *token = userdata;
  CK_FUNCTION_LIST *p11 = token->p11;
  CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0}, ecdsa = {CKM_ECDSA, NULL, 0};
  CK_SESSION_HANDLE session;
  CK_BYTE hash[32];
  CK_ULONG hash_len = sizeof hash, len = sizeof out->bytes;
  (void)scheme, (void)ms_left; /* There is one scheme, and the token is quick. */

  CK_RV result = p11->C_OpenSession(token->slot, CKF_SERIAL_SESSION, NULL, NULL, &session);
  if (result == CKR_OK) {
    result = p11->C_DigestInit(session, &sha256);
    if (result == CKR_OK) result = p11->C_Digest(session, (CK_BYTE *)message, message_len, hash, &hash_len);
    if (result == CKR_OK) result = p11->C_SignInit(session, &ecdsa, token->key);
    if (result == CKR_OK) result = p11->C_Sign(session, hash, hash_len, out->bytes, &len);
    p11->C_CloseSession(session);
  }
  out->len = len;
  if (result == CKR_OK) return 0;
  snprintf(out->message, sizeof out->message, "the token does not sign: CKR 0x%lx", (unsigned long)result);
  return 1;
}

/* Finds the token and its private key, and logs in. Gives what is wrong, or NULL. */
static const char *open_token(struct token *token, const char *module, const char *label, const char *key, char *pin) {
  CK_RV (*get_function_list)(CK_FUNCTION_LIST **);
  CK_C_INITIALIZE_ARGS threads = {0};
  CK_SLOT_ID slots[64];
  CK_ULONG count = sizeof slots / sizeof *slots, found = 0, at;
  CK_TOKEN_INFO info;
  CK_SESSION_HANDLE session;
  CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
  CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &class, sizeof class}, {CKA_LABEL, (void *)key, strlen(key)}};

  void *library = dlopen(module, RTLD_NOW);
  if (!library) return "the module cannot be loaded";
  *(void **)&get_function_list = dlsym(library, "C_GetFunctionList");
  threads.flags = CKF_OS_LOCKING_OK;
  if (!get_function_list || get_function_list(&token->p11) != CKR_OK || token->p11->C_Initialize(&threads) != CKR_OK)
    return "the module does not start";
  CK_FUNCTION_LIST *p11 = token->p11;
  if (p11->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK) return "the module lists no slots";
  for (at = 0; at < count; at++) {
    size_t len = strlen(label);
    if (p11->C_GetTokenInfo(slots[at], &info) == CKR_OK && len <= sizeof info.label &&
        memcmp(info.label, label, len) == 0 && (len == sizeof info.label || info.label[len] == ' '))
      break;
  }
  if (at == count) return "there is no such token";
  token->slot = slots[at];
  /* Stays open: the login ends with the last session. */
  if (p11->C_OpenSession(token->slot, CKF_SERIAL_SESSION, NULL, NULL, &session) != CKR_OK) return "no session";
  if (p11->C_Login(session, CKU_USER, (CK_UTF8CHAR *)pin, strlen(pin)) != CKR_OK) return "the token refuses the PIN";
  if (p11->C_FindObjectsInit(session, wanted, 2) != CKR_OK) return "the token cannot be searched";
  CK_RV result = p11->C_FindObjects(session, &token->key, 1, &found);
  p11->C_FindObjectsFinal(session);
  return result == CKR_OK && found == 1 ? NULL : "there is no such key";
}

/* Reads a file into `into`, with a NUL behind it. Gives its length, 0 if it cannot be read or is too long. */
static size_t read_file(const char *path, char *into, size_t room) {
  FILE *file = fopen(path, "rb");
  size_t len = file ? fread(into, 1, room - 1, file) : 0;
  int whole = file && feof(file);
  if (file) fclose(file);
  into[len] = '\0';
  return whole ? len : 0;
}

int main(int argc, char **argv) {
  static char public_key[1024], reference[512];
  static const uint16_t schemes[] = {ZEC_SCHEME_ECDSA_P256_SHA256};
  struct token token = {0};
  char *pin = getenv("PKCS11_PIN");
  const char *wrong = argc < 6 || argc > 7 || !pin ? "usage: pkcs11_signer MODULE.so TOKEN KEY PUBLIC.der IDENTITY.json "
                                                     "[TOKEN.jwt], with the PIN in PKCS11_PIN"
                                                   : open_token(&token, argv[1], argv[2], argv[3], pin);
  size_t public_key_len = wrong ? 0 : read_file(argv[4], public_key, sizeof public_key);
  if (!wrong && !public_key_len) wrong = "the public key cannot be read";
  if (wrong) {
    fprintf(stderr, "pkcs11_signer: %s\n", wrong);
    return EXIT_FAILURE;
  }
  snprintf(reference, sizeof reference, "pkcs11:token=%s;object=%s", argv[2], argv[3]);

  zec_signer_options options = ZEC_SIGNER_OPTIONS_INIT;
  zec_enroll_options enrollment = ZEC_ENROLL_OPTIONS_INIT;
  zec_signer *signer = NULL;
  zec_identity *identity = NULL;
  zec_client *client = NULL;
  zec_api_session *session = NULL;
  options.reference = reference;
  options.public_key = (const uint8_t *)public_key;
  options.public_key_len = public_key_len;
  options.schemes = schemes;
  options.schemes_len = 1;
  options.sign = sign;
  options.userdata = &token;
  zec_error *error = zec_signer_new(&options, &signer);
  enrollment.path = argv[5];
  enrollment.key_kind = ZEC_KEY_SIGNER;
  enrollment.signer = signer;
  char *jwt = NULL;
  if (!error)
    error = argc == 7 ? zec_enrollment_load(argv[6], &jwt) : zec_identity_load_with_signer(argv[5], signer, &identity);
  if (!error && jwt) error = zec_identity_enroll(jwt, &enrollment, &identity);
  if (!error) error = zec_client_new(identity, NULL, &client);
  if (!error) error = zec_client_authenticate(client, &session);
  if (!error) printf("%s\n", session->identity_name);
  if (!error) error = zec_client_logout(client);
  int code = error ? EXIT_FAILURE : EXIT_SUCCESS;
  if (error) fprintf(stderr, "pkcs11_signer: %s\n", zec_error_message(error));
  zec_error_free(error);
  zec_string_free(jwt);
  zec_api_session_free(session);
  zec_client_free(client);
  zec_identity_free(identity);
  zec_signer_free(signer);
  token.p11->C_Finalize(NULL);
  return code;
}
