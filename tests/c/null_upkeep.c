/* What keeps a client going with NULL for each of its pointers. */
#include "null.h"

int main(void) {
  REFUSES(zec_client_maintain(NULL, NULL), "out");
  REFUSES_OUT(zec_maintenance, zec_client_maintain(NULL, &out), "client");
  REFUSES(zec_client_renew(NULL, NULL), "out");
  REFUSES_OUT(zec_event, zec_client_renew(NULL, &out), "client");
  REFUSES(zec_client_renew_if_due(NULL, NULL), "out");
  REFUSES_OUT(zec_event, zec_client_renew_if_due(NULL, &out), "client");
  zec_maintenance_free(NULL);
  zec_event_free(NULL);
  return failures != 0;
}
