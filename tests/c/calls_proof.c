/* calls_proof IDENTITY.json: keys and a signature from a controller that gives them, as none does yet. */
#include "must.h"

int main(int argc, char **argv) {
  zec_jwks *jwks = NULL;
  zec_nonce_signature *signature = NULL;
  if (argc != 2) return EXIT_FAILURE;
  zec_client *client = client_of(argv[1]);

  MUST(zec_enrollments_jwks(client, &jwks));
  CHECK(jwks->keys_len == 2 && jwks->keys[2] == NULL);
  const zec_jwk *key = jwks->keys[0];
  SAME(key->kty, "RSA");
  SAME(key->kid, "1");
  SAME(key->alg, "RS256");
  SAME(key->key_use, "sig");
  SAME(key->key_ops[0], "verify");
  SAME(key->n, "bg");
  SAME(key->e, "AQAB");
  SAME(key->crv, "P-256");
  SAME(key->x, "eA");
  SAME(key->y, "eQ");
  SAME(key->x5c[0], "TUlJ");
  SAME(key->x5t, "t");
  SAME(key->x5t_s256, "s");
  SAME(key->x5u, "u");
  CHECK(key->key_ops_len == 1 && key->x5c_len == 1 && !key->key_ops[1] && !key->x5c[1]);
  CHECK(!jwks->keys[1]->kty && jwks->keys[1]->x5c_len == 0 && !jwks->keys[1]->x5c[0]);
  zec_jwks_free(jwks);

  MUST(zec_enrollments_challenge(client, "nonce", "key", &signature));
  SAME(signature->signature, "s");
  SAME(signature->algorithm, "a");
  SAME(signature->kid, "k");
  SAME(signature->ca_pool, "c");
  zec_nonce_signature_free(signature);
  zec_client_free(client);
  return failures != 0;
}
