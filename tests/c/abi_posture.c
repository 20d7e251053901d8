/* Posture. */
#include "abi.h"

/* With 64-bit pointers. */
#if UINTPTR_MAX == UINT64_MAX

AT(zec_posture_response, size, 0);
AT(zec_posture_response, kind, 8);
AT(zec_posture_response, is_running, 12);
AT(zec_posture_response, woken, 16);
AT(zec_posture_response, unlocked, 20);
AT(zec_posture_response, id, 24);
AT(zec_posture_response, os_type, 32);
AT(zec_posture_response, os_version, 40);
AT(zec_posture_response, os_build, 48);
AT(zec_posture_response, domain, 56);
AT(zec_posture_response, mac_addresses, 64);
AT(zec_posture_response, mac_addresses_len, 72);
AT(zec_posture_response, path, 80);
AT(zec_posture_response, hash, 88);
AT(zec_posture_response, signer_fingerprints, 96);
AT(zec_posture_response, signer_fingerprints_len, 104);

AT(zec_posture_service, id, 0);
AT(zec_posture_service, name, 8);
AT(zec_posture_service, posture_query_type, 16);
AT(zec_posture_service, timeout, 24);
AT(zec_posture_service, timeout_remaining, 32);

AT(zec_posture_answer, services, 0);
AT(zec_posture_answer, services_len, 8);

#endif

IS(ZEC_POSTURE_OS, 1);
IS(ZEC_POSTURE_DOMAIN, 2);
IS(ZEC_POSTURE_MAC, 3);
IS(ZEC_POSTURE_PROCESS, 4);
IS(ZEC_POSTURE_ENDPOINT_STATE, 5);

int main(void) { return 0; }
