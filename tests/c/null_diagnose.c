/* A diagnosis with NULL for each of its pointers. */
#include "null.h"

int main(void) {
  REFUSES(zec_client_diagnose(NULL, NULL), "out");
  REFUSES_OUT(zec_diagnosis, zec_client_diagnose(NULL, &out), "client");
  zec_diagnosis_free(NULL);
  return failures != 0;
}
