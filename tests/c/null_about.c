/* What a controller tells to anybody, with NULL for each of the pointers. */
#include "null.h"

static int32_t callback(const zec_external_jwt_signer *signer, void *userdata) {
  (void)signer;
  (void)userdata;
  return 0;
}

int main(void) {
  REFUSES(zec_controller_root(NULL, NULL), "out");
  REFUSES_OUT(zec_version_info, zec_controller_root(NULL, &out), "client");
  REFUSES(zec_controller_capabilities(NULL, NULL), "out");
  REFUSES_OUT(zec_string_list, zec_controller_capabilities(NULL, &out), "client");
  REFUSES(zec_controller_protocols(NULL, NULL), "out");
  REFUSES_OUT(zec_protocol_list, zec_controller_protocols(NULL, &out), "client");
  zec_protocol_list_free(NULL);
  REFUSES(zec_controller_ca_certificates(NULL, NULL), "out");
  REFUSES_OUT(zec_ca_certificates, zec_controller_ca_certificates(NULL, &out), "client");
  zec_ca_certificates_free(NULL);

  REFUSES(zec_specs_list(NULL, NULL), "out");
  REFUSES_OUT(zec_spec_list, zec_specs_list(NULL, &out), "client");
  zec_spec_list_free(NULL);
  REFUSES(zec_specs_get(NULL, "id", NULL), "out");
  REFUSES_OUT(zec_spec, zec_specs_get(NULL, NULL, &out), "id");
  REFUSES_OUT(zec_spec, zec_specs_get(NULL, "id", &out), "client");
  zec_spec_free(NULL);
  REFUSES(zec_specs_body(NULL, "id", NULL), "out");
  REFUSES_OUT(zec_spec_body, zec_specs_body(NULL, NULL, &out), "id");
  REFUSES_OUT(zec_spec_body, zec_specs_body(NULL, "id", &out), "client");
  zec_spec_body_free(NULL);

  REFUSES(zec_external_jwt_signers_list(NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_external_jwt_signer_list, zec_external_jwt_signers_list(NULL, NULL, &out), "client");
  REFUSES(zec_external_jwt_signers_page(NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_external_jwt_signer_list, zec_external_jwt_signers_page(NULL, NULL, &out), "client");
  REFUSES(zec_external_jwt_signers_for_each(NULL, NULL, NULL, NULL), "callback");
  REFUSES(zec_external_jwt_signers_for_each(NULL, NULL, callback, NULL), "client");
  zec_external_jwt_signer_list_free(NULL);
  return failures != 0;
}
