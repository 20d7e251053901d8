/* Controllers, and what all lists and the raw door need. */
#include "abi.h"

/* With 64-bit pointers. */
#if UINTPTR_MAX == UINT64_MAX

AT(zec_list_query, size, 0);
AT(zec_list_query, limit, 8);
AT(zec_list_query, offset, 16);
AT(zec_list_query, filter, 24);
AT(zec_list_query, sort, 32);

AT(zec_api_address, binding, 0);
AT(zec_api_address, version, 8);
AT(zec_api_address, url, 16);

AT(zec_controller, id, 0);
AT(zec_controller, name, 8);
AT(zec_controller, ctrl_address, 16);
AT(zec_controller, cert_pem, 24);
AT(zec_controller, fingerprint, 32);
AT(zec_controller, is_online, 40);
AT(zec_controller, is_preferred_leader, 41);
AT(zec_controller, api_addresses, 48);
AT(zec_controller, api_addresses_len, 56);
AT(zec_controller, last_joined_at, 64);
AT(zec_controller, created_at, 72);
AT(zec_controller, updated_at, 80);
AT(zec_controller, tags_json, 88);

AT(zec_controller_list, items, 0);
AT(zec_controller_list, len, 8);
AT(zec_controller_list, total, 16);

AT(zec_request, size, 0);
AT(zec_request, method, 8);
AT(zec_request, path, 16);
AT(zec_request, query, 24);
AT(zec_request, query_len, 32);
AT(zec_request, body, 40);
AT(zec_request, body_len, 48);
AT(zec_request, media_type, 56);

AT(zec_answer, http_status, 0);
AT(zec_answer, content_type, 8);
AT(zec_answer, body, 16);
AT(zec_answer, body_len, 24);

#endif

int main(void) { return 0; }
