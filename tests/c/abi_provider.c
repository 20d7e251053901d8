/* Logins at identity providers. */
#include "abi.h"

/* With 64-bit pointers. */
#if UINTPTR_MAX == UINT64_MAX

AT(zec_provider_options, size, 0);
AT(zec_provider_options, signer, 8);
AT(zec_provider_options, issuer, 16);
AT(zec_provider_options, configuration_url, 24);
AT(zec_provider_options, client_id, 32);
AT(zec_provider_options, audience, 40);
AT(zec_provider_options, scopes, 48);
AT(zec_provider_options, scopes_len, 56);
AT(zec_provider_options, target_token, 64);
AT(zec_provider_options, cancel, 72);
AT(zec_provider_options, proxy, 80);
AT(zec_provider_options, ca, 88);
AT(zec_provider_options, on_refresh_token, 96);
AT(zec_provider_options, refresh_token_userdata, 104);
AT(zec_provider_options, refresh_token_userdata_free, 112);
AT(zec_provider_options, timeout_ms, 120);

AT(zec_provider_tokens, token, 0);
AT(zec_provider_tokens, access_token, 8);
AT(zec_provider_tokens, id_token, 16);
AT(zec_provider_tokens, refresh_token, 24);
AT(zec_provider_tokens, subject, 32);
AT(zec_provider_tokens, expires_in_ms, 40);

#endif

int main(void) { return 0; }
