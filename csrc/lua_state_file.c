/* lua_state_file.c: the emulator's state file: append lines, and replace the whole text now and
   then. An exclusive lock keeps a second emulator out as long as the file is open.
   azureml.emulator.state_file defines the lines. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "lua_core.h"
#include "text.h"

#define STATE_FILE "azureml.core.state_file"

enum { MAX_TEXT = 1024 * 1024 * 1024 };

typedef struct StateFile {
  int   fd;          /* locked; -1: closed */
  char *path;
  off_t size;
} StateFile;

static StateFile *check_file(lua_State *L) {
  StateFile *file = luaL_checkudata(L, 1, STATE_FILE);
  luaL_argcheck(L, file->fd >= 0, 1, "this file is closed");
  return file;
}

/* __gc, __close and close; a second call does nothing. */
static int l_close(lua_State *L) {
  StateFile *file = luaL_checkudata(L, 1, STATE_FILE);
  if (file->fd >= 0) close(file->fd);
  free(file->path);
  *file = (StateFile){ .fd = -1 };
  return 0;
}

/* -- opening ----------------------------------------------------------------------------------- */

/* Return why a file is not safe to use, or NULL. */
static const char *file_fault(const struct stat *info) {
  if (!S_ISREG(info->st_mode)) return "it is not a regular file";
  if (info->st_uid != geteuid()) return "it belongs to another user";
  if (info->st_mode & (S_IWGRP | S_IWOTH)) return "others may write to it";
  if (info->st_nlink > 1) return "it has another name as well";
  return NULL;
}

/* Tell whether the path still leads to the locked file. Another emulator may have renamed a new
   file to the path between open and lock. */
static int is_at(const char *path, const struct stat *info) {
  struct stat current;
  return stat(path, &current) == 0 && current.st_dev == info->st_dev &&
         current.st_ino == info->st_ino;
}

/* Return a locked descriptor; or -1, and set the reason. */
static int open_locked(const char *path, const char **why) {
  const int flags = O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  struct stat info;
  for (;;) {
    int fd = open(path, flags, 0600);
    *why = NULL;
    if (fd < 0) *why = errno == ELOOP ? "it is a symbolic link" : strerror(errno);
    else if (fstat(fd, &info) != 0) *why = strerror(errno);
    else if (!(*why = file_fault(&info)) && flock(fd, LOCK_EX | LOCK_NB) != 0)
      *why = errno == EWOULDBLOCK ? "another emulator uses it" : strerror(errno);
    else if (!*why && is_at(path, &info) && fchmod(fd, 0600) == 0) return fd;
    if (fd >= 0) close(fd);
    if (*why) return -1;
  }
}

/* state_file(path) -> file | nil, reason */
static int l_state_file(lua_State *L) {
  const char *path = luaL_checkstring(L, 1), *why;
  StateFile *file = lua_newuserdatauv(L, sizeof *file, 0);
  *file = (StateFile){ .fd = -1 };
  luaL_setmetatable(L, STATE_FILE);
  file->path = text_copy(path);
  if (!file->path) return push_reason(L, "there is not enough memory");
  file->fd = open_locked(path, &why);
  if (file->fd < 0) return push_reason(L, why);
  file->size = lseek(file->fd, 0, SEEK_END);
  return 1;
}

/* -- methods ----------------------------------------------------------------------------------- */

/* file:text() -> the whole text | nil, reason */
static int l_text(lua_State *L) {
  int fd = check_file(L)->fd;
  if (push_file(L, fd, MAX_TEXT)) return 1;
  return push_reason(L, "it cannot be read, or is larger than 1 GiB");
}

/* file:append(text) -> true | nil, reason. After a failed write the file gets its old length back,
   so that the next line does not start in the middle of another. */
static int l_append(lua_State *L) {
  size_t len;
  StateFile *file = check_file(L);
  const char *text = luaL_checklstring(L, 2, &len);
  if (file_write_all(file->fd, text, len) != 0) {
    int why = errno;
    if (ftruncate(file->fd, file->size) != 0)
      return push_reason(L, "its last line is incomplete and cannot be removed");
    return push_reason(L, strerror(why));
  }
  file->size += (off_t)len;
  lua_pushboolean(L, 1);
  return 1;
}

/* Write and lock a new file under a temporary name, then rename it to the path. Return its
   descriptor, or -1 with errno. The caller closes the old descriptor. */
static int replace(const StateFile *file, const char *temporary, const char *text, size_t len) {
  const int flags = O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC;
  unlink(temporary);      /* a killed emulator left it; the lock makes it safe to remove */
  int fd = open(temporary, flags, 0600);
  if (fd < 0) return -1;
  if (flock(fd, LOCK_EX | LOCK_NB) == 0 && file_write_all(fd, text, len) == 0 && fsync(fd) == 0 &&
      rename(temporary, file->path) == 0)
    return fd;
  int why = errno;
  unlink(temporary);
  close(fd);
  errno = why;
  return -1;
}

/* file:rewrite(text) -> true | nil, reason: the old text stays */
static int l_rewrite(lua_State *L) {
  size_t len;
  StateFile *file = check_file(L);
  const char *text = luaL_checklstring(L, 2, &len);
  const char *temporary = lua_pushfstring(L, "%s.new", file->path);
  int fd = replace(file, temporary, text, len);
  if (fd < 0) return push_reason(L, strerror(errno));
  close(file->fd);
  file->fd = fd;
  file->size = (off_t)len;
  lua_pushboolean(L, 1);
  return 1;
}

/* file:size() -> bytes */
static int l_size(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)check_file(L)->size);
  return 1;
}

static const luaL_Reg functions[] = { { "state_file", l_state_file }, { NULL, NULL } };

static const luaL_Reg methods[] = {
  { "text",    l_text },
  { "append",  l_append },
  { "rewrite", l_rewrite },
  { "size",    l_size },
  { "close",   l_close },
  { NULL, NULL }
};

static const luaL_Reg meta[] = { { "__gc", l_close }, { "__close", l_close }, { NULL, NULL } };

void lua_state_file_register(lua_State *L) {
  make_type(L, STATE_FILE, meta, methods);
  luaL_setfuncs(L, functions, 0);
}
