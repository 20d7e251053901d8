/* What keeps a session, and gives it to others, with NULL for each of its pointers. */
#include "null.h"

int main(void) {
  REFUSES(zec_client_credentials(NULL, NULL), "out");
  REFUSES_OUT(zec_session_credentials, zec_client_credentials(NULL, &out), "client");
  REFUSES(zec_client_save_session(NULL, NULL), "out");
  REFUSES_OUT(char, zec_client_save_session(NULL, &out), "client");
  REFUSES(zec_client_resume_session(NULL, NULL), "saved");
  REFUSES(zec_client_resume_session(NULL, "saved"), "client");
  CHECK(zec_error_session_problem(NULL) == NULL);
  zec_session_credentials_free(NULL);
  return failures != 0;
}
