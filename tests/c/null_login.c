/* What logs in, with NULL for each pointer. */
#include "null.h"

static int32_t refuse(const zec_jwt_request *request, zec_jwt *out, void *userdata) {
  (void)request, (void)out, (void)userdata;
  return 1;
}

static void count(void *userdata) { ++*(int *)userdata; }

/* The destructor of userdata runs once, whatever is wrong. */
static void sources(void) {
  int freed = 0;
  zec_jwt_source *source = NULL;
  REFUSES(zec_jwt_source_token("a.b.c", NULL), "out");
  REFUSES_OUT(zec_jwt_source, zec_jwt_source_token(NULL, &out), "jwt");
  REFUSES(zec_jwt_source_supplier(refuse, &freed, count, NULL), "out");
  REFUSES_OUT(zec_jwt_source, zec_jwt_source_supplier(NULL, &freed, count, &out), "supply");
  CHECK(freed == 2);
  zec_error *error = zec_jwt_source_supplier(refuse, &freed, NULL, &source);
  CHECK(error == NULL && source != NULL);
  REFUSES(zec_client_set_second_factor_jwt(NULL, source), "client");
  REFUSES(zec_client_set_second_factor_jwt(NULL, NULL), "source");
  zec_jwt_source_free(source);
  error = zec_jwt_source_supplier(refuse, &freed, count, &source);
  CHECK(error == NULL && freed == 2);
  zec_jwt_source_free(source);
  CHECK(freed == 3);
  zec_jwt_source_free(NULL);
}

/* Every other error than the one about it has none, and that is no failure. */
static void told_by_errors(void) {
  zec_auth_query_list *factors = NULL;
  zec_string_list *facts = NULL;
  zec_error *other = zec_client_logout(NULL);
  const zec_error *errors[] = {NULL, other};
  REFUSES(zec_error_factors(other, NULL), "out");
  REFUSES(zec_error_known_facts(other, NULL), "out");
  for (int i = 0; i < 2; i++) {
    CHECK(zec_error_factors(errors[i], &factors) == NULL && factors->len == 0 && factors->items[0] == NULL);
    zec_auth_query_list_free(factors);
    CHECK(zec_error_known_facts(errors[i], &facts) == NULL && facts->len == 0 && facts->items[0] == NULL);
    zec_string_list_free(facts);
  }
  zec_auth_query_list_free(NULL);
  zec_error_free(other);
}

int main(void) {
  zec_credentials credentials = ZEC_CREDENTIALS_INIT;
  sources();
  told_by_errors();
  REFUSES(zec_client_set_credentials(NULL, &credentials), "client");
  REFUSES(zec_client_retry_now(NULL), "client");
  return failures != 0;
}
