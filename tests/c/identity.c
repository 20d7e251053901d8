/* identity FOLDER LOST SPENT: identities in C. LOST is a token whose request was lost on its way to the controller, SPENT
 * one whose answer was lost on its way back; the keys of both are kept in FOLDER, beside lost.json and spent.json.
 * identity.json in FOLDER belongs to an identity that is enrolled. */
#include <stdlib.h>
#include <string.h>

#include "ziti_edge_client.h"

#include "check.h"

/* Without this call nothing that follows makes sense. */
static void must(zec_error *error, const char *call, int line) {
  if (!error) return;
  fprintf(stderr, "identity.c:%d: %s: %s\n", line, call, zec_error_message(error));
  exit(EXIT_FAILURE);
}

#define MUST(call) must((call), #call, __LINE__)

/* Takes over an error with this code, in whose message this stands. */
static void refused(zec_error *error, zec_code code, const char *word, int line) {
  check(zec_error_code(error) == code && strstr(zec_error_message(error), word) != NULL, zec_error_message(error),
        __FILE__, line);
  zec_error_free(error);
}

#define REFUSED(call, code, word) refused((call), (code), (word), __LINE__)

static char paths[3][512];

static const char *in(const char *folder, const char *name, int at) {
  snprintf(paths[at], sizeof paths[at], "%s/%s", folder, name);
  return paths[at];
}

static int is(const char *text, const char *expected) { return text && strcmp(text, expected) == 0; }

static void described(zec_identity *identity, const char *path) {
  zec_identity_description *told = NULL;
  MUST(zec_identity_describe(identity, &told));
  CHECK(is(told->name, "alice"));
  CHECK(told->id != NULL && told->certificate && strstr(told->certificate->spiffe_id, told->id) != NULL);
  CHECK(told->controllers_len == 1 && told->controllers[1] == NULL);
  CHECK(strncmp(told->controllers[0], "https://127.0.0.1:", 18) == 0);
  CHECK(told->config_types_len == 0 && told->config_types[0] == NULL);
  CHECK(is(told->key_kind, "ECDSA P-256"));
  CHECK(strstr(told->certificate->subject, "CN=alice") && strstr(told->certificate->issuer, "CN="));
  CHECK(strlen(told->certificate->serial) > 8);
  CHECK(told->certificate->not_before_unix > 1700000000);
  CHECK(told->certificate->not_after_unix > told->certificate->not_before_unix);
  CHECK(strlen(told->certificate->not_before) == 20 && strlen(told->certificate->not_after) == 20);
  CHECK(told->authorities_len == 2 && told->authorities[2] == NULL);
  CHECK(path ? is(told->store, path) : told->store == NULL);
  CHECK(told->warnings_len == 0 && told->warnings[0] == NULL);
  CHECK(strstr(told->json, "\"keyKind\":\"ECDSA P-256\"") && !strstr(told->json, "PRIVATE KEY"));
  zec_identity_description_free(told);
}

static void moved(zec_identity *identity, const char *path) {
  const char *controllers[] = {"https://a.example:1280", "b.example:443"};
  zec_identity *elsewhere = NULL, *again = NULL;
  zec_string_list *addresses = NULL;
  MUST(zec_identity_with_controllers(identity, controllers, 2, &elsewhere));
  MUST(zec_identity_save(elsewhere, path));
  /* What is older does not undo it. */
  MUST(zec_identity_save(identity, path));
  MUST(zec_identity_load(path, &again));
  MUST(zec_identity_controllers(again, &addresses));
  CHECK(addresses->len == 2 && is(addresses->items[0], controllers[0]));
  CHECK(is(addresses->items[1], "https://b.example:443"));
  zec_string_list_free(addresses);
  zec_identity_free(again);
  zec_identity_free(elsewhere);
  REFUSED(zec_identity_with_controllers(identity, NULL, 0, &again), ZEC_ERR_INVALID_ARGUMENT, "at least one");
  CHECK(again == NULL);
}

static void put_together(const char *folder) {
  const char *controllers[] = {"https://127.0.0.1:1"};
  const char *config_types[] = {"intercept.v1"};
  zec_identity *identity = NULL;
  zec_identity_description *told = NULL;
  zec_identity_parts parts = ZEC_IDENTITY_PARTS_INIT;
  parts.controllers = controllers;
  parts.controllers_len = 1;
  parts.config_types = config_types;
  parts.config_types_len = 1;
  parts.key = in(folder, "key.pem", 0);
  parts.certificate = in(folder, "cert.pem", 1);
  parts.ca = "env:IDENTITY_CA";
  MUST(zec_identity_from_parts(&parts, &identity));
  MUST(zec_identity_describe(identity, &told));
  CHECK(is(told->name, "alice") && is(told->controllers[0], controllers[0]));
  CHECK(told->config_types_len == 1 && is(told->config_types[0], config_types[0]));
  CHECK(told->authorities_len == 2 && told->store == NULL);
  zec_identity_description_free(told);
  zec_identity_free(identity);
  identity = NULL;
  parts.key = "env:NOBODY_SETS_THIS";
  REFUSED(zec_identity_from_parts(&parts, &identity), ZEC_ERR_IDENTITY, "\"NOBODY_SETS_THIS\" is not set");
  CHECK(identity == NULL);
}

static void resumed(const char *folder, const char *lost, const char *spent) {
  const char *state = NULL;
  zec_identity *identity = NULL;
  zec_error *error;
  zec_enroll_options options = ZEC_ENROLL_OPTIONS_INIT;
  options.path = in(folder, "lost.json", 0);
  MUST(zec_enrollment_pending(lost, options.path, &state));
  CHECK(is(state, "answer_lost"));
  error = zec_identity_enroll(lost, &options, &identity);
  CHECK(is(zec_error_enrollment_problem(error), "maybe_spent"));
  zec_error_free(error);
  MUST(zec_identity_resume(lost, &options, &identity));
  zec_identity_free(identity);
  identity = NULL;
  MUST(zec_enrollment_pending(lost, options.path, &state));
  CHECK(is(state, "nothing"));

  options.path = in(folder, "spent.json", 0);
  error = zec_identity_resume(spent, &options, &identity);
  CHECK(is(zec_error_enrollment_problem(error), "token_not_known") && identity == NULL);
  CHECK(is(zec_error_api_code(error), "INVALID_ENROLLMENT_TOKEN") && zec_error_http_status(error) == 400);
  CHECK(strstr(zec_error_message(error), "the first request was carried out") != NULL);
  zec_error_free(error);
  REFUSED(zec_identity_resume(spent, NULL, &identity), ZEC_ERR_INVALID_ARGUMENT, "name its store");
  REFUSED(zec_enrollment_pending("nonsense", options.path, &state), ZEC_ERR_ENROLLMENT, "token");
  CHECK(state == NULL);
}

int main(int argc, char **argv) {
  const char *path;
  zec_identity *identity = NULL;
  if (argc != 4) return EXIT_FAILURE;
  path = in(argv[1], "identity.json", 2);
  MUST(zec_identity_load(path, &identity));
  described(identity, path);
  moved(identity, path);
  zec_identity_free(identity);
  put_together(argv[1]);
  resumed(argv[1], argv[2], argv[3]);
  return failures != 0;
}
