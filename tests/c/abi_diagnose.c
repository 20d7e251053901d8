/* A diagnosis. */
#include "abi.h"

/* With 64-bit pointers. */
#if UINTPTR_MAX == UINT64_MAX

AT(zec_diagnosis_step, kind, 0);
AT(zec_diagnosis_step, outcome, 8);
AT(zec_diagnosis_step, detail, 16);
AT(zec_diagnosis_step, advice, 24);

AT(zec_controller_diagnosis, url, 0);
AT(zec_controller_diagnosis, steps, 8);
AT(zec_controller_diagnosis, steps_len, 16);

AT(zec_diagnosis, controllers, 0);
AT(zec_diagnosis, controllers_len, 8);
AT(zec_diagnosis, identity, 16);
AT(zec_diagnosis, identity_len, 24);
AT(zec_diagnosis, is_ok, 32);
AT(zec_diagnosis, text, 40);
AT(zec_diagnosis, json, 48);

#endif

int main(void) { return 0; }
