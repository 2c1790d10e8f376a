/* file.c: files that are read whole, such as a certificate or a token that somebody else renews; and private directories and files: what others
   may neither read nor put in their place. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "text.h"

const char *file_read_descriptor(int fd, Buf *text) {
  char piece[16384];
  ssize_t got;
  while ((got = pread(fd, piece, sizeof piece, (off_t)text->len)) > 0 && buf_add(text, piece, (size_t)got) == 0) continue;
  explicit_bzero(piece, sizeof piece);
  if (text->failed) return "is far too long";
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

/* Looked at after it was opened: it cannot be exchanged in between. */
static const char *read_opened(int fd, int is_private, Buf *text) {
  struct stat info;
  if (fd < 0) return why_not_opened(errno);
  const char *fault = NULL;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) fault = "is not a regular file";
  else if (is_private && (info.st_uid != geteuid() || info.st_mode & 077)) fault = "is not ours alone";
  else fault = file_read_descriptor(fd, text);
  close(fd);
  return fault;
}

const char *file_read(const char *path, size_t limit, Buf *text) {
  text->limit = limit;
  return read_opened(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), 0, text);
}

const char *file_read_private(int directory, const char *name, size_t limit, Buf *text) {
  text->limit = limit;
  return read_opened(openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW), 1, text);
}

int file_make_directories(const char *path) {
  char *copy = text_copy(path);
  int failed = copy == NULL;
  for (char *at = copy; !failed && at && *at; ) {
    char *slash = strchr(at + 1, '/');
    if (slash) *slash = '\0';
    failed = mkdir(copy, 0700) != 0 && errno != EEXIST && errno != EISDIR && errno != EROFS && errno != EACCES;
    if (slash) *slash = '/';
    at = slash;
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

/* Under a name that nobody else uses; the caller frees it. NULL with errno. */
static char *write_unnamed(const char *path, const char *text, size_t len) {
  char guid[37];
  text_guid(guid);
  char *unnamed = text_format("%s.%s.new", path, guid);
  int fd = unnamed ? open(unnamed, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600) : -1;
  int failed = fd < 0 || file_write_all(fd, text, len) != 0 || fsync(fd) != 0, why = errno;
  if (fd >= 0) close(fd);
  if (!failed) return unnamed;
  if (fd >= 0) unlink(unnamed);
  free(unnamed);
  errno = why;
  return NULL;
}

static int put(const char *path, const char *text, size_t len, int (*name)(const char *from, const char *to)) {
  char *unnamed = write_unnamed(path, text, len);
  if (!unnamed) return -1;
  int failed = name(unnamed, path), why = errno;
  unlink(unnamed);      /* after a rename it is not there */
  free(unnamed);
  errno = why;
  return failed ? -1 : 0;
}

int file_write(const char *path, const char *text, size_t len) { return put(path, text, len, rename); }

int file_create(const char *path, const char *text, size_t len) { return put(path, text, len, link); }
