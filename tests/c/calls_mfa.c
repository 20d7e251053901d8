/* calls_mfa IDENTITY.json begin: sets up a second factor as far as that goes without a code.
 * calls_mfa IDENTITY.json go-on CODE: goes on from there with a TOTP code, and removes it in the end. */
#include "client.h"

static void begin(const zec_client *client) {
  char *id = NULL, *other = NULL;
  zec_mfa *mfa = NULL;
  zec_qr_code *picture = NULL;

  REFUSED(zec_mfa_get(client, &mfa), 404, "NOT_FOUND");
  REFUSED(zec_mfa_qr_code(client, &picture), 404, "NOT_FOUND");
  CHECK(mfa == NULL && picture == NULL);
  MUST(zec_mfa_enroll(client, &id));
  REFUSED(zec_mfa_enroll(client, &other), 409, "MFA_EXISTS");
  CHECK(other == NULL);
  MUST(zec_mfa_get(client, &mfa));
  CHECK(same(mfa->id, id));
  CHECK(!mfa->is_verified && mfa->created_at && mfa->updated_at && mfa->tags_json[0] == '{');
  CHECK(mfa->provisioning_url && strncmp(mfa->provisioning_url, "otpauth://totp/", 15) == 0);
  CHECK(mfa->recovery_codes_len == 20 && mfa->recovery_codes[20] == NULL && strlen(mfa->recovery_codes[0]) == 6);
  MUST(zec_mfa_qr_code(client, &picture));
  CHECK(picture->png_len > 8 && memcmp(picture->png, "\x89PNG\r\n\x1a\n", 8) == 0);
  REFUSED(zec_mfa_verify(client, "wrong"), 400, "MFA_INVALID_TOKEN");
  zec_qr_code_free(picture);
  zec_mfa_free(mfa);
  zec_string_free(id);
}

static void verify(const zec_client *client, const char *code) {
  zec_mfa *mfa = NULL;
  zec_service_list *services = NULL;
  MUST(zec_mfa_verify(client, code));
  MUST(zec_mfa_get(client, &mfa));
  CHECK(mfa->is_verified && !mfa->provisioning_url && mfa->recovery_codes_len == 0 && !mfa->recovery_codes[0]);
  MUST(zec_services_list(client, NULL, &services));
  zec_service_list_free(services);
  zec_mfa_free(mfa);
}

/* Gives the first of the recovery codes, which the caller frees. */
static zec_recovery_codes *recovery(const zec_client *client, const char *code) {
  zec_recovery_codes *before = NULL, *codes = NULL;
  MUST(zec_mfa_recovery_codes(client, code, &before));
  MUST(zec_mfa_create_recovery_codes(client, code));
  REFUSED(zec_mfa_create_recovery_codes(client, "wrong"), 400, "MFA_INVALID_TOKEN");
  REFUSED(zec_mfa_recovery_codes(client, "wrong", &codes), 400, "MFA_INVALID_TOKEN");
  CHECK(codes == NULL);
  MUST(zec_mfa_recovery_codes(client, code, &codes));
  CHECK(codes->recovery_codes_len == 20 && codes->recovery_codes[20] == NULL);
  CHECK(strcmp(codes->recovery_codes[0], before->recovery_codes[0]) != 0);
  CHECK(same(codes->id, before->id));
  CHECK(codes->created_at && codes->updated_at && codes->tags_json[0] == '{');
  zec_recovery_codes_free(before);
  return codes;
}

/* A login that waits is complete with `code`, and with it all clients that share it. */
static void log_in(const char *path, const char *code) {
  zec_client *client = client_of(path), *other = NULL;
  zec_api_session *pending = NULL, *complete = NULL;
  zec_service_list *services = NULL;
  MUST(zec_client_with_timeout(client, 20000, &other));
  MUST(zec_client_authenticate(client, &pending));
  CHECK(pending->auth_queries_len == 1);
  CHECK(same(pending->auth_queries[0]->type_id, "MFA"));
  FAILS(zec_services_list(other, NULL, &services), ZEC_ERR_LOGIN_PENDING);
  REFUSED(zec_client_authenticate_mfa(client, "wrong", &complete), 400, "MFA_INVALID_TOKEN");
  CHECK(complete == NULL);
  MUST(zec_client_authenticate_mfa(client, code, &complete));
  CHECK(same(complete->id, pending->id));
  CHECK(complete->auth_queries_len == 0 && complete->is_mfa_complete);
  MUST(zec_services_list(other, NULL, &services));
  zec_service_list_free(services);
  zec_api_session_free(complete);
  zec_api_session_free(pending);
  zec_client_free(other);
  zec_client_free(client);
}

/* The first answer is not that of a controller of this version. */
static void totp_token(const zec_client *client) {
  zec_totp_token *token = NULL;
  MUST(zec_current_api_session_create_totp_token(client, "123456", &token));
  CHECK(same(token->token, "a.b.c"));
  CHECK(same(token->issued_at, "2026-11-22T06:54:09.212Z"));
  zec_totp_token_free(token);
  REFUSED(zec_current_api_session_create_totp_token(client, "123456", &token), 400, "INVALID_BACKING_TOKEN_TYPE");
  CHECK(token == NULL);
}

int main(int argc, char **argv) {
  if (argc < 3) return EXIT_FAILURE;
  zec_client *client = client_of(argv[1]);
  if (strcmp(argv[2], "begin") == 0) {
    begin(client);
  } else if (argc == 4) {
    const char *code = argv[3];
    zec_mfa *mfa = NULL;
    verify(client, code);
    zec_recovery_codes *codes = recovery(client, code);
    log_in(argv[1], code);
    log_in(argv[1], codes->recovery_codes[0]);
    totp_token(client);
    REFUSED(zec_mfa_delete(client, NULL), 400, "MFA_INVALID_TOKEN");
    MUST(zec_mfa_delete(client, codes->recovery_codes[1]));
    REFUSED(zec_mfa_get(client, &mfa), 404, "NOT_FOUND");
    zec_recovery_codes_free(codes);
  }
  zec_client_free(client);
  return failures != 0;
}
