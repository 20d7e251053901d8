/* The second factor and codes with NULL for each of their pointers. */
#include "null.h"

int main(void) {
  REFUSES(zec_client_authenticate_mfa(NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_api_session, zec_client_authenticate_mfa(NULL, NULL, &out), "code");
  REFUSES_OUT(zec_api_session, zec_client_authenticate_mfa(NULL, "123456", &out), "client");
  REFUSES(zec_current_api_session_create_totp_token(NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_totp_token, zec_current_api_session_create_totp_token(NULL, NULL, &out), "code");
  REFUSES_OUT(zec_totp_token, zec_current_api_session_create_totp_token(NULL, "123456", &out), "client");
  zec_totp_token_free(NULL);

  REFUSES(zec_mfa_get(NULL, NULL), "out");
  REFUSES_OUT(zec_mfa, zec_mfa_get(NULL, &out), "client");
  REFUSES(zec_mfa_enroll(NULL, NULL), "out");
  REFUSES_OUT(char, zec_mfa_enroll(NULL, &out), "client");
  REFUSES(zec_mfa_delete(NULL, NULL), "client");
  REFUSES(zec_mfa_verify(NULL, NULL), "code");
  REFUSES(zec_mfa_verify(NULL, "123456"), "client");
  REFUSES(zec_mfa_qr_code(NULL, NULL), "out");
  REFUSES_OUT(zec_qr_code, zec_mfa_qr_code(NULL, &out), "client");
  REFUSES(zec_mfa_recovery_codes(NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_recovery_codes, zec_mfa_recovery_codes(NULL, NULL, &out), "code");
  REFUSES_OUT(zec_recovery_codes, zec_mfa_recovery_codes(NULL, "123456", &out), "client");
  REFUSES(zec_mfa_create_recovery_codes(NULL, NULL), "code");
  REFUSES(zec_mfa_create_recovery_codes(NULL, "123456"), "client");
  zec_mfa_free(NULL);
  zec_qr_code_free(NULL);
  zec_recovery_codes_free(NULL);
  return failures != 0;
}
