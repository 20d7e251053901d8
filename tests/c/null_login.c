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

int main(void) {
  zec_credentials credentials = ZEC_CREDENTIALS_INIT;
  sources();
  REFUSES(zec_client_set_credentials(NULL, &credentials), "client");
  REFUSES(zec_client_retry_now(NULL), "client");
  return failures != 0;
}
