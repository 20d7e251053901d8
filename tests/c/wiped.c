/* wiped IDENTITY.json SERVICE: a secret is gone from its place in memory when the result that held it is freed.
 *
 * The program's own free() stands before the system's and looks at the place once its memory is given back.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>

#include "client.h"

/* What is looked at, if anything, and what stood there. */
static const char *place;
static char secret[4096];
/* What became of the place: was it given back, and was the secret still there? */
static int is_freed;
static int is_leaked;

void free(void *memory) {
  static void (*next)(void *);
  const char *start = memory;

  if (!next) {
    /* ISO C has no conversion from an object's pointer to a function's. */
    *(void **)&next = dlsym(RTLD_NEXT, "free");
  }
  if (place && start <= place && place < start + malloc_usable_size(memory)) {
    is_freed = 1;
    is_leaked = strcmp(place, secret) == 0;
    place = NULL;
  }
  next(memory);
}

static void watch(const char *text) {
  snprintf(secret, sizeof secret, "%s", text);
  is_freed = is_leaked = 0;
  place = text;
}

static int32_t supply(const zec_jwt_request *asked, zec_jwt *out, void *userdata) {
  (void)asked, (void)userdata;
  snprintf(out->token, sizeof out->token, "no.token.of-anybody");
  watch(out->token);
  return 0;
}

/* What a supplier wrote is gone, too. */
static void supplied(const zec_client *client) {
  zec_credentials credentials = ZEC_CREDENTIALS_INIT;
  zec_jwt_source *source = NULL;
  zec_api_session *session = NULL;
  MUST(zec_jwt_source_supplier(supply, NULL, NULL, &source));
  credentials.jwt = source;
  MUST(zec_client_set_credentials(client, &credentials));
  FAILS(zec_client_authenticate(client, &session), ZEC_ERR_REJECTED);
  CHECK(is_freed && !is_leaked);
  zec_jwt_source_free(source);
}

int main(int argc, char **argv) {
  zec_session_request request = ZEC_SESSION_REQUEST_INIT;
  zec_session *session = NULL;
  zec_session_list *list = NULL;
  zec_identity_detail *identity = NULL;
  zec_mfa *mfa = NULL;
  zec_qr_code *picture = NULL;
  zec_recovery_codes *codes = NULL;
  zec_totp_token *token = NULL;
  zec_session_credentials *credentials = NULL;
  char *copy;
  if (argc != 3) return EXIT_FAILURE;
  zec_client *client = client_of(argv[1]);

  request.service_id = argv[2];
  MUST(zec_sessions_create(client, &request, &session));
  watch(copy = strdup(session->token));
  free(copy);
  CHECK(is_freed && is_leaked); /* The watch is awake. */
  watch(session->token);
  zec_session_free(session);
  CHECK(is_freed && !is_leaked);

  MUST(zec_sessions_list(client, NULL, &list));
  watch(list->items[0]->token);
  zec_session_list_free(list);
  CHECK(is_freed && !is_leaked);

  MUST(zec_current_identity_get(client, &identity));
  watch(identity->enrollment_ott->jwt);
  zec_identity_detail_free(identity);
  CHECK(is_freed && !is_leaked);

  MUST(zec_client_credentials(client, &credentials));
  watch(credentials->token);
  zec_session_credentials_free(credentials);
  CHECK(is_freed && !is_leaked);

  MUST(zec_mfa_enroll(client, &copy));
  watch(copy);
  zec_string_free(copy);
  CHECK(is_freed && !is_leaked);
  MUST(zec_mfa_get(client, &mfa));
  watch(mfa->provisioning_url);
  zec_mfa_free(mfa);
  CHECK(is_freed && !is_leaked);
  MUST(zec_mfa_get(client, &mfa));
  watch(mfa->recovery_codes[mfa->recovery_codes_len - 1]);
  zec_mfa_free(mfa);
  CHECK(is_freed && !is_leaked);
  MUST(zec_mfa_qr_code(client, &picture));
  watch((const char *)picture->png);
  zec_qr_code_free(picture);
  CHECK(is_freed && !is_leaked);
  MUST(zec_mfa_recovery_codes(client, "123456", &codes));
  watch(codes->recovery_codes[0]);
  zec_recovery_codes_free(codes);
  CHECK(is_freed && !is_leaked);
  MUST(zec_current_api_session_create_totp_token(client, "123456", &token));
  watch(token->token);
  zec_totp_token_free(token);
  CHECK(is_freed && !is_leaked);
  supplied(client);
  zec_client_free(client);
  return failures != 0;
}
