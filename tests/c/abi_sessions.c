/* Sessions, and why one was refused. */
#include "abi.h"

/* With 64-bit pointers. */
#if UINTPTR_MAX == UINT64_MAX

AT(zec_session_request, size, 0);
AT(zec_session_request, service_id, 8);
AT(zec_session_request, kind, 16);
AT(zec_session_request, tags_json, 24);

AT(zec_session, id, 0);
AT(zec_session, token, 8);
AT(zec_session, kind, 16);
AT(zec_session, service_id, 24);
AT(zec_session, service_name, 32);
AT(zec_session, api_session_id, 40);
AT(zec_session, identity_id, 48);
AT(zec_session, edge_routers, 56);
AT(zec_session, edge_routers_len, 64);
AT(zec_session, service_policy_ids, 72);
AT(zec_session, service_policy_ids_len, 80);
AT(zec_session, created_at, 88);
AT(zec_session, updated_at, 96);
AT(zec_session, tags_json, 104);

AT(zec_session_list, items, 0);
AT(zec_session_list, len, 8);
AT(zec_session_list, total, 16);

AT(zec_failed_check, id, 0);
AT(zec_failed_check, type_id, 8);
AT(zec_failed_check, is_passing, 16);
AT(zec_failed_check, details_json, 24);

AT(zec_failed_policy, policy_id, 0);
AT(zec_failed_policy, checks, 8);
AT(zec_failed_policy, checks_len, 16);

AT(zec_failed_policy_list, items, 0);
AT(zec_failed_policy_list, len, 8);

#endif

int main(void) { return 0; }
