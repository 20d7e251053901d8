/* How a client is doing. */
#include "abi.h"

/* With 64-bit pointers. */
#if UINTPTR_MAX == UINT64_MAX

AT(zec_controller_status, url, 0);
AT(zec_controller_status, answered_ago_ms, 8);
AT(zec_controller_status, failure, 16);
AT(zec_controller_status, failed_ago_ms, 24);
AT(zec_controller_status, avoided_for_ms, 32);

AT(zec_counters, requests, 0);
AT(zec_counters, connections, 8);
AT(zec_counters, retries, 16);
AT(zec_counters, failovers, 24);
AT(zec_counters, logins, 32);
AT(zec_counters, failed_logins, 40);
AT(zec_counters, refreshes, 48);
AT(zec_counters, expired_logins, 56);

AT(zec_status, identity_id, 0);
AT(zec_status, identity_name, 8);
AT(zec_status, controllers, 16);
AT(zec_status, controllers_len, 24);
AT(zec_status, login_state, 32);
AT(zec_status, login_in_flight, 40);
AT(zec_status, is_clock_known, 44);
AT(zec_status, login_factors, 48);
AT(zec_status, login_factors_len, 56);
AT(zec_status, login_controller, 64);
AT(zec_status, login_expires_in_ms, 72);
AT(zec_status, login_refusal, 80);
AT(zec_status, login_refused_ago_ms, 88);
AT(zec_status, certificate_ends, 96);
AT(zec_status, certificate_ends_unix, 104);
AT(zec_status, certificate_left_ms, 112);
AT(zec_status, clock_ahead_seconds, 120);
AT(zec_status, last_error, 128);
AT(zec_status, last_error_ago_ms, 136);
AT(zec_status, counters, 144);
AT(zec_status, json, 208);

#endif

int main(void) { return 0; }
