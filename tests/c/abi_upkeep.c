/* What keeps a client going. */
#include "abi.h"

/* With 64-bit pointers. */
#if UINTPTR_MAX == UINT64_MAX

AT(zec_event, kind, 0);
AT(zec_event, message, 8);
AT(zec_event, code, 16);

AT(zec_maintenance, events, 0);
AT(zec_maintenance, events_len, 8);
AT(zec_maintenance, next_ms, 16);

#endif

int main(void) { return 0; }
