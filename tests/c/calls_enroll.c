/* calls_enroll FOLDER URL OTTCA CA UPDB UPDB EROTT NETWORK JWT JWT: enrolls by every method. The folder has ca.pem, and
 * device-N.pem and device-N.key of a third-party authority. */
#include <stdint.h>
#include <string.h>

#include "ziti_edge_client.h"

#include "check.h"

static const char *folder;

/* The text of a file in the folder; two of them can be in use. */
static const char *text_of(const char *name) {
  static char texts[4][8192];
  static unsigned next;
  char path[300], *text = texts[next++ % 4];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "rb");
  size_t length = file ? fread(text, 1, sizeof texts[0] - 1, file) : 0;
  if (file) fclose(file);
  text[length] = 0;
  return text;
}

static void expect(zec_error *error, zec_code code, const char *words, int line) {
  check(zec_error_code(error) == code && strstr(zec_error_message(error), words) != NULL, zec_error_message(error),
        __FILE__, line);
  zec_error_free(error);
}

static void expect_problem(zec_error *error, const char *problem, int line) {
  const char *found = zec_error_enrollment_problem(error);
  check(found && strcmp(found, problem) == 0, zec_error_message(error), __FILE__, line);
  zec_error_free(error);
}

#define EXPECT(call, code, words) expect((call), (code), (words), __LINE__)
#define GOOD(call) EXPECT((call), ZEC_OK, "success")
#define PROBLEM(call, problem) expect_problem((call), (problem), __LINE__)

static void logs_in(const zec_identity *identity) {
  zec_client *client = NULL;
  zec_api_session *session = NULL;
  GOOD(zec_client_new(identity, NULL, &client));
  GOOD(zec_client_authenticate(client, &session));
  zec_api_session_free(session);
  zec_client_free(client);
}

/* Without a certificate there is nothing to tell of one. */
static void has_no_certificate(const zec_identity *identity) {
  zec_identity_description *description = NULL;
  zec_server_certificate *server = NULL;
  GOOD(zec_identity_describe(identity, &description));
  CHECK(description && description->certificate == NULL);
  zec_identity_description_free(description);
  GOOD(zec_identity_server_certificate(identity, &server));
  CHECK(server == NULL);
}

static void needs(const char *jwt, const char *method, const char *first, const char *second) {
  zec_enrollment *enrollment = NULL;
  GOOD(zec_enrollment_parse(jwt, &enrollment));
  if (!enrollment) return;
  CHECK(strcmp(enrollment->method, method) == 0);
  CHECK(enrollment->needs_len == (first ? 2 : 0) && enrollment->needs[enrollment->needs_len] == NULL);
  CHECK(!first || (strcmp(enrollment->needs[0], first) == 0 && strcmp(enrollment->needs[1], second) == 0));
  zec_enrollment_free(enrollment);
}

static zec_enroll_options with_certificate(const char *certificate, const char *key) {
  zec_enroll_options options = ZEC_ENROLL_OPTIONS_INIT;
  options.certificate = text_of(certificate);
  options.key_kind = ZEC_KEY_EXISTING;
  options.key = (const uint8_t *)text_of(key);
  options.key_len = strlen((const char *)options.key);
  return options;
}

static void certificates(const char *ottca, const char *ca, const char *url) {
  zec_identity *identity = NULL;
  needs(ottca, "ottca", "certificate", "key");
  needs(ca, "ca", "certificate", "key");
  zec_enroll_options options = with_certificate("device-1.pem", "device-2.key");
  EXPECT(zec_identity_enroll(ottca, &options, &identity), ZEC_ERR_IDENTITY, "does not belong to the certificate");
  options.key_kind = ZEC_KEY_P256;
  options.key = NULL;
  options.key_len = 0;
  EXPECT(zec_identity_enroll(ottca, &options, &identity), ZEC_ERR_INVALID_ARGUMENT, "needs the option key");
  options = with_certificate("device-1.pem", "device-1.key");
  GOOD(zec_identity_enroll(ottca, &options, &identity));
  logs_in(identity);
  zec_identity_free(identity);
  identity = NULL;
  PROBLEM(zec_identity_enroll(ca, &options, &identity), "certificate_in_use");

  options = with_certificate("device-2.pem", "device-2.key");
  options.name = "the second device";
  GOOD(zec_identity_enroll(ca, &options, &identity));
  logs_in(identity);
  zec_identity_free(identity);
  identity = NULL;
  options = with_certificate("device-3.pem", "device-3.key");
  options.ca = text_of("ca.pem");
  options.method = ZEC_METHOD_CA;
  GOOD(zec_identity_enroll(url, &options, &identity));
  logs_in(identity);
  zec_identity_free(identity);
  identity = NULL;
  options = with_certificate("stranger.pem", "stranger.key");
  PROBLEM(zec_identity_enroll(ca, &options, &identity), "certificate_refused");
  CHECK(identity == NULL);
}

static void passwords(const char *updb, const char *other) {
  zec_identity *identity = NULL;
  char *username = NULL;
  zec_enroll_options options = ZEC_ENROLL_OPTIONS_INIT;
  needs(updb, "updb", "username", "password");
  options.username = "somebody";
  EXPECT(zec_identity_enroll(updb, &options, &identity), ZEC_ERR_INVALID_ARGUMENT, "needs the option password");
  options.password = "abc";
  PROBLEM(zec_identity_enroll(updb, &options, &identity), "password_refused");
  options.password = "open sesame";
  GOOD(zec_identity_enroll(updb, &options, &identity));
  GOOD(zec_identity_username(identity, &username));
  CHECK(username && strcmp(username, "alice") == 0);
  has_no_certificate(identity);
  zec_string_free(username);
  zec_identity_free(identity);
  identity = NULL;
  PROBLEM(zec_identity_enroll(updb, &options, &identity), "token_not_known");
  options.name = "of no use";
  EXPECT(zec_identity_enroll(other, &options, &identity), ZEC_ERR_INVALID_ARGUMENT, "has no use for it");
  CHECK(identity == NULL);
}

static void routers(const char *erott) {
  zec_identity *identity = NULL;
  zec_server_certificate *server = NULL;
  char *json = NULL, *username = NULL;
  zec_enroll_options options = ZEC_ENROLL_OPTIONS_INIT;
  needs(erott, "erott", NULL, NULL);
  options.server_key_bits = 2048;
  EXPECT(zec_identity_enroll(erott, &options, &identity), ZEC_ERR_INVALID_ARGUMENT, "options.server_key_kind is not");
  options.server_key_bits = 0;
  options.server_key_len = 1;
  EXPECT(zec_identity_enroll(erott, &options, &identity), ZEC_ERR_INVALID_ARGUMENT, "options.server_key is set");
  options.server_key_len = 0;
  options.server_key_kind = ZEC_KEY_P384;
  GOOD(zec_identity_enroll(erott, &options, &identity));
  GOOD(zec_identity_server_certificate(identity, &server));
  CHECK(server && strstr(server->certificate, "-----BEGIN CERTIFICATE-----") == server->certificate);
  CHECK(server && strstr(server->key, "PRIVATE KEY-----") != NULL);
  GOOD(zec_identity_to_json(identity, &json));
  CHECK(json && strstr(json, "\"server_cert\"") && strstr(json, "\"server_key\""));
  GOOD(zec_identity_username(identity, &username));
  CHECK(username == NULL);
  zec_string_free(json);
  zec_server_certificate_free(server);
  zec_identity_free(identity);
}

/* A token in a file: its text, or what is wrong with it. */
static void files(const char *jwt) {
  char path[300], *text = NULL;
  snprintf(path, sizeof path, "%s/alice.jwt", folder);
  FILE *file = fopen(path, "wb");
  CHECK(file && fputs(jwt, file) >= 0 && fputs("\n", file) >= 0 && fclose(file) == 0);
  GOOD(zec_enrollment_load(path, &text));
  CHECK(text && strncmp(text, jwt, strlen(jwt)) == 0);
  zec_string_free(text);
  text = NULL;
  EXPECT(zec_enrollment_load("no/such.jwt", &text), ZEC_ERR_STORAGE, "no/such.jwt");
  snprintf(path, sizeof path, "%s/ca.pem", folder);
  PROBLEM(zec_enrollment_load(path, &text), "token_malformed");
  CHECK(text == NULL);
}

static void networks(const char *network, const char *url) {
  zec_identity *identity = NULL;
  zec_enroll_options options = ZEC_ENROLL_OPTIONS_INIT;
  needs(network, "network", NULL, NULL);
  needs(url, "network", NULL, NULL);
  GOOD(zec_identity_enroll(network, NULL, &identity));
  has_no_certificate(identity);
  zec_identity_free(identity);
  identity = NULL;
  options.ca = text_of("ca.pem");
  GOOD(zec_identity_enroll(url, &options, &identity));
  has_no_certificate(identity);
  zec_identity_free(identity);
  identity = NULL;
  EXPECT(zec_identity_enroll(network, &options, &identity), ZEC_ERR_INVALID_ARGUMENT, "the option ca is set");
  options.method = ZEC_METHOD_OTT;
  EXPECT(zec_identity_enroll(url, &options, &identity), ZEC_ERR_INVALID_ARGUMENT, "ask for its token");
  options.method = 99;
  EXPECT(zec_identity_enroll(url, &options, &identity), ZEC_ERR_INVALID_ARGUMENT, "options.method is 99");
  CHECK(identity == NULL);
}

static void external(const char *network, const char *carol, const char *dave) {
  zec_identity *identity = NULL;
  zec_enroll_options options = ZEC_ENROLL_OPTIONS_INIT;
  options.method = ZEC_METHOD_TOKEN;
  EXPECT(zec_identity_enroll(network, &options, &identity), ZEC_ERR_INVALID_ARGUMENT, "needs the option external_jwt");
  options.external_jwt = carol;
  GOOD(zec_identity_enroll(network, &options, &identity));
  logs_in(identity);
  zec_identity_free(identity);
  identity = NULL;
  PROBLEM(zec_identity_enroll(network, &options, &identity), "already_enrolled");
  options.external_jwt = "a.b.c";
  PROBLEM(zec_identity_enroll(network, &options, &identity), "external_jwt_refused");
  options.external_jwt = dave;
  options.without_certificate = 1;
  GOOD(zec_identity_enroll(network, &options, &identity));
  has_no_certificate(identity);
  zec_identity_free(identity);
}

int main(int argc, char **argv) {
  if (argc != 11) return 2;
  folder = argv[1];
  certificates(argv[3], argv[4], argv[2]);
  passwords(argv[5], argv[6]);
  files(argv[7]);
  routers(argv[7]);
  networks(argv[8], argv[2]);
  external(argv[8], argv[9], argv[10]);
  return failures != 0;
}
