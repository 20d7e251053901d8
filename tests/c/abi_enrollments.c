/* The enrollment operations. */
#include "abi.h"

/* With 64-bit pointers. */
#if UINTPTR_MAX == UINT64_MAX

AT(zec_enroll_body, size, 0);
AT(zec_enroll_body, csr, 8);
AT(zec_enroll_body, client_csr, 16);
AT(zec_enroll_body, name, 24);
AT(zec_enroll_body, username, 32);
AT(zec_enroll_body, password, 40);
AT(zec_enroll_body, cert_csr, 48);
AT(zec_enroll_body, server_cert_csr, 56);

AT(zec_enrolled, cert, 0);
AT(zec_enrolled, ca, 8);
AT(zec_enrolled, server_cert, 16);
AT(zec_enrolled, username, 24);
AT(zec_enrolled, controllers, 32);
AT(zec_enrolled, controllers_len, 40);

AT(zec_jwk, kty, 0);
AT(zec_jwk, kid, 8);
AT(zec_jwk, alg, 16);
AT(zec_jwk, key_use, 24);
AT(zec_jwk, key_ops, 32);
AT(zec_jwk, key_ops_len, 40);
AT(zec_jwk, n, 48);
AT(zec_jwk, e, 56);
AT(zec_jwk, crv, 64);
AT(zec_jwk, x, 72);
AT(zec_jwk, y, 80);
AT(zec_jwk, x5c, 88);
AT(zec_jwk, x5c_len, 96);
AT(zec_jwk, x5t, 104);
AT(zec_jwk, x5t_s256, 112);
AT(zec_jwk, x5u, 120);

AT(zec_jwks, keys, 0);
AT(zec_jwks, keys_len, 8);

AT(zec_nonce_signature, signature, 0);
AT(zec_nonce_signature, algorithm, 8);
AT(zec_nonce_signature, kid, 16);
AT(zec_nonce_signature, ca_pool, 24);

AT(zec_network_jwt, name, 0);
AT(zec_network_jwt, token, 8);

AT(zec_network_jwt_list, items, 0);
AT(zec_network_jwt_list, len, 8);

#endif

int main(void) { return 0; }
