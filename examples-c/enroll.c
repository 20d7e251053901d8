/* Enrolls by whatever method a token says, or without a token at the address of a controller.
 *
 *   enroll alice.jwt alice.json
 *   enroll device.jwt device.json certificate=device.pem key=device.key
 *   enroll bob.jwt bob.json username=bob password=bob.password
 *   enroll https://ctrl.example.net:1280 carol.json method=token external_jwt=carol.jwt
 *
 * certificate, key, password, external_jwt and ca name files. Where the answer to an earlier try was lost, resume=yes
 * asks again with the same key.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ziti_edge_client.h"

enum { MOST_FILES = 8, LONGEST_FILE = 64 * 1024 };

/* What was read of files; it may be secret, so it is overwritten before it is freed. */
static char *texts[MOST_FILES];
static size_t texts_len;

static const char *text_of(const char *path) {
  FILE *file = texts_len < MOST_FILES ? fopen(path, "rb") : NULL;
  char *text = file ? calloc(1, LONGEST_FILE) : NULL;
  if (text) {
    size_t length = fread(text, 1, LONGEST_FILE - 1, file);
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r')) text[--length] = '\0';
    texts[texts_len++] = text;
  } else {
    fprintf(stderr, "enroll: %s cannot be read\n", path);
  }
  if (file) fclose(file);
  return text;
}

static void forget_texts(void) {
  while (texts_len > 0) {
    volatile char *byte = texts[--texts_len];
    for (size_t i = 0; i < LONGEST_FILE; i++) byte[i] = 0;
    free(texts[texts_len]);
  }
}

/* Puts a file's text where it belongs; 0 if it cannot be read. */
static int put(const char **option, const char *path) { return (*option = text_of(path)) != NULL; }

/* Takes NAME=VALUE over; 0 if it is wrong, which was told then. */
static int set(zec_enroll_options *options, int *resume, const char *setting) {
  const char *value = strchr(setting, '=');
  size_t length = value ? (size_t)(value++ - setting) : 0;
  const char *key = NULL;
#define IS(name) (length == sizeof(name) - 1 && memcmp(setting, name, length) == 0)
  if (IS("certificate")) return put(&options->certificate, value);
  if (IS("ca")) return put(&options->ca, value);
  if (IS("password")) return put(&options->password, value);
  if (IS("external_jwt")) return put(&options->external_jwt, value);
  if (IS("key")) {
    if (!put(&key, value)) return 0;
    options->key_kind = ZEC_KEY_EXISTING;
    options->key = (const uint8_t *)key;
    options->key_len = strlen(key);
    return 1;
  }
  if (IS("name")) return (options->name = value) != NULL;
  if (IS("username")) return (options->username = value) != NULL;
  if (IS("without_certificate")) return options->without_certificate = strcmp(value, "yes") == 0, 1;
  if (IS("resume")) return *resume = strcmp(value, "yes") == 0, 1;
  if (IS("method")) {
    options->method = strcmp(value, "ca") == 0        ? ZEC_METHOD_CA
                      : strcmp(value, "token") == 0   ? ZEC_METHOD_TOKEN
                      : strcmp(value, "network") == 0 ? ZEC_METHOD_NETWORK
                                                      : ZEC_METHOD_OF_TOKEN;
    if (options->method != ZEC_METHOD_OF_TOKEN) return 1;
  }
#undef IS
  fprintf(stderr, "enroll: %s: no such setting\n", setting);
  return 0;
}

/* Says what the method needs, after an error. */
static void hint(const char *token) {
  zec_enrollment *enrollment = NULL;
  zec_error *error = zec_enrollment_parse(token, &enrollment);
  for (size_t i = 0; enrollment && i < enrollment->needs_len; i++)
    fprintf(stderr, "(an enrollment by %s needs %s)\n", enrollment->method, enrollment->needs[i]);
  zec_enrollment_free(enrollment);
  zec_error_free(error);
}

static int enroll(const char *token, const zec_enroll_options *options, int resume) {
  zec_identity *identity = NULL;
  char *username = NULL;
  zec_error *error = resume ? zec_identity_resume(token, options, &identity)
                            : zec_identity_enroll(token, options, &identity);
  if (!error) error = zec_identity_username(identity, &username);
  if (error) {
    fprintf(stderr, "enroll: %s\n", zec_error_message(error));
    hint(token);
  } else {
    printf("%s: enrolled%s%s\n", options->path, username ? "; the user name is " : "", username ? username : "");
  }
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  zec_error_free(error);
  zec_string_free(username);
  zec_identity_free(identity);
  return status;
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: enroll TOKEN.jwt|https://HOST:PORT IDENTITY.json [NAME=VALUE]...\n");
    return EXIT_FAILURE;
  }
  zec_enroll_options options = ZEC_ENROLL_OPTIONS_INIT;
  options.path = argv[2];
  const char *token = strncmp(argv[1], "https://", 8) == 0 ? argv[1] : text_of(argv[1]);
  int resume = 0, fine = token != NULL;
  for (int i = 3; fine && i < argc; i++) fine = set(&options, &resume, argv[i]);
  int status = fine ? enroll(token, &options, resume) : EXIT_FAILURE;
  forget_texts();
  return status;
}
