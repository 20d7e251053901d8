/* Services: what they are changed to, what they say, and what changed. */
#include "abi.h"

/* With 64-bit pointers. */
#if UINTPTR_MAX == UINT64_MAX

AT(zec_service_updates, last_change_at, 0);

AT(zec_service_update, size, 0);
AT(zec_service_update, name, 8);
AT(zec_service_update, configs, 16);
AT(zec_service_update, configs_len, 24);
AT(zec_service_update, encryption_required, 32);
AT(zec_service_update, max_idle_time_ms, 40);
AT(zec_service_update, role_attributes, 48);
AT(zec_service_update, role_attributes_len, 56);
AT(zec_service_update, tags_json, 64);
AT(zec_service_update, terminator_strategy, 72);

AT(zec_service_patch, size, 0);
AT(zec_service_patch, name, 8);
AT(zec_service_patch, configs, 16);
AT(zec_service_patch, configs_len, 24);
AT(zec_service_patch, encryption_required, 32);
AT(zec_service_patch, max_idle_time_ms, 40);
AT(zec_service_patch, role_attributes, 48);
AT(zec_service_patch, role_attributes_len, 56);
AT(zec_service_patch, tags_json, 64);
AT(zec_service_patch, terminator_strategy, 72);

AT(zec_posture_query_process, os_type, 0);
AT(zec_posture_query_process, path, 8);

AT(zec_posture_query, id, 0);
AT(zec_posture_query, query_type, 8);
AT(zec_posture_query, is_passing, 16);
AT(zec_posture_query, prompt_on_wake, 17);
AT(zec_posture_query, prompt_on_unlock, 18);
AT(zec_posture_query, prompt_grace_period_seconds, 24);
AT(zec_posture_query, timeout, 32);
AT(zec_posture_query, timeout_remaining, 40);
AT(zec_posture_query, timeout_at, 48);
AT(zec_posture_query, process, 56);
AT(zec_posture_query, processes, 64);
AT(zec_posture_query, processes_len, 72);
AT(zec_posture_query, created_at, 80);
AT(zec_posture_query, updated_at, 88);
AT(zec_posture_query, tags_json, 96);

AT(zec_posture_query_set, policy_id, 0);
AT(zec_posture_query_set, policy_type, 8);
AT(zec_posture_query_set, is_passing, 16);
AT(zec_posture_query_set, queries, 24);
AT(zec_posture_query_set, queries_len, 32);

AT(zec_posture_query_set_list, items, 0);
AT(zec_posture_query_set_list, len, 8);

AT(zec_removed_service, id, 0);
AT(zec_removed_service, name, 8);

AT(zec_service_changes, added, 0);
AT(zec_service_changes, added_len, 8);
AT(zec_service_changes, changed, 16);
AT(zec_service_changes, changed_len, 24);
AT(zec_service_changes, removed, 32);
AT(zec_service_changes, removed_len, 40);

#endif

int main(void) { return 0; }
