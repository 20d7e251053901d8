/* Makes a call that hangs on a thread, and cancels it when the test says that it does. Tells how it ended, and makes
 * it without the token when the test says that nothing hangs any more. */
#define _POSIX_C_SOURCE 200112L
#include <pthread.h>

#include "calls.h"

struct canceled_call {
  const struct user *user;
  const zec_cancel *cancel;
  zec_error *error;
  double ended;
  double denied;
};

static void *run(void *data) {
  struct canceled_call *call = data;
  call->error = make_call(call->user, call->user->limit_ms, call->cancel);
  call->ended = now_ms();
  call->denied = denied_ms();
  return NULL;
}

int main(int argc, char **argv) {
  struct user user = user_of(argc, argv);
  zec_cancel *cancel = NULL;
  pthread_t thread;

  must(zec_cancel_new(&cancel));
  struct canceled_call call = {&user, cancel, NULL, 0, 0};
  if (pthread_create(&thread, NULL, run, &call) != 0 || !next_step()) return EXIT_FAILURE;
  double canceled = now_ms();
  zec_cancel_cancel(cancel);
  /* The token may be freed while calls use it. */
  zec_cancel_free(cancel);
  pthread_join(thread, NULL);

  tell(call.error, call.ended - canceled, call.denied);
  if (next_step()) must(make_call(&user, ENOUGH_MS, NULL));
  zec_client_free(user.client);
  return EXIT_SUCCESS;
}
