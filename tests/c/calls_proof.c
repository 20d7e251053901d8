/* calls_proof IDENTITY.json: keys and a signature from a controller that gives them, as none does yet. */
#include "client.h"

int main(int argc, char **argv) {
  zec_jwks *jwks = NULL;
  zec_nonce_signature *signature = NULL;
  if (argc != 2) return EXIT_FAILURE;
  zec_client *client = client_of(argv[1]);

  MUST(zec_enrollments_jwks(client, &jwks));
  CHECK(jwks->keys_len == 2 && jwks->keys[2] == NULL);
  const zec_jwk *key = jwks->keys[0];
  CHECK(same(key->kty, "RSA"));
  CHECK(same(key->kid, "1"));
  CHECK(same(key->alg, "RS256"));
  CHECK(same(key->key_use, "sig"));
  CHECK(same(key->key_ops[0], "verify"));
  CHECK(same(key->n, "bg"));
  CHECK(same(key->e, "AQAB"));
  CHECK(same(key->crv, "P-256"));
  CHECK(same(key->x, "eA"));
  CHECK(same(key->y, "eQ"));
  CHECK(same(key->x5c[0], "TUlJ"));
  CHECK(same(key->x5t, "t"));
  CHECK(same(key->x5t_s256, "s"));
  CHECK(same(key->x5u, "u"));
  CHECK(key->key_ops_len == 1 && key->x5c_len == 1 && !key->key_ops[1] && !key->x5c[1]);
  CHECK(!jwks->keys[1]->kty && jwks->keys[1]->x5c_len == 0 && !jwks->keys[1]->x5c[0]);
  zec_jwks_free(jwks);

  MUST(zec_enrollments_challenge(client, "nonce", "key", &signature));
  CHECK(same(signature->signature, "s"));
  CHECK(same(signature->algorithm, "a"));
  CHECK(same(signature->kid, "k"));
  CHECK(same(signature->ca_pool, "c"));
  zec_nonce_signature_free(signature);
  zec_client_free(client);
  return failures != 0;
}
