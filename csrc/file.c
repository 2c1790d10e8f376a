/* file.c: read files whole, such as a certificate or a token that another program renews; create
   private directories and files, which other users can neither read nor replace. The callers
   interpret what the files hold. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "platform.h"
#include "text.h"

const char *file_read_descriptor(int fd, Buf *text) {
  char piece[16384];
  ssize_t got;
  do got = pread(fd, piece, sizeof piece, (off_t)text->len);
  while (got > 0 && buf_add(text, piece, (size_t)got) == 0);
  explicit_bzero(piece, sizeof piece);
  if (text->failed) return "is too long";
  return got < 0 ? "cannot be read" : NULL;
}

static const char *why_not_opened(int failure) {
  switch (failure) {
    case ENOENT: case ENOTDIR: return "does not exist";
    case EACCES: case EPERM: return "may not be read by this user";
    case ELOOP: return "is a symbolic link that leads nowhere";
    default: return "cannot be opened";
  }
}

/* Check and read an open file, then close it. The check follows the opening, so that no other
   program can exchange the file in between. */
static const char *read_opened(int fd, int is_private, Buf *text) {
  struct stat info;
  if (fd < 0) return why_not_opened(errno);
  const char *fault = NULL;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
    fault = "is not a regular file";
  else if (is_private && (info.st_uid != geteuid() || info.st_mode & 077))
    fault = "is accessible to other users";
  else
    fault = file_read_descriptor(fd, text);
  close(fd);
  return fault;
}

const char *file_read(const char *path, size_t limit, Buf *text) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  text->limit = limit;
  return read_opened(fd, 0, text);
}

const char *file_read_private(int directory, const char *name, size_t limit, Buf *text) {
  int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  text->limit = limit;
  return read_opened(fd, 1, text);
}

/* Create a directory. Ignore the errors that an existing directory may cause. */
static int make_directory(const char *path) {
  if (mkdir(path, 0700) == 0) return 0;
  return errno == EEXIST || errno == EISDIR || errno == EROFS || errno == EACCES ? 0 : -1;
}

int file_make_directories(const char *path) {
  char *copy = text_copy(path);
  int failed = copy == NULL;
  for (char *part = copy; !failed && part && *part; ) {
    char *slash = strchr(part + 1, '/');
    if (slash) *slash = '\0';
    failed = make_directory(copy) != 0;
    if (slash) *slash = '/';
    part = slash;
  }
  int why = errno;
  free(copy);
  errno = why;
  return failed ? -1 : 0;
}

int file_open_directory(const char *path, const char **why) {
  struct stat info;
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &info) != 0) *why = strerror(errno);
  else if (info.st_uid != geteuid()) *why = "it belongs to another user";
  else if (info.st_mode & (S_IWGRP | S_IWOTH)) *why = "others may write to it";
  else return fd;
  if (fd >= 0) close(fd);
  return -1;
}

int file_write_all(int fd, const char *text, size_t len) {
  while (len > 0) {
    ssize_t count = write(fd, text, len);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return -1;
    text += count;
    len -= (size_t)count;
  }
  return 0;
}

/* Write a new file under a unique temporary name. Return that name, which the caller frees, or NULL
   with errno. */
static char *write_temporary(const char *path, const char *text, size_t len) {
  char guid[37];
  text_guid(guid);
  static const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  char *temporary = text_format("%s.%s.new", path, guid);
  int fd = temporary ? open(temporary, flags, 0600) : -1;
  int failed = fd < 0 || file_write_all(fd, text, len) != 0 || fsync(fd) != 0, why = errno;
  if (fd >= 0) close(fd);
  if (!failed) return temporary;
  if (fd >= 0) unlink(temporary);
  free(temporary);
  errno = why;
  return NULL;
}

typedef int Naming(const char *from, const char *to);      /* rename or link */

static int put(const char *path, const char *text, size_t len, Naming *give_name) {
  char *temporary = write_temporary(path, text, len);
  if (!temporary) return -1;
  int failed = give_name(temporary, path), why = errno;
  unlink(temporary);      /* fails harmlessly after a rename */
  free(temporary);
  errno = why;
  return failed ? -1 : 0;
}

int file_write(const char *path, const char *text, size_t len) {
  return put(path, text, len, rename);
}

int file_create(const char *path, const char *text, size_t len) {
  return put(path, text, len, link);
}
