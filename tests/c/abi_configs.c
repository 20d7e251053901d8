/* Configs of services. */
#include "abi.h"

/* With 64-bit pointers. */
#if UINTPTR_MAX == UINT64_MAX

AT(zec_check_action, trigger, 0);
AT(zec_check_action, consecutive_events, 8);
AT(zec_check_action, duration, 16);
AT(zec_check_action, action, 24);

AT(zec_port_check, address, 0);
AT(zec_port_check, interval, 8);
AT(zec_port_check, timeout, 16);
AT(zec_port_check, actions, 24);
AT(zec_port_check, actions_len, 32);

AT(zec_http_check, url, 0);
AT(zec_http_check, method, 8);
AT(zec_http_check, body, 16);
AT(zec_http_check, expect_status, 24);
AT(zec_http_check, expect_in_body, 32);
AT(zec_http_check, interval, 40);
AT(zec_http_check, timeout, 48);
AT(zec_http_check, actions, 56);
AT(zec_http_check, actions_len, 64);

AT(zec_port_range, low, 0);
AT(zec_port_range, high, 2);

AT(zec_dial_options, identity, 0);
AT(zec_dial_options, connect_timeout_seconds, 8);

AT(zec_intercept_v1, protocols, 0);
AT(zec_intercept_v1, protocols_len, 8);
AT(zec_intercept_v1, addresses, 16);
AT(zec_intercept_v1, addresses_len, 24);
AT(zec_intercept_v1, port_ranges, 32);
AT(zec_intercept_v1, port_ranges_len, 40);
AT(zec_intercept_v1, dial_options, 48);
AT(zec_intercept_v1, source_ip, 56);
AT(zec_intercept_v1, allowed_source_addresses, 64);
AT(zec_intercept_v1, allowed_source_addresses_len, 72);

AT(zec_address_translation, from, 0);
AT(zec_address_translation, to, 8);
AT(zec_address_translation, prefix_length, 16);

AT(zec_listen_options, bind_using_edge_identity, 0);
AT(zec_listen_options, cost, 4);
AT(zec_listen_options, identity, 8);
AT(zec_listen_options, connect_timeout, 16);
AT(zec_listen_options, connect_timeout_seconds, 24);
AT(zec_listen_options, precedence, 32);
AT(zec_listen_options, max_connections, 40);

AT(zec_host_proxy, kind, 0);
AT(zec_host_proxy, address, 8);

AT(zec_host_v1, protocol, 0);
AT(zec_host_v1, address, 8);
AT(zec_host_v1, port, 16);
AT(zec_host_v1, forward_protocol, 20);
AT(zec_host_v1, forward_address, 21);
AT(zec_host_v1, forward_port, 22);
AT(zec_host_v1, allowed_protocols, 24);
AT(zec_host_v1, allowed_protocols_len, 32);
AT(zec_host_v1, allowed_addresses, 40);
AT(zec_host_v1, allowed_addresses_len, 48);
AT(zec_host_v1, allowed_port_ranges, 56);
AT(zec_host_v1, allowed_port_ranges_len, 64);
AT(zec_host_v1, forward_address_translations, 72);
AT(zec_host_v1, forward_address_translations_len, 80);
AT(zec_host_v1, allowed_source_addresses, 88);
AT(zec_host_v1, allowed_source_addresses_len, 96);
AT(zec_host_v1, port_checks, 104);
AT(zec_host_v1, port_checks_len, 112);
AT(zec_host_v1, http_checks, 120);
AT(zec_host_v1, http_checks_len, 128);
AT(zec_host_v1, listen_options, 136);
AT(zec_host_v1, proxy, 144);

AT(zec_host_v2, terminators, 0);
AT(zec_host_v2, terminators_len, 8);

AT(zec_tunneler_client_v1, hostname, 0);
AT(zec_tunneler_client_v1, port, 8);

AT(zec_tunneler_server_v1, protocol, 0);
AT(zec_tunneler_server_v1, hostname, 8);
AT(zec_tunneler_server_v1, port, 16);
AT(zec_tunneler_server_v1, port_checks, 24);
AT(zec_tunneler_server_v1, port_checks_len, 32);
AT(zec_tunneler_server_v1, http_checks, 40);
AT(zec_tunneler_server_v1, http_checks_len, 48);

#endif

int main(void) { return 0; }
