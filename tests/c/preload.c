/* Stands before the system's getaddrinfo and holds back names that end in ".stall.test".
 *
 * It leaves the note NAME.asked in the folder $STALLED_NAMES, and answers once a note NAME.go is there, or after a
 * minute: such a name is this machine. All other names are none of its business.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef int resolver(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static void hold_back(const char *name) {
  const char *folder = getenv("STALLED_NAMES");
  const struct timespec pause = {0, 5 * 1000 * 1000};
  char asked[1024], go[1024];
  FILE *note;

  if (!folder) return;
  snprintf(asked, sizeof asked, "%s/%s.asked", folder, name);
  snprintf(go, sizeof go, "%s/%s.go", folder, name);
  if ((note = fopen(asked, "w"))) fclose(note);
  for (int left = 60 * 200; left > 0 && access(go, F_OK) != 0; left--) nanosleep(&pause, NULL);
}

int getaddrinfo(const char *restrict name, const char *restrict service, const struct addrinfo *restrict hints,
                struct addrinfo **restrict out) {
  static const char held[] = ".stall.test";
  size_t len = name ? strlen(name) : 0;
  resolver *next;

  /* ISO C has no conversion from an object's pointer to a function's. */
  *(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo");
  if (len < sizeof held || strcmp(name + len - (sizeof held - 1), held) != 0) return next(name, service, hints, out);
  hold_back(name);
  return next("127.0.0.1", service, hints, out);
}
