/* What a controller tells to anybody. */
#include "abi.h"

/* With 64-bit pointers. */
#if UINTPTR_MAX == UINT64_MAX

AT(zec_protocol, name, 0);
AT(zec_protocol, address, 8);

AT(zec_protocol_list, items, 0);
AT(zec_protocol_list, len, 8);

AT(zec_ca_certificates, pem, 0);
AT(zec_ca_certificates, problems, 8);
AT(zec_ca_certificates, problems_len, 16);

AT(zec_spec, id, 0);
AT(zec_spec, name, 8);
AT(zec_spec, created_at, 16);
AT(zec_spec, updated_at, 24);
AT(zec_spec, tags_json, 32);

AT(zec_spec_list, items, 0);
AT(zec_spec_list, len, 8);

AT(zec_spec_body, media_type, 0);
AT(zec_spec_body, text, 8);

AT(zec_external_jwt_signer, id, 0);
AT(zec_external_jwt_signer, name, 8);
AT(zec_external_jwt_signer, external_auth_url, 16);
AT(zec_external_jwt_signer, open_id_configuration_url, 24);
AT(zec_external_jwt_signer, client_id, 32);
AT(zec_external_jwt_signer, audience, 40);
AT(zec_external_jwt_signer, scopes, 48);
AT(zec_external_jwt_signer, scopes_len, 56);
AT(zec_external_jwt_signer, target_token, 64);
AT(zec_external_jwt_signer, enroll_to_cert_enabled, 72);
AT(zec_external_jwt_signer, enroll_to_token_enabled, 73);
AT(zec_external_jwt_signer, created_at, 80);
AT(zec_external_jwt_signer, updated_at, 88);
AT(zec_external_jwt_signer, tags_json, 96);

AT(zec_external_jwt_signer_list, items, 0);
AT(zec_external_jwt_signer_list, len, 8);
AT(zec_external_jwt_signer_list, total, 16);

#endif

int main(void) { return 0; }
