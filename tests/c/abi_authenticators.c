/* Authenticators. */
#include "abi.h"

/* With 64-bit pointers. */
#if UINTPTR_MAX == UINT64_MAX

AT(zec_authenticator, id, 0);
AT(zec_authenticator, method, 8);
AT(zec_authenticator, identity_id, 16);
AT(zec_authenticator, identity_name, 24);
AT(zec_authenticator, username, 32);
AT(zec_authenticator, cert_pem, 40);
AT(zec_authenticator, fingerprint, 48);
AT(zec_authenticator, is_issued_by_network, 56);
AT(zec_authenticator, is_extend_requested, 57);
AT(zec_authenticator, is_key_roll_requested, 58);
AT(zec_authenticator, last_extend_rolled_keys, 59);
AT(zec_authenticator, last_auth_resolved_to_root, 60);
AT(zec_authenticator, extend_requested_at, 64);
AT(zec_authenticator, created_at, 72);
AT(zec_authenticator, updated_at, 80);
AT(zec_authenticator, tags_json, 88);

AT(zec_authenticator_list, items, 0);
AT(zec_authenticator_list, len, 8);
AT(zec_authenticator_list, total, 16);

AT(zec_extended_certificate, client_cert, 0);
AT(zec_extended_certificate, ca, 8);

AT(zec_authenticator_change, size, 0);
AT(zec_authenticator_change, current_password, 8);
AT(zec_authenticator_change, username, 16);
AT(zec_authenticator_change, password, 24);
AT(zec_authenticator_change, tags_json, 32);

#endif

int main(void) { return 0; }
