/* Authenticators with NULL for each of their pointers. */
#include "null.h"

static int32_t callback(const zec_authenticator *authenticator, void *userdata) {
  (void)authenticator;
  (void)userdata;
  return 0;
}

int main(void) {
  zec_authenticator_change change = ZEC_AUTHENTICATOR_CHANGE_INIT;

  REFUSES(zec_authenticators_list(NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_authenticator_list, zec_authenticators_list(NULL, NULL, &out), "client");
  REFUSES(zec_authenticators_page(NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_authenticator_list, zec_authenticators_page(NULL, NULL, &out), "client");
  REFUSES(zec_authenticators_for_each(NULL, NULL, NULL, NULL), "callback");
  REFUSES(zec_authenticators_for_each(NULL, NULL, callback, NULL), "client");
  REFUSES(zec_authenticators_get(NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_authenticator, zec_authenticators_get(NULL, NULL, &out), "id");
  REFUSES_OUT(zec_authenticator, zec_authenticators_get(NULL, "id", &out), "client");
  REFUSES(zec_authenticators_update(NULL, NULL, &change), "id");
  REFUSES(zec_authenticators_update(NULL, "id", NULL), "change");
  REFUSES(zec_authenticators_update(NULL, "id", &change), "change.current_password");
  REFUSES(zec_authenticators_patch(NULL, NULL, &change), "id");
  REFUSES(zec_authenticators_patch(NULL, "id", NULL), "change");
  REFUSES(zec_authenticators_patch(NULL, "id", &change), "change.current_password");
  change.current_password = "secret";
  REFUSES(zec_authenticators_update(NULL, "id", &change), "client");
  REFUSES(zec_authenticators_patch(NULL, "id", &change), "client");
  REFUSES(zec_authenticators_extend(NULL, NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_extended_certificate, zec_authenticators_extend(NULL, NULL, "csr", &out), "id");
  REFUSES_OUT(zec_extended_certificate, zec_authenticators_extend(NULL, "id", NULL, &out), "csr_pem");
  REFUSES_OUT(zec_extended_certificate, zec_authenticators_extend(NULL, "id", "csr", &out), "client");
  REFUSES(zec_authenticators_extend_verify(NULL, NULL, "certificate"), "id");
  REFUSES(zec_authenticators_extend_verify(NULL, "id", NULL), "client_cert_pem");
  REFUSES(zec_authenticators_extend_verify(NULL, "id", "certificate"), "client");
  zec_authenticator_free(NULL);
  zec_authenticator_list_free(NULL);
  zec_extended_certificate_free(NULL);
  return failures != 0;
}
