/* Identities that are put together, and what there is to tell of them. */
#include "abi.h"

/* With 64-bit pointers. */
#if UINTPTR_MAX == UINT64_MAX

AT(zec_identity_parts, size, 0);
AT(zec_identity_parts, controllers, 8);
AT(zec_identity_parts, controllers_len, 16);
AT(zec_identity_parts, config_types, 24);
AT(zec_identity_parts, config_types_len, 32);
AT(zec_identity_parts, key, 40);
AT(zec_identity_parts, certificate, 48);
AT(zec_identity_parts, ca, 56);
AT(zec_identity_parts, path, 64);
AT(zec_identity_parts, save, 72);
AT(zec_identity_parts, userdata, 80);
AT(zec_identity_parts, userdata_free, 88);
AT(zec_identity_parts, signer, 96);

AT(zec_certificate_description, subject, 0);
AT(zec_certificate_description, issuer, 8);
AT(zec_certificate_description, serial, 16);
AT(zec_certificate_description, spiffe_id, 24);
AT(zec_certificate_description, not_before, 32);
AT(zec_certificate_description, not_before_unix, 40);
AT(zec_certificate_description, not_after, 48);
AT(zec_certificate_description, not_after_unix, 56);

AT(zec_identity_description, name, 0);
AT(zec_identity_description, id, 8);
AT(zec_identity_description, controllers, 16);
AT(zec_identity_description, controllers_len, 24);
AT(zec_identity_description, config_types, 32);
AT(zec_identity_description, config_types_len, 40);
AT(zec_identity_description, key_kind, 48);
AT(zec_identity_description, certificate, 56);
AT(zec_identity_description, authorities, 64);
AT(zec_identity_description, authorities_len, 72);
AT(zec_identity_description, store, 80);
AT(zec_identity_description, warnings, 88);
AT(zec_identity_description, warnings_len, 96);
AT(zec_identity_description, json, 104);

#endif

int main(void) { return 0; }
