/* The second factor and tokens. */
#include "abi.h"

/* With 64-bit pointers. */
#if UINTPTR_MAX == UINT64_MAX

AT(zec_mfa, id, 0);
AT(zec_mfa, is_verified, 8);
AT(zec_mfa, provisioning_url, 16);
AT(zec_mfa, recovery_codes, 24);
AT(zec_mfa, recovery_codes_len, 32);
AT(zec_mfa, created_at, 40);
AT(zec_mfa, updated_at, 48);
AT(zec_mfa, tags_json, 56);

AT(zec_recovery_codes, id, 0);
AT(zec_recovery_codes, recovery_codes, 8);
AT(zec_recovery_codes, recovery_codes_len, 16);
AT(zec_recovery_codes, created_at, 24);
AT(zec_recovery_codes, updated_at, 32);
AT(zec_recovery_codes, tags_json, 40);

AT(zec_qr_code, png, 0);
AT(zec_qr_code, png_len, 8);

AT(zec_totp_token, token, 0);
AT(zec_totp_token, issued_at, 8);

#endif

int main(void) { return 0; }
