/* calls_session_certificates IDENTITY.json CSR.pem: certificates of a session. */
#include "client.h"
#include "file.h"

struct search {
  const char *id;
  int found;
};

static int32_t find(const zec_session_certificate *certificate, void *userdata) {
  struct search *search = userdata;
  search->found += strcmp(certificate->id, search->id) == 0;
  return 0;
}

static int32_t stop(const zec_session_certificate *certificate, void *userdata) {
  (void)certificate;
  return ++*(int *)userdata;
}

static void lists(const zec_client *client, const char *id) {
  struct search search = {id, 0};
  int count = 0;
  zec_list_query query = ZEC_LIST_QUERY_INIT;
  zec_session_certificate_list *all = NULL, *page = NULL;
  MUST(zec_session_certificates_list(client, NULL, &all));
  CHECK(all->len > 0 && all->total == all->len && all->items[all->len] == NULL);
  for (size_t i = 0; i < all->len; i++) find(all->items[i], &search);
  MUST(zec_session_certificates_for_each(client, NULL, find, &search));
  CHECK(search.found == 2);
  MUST(zec_session_certificates_for_each(client, NULL, stop, &count));
  CHECK(count == 1);
  query.limit = 1;
  MUST(zec_session_certificates_page(client, &query, &page));
  CHECK(page->len == 1 && page->total == all->total);
  zec_session_certificate_list_free(page);
  FAILS(zec_session_certificates_list(client, &query, &page), ZEC_ERR_INVALID_ARGUMENT);
  FAILS(zec_session_certificates_for_each(client, &query, find, &search), ZEC_ERR_INVALID_ARGUMENT);
  query.filter = "id = ";
  REFUSED(zec_session_certificates_page(client, &query, &page), 400, "INVALID_FILTER");
  CHECK(page == NULL);
  zec_session_certificate_list_free(all);
}

int main(int argc, char **argv) {
  static char csr[16 * 1024];
  zec_new_session_certificate *new = NULL, *none = NULL;
  zec_session_certificate *found = NULL;
  if (argc != 3) return EXIT_FAILURE;
  read_file(argv[2], csr, sizeof csr);
  zec_client *client = client_of(argv[1]);

  REFUSED(zec_session_certificates_create(client, "nonsense", &none), 400, "COULD_NOT_PROCESS_CSR");
  CHECK(none == NULL);
  MUST(zec_session_certificates_create(client, csr, &new));
  CHECK(new->cas && strstr(new->cas, "BEGIN CERTIFICATE"));
  lists(client, new->id);
  MUST(zec_session_certificates_get(client, new->id, &found));
  CHECK(same(found->id, new->id));
  CHECK(same(found->certificate, new->certificate));
  CHECK(found->fingerprint && strlen(found->fingerprint) == 40 && found->subject && found->valid_to_unix > 1500000000);
  CHECK(found->valid_from && found->valid_to && found->created_at && found->updated_at && found->tags_json[0] == '{');
  MUST(zec_session_certificates_delete(client, new->id));
  zec_session_certificate_free(found);
  REFUSED(zec_session_certificates_get(client, new->id, &found), 404, "NOT_FOUND");
  CHECK(found == NULL);
  REFUSED(zec_session_certificates_delete(client, new->id), 404, "NOT_FOUND");
  zec_new_session_certificate_free(new);
  zec_client_free(client);
  return failures != 0;
}
