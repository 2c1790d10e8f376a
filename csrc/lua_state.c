/* lua_state.c: the border to the emulator's state file: lines that are appended, and now and then written anew as a whole. It is locked for
   as long as its process lives; a second process is told so. What the lines say is azureml.emulator.state_file's. */

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

#define STATE "azureml.core.state"

enum { MAX_TEXT = 1024 * 1024 * 1024 };

typedef struct State {
  int   fd;          /* locked; -1: closed */
  char *path;
  off_t size;
} State;

static State *check_state(lua_State *L) {
  State *state = luaL_checkudata(L, 1, STATE);
  luaL_argcheck(L, state->fd >= 0, 1, "this file is closed");
  return state;
}

static int l_close(lua_State *L) {      /* __gc and __close: twice is harmless */
  State *state = luaL_checkudata(L, 1, STATE);
  if (state->fd >= 0) close(state->fd);
  free(state->path);
  *state = (State){ .fd = -1 };
  return 0;
}

/* -- opening ------------------------------------------------------------------------------------------------------------ */

static const char *distrust(const struct stat *info) {
  if (!S_ISREG(info->st_mode)) return "it is not a regular file";
  if (info->st_uid != geteuid()) return "it belongs to another user";
  if (info->st_mode & (S_IWGRP | S_IWOTH)) return "others may write to it";
  if (info->st_nlink > 1) return "it has another name as well";
  return NULL;
}

/* Whether the file that was locked still has that name: its owner may have put a new one there just before. */
static int is_at(const char *path, const struct stat *info) {
  struct stat there;
  return stat(path, &there) == 0 && there.st_dev == info->st_dev && there.st_ino == info->st_ino;
}

/* A locked descriptor, or -1 and why not. */
static int open_locked(const char *path, const char **why) {
  struct stat info;
  for (;;) {
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    *why = NULL;
    if (fd < 0) *why = errno == ELOOP ? "it is a symbolic link" : strerror(errno);
    else if (fstat(fd, &info) != 0) *why = strerror(errno);
    else if (!(*why = distrust(&info)) && flock(fd, LOCK_EX | LOCK_NB) != 0)
      *why = errno == EWOULDBLOCK ? "another emulator uses it" : strerror(errno);
    else if (!*why && is_at(path, &info) && fchmod(fd, 0600) == 0) return fd;
    if (fd >= 0) close(fd);
    if (*why) return -1;
  }
}

/* state_file(path) -> file | nil, why not */
static int l_state_file(lua_State *L) {
  const char *path = luaL_checkstring(L, 1), *why;
  State *state = lua_newuserdatauv(L, sizeof *state, 0);
  *state = (State){ .fd = -1 };
  luaL_setmetatable(L, STATE);
  state->path = text_copy(path);
  if (!state->path) return push_reason(L, "there is not enough memory");
  state->fd = open_locked(path, &why);
  if (state->fd < 0) return push_reason(L, why);
  state->size = lseek(state->fd, 0, SEEK_END);
  return 1;
}

/* -- what can be done with it ------------------------------------------------------------------------------------------- */

/* text() -> all of it | nil, why not */
static int l_text(lua_State *L) {
  int fd = check_state(L)->fd;
  return push_file(L, fd, MAX_TEXT) ? 1 : push_reason(L, "it cannot be read, or is larger than 1 GiB");
}

/* append(text) -> true | nil, why not.  What does not fit is taken away again: no line begins in the middle of another. */
static int l_append(lua_State *L) {
  size_t len;
  State *state = check_state(L);
  const char *text = luaL_checklstring(L, 2, &len);
  if (file_write_all(state->fd, text, len) != 0) {
    int why = errno;
    if (ftruncate(state->fd, state->size) != 0) return push_reason(L, "it is torn, and cannot be mended");
    return push_reason(L, strerror(why));
  }
  state->size += (off_t)len;
  lua_pushboolean(L, 1);
  return 1;
}

/* Under another name first, and locked before it has this one. The caller closes the old descriptor. */
static int put_anew(const State *state, const char *unnamed, const char *text, size_t len) {
  unlink(unnamed);      /* of a process that was killed; ours to take away, for we have the lock */
  int fd = open(unnamed, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return -1;
  if (flock(fd, LOCK_EX | LOCK_NB) == 0 && file_write_all(fd, text, len) == 0 && fsync(fd) == 0 && rename(unnamed, state->path) == 0) return fd;
  int why = errno;
  unlink(unnamed);
  close(fd);
  errno = why;
  return -1;
}

/* rewrite(text) -> true | nil, why not: the old one stands */
static int l_rewrite(lua_State *L) {
  size_t len;
  State *state = check_state(L);
  const char *text = luaL_checklstring(L, 2, &len), *unnamed = lua_pushfstring(L, "%s.new", state->path);
  int fd = put_anew(state, unnamed, text, len);
  if (fd < 0) return push_reason(L, strerror(errno));
  close(state->fd);
  state->fd = fd;
  state->size = (off_t)len;
  lua_pushboolean(L, 1);
  return 1;
}

static int l_size(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)check_state(L)->size);
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

void lua_state_register(lua_State *L) {
  make_type(L, STATE, meta, methods);
  luaL_setfuncs(L, functions, 0);
}
