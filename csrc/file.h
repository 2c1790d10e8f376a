/* file.h: read files whole; create private directories and files. */
#ifndef FILE_H
#define FILE_H

#include "buf.h"

/* These three functions append a file's text to a Buf. They return NULL, or what is wrong in words
   that follow the file's name: "does not exist". */

/* Read a regular file of at most limit bytes. Refuse pipes instead of waiting for them. */
const char *file_read(const char *path, size_t limit, Buf *text);
/* Read an open file from its start, within the Buf's own limit. */
const char *file_read_descriptor(int fd, Buf *text);
/* Read a secret file of a directory. Refuse links and files that other users can access. */
const char *file_read_private(int directory, const char *name, size_t limit, Buf *text);

/* The functions below return 0 or a descriptor, or -1 with errno. */

/* Create the missing directories of a path with mode 0700. */
int file_make_directories(const char *path);
/* Open a directory that only this user can write to. On -1, *why holds the reason in words. */
int file_open_directory(const char *path, const char **why);
int file_write_all(int fd, const char *text, size_t len);
/* Write a file with mode 0600 atomically: under a temporary name, flushed to the disk, renamed. */
int file_write(const char *path, const char *text, size_t len);
/* Write a new file the same way. EEXIST if the file exists. */
int file_create(const char *path, const char *text, size_t len);
/* Write a file that all users may read the same way: mode 0644, whatever the umask is. */
int file_publish(const char *path, const char *text, size_t len);

/* Return why file_publish cannot write a file, in words; NULL: it can. Another kind of file in its
   place, such as a link or a device, is a reason: a rename would replace it. */
const char *file_publish_fault(const char *path);

#endif
