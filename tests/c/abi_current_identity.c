/* The own identity, and edge routers. */
#include "abi.h"

/* With 64-bit pointers. */
#if UINTPTR_MAX == UINT64_MAX

AT(zec_router_address, protocol, 0);
AT(zec_router_address, url, 8);

AT(zec_edge_router, id, 0);
AT(zec_edge_router, name, 8);
AT(zec_edge_router, hostname, 16);
AT(zec_edge_router, sync_status, 24);
AT(zec_edge_router, cost, 32);
AT(zec_edge_router, is_online, 40);
AT(zec_edge_router, no_traversal, 44);
AT(zec_edge_router, disabled, 48);
AT(zec_edge_router, supported_protocols, 56);
AT(zec_edge_router, supported_protocols_len, 64);
AT(zec_edge_router, urls, 72);
AT(zec_edge_router, urls_len, 80);
AT(zec_edge_router, app_data_json, 88);
AT(zec_edge_router, created_at, 96);
AT(zec_edge_router, updated_at, 104);
AT(zec_edge_router, tags_json, 112);

AT(zec_edge_router_list, items, 0);
AT(zec_edge_router_list, len, 8);
AT(zec_edge_router_list, total, 16);

AT(zec_open_enrollment, id, 0);
AT(zec_open_enrollment, token, 8);
AT(zec_open_enrollment, jwt, 16);
AT(zec_open_enrollment, expires_at, 24);
AT(zec_open_enrollment, ca_id, 32);
AT(zec_open_enrollment, ca_name, 40);

AT(zec_env_info, arch, 0);
AT(zec_env_info, domain, 8);
AT(zec_env_info, hostname, 16);
AT(zec_env_info, os, 24);
AT(zec_env_info, os_release, 32);
AT(zec_env_info, os_version, 40);

AT(zec_sdk_info, app_id, 0);
AT(zec_sdk_info, app_version, 8);
AT(zec_sdk_info, branch, 16);
AT(zec_sdk_info, revision, 24);
AT(zec_sdk_info, sdk_type, 32);
AT(zec_sdk_info, version, 40);

AT(zec_network_interface, name, 0);
AT(zec_network_interface, hardware_address, 8);
AT(zec_network_interface, mtu, 16);
AT(zec_network_interface, index, 24);
AT(zec_network_interface, is_up, 32);
AT(zec_network_interface, is_running, 33);
AT(zec_network_interface, is_loopback, 34);
AT(zec_network_interface, is_broadcast, 35);
AT(zec_network_interface, is_multicast, 36);
AT(zec_network_interface, addresses, 40);
AT(zec_network_interface, addresses_len, 48);

AT(zec_hosting_cost, service_id, 0);
AT(zec_hosting_cost, cost, 8);

AT(zec_hosting_precedence, service_id, 0);
AT(zec_hosting_precedence, precedence, 8);

AT(zec_identity_detail, id, 0);
AT(zec_identity_detail, name, 8);
AT(zec_identity_detail, type_id, 16);
AT(zec_identity_detail, type_name, 24);
AT(zec_identity_detail, external_id, 32);
AT(zec_identity_detail, auth_policy_id, 40);
AT(zec_identity_detail, auth_policy_name, 48);
AT(zec_identity_detail, is_admin, 56);
AT(zec_identity_detail, is_default_admin, 57);
AT(zec_identity_detail, is_mfa_enabled, 58);
AT(zec_identity_detail, disabled, 59);
AT(zec_identity_detail, has_api_session, 60);
AT(zec_identity_detail, has_edge_router_connection, 61);
AT(zec_identity_detail, edge_router_connection_status, 64);
AT(zec_identity_detail, disabled_at, 72);
AT(zec_identity_detail, disabled_until, 80);
AT(zec_identity_detail, cert_authenticator_id, 88);
AT(zec_identity_detail, cert_fingerprint, 96);
AT(zec_identity_detail, updb_authenticator_id, 104);
AT(zec_identity_detail, updb_username, 112);
AT(zec_identity_detail, enrollment_ott, 120);
AT(zec_identity_detail, enrollment_ottca, 128);
AT(zec_identity_detail, enrollment_updb, 136);
AT(zec_identity_detail, permissions, 144);
AT(zec_identity_detail, permissions_len, 152);
AT(zec_identity_detail, role_attributes, 160);
AT(zec_identity_detail, role_attributes_len, 168);
AT(zec_identity_detail, env_info, 176);
AT(zec_identity_detail, sdk_info, 184);
AT(zec_identity_detail, interfaces, 192);
AT(zec_identity_detail, interfaces_len, 200);
AT(zec_identity_detail, default_hosting_cost, 208);
AT(zec_identity_detail, default_hosting_precedence, 216);
AT(zec_identity_detail, service_hosting_costs, 224);
AT(zec_identity_detail, service_hosting_costs_len, 232);
AT(zec_identity_detail, service_hosting_precedences, 240);
AT(zec_identity_detail, service_hosting_precedences_len, 248);
AT(zec_identity_detail, app_data_json, 256);
AT(zec_identity_detail, created_at, 264);
AT(zec_identity_detail, updated_at, 272);
AT(zec_identity_detail, tags_json, 280);

#endif

int main(void) { return 0; }
