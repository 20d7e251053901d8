/* calls_enrollments IDENTITY.json CSR OTT OTT OTTCA UPDB UPDB EROTT JWT JWT: enrollments by each operation.
 * partner.json holds an identity of an authority that the controller trusts. Writes the certificate of the router to
 * standard output.
 * calls_enrollments IDENTITY.json refused: enrollments that a controller refuses. */
#include "client.h"

static int begins(const char *text) { return text && strncmp(text, "-----BEGIN CERTIFICATE-----", 27) == 0; }

/* Checks which of the four an enrollment gave. */
static void gave(zec_enrolled *enrolled, int cert, int ca, int server_cert, const char *username) {
  CHECK(cert ? begins(enrolled->cert) : !enrolled->cert);
  CHECK(!ca == !enrolled->ca);
  CHECK(server_cert ? begins(enrolled->server_cert) : !enrolled->server_cert);
  CHECK(!username == !enrolled->username);
  if (username) CHECK(same(enrolled->username, username));
  zec_enrolled_free(enrolled);
}

static void enrollments(const zec_client *client, char **arguments) {
  const char *csr = arguments[0];
  zec_client *partner = client_of("partner.json");
  zec_enroll_body body = ZEC_ENROLL_BODY_INIT;
  zec_enrolled *enrolled = NULL;

  body.csr = csr;
  MUST(zec_enrollments_enroll(client, ZEC_METHOD_OTT, arguments[1], &body, &enrolled));
  gave(enrolled, 1, 0, 0, NULL);
  MUST(zec_enrollments_ott(client, arguments[2], csr, &enrolled));
  gave(enrolled, 1, 0, 0, NULL);
  MUST(zec_enrollments_ottca(partner, arguments[3]));
  MUST(zec_enrollments_updb(client, arguments[4], "chosen", "Passw0rd!", &enrolled));
  gave(enrolled, 0, 0, 0, "bob");
  body.csr = NULL;
  body.username = "chosen";
  body.password = "Passw0rd!";
  MUST(zec_enrollments_enroll(client, ZEC_METHOD_UPDB, arguments[5], &body, &enrolled));
  gave(enrolled, 0, 0, 0, "bob");
  body.username = body.password = NULL;
  body.cert_csr = body.server_cert_csr = csr;
  MUST(zec_enrollments_enroll(client, ZEC_METHOD_EROTT, arguments[6], &body, &enrolled));
  printf("%s", enrolled->cert);
  gave(enrolled, 1, 1, 1, NULL);
  MUST(zec_enrollments_token(client, arguments[7], csr, NULL, &enrolled));
  gave(enrolled, 1, 1, 0, NULL);
  MUST(zec_enrollments_token(client, arguments[8], NULL, NULL, &enrolled));
  gave(enrolled, 0, 0, 0, NULL);

  /* The certificate is enrolled by now. */
  FAILS(zec_enrollments_enroll(partner, ZEC_METHOD_CA, NULL, NULL, &enrolled), ZEC_ERR_API);
  CHECK(enrolled == NULL);
  zec_client_free(partner);
}

static void errors(const zec_client *client) {
  zec_enroll_body body = ZEC_ENROLL_BODY_INIT;
  zec_enrolled *enrolled = NULL;
  zec_jwks *jwks = NULL;
  zec_nonce_signature *signature = NULL;

  FAILS(zec_enrollments_enroll(client, ZEC_METHOD_OTT, "token", NULL, &enrolled), ZEC_ERR_API);
  body.csr = "csr";
  body.name = "name";
  FAILS(zec_enrollments_enroll(client, ZEC_METHOD_CA, NULL, &body, &enrolled), ZEC_ERR_INVALID_ARGUMENT);
  body.csr = NULL;
  body.client_csr = "csr";
  FAILS(zec_enrollments_enroll(client, ZEC_METHOD_OTT, "token", &body, &enrolled), ZEC_ERR_API);
  /* A controller that takes it for another method would spend the token. */
  FAILS(zec_enrollments_enroll(client, ZEC_METHOD_OF_TOKEN, "token", &body, &enrolled), ZEC_ERR_INVALID_ARGUMENT);
  FAILS(zec_enrollments_enroll(client, ZEC_METHOD_NETWORK, "token", &body, &enrolled), ZEC_ERR_INVALID_ARGUMENT);
  FAILS(zec_enrollments_enroll(client, ZEC_METHOD_TOKEN, "token", &body, &enrolled), ZEC_ERR_INVALID_ARGUMENT);
  FAILS(zec_enrollments_enroll(client, 99, "token", &body, &enrolled), ZEC_ERR_INVALID_ARGUMENT);
  FAILS(zec_enrollments_ott(client, "token", "csr", &enrolled), ZEC_ERR_API);
  FAILS(zec_enrollments_ottca(client, "token"), ZEC_ERR_API);
  FAILS(zec_enrollments_ca(client), ZEC_ERR_API);
  FAILS(zec_enrollments_updb(client, "token", "name", "password", &enrolled), ZEC_ERR_API);
  FAILS(zec_enrollments_erott(client, "token", "csr", "csr", &enrolled), ZEC_ERR_API);
  FAILS(zec_enrollments_token(client, "e.y.J", "csr", "signer", &enrolled), ZEC_ERR_API);
  FAILS(zec_enrollments_extend_router(client, "csr", "csr", &enrolled), ZEC_ERR_UNAUTHORIZED);
  FAILS(zec_enrollments_jwks(client, &jwks), ZEC_ERR_UNSUPPORTED);
  FAILS(zec_enrollments_challenge(client, "nonce", "key", &signature), ZEC_ERR_UNSUPPORTED);
  CHECK(!enrolled && !jwks && !signature);

  /* What a refusal repeats of a password is not told. */
  zec_error *error = zec_enrollments_updb(client, "token", "name", "abc", &enrolled);
  CHECK(zec_error_cause_json(error) && strstr(zec_error_cause_json(error), "updbCredentials.password"));
  CHECK(!strstr(zec_error_cause_json(error), "abc") && !strstr(zec_error_message(error), "abc"));
  zec_error_free(error);
}

int main(int argc, char **argv) {
  if (argc != 3 && argc != 11) return EXIT_FAILURE;
  zec_client *client = client_of(argv[1]);
  if (argc == 3) {
    errors(client);
  } else {
    enrollments(client, argv + 2);
  }
  zec_client_free(client);
  return failures != 0;
}
