/* file.h: files read whole, private directories and files. */
#ifndef FILE_H
#define FILE_H

#include "buf.h"

/* Reads a regular file of at most limit bytes; never waits for one that is a pipe. NULL, or why not: words that fit behind "it". */
const char *file_read(const char *path, size_t limit, Buf *text);
/* The same of one that is open, from its start, within text's own limit. */
const char *file_read_descriptor(int fd, Buf *text);
/* The same, of a directory's file that is ours and that nobody else may read or change; links are not followed. Its text is secret. */
const char *file_read_private(int directory, const char *name, size_t limit, Buf *text);

/* All these return 0 or a descriptor, or -1 with errno. */
int file_make_directories(const char *path);                      /* what is not there yet, mode 0700 */
int file_open_directory(const char *path, const char **why);      /* one that only we can write to; -1 with *why as well, in words */
int file_write_all(int fd, const char *text, size_t len);
int file_write(const char *path, const char *text, size_t len);   /* whole, mode 0600: under another name, flushed to the disk, renamed */
int file_create(const char *path, const char *text, size_t len);  /* the same, where there is none: else EEXIST */

#endif
