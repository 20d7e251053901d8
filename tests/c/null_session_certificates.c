/* Session certificates with NULL for each of their pointers. */
#include "null.h"

static int32_t callback(const zec_session_certificate *certificate, void *userdata) {
  (void)certificate;
  (void)userdata;
  return 0;
}

int main(void) {
  REFUSES(zec_session_certificates_list(NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_session_certificate_list, zec_session_certificates_list(NULL, NULL, &out), "client");
  REFUSES(zec_session_certificates_page(NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_session_certificate_list, zec_session_certificates_page(NULL, NULL, &out), "client");
  REFUSES(zec_session_certificates_for_each(NULL, NULL, NULL, NULL), "callback");
  REFUSES(zec_session_certificates_for_each(NULL, NULL, callback, NULL), "client");
  REFUSES(zec_session_certificates_create(NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_new_session_certificate, zec_session_certificates_create(NULL, NULL, &out), "csr_pem");
  REFUSES_OUT(zec_new_session_certificate, zec_session_certificates_create(NULL, "csr", &out), "client");
  REFUSES(zec_session_certificates_get(NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_session_certificate, zec_session_certificates_get(NULL, NULL, &out), "id");
  REFUSES_OUT(zec_session_certificate, zec_session_certificates_get(NULL, "id", &out), "client");
  REFUSES(zec_session_certificates_delete(NULL, NULL), "id");
  REFUSES(zec_session_certificates_delete(NULL, "id"), "client");
  zec_session_certificate_free(NULL);
  zec_session_certificate_list_free(NULL);
  zec_new_session_certificate_free(NULL);
  return failures != 0;
}
