/* The own identity with NULL for each of its pointers. */
#include "null.h"

static int32_t callback(const zec_edge_router *router, void *userdata) {
  (void)router;
  (void)userdata;
  return 0;
}

int main(void) {
  REFUSES(zec_current_identity_get(NULL, NULL), "out");
  REFUSES_OUT(zec_identity_detail, zec_current_identity_get(NULL, &out), "client");
  zec_identity_detail_free(NULL);
  REFUSES(zec_current_identity_edge_routers(NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_edge_router_list, zec_current_identity_edge_routers(NULL, NULL, &out), "client");
  REFUSES(zec_current_identity_edge_routers_page(NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_edge_router_list, zec_current_identity_edge_routers_page(NULL, NULL, &out), "client");
  REFUSES(zec_current_identity_edge_routers_for_each(NULL, NULL, NULL, NULL), "callback");
  REFUSES(zec_current_identity_edge_routers_for_each(NULL, NULL, callback, NULL), "client");
  zec_edge_router_list_free(NULL);
  return failures != 0;
}
