/* Session certificates. */
#include "abi.h"

/* With 64-bit pointers. */
#if UINTPTR_MAX == UINT64_MAX

AT(zec_session_certificate, id, 0);
AT(zec_session_certificate, certificate, 8);
AT(zec_session_certificate, fingerprint, 16);
AT(zec_session_certificate, subject, 24);
AT(zec_session_certificate, valid_to_unix, 32);
AT(zec_session_certificate, valid_from, 40);
AT(zec_session_certificate, valid_to, 48);
AT(zec_session_certificate, created_at, 56);
AT(zec_session_certificate, updated_at, 64);
AT(zec_session_certificate, tags_json, 72);

AT(zec_session_certificate_list, items, 0);
AT(zec_session_certificate_list, len, 8);
AT(zec_session_certificate_list, total, 16);

AT(zec_new_session_certificate, id, 0);
AT(zec_new_session_certificate, certificate, 8);
AT(zec_new_session_certificate, cas, 16);

#endif

int main(void) { return 0; }
