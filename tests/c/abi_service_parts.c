/* What belongs to a service. */
#include "abi.h"

/* With 64-bit pointers. */
#if UINTPTR_MAX == UINT64_MAX

AT(zec_terminator, id, 0);
AT(zec_terminator, identity, 8);
AT(zec_terminator, router_id, 16);
AT(zec_terminator, service_id, 24);
AT(zec_terminator, service_name, 32);
AT(zec_terminator, created_at, 40);
AT(zec_terminator, updated_at, 48);
AT(zec_terminator, tags_json, 56);

AT(zec_terminator_list, items, 0);
AT(zec_terminator_list, len, 8);
AT(zec_terminator_list, total, 16);

#endif

int main(void) { return 0; }
