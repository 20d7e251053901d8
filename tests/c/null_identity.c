/* Identities, parts of them and interrupted enrollments with NULL for each of their pointers. */
#include "null.h"

static int32_t save(const char *identity_json, uint64_t ms_left, void *userdata) {
  (void)identity_json;
  (void)ms_left;
  (void)userdata;
  return 0;
}

static void count(void *userdata) { ++*(int *)userdata; }

static void parts(void) {
  REFUSES(zec_identity_from_parts(NULL, NULL), "out");
  REFUSES_OUT(zec_identity, zec_identity_from_parts(NULL, &out), "parts");

  /* The destructor of userdata runs once, whatever is wrong. */
  int freed = 0;
  const char *controllers[] = {"https://ctrl.example:1280", NULL};
  zec_identity_parts parts = ZEC_IDENTITY_PARTS_INIT;
  parts.save = save;
  parts.userdata = &freed;
  parts.userdata_free = count;
  REFUSES(zec_identity_from_parts(&parts, NULL), "out");
  CHECK(freed == 1);
  parts.controllers = controllers;
  parts.controllers_len = 2;
  REFUSES_OUT(zec_identity, zec_identity_from_parts(&parts, &out), "parts.controllers[1]");
  CHECK(freed == 2);
}

int main(void) {
  const char *controllers[] = {"https://ctrl.example:1280"};
  parts();

  REFUSES(zec_identity_with_controllers(NULL, controllers, 1, NULL), "out");
  REFUSES_OUT(zec_identity, zec_identity_with_controllers(NULL, controllers, 1, &out), "identity");
  REFUSES(zec_identity_describe(NULL, NULL), "out");
  REFUSES_OUT(zec_identity_description, zec_identity_describe(NULL, &out), "identity");
  zec_identity_description_free(NULL);
  REFUSES(zec_identity_username(NULL, NULL), "out");
  REFUSES_OUT(char, zec_identity_username(NULL, &out), "identity");
  REFUSES(zec_identity_server_certificate(NULL, NULL), "out");
  REFUSES_OUT(zec_server_certificate, zec_identity_server_certificate(NULL, &out), "identity");
  zec_server_certificate_free(NULL);

  REFUSES(zec_enrollment_pending("token", "identity.json", NULL), "out");
  REFUSES_OUT(const char, zec_enrollment_pending(NULL, "identity.json", &out), "jwt");
  REFUSES_OUT(const char, zec_enrollment_pending("token", NULL, &out), "path");
  REFUSES(zec_identity_resume("token", NULL, NULL), "out");
  REFUSES_OUT(zec_identity, zec_identity_resume(NULL, NULL, &out), "jwt");
  return failures != 0;
}
