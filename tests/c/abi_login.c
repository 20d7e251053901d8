/* What logs in. */
#include "abi.h"

IS(ZEC_LOGIN_FLOW_AUTO, 0);
IS(ZEC_LOGIN_FLOW_LEGACY, 1);
IS(ZEC_LOGIN_FLOW_OIDC, 2);

/* With 64-bit pointers. */
#if UINTPTR_MAX == UINT64_MAX

AT(zec_credentials, size, 0);
AT(zec_credentials, username, 8);
AT(zec_credentials, password, 16);
AT(zec_credentials, jwt, 24);

AT(zec_jwt_request, signer, 0);
AT(zec_jwt_request, ms_left, 8);
AT(zec_jwt_request, refused, 16);

AT(zec_jwt, token[16384], 16384);
AT(zec_jwt, message[512], 16896);

AT(zec_auth_query_list, items, 0);
AT(zec_auth_query_list, len, 8);

#endif

int main(void) { return 0; }
