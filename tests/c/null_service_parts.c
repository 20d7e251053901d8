/* What belongs to a service with NULL for each of its pointers. */
#include "null.h"

static int32_t callback(const zec_terminator *terminator, void *userdata) {
  (void)terminator;
  (void)userdata;
  return 0;
}

int main(void) {
  REFUSES(zec_services_terminators(NULL, NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_terminator_list, zec_services_terminators(NULL, NULL, NULL, &out), "id");
  REFUSES_OUT(zec_terminator_list, zec_services_terminators(NULL, "id", NULL, &out), "client");
  REFUSES(zec_services_terminators_page(NULL, NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_terminator_list, zec_services_terminators_page(NULL, NULL, NULL, &out), "id");
  REFUSES_OUT(zec_terminator_list, zec_services_terminators_page(NULL, "id", NULL, &out), "client");
  REFUSES(zec_services_terminators_for_each(NULL, NULL, NULL, NULL, NULL), "callback");
  REFUSES(zec_services_terminators_for_each(NULL, NULL, NULL, callback, NULL), "id");
  REFUSES(zec_services_terminators_for_each(NULL, "id", NULL, callback, NULL), "client");
  zec_terminator_list_free(NULL);

  REFUSES(zec_services_edge_routers(NULL, NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_edge_router_list, zec_services_edge_routers(NULL, NULL, NULL, &out), "id");
  REFUSES_OUT(zec_edge_router_list, zec_services_edge_routers(NULL, "id", NULL, &out), "client");
  return failures != 0;
}
