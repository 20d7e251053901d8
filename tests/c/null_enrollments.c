/* The enrollment operations with NULL for each of their pointers. */
#include "null.h"

int main(void) {
  REFUSES(zec_enrollments_enroll(NULL, ZEC_METHOD_CA, NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_enrolled, zec_enrollments_enroll(NULL, ZEC_METHOD_CA, NULL, NULL, &out), "client");
  REFUSES(zec_enrollments_ott(NULL, "token", "csr", NULL), "out");
  REFUSES_OUT(zec_enrolled, zec_enrollments_ott(NULL, NULL, "csr", &out), "token");
  REFUSES_OUT(zec_enrolled, zec_enrollments_ott(NULL, "token", NULL, &out), "csr");
  REFUSES_OUT(zec_enrolled, zec_enrollments_ott(NULL, "token", "csr", &out), "client");
  REFUSES(zec_enrollments_ottca(NULL, NULL), "token");
  REFUSES(zec_enrollments_ottca(NULL, "token"), "client");
  REFUSES(zec_enrollments_ca(NULL), "client");
  REFUSES(zec_enrollments_updb(NULL, "token", "name", "password", NULL), "out");
  REFUSES_OUT(zec_enrolled, zec_enrollments_updb(NULL, NULL, "name", "password", &out), "token");
  REFUSES_OUT(zec_enrolled, zec_enrollments_updb(NULL, "token", NULL, "password", &out), "username");
  REFUSES_OUT(zec_enrolled, zec_enrollments_updb(NULL, "token", "name", NULL, &out), "password");
  REFUSES_OUT(zec_enrolled, zec_enrollments_updb(NULL, "token", "name", "password", &out), "client");
  REFUSES(zec_enrollments_erott(NULL, "token", "csr", "csr", NULL), "out");
  REFUSES_OUT(zec_enrolled, zec_enrollments_erott(NULL, NULL, "csr", "csr", &out), "token");
  REFUSES_OUT(zec_enrolled, zec_enrollments_erott(NULL, "token", NULL, "csr", &out), "client_csr");
  REFUSES_OUT(zec_enrolled, zec_enrollments_erott(NULL, "token", "csr", NULL, &out), "server_csr");
  REFUSES_OUT(zec_enrolled, zec_enrollments_erott(NULL, "token", "csr", "csr", &out), "client");
  REFUSES(zec_enrollments_token(NULL, "jwt", NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_enrolled, zec_enrollments_token(NULL, NULL, "csr", "id", &out), "jwt");
  REFUSES_OUT(zec_enrolled, zec_enrollments_token(NULL, "jwt", NULL, NULL, &out), "client");
  REFUSES(zec_enrollments_extend_router(NULL, "csr", "csr", NULL), "out");
  REFUSES_OUT(zec_enrolled, zec_enrollments_extend_router(NULL, NULL, "csr", &out), "cert_csr");
  REFUSES_OUT(zec_enrolled, zec_enrollments_extend_router(NULL, "csr", NULL, &out), "server_cert_csr");
  REFUSES_OUT(zec_enrolled, zec_enrollments_extend_router(NULL, "csr", "csr", &out), "client");
  zec_enrolled_free(NULL);

  REFUSES(zec_enrollments_jwks(NULL, NULL), "out");
  REFUSES_OUT(zec_jwks, zec_enrollments_jwks(NULL, &out), "client");
  zec_jwks_free(NULL);
  REFUSES(zec_enrollments_challenge(NULL, "nonce", "id", NULL), "out");
  REFUSES_OUT(zec_nonce_signature, zec_enrollments_challenge(NULL, NULL, "id", &out), "nonce");
  REFUSES_OUT(zec_nonce_signature, zec_enrollments_challenge(NULL, "nonce", NULL, &out), "key_id");
  REFUSES_OUT(zec_nonce_signature, zec_enrollments_challenge(NULL, "nonce", "id", &out), "client");
  zec_nonce_signature_free(NULL);
  REFUSES(zec_network_jwts_list(NULL, NULL), "out");
  REFUSES_OUT(zec_network_jwt_list, zec_network_jwts_list(NULL, &out), "client");
  zec_network_jwt_list_free(NULL);
  return failures != 0;
}
