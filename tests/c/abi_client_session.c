/* What others need to use a login. */
#include "abi.h"

/* With 64-bit pointers. */
#if UINTPTR_MAX == UINT64_MAX

AT(zec_session_credentials, kind, 0);
AT(zec_session_credentials, token, 8);
AT(zec_session_credentials, second_factor_jwt, 16);
AT(zec_session_credentials, left_ms, 24);
AT(zec_session_credentials, controller, 32);
AT(zec_session_credentials, api_session_id, 40);
AT(zec_session_credentials, identity_id, 48);
AT(zec_session_credentials, ca, 56);
AT(zec_session_credentials, certificate, 64);
AT(zec_session_credentials, key, 72);
AT(zec_session_credentials, controllers, 80);
AT(zec_session_credentials, controllers_len, 88);

#endif

int main(void) { return 0; }
