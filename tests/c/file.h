/* Files that a test gives to a program. */
#ifndef FILE_H
#define FILE_H

#include <stdio.h>
#include <stdlib.h>

/* The text of a file, as far as there is room for it. */
static void read_file(const char *path, char *text, size_t size) {
  FILE *file = fopen(path, "rb");
  if (!file) exit(EXIT_FAILURE);
  size_t len = fread(text, 1, size - 1, file);
  fclose(file);
  text[len] = '\0';
}

#endif
