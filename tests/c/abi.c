/* The parts that all programs need. */
#include "abi.h"

IS(ZEC_OK, 0);
IS(ZEC_ERR_INVALID_ARGUMENT, 1);
IS(ZEC_ERR_TRANSPORT, 2);
IS(ZEC_ERR_API, 3);
IS(ZEC_ERR_UNAUTHORIZED, 4);
IS(ZEC_ERR_DECODE, 5);
IS(ZEC_ERR_PANIC, 6);
IS(ZEC_ERR_TIMEOUT, 7);
IS(ZEC_ERR_CANCELED, 8);
IS(ZEC_ERR_TLS, 9);
IS(ZEC_ERR_IDENTITY, 10);
IS(ZEC_ERR_ENROLLMENT, 11);
IS(ZEC_ERR_LOGIN_PENDING, 12);
IS(ZEC_ERR_REJECTED, 13);
IS(ZEC_ERR_UNSUPPORTED, 14);
IS(ZEC_ERR_BUSY, 15);
IS(ZEC_ERR_STORAGE, 16);

/* With 64-bit pointers. */
#if UINTPTR_MAX == UINT64_MAX

AT(zec_enroll_options, size, 0);
AT(zec_enroll_options, trust_system_roots, 8);
AT(zec_enroll_options, timeout_ms, 16);
AT(zec_enroll_options, path, 24);
AT(zec_enroll_options, save, 32);
AT(zec_enroll_options, userdata, 40);
AT(zec_enroll_options, userdata_free, 48);
AT(zec_enroll_options, cancel, 56);
AT(zec_enroll_options, proxy, 64);
AT(zec_enroll_options, key_kind, 72);
AT(zec_enroll_options, key_bits, 76);
AT(zec_enroll_options, key, 80);
AT(zec_enroll_options, signer, 88);
AT(zec_enroll_options, key_len, 96);
AT(zec_enroll_options, ca, 104);
AT(zec_enroll_options, certificate, 112);
AT(zec_enroll_options, name, 120);
AT(zec_enroll_options, username, 128);
AT(zec_enroll_options, password, 136);
AT(zec_enroll_options, external_jwt, 144);
AT(zec_enroll_options, signer_id, 152);
AT(zec_enroll_options, server_key, 160);
AT(zec_enroll_options, server_key_len, 168);
AT(zec_enroll_options, server_key_kind, 176);
AT(zec_enroll_options, server_key_bits, 180);
AT(zec_enroll_options, method, 184);
AT(zec_enroll_options, without_certificate, 188);

AT(zec_client_options, size, 0);
AT(zec_client_options, trust_system_roots, 8);
AT(zec_client_options, no_gzip, 12);
AT(zec_client_options, no_environment, 16);
AT(zec_client_options, timeout_ms, 24);
AT(zec_client_options, connect_timeout_ms, 32);
AT(zec_client_options, max_rows, 40);
AT(zec_client_options, path, 48);
AT(zec_client_options, save, 56);
AT(zec_client_options, userdata, 64);
AT(zec_client_options, userdata_free, 72);
AT(zec_client_options, cancel, 80);
AT(zec_client_options, proxy, 88);
AT(zec_client_options, config_types, 96);
AT(zec_client_options, config_types_len, 104);
AT(zec_client_options, app_id, 112);
AT(zec_client_options, app_version, 120);
AT(zec_client_options, on_event, 128);
AT(zec_client_options, event_userdata, 136);
AT(zec_client_options, event_userdata_free, 144);
AT(zec_client_options, renew_before_ms, 152);
AT(zec_client_options, always_renew_key, 160);
AT(zec_client_options, renewal_key_kind, 164);
AT(zec_client_options, credentials, 168);
AT(zec_client_options, second_factor_jwt, 176);
AT(zec_client_options, login_flow, 184);
AT(zec_client_options, on_session_change, 192);
AT(zec_client_options, session_userdata, 200);
AT(zec_client_options, session_userdata_free, 208);
AT(zec_client_options, saved_session, 216);

AT(zec_string_list, items, 0);
AT(zec_string_list, len, 8);

AT(zec_enrollment, method, 0);
AT(zec_enrollment, issuer, 8);
AT(zec_enrollment, subject, 16);
AT(zec_enrollment, expires_at_unix, 24);
AT(zec_enrollment, needs, 32);
AT(zec_enrollment, needs_len, 40);

AT(zec_server_certificate, certificate, 0);
AT(zec_server_certificate, key, 8);

AT(zec_auth_query, type_id, 0);
AT(zec_auth_query, provider, 8);
AT(zec_auth_query, http_method, 16);
AT(zec_auth_query, http_url, 24);
AT(zec_auth_query, format, 32);
AT(zec_auth_query, min_length, 40);
AT(zec_auth_query, max_length, 48);
AT(zec_auth_query, client_id, 56);
AT(zec_auth_query, scopes, 64);
AT(zec_auth_query, scopes_len, 72);
AT(zec_auth_query, id, 80);
AT(zec_auth_query, is_totp_enrolled, 88);
AT(zec_auth_query, is_refused, 92);

AT(zec_api_session, id, 0);
AT(zec_api_session, identity_id, 8);
AT(zec_api_session, identity_name, 16);
AT(zec_api_session, authenticator_id, 24);
AT(zec_api_session, auth_queries, 32);
AT(zec_api_session, auth_queries_len, 40);
AT(zec_api_session, expires_at_unix, 48);
AT(zec_api_session, expiration_seconds, 56);
AT(zec_api_session, config_types, 64);
AT(zec_api_session, config_types_len, 72);
AT(zec_api_session, ip_address, 80);
AT(zec_api_session, is_mfa_required, 88);
AT(zec_api_session, is_mfa_complete, 89);
AT(zec_api_session, is_cert_extendable, 90);
AT(zec_api_session, is_cert_extend_requested, 91);
AT(zec_api_session, is_cert_key_roll_requested, 92);
AT(zec_api_session, improper_client_cert_chain, 93);
AT(zec_api_session, expires_at, 96);
AT(zec_api_session, created_at, 104);
AT(zec_api_session, updated_at, 112);
AT(zec_api_session, last_activity_at, 120);
AT(zec_api_session, cached_last_activity_at, 128);
AT(zec_api_session, tags_json, 136);

AT(zec_api_version, binding, 0);
AT(zec_api_version, version, 8);
AT(zec_api_version, path, 16);
AT(zec_api_version, api_base_urls, 24);
AT(zec_api_version, api_base_urls_len, 32);

AT(zec_version_info, version, 0);
AT(zec_version_info, revision, 8);
AT(zec_version_info, build_date, 16);
AT(zec_version_info, runtime_version, 24);
AT(zec_version_info, capabilities, 32);
AT(zec_version_info, capabilities_len, 40);
AT(zec_version_info, api_versions, 48);
AT(zec_version_info, api_versions_len, 56);

AT(zec_service_query, size, 0);
AT(zec_service_query, limit, 8);
AT(zec_service_query, offset, 16);
AT(zec_service_query, filter, 24);
AT(zec_service_query, sort, 32);
AT(zec_service_query, config_types, 40);
AT(zec_service_query, config_types_len, 48);
AT(zec_service_query, role_filter, 56);
AT(zec_service_query, role_filter_len, 64);
AT(zec_service_query, role_semantic, 72);
AT(zec_service_query, reserved, 80);

AT(zec_service, id, 0);
AT(zec_service, name, 8);
AT(zec_service, can_dial, 16);
AT(zec_service, can_bind, 17);
AT(zec_service, encryption_required, 18);
AT(zec_service, max_idle_time_ms, 24);
AT(zec_service, config_json, 32);
AT(zec_service, config_ids, 40);
AT(zec_service, config_ids_len, 48);
AT(zec_service, permissions, 56);
AT(zec_service, permissions_len, 64);
AT(zec_service, role_attributes, 72);
AT(zec_service, role_attributes_len, 80);
AT(zec_service, posture_queries_json, 88);
AT(zec_service, tags_json, 96);
AT(zec_service, terminator_strategy, 104);
AT(zec_service, created_at, 112);
AT(zec_service, updated_at, 120);

AT(zec_service_list, items, 0);
AT(zec_service_list, len, 8);
AT(zec_service_list, total, 16);

#endif

int main(void) { return 0; }
