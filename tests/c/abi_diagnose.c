/* A diagnosis. */
#include "abi.h"

/* With 64-bit pointers. */
#if UINTPTR_MAX == UINT64_MAX

AT(zec_diagnosis_step, kind, 0);
AT(zec_diagnosis_step, outcome, 8);
AT(zec_diagnosis_step, detail, 16);
AT(zec_diagnosis_step, advice, 24);

AT(zec_controller_diagnosis, url, 0);
AT(zec_controller_diagnosis, steps, 8);
AT(zec_controller_diagnosis, steps_len, 16);

AT(zec_diagnosis, controllers, 0);
AT(zec_diagnosis, controllers_len, 8);
AT(zec_diagnosis, identity, 16);
AT(zec_diagnosis, identity_len, 24);
AT(zec_diagnosis, is_ok, 32);
AT(zec_diagnosis, text, 40);
AT(zec_diagnosis, json, 48);
AT(zec_diagnosis, client, 56);

AT(zec_diagnosed_client, version, 0);
AT(zec_diagnosed_client, features, 8);
AT(zec_diagnosed_client, features_len, 16);
AT(zec_diagnosed_client, system, 24);
AT(zec_diagnosed_client, time, 32);
AT(zec_diagnosed_client, time_unix, 40);
AT(zec_diagnosed_client, identity, 48);
AT(zec_diagnosed_client, is_key_in_signer, 56);
AT(zec_diagnosed_client, credentials, 64);
AT(zec_diagnosed_client, login_flow, 72);
AT(zec_diagnosed_client, proxy, 80);
AT(zec_diagnosed_client, trusts_system_roots, 88);
AT(zec_diagnosed_client, timeout_ms, 96);
AT(zec_diagnosed_client, connect_timeout_ms, 104);

#endif

int main(void) { return 0; }
