/* How a client is doing with NULL for each of its pointers. */
#include "null.h"

int main(void) {
  REFUSES(zec_client_status(NULL, NULL), "out");
  REFUSES_OUT(zec_status, zec_client_status(NULL, &out), "client");
  zec_status_free(NULL);
  return failures != 0;
}
