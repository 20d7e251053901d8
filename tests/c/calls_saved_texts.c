/* calls_saved_texts IDENTITY.json FLOW: texts that are no saved session end nothing but the call, and are not repeated. */
#include "client.h"

static const zec_client *client;

/* The text cannot be taken up, for this reason, and the error tells nothing of what is in it. */
static void no_session(const char *text, const char *problem, const char *secret, int line) {
  zec_error *error = zec_client_resume_session(client, text);
  check(zec_error_code(error) == ZEC_ERR_INVALID_ARGUMENT, "code", __FILE__, line);
  check(same(zec_error_session_problem(error), problem), zec_error_message(error), __FILE__, line);
  check(!strstr(zec_error_message(error), secret), "the error repeats the text", __FILE__, line);
  zec_error_free(error);
}

#define NO_SESSION(text, problem, secret) no_session((text), (problem), (secret), __LINE__)

int main(int argc, char **argv) {
  zec_client_options options = ZEC_CLIENT_OPTIONS_INIT;
  zec_identity *identity = NULL;
  zec_service_list *services = NULL;
  zec_client *made = NULL;
  char *saved = NULL;
  if (argc != 3) return EXIT_FAILURE;
  options.login_flow = strcmp(argv[2], "oidc") == 0 ? ZEC_LOGIN_FLOW_OIDC : ZEC_LOGIN_FLOW_LEGACY;
  MUST(zec_identity_load(argv[1], &identity));
  MUST(zec_client_new(identity, &options, &made));
  MUST(zec_services_list(made, NULL, &services));
  zec_service_list_free(services);
  MUST(zec_client_save_session(made, &saved));
  zec_client_free(made);
  MUST(zec_client_new(identity, &options, &made));
  client = made;

  /* Each start of a good text, by a copy of just its size: nothing beyond its end is read. */
  size_t len = strlen(saved);
  CHECK(len > 100);
  for (size_t end = 0; end < len; end++) {
    char *start = malloc(end + 1);
    memcpy(start, saved, end);
    start[end] = '\0';
    NO_SESSION(start, "unreadable", end > 60 ? start + end - 40 : "{");
    free(start);
  }
  /* Each byte changed: it may be another session, but does no harm. */
  for (size_t place = 0; place < len; place += 3) {
    char *changed = malloc(len + 1);
    memcpy(changed, saved, len + 1);
    changed[place] ^= (char)(1 << place % 7);
    zec_error_free(zec_client_resume_session(client, changed));
    changed[place] = (char)0xff;
    zec_error *error = zec_client_resume_session(client, changed);
    CHECK(zec_error_code(error) == ZEC_ERR_INVALID_ARGUMENT);
    CHECK(!strstr(zec_error_message(error), changed + len - 40));
    zec_error_free(error);
    free(changed);
  }
  /* One MiB, and more than that, of letters that a text may have. */
  for (size_t size = (1 << 20) - 1; size <= (1 << 20) + 1; size++) {
    char *garbage = malloc(size + 1);
    for (size_t i = 0; i < size; i++) garbage[i] = "AbZ09-_"[i * 2654435761u % 7];
    garbage[size] = '\0';
    NO_SESSION(garbage, "unreadable", "AbZ");
    free(garbage);
  }
  NO_SESSION("", "unreadable", "{");
  NO_SESSION(" \t\r\n", "unreadable", "{");
  NO_SESSION("canary", "unreadable", "canary");
  /* UTF-16, whose second byte ends the text. */
  NO_SESSION("e\0y\0J\0", "unreadable", "{");
  /* With a newline at its end, as an editor leaves it, a good one is good. */
  char *line = malloc(len + 2);
  snprintf(line, len + 2, "%s\n", saved);
  MUST(zec_client_resume_session(client, line));
  free(line);
  MUST(zec_services_list(client, NULL, &services));
  zec_service_list_free(services);

  zec_client_free(made);
  zec_string_free(saved);
  zec_identity_free(identity);
  return failures != 0;
}
