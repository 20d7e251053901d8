/* Keys and signers. */
#include "abi.h"

IS(ZEC_KEY_P256, 0);
IS(ZEC_KEY_P384, 1);
IS(ZEC_KEY_ED25519, 2);
IS(ZEC_KEY_RSA, 3);
IS(ZEC_KEY_EXISTING, 4);
IS(ZEC_KEY_SIGNER, 5);

IS(ZEC_METHOD_OF_TOKEN, 0);
IS(ZEC_METHOD_NETWORK, 1);
IS(ZEC_METHOD_CA, 2);
IS(ZEC_METHOD_TOKEN, 3);
IS(ZEC_METHOD_OTT, 4);
IS(ZEC_METHOD_OTTCA, 5);
IS(ZEC_METHOD_UPDB, 6);
IS(ZEC_METHOD_EROTT, 7);

IS(ZEC_SCHEME_RSA_PKCS1_SHA256, 0x0401);
IS(ZEC_SCHEME_RSA_PKCS1_SHA384, 0x0501);
IS(ZEC_SCHEME_RSA_PKCS1_SHA512, 0x0601);
IS(ZEC_SCHEME_ECDSA_P256_SHA256, 0x0403);
IS(ZEC_SCHEME_ECDSA_P384_SHA384, 0x0503);
IS(ZEC_SCHEME_ECDSA_P521_SHA512, 0x0603);
IS(ZEC_SCHEME_RSA_PSS_SHA256, 0x0804);
IS(ZEC_SCHEME_RSA_PSS_SHA384, 0x0805);
IS(ZEC_SCHEME_RSA_PSS_SHA512, 0x0806);
IS(ZEC_SCHEME_ED25519, 0x0807);

/* With 64-bit pointers. */
#if UINTPTR_MAX == UINT64_MAX

/* The ends of the arrays: their lengths must not change either. */
AT(zec_signature, bytes[1024], 1024);
AT(zec_signature, len, 1024);
AT(zec_signature, message[512], 1544);

AT(zec_signer_options, size, 0);
AT(zec_signer_options, reference, 8);
AT(zec_signer_options, public_key, 16);
AT(zec_signer_options, public_key_len, 24);
AT(zec_signer_options, schemes, 32);
AT(zec_signer_options, schemes_len, 40);
AT(zec_signer_options, sign, 48);
AT(zec_signer_options, userdata, 56);
AT(zec_signer_options, userdata_free, 64);

#endif

int main(void) { return 0; }
