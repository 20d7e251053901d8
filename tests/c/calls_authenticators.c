/* calls_authenticators IDENTITY.json CSR.pem: what an administrator named alice does with a certificate and the
 * password "first", at the client API and at the management API. The new certificate goes to standard output. */
#include "client.h"
#include "file.h"

struct seen {
  int count;
  char certificate[64];
  char password[64];
};

static int32_t see(const zec_authenticator *own, void *userdata) {
  struct seen *seen = userdata;
  char *id = strcmp(own->method, "cert") == 0 ? seen->certificate : seen->password;
  snprintf(id, sizeof seen->password, "%s", own->id);
  seen->count++;
  return 0;
}

static int32_t stop(const zec_authenticator *own, void *userdata) {
  (void)own;
  return ++*(int *)userdata;
}

static struct seen lists(const zec_client *client) {
  struct seen seen = {0, "", ""};
  int count = 0;
  zec_list_query query = ZEC_LIST_QUERY_INIT;
  zec_authenticator_list *all = NULL, *page = NULL;
  MUST(zec_authenticators_list(client, NULL, &all));
  CHECK(all->len == 2 && all->total == 2 && all->items[2] == NULL);
  MUST(zec_authenticators_for_each(client, NULL, see, &seen));
  CHECK(seen.count == 2);
  MUST(zec_authenticators_for_each(client, NULL, stop, &count));
  CHECK(count == 1);
  query.filter = "method = \"updb\"";
  query.limit = 1;
  MUST(zec_authenticators_page(client, &query, &page));
  CHECK(page->len == 1 && page->items[1] == NULL);
  CHECK(same(page->items[0]->username, "alice"));
  CHECK(same(page->items[0]->id, seen.password));
  CHECK(!page->items[0]->cert_pem && !page->items[0]->fingerprint && !page->items[0]->is_issued_by_network);
  zec_authenticator_list_free(page);
  FAILS(zec_authenticators_list(client, &query, &page), ZEC_ERR_INVALID_ARGUMENT);
  FAILS(zec_authenticators_for_each(client, &query, see, &seen), ZEC_ERR_INVALID_ARGUMENT);
  query.limit = 0;
  query.filter = "method = ";
  REFUSED(zec_authenticators_page(client, &query, &page), 400, "INVALID_FILTER");
  CHECK(page == NULL);
  zec_authenticator_list_free(all);
  return seen;
}

static void one(const zec_client *client, const char *id) {
  zec_authenticator *own = NULL, *other = NULL;
  MUST(zec_authenticators_get(client, id, &own));
  CHECK(same(own->id, id));
  CHECK(same(own->method, "cert"));
  CHECK(same(own->identity_name, "alice"));
  CHECK(own->identity_id && own->cert_pem && own->fingerprint && strlen(own->fingerprint) == 40 && !own->username);
  CHECK(own->is_issued_by_network && !own->is_extend_requested && !own->is_key_roll_requested);
  CHECK(!own->last_extend_rolled_keys && !own->extend_requested_at && own->tags_json[0] == '{');
  CHECK(own->created_at && own->updated_at);
  REFUSED(zec_authenticators_get(client, "unknown", &other), 404, "NOT_FOUND");
  CHECK(other == NULL);
  zec_authenticator_free(own);
}

static void passwords(const zec_client *client, const char *id, const char *now, const char *next) {
  zec_authenticator_change change = ZEC_AUTHENTICATOR_CHANGE_INIT;
  zec_authenticator *own = NULL;
  change.current_password = "wrong";
  change.password = next;
  FAILS(zec_authenticators_update(client, id, &change), ZEC_ERR_INVALID_ARGUMENT);
  REFUSED(zec_authenticators_patch(client, id, &change), 401, "UNAUTHORIZED");
  change.current_password = now;
  MUST(zec_authenticators_patch(client, id, &change));
  change.username = "alice";
  change.tags_json = "[]";
  FAILS(zec_authenticators_update(client, id, &change), ZEC_ERR_INVALID_ARGUMENT);
  change.tags_json = "{\"rotated\":true}";
  REFUSED(zec_authenticators_update(client, id, &change), 401, "UNAUTHORIZED");
  change.current_password = next;
  MUST(zec_authenticators_update(client, id, &change));
  MUST(zec_authenticators_get(client, id, &own));
  CHECK(same(own->tags_json, "{\"rotated\":true}"));
  zec_authenticator_free(own);
}

static void extension(const zec_client *client, const char *id, const char *csr) {
  zec_extended_certificate *new = NULL, *none = NULL;
  REFUSED(zec_authenticators_extend(client, id, "nonsense", &none), 400, "COULD_NOT_PROCESS_CSR");
  CHECK(none == NULL);
  MUST(zec_authenticators_extend(client, id, csr, &new));
  CHECK(strstr(new->client_cert, "BEGIN CERTIFICATE") && new->ca && strstr(new->ca, "BEGIN CERTIFICATE"));
  REFUSED(zec_authenticators_extend_verify(client, id, "nonsense"), 400, "INVALID_CLIENT_CERT");
  MUST(zec_authenticators_extend_verify(client, id, new->client_cert));
  REFUSED(zec_authenticators_extend_verify(client, id, new->client_cert), 409, "CAN_NOT_UPDATE_AUTHENTICATOR");
  fputs(new->client_cert, stdout);
  zec_extended_certificate_free(new);
}

/* What the management API has beside authenticators, and what it has not. */
static void session(const zec_client *client, const zec_client *management) {
  zec_api_session *own = NULL, *seen = NULL;
  zec_mfa *mfa = NULL;
  MUST(zec_current_api_session_get(client, &own));
  MUST(zec_current_api_session_get(management, &seen));
  CHECK(same(seen->id, own->id));
  FAILS(zec_mfa_get(management, &mfa), ZEC_ERR_UNSUPPORTED);
  MUST(zec_client_logout(management));
  zec_api_session_free(own);
  zec_api_session_free(seen);
}

int main(int argc, char **argv) {
  static char csr[16 * 1024];
  zec_client *management = NULL;
  if (argc != 3) return EXIT_FAILURE;
  read_file(argv[2], csr, sizeof csr);
  zec_client *client = client_of(argv[1]);
  MUST(zec_client_management(client, &management));
  struct seen own = lists(client);
  lists(management);
  one(client, own.certificate);
  one(management, own.certificate);
  passwords(client, own.password, "first", "second");
  passwords(management, own.password, "second", "third");
  extension(management, own.certificate, csr);
  session(client, management);
  zec_client_free(management);
  zec_client_free(client);
  return failures != 0;
}
