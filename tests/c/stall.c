/* Makes a call that hangs until its limit, tells how it ended, and once more when the test says that nothing hangs. */
#define _POSIX_C_SOURCE 200112L
#include "calls.h"

int main(int argc, char **argv) {
  struct user user = user_of(argc, argv);
  double began = now_ms(), denied = denied_ms();
  zec_error *error = make_call(&user, user.limit_ms, NULL);

  tell(error, now_ms() - began, denied_ms() - denied);
  if (next_step()) must(make_call(&user, ENOUGH_MS, NULL));
  zec_client_free(user.client);
  return EXIT_SUCCESS;
}
