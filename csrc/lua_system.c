/* lua_system.c: the functions of the operating system that Lua's library lacks: files with checked
   owners, the working directory, the size of the terminal, the certificate authorities, and
   starting a program. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "authorities.h"
#include "buf.h"
#include "child.h"
#include "file.h"
#include "lua_core.h"
#include "text.h"
#include "tree.h"

enum { MAX_FILE = 1024 * 1024 };

int push_file(lua_State *L, int fd, size_t limit) {
  Buf text = { .limit = limit };
  if (!file_read_descriptor(fd, &text)) return push_owned_buf(L, &text);
  buf_wipe(&text);
  return 0;
}

/* Return why a file is not to be trusted, or NULL. Files of root are trusted. */
static const char *file_fault(const struct stat *info) {
  if (!S_ISREG(info->st_mode)) return "it is not a regular file";
  if (info->st_uid != geteuid() && info->st_uid != 0) return "it belongs to another user";
  if (info->st_mode & S_IWOTH) return "all users may write to it";
  if (info->st_size > MAX_FILE) return "it is larger than 1 MiB";
  return NULL;
}

/* read_trusted(path) -> text | nil: no such file | nil, reason. The check follows the open, so that
   the file cannot be exchanged in between. */
static int l_read_trusted(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  struct stat info;
  Buf text = { .limit = MAX_FILE };
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return push_reason(L, errno == ENOENT || errno == ENOTDIR ? NULL : strerror(errno));
  const char *fault = fstat(fd, &info) == 0 ? file_fault(&info) : strerror(errno);
  if (!fault && file_read_descriptor(fd, &text)) fault = "it cannot be read";
  close(fd);
  if (!fault) return push_owned_buf(L, &text);
  buf_clear(&text);
  return push_reason(L, fault);
}

/* write_private(directory, name, text, create) -> true | nil, reason, whether the file exists. Make
   the directory when it is missing; it must belong to this user. Write the whole file or nothing;
   only this user may read it. With create, fail when the file exists. */
static int l_write_private(lua_State *L) {
  size_t len;
  const char *directory = luaL_checkstring(L, 1), *name = luaL_checkstring(L, 2);
  const char *text = luaL_checklstring(L, 3, &len), *why = NULL;
  int create = lua_toboolean(L, 4);
  const char *path = lua_pushfstring(L, "%s/%s", directory, name);
  if (file_make_directories(directory) != 0) return push_reason(L, strerror(errno));
  int fd = file_open_directory(directory, &why);
  if (fd < 0) return push_reason(L, why);
  close(fd);
  if ((create ? file_create : file_write)(path, text, len) == 0) {
    lua_pushboolean(L, 1);
    return 1;
  }
  int reason = errno;
  push_reason(L, strerror(reason));
  lua_pushboolean(L, reason == EEXIST);
  return 3;
}

/* directory() -> the working directory | nil, reason: it was deleted, or may not be read */
static int l_directory(lua_State *L) {
  char *path = getcwd(NULL, 0);
  return path ? push_owned(L, path) : push_reason(L, strerror(errno));
}

/* make_private(path) -> true | nil, reason. Make a directory, with those above it, that only this
   user can enter. A directory that is there must belong to this user. */
static int l_make_private(lua_State *L) {
  const char *path = luaL_checkstring(L, 1), *why = NULL;
  if (file_make_directories(path) != 0) return push_reason(L, strerror(errno));
  int fd = file_open_directory(path, &why);
  if (fd < 0) return push_reason(L, why);
  int failed = fchmod(fd, 0700), reason = errno;
  close(fd);
  if (failed) return push_reason(L, strerror(reason));
  lua_pushboolean(L, 1);
  return 1;
}

/* temporary_directory(prefix) -> the path of a new directory that only this user can enter | nil,
   reason */
static int l_temporary_directory(lua_State *L) {
  char *path = text_format("%sXXXXXX", luaL_checkstring(L, 1));
  if (path && mkdtemp(path)) return push_owned(L, path);
  int why = errno;
  free(path);
  return push_reason(L, strerror(why));
}

/* remove_tree(path) -> true | nil, reason: remove a directory with all that is in it */
static int l_remove_tree(lua_State *L) {
  if (tree_remove(luaL_checkstring(L, 1)) != 0) return push_reason(L, strerror(errno));
  lua_pushboolean(L, 1);
  return 1;
}

/* Add the names in a directory to the table on top, and close the directory.  [-0, +0, m] */
static void push_entries(lua_State *L, DIR *directory) {
  lua_Integer count = 0;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL; ) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    lua_pushstring(L, entry->d_name);
    lua_rawseti(L, -2, ++count);
  }
  closedir(directory);
}

/* names_in(path) -> the names in a directory that belongs to this user; none when it does not
   exist | nil, reason */
static int l_names_in(lua_State *L) {
  const char *path = luaL_checkstring(L, 1), *why = NULL;
  lua_newtable(L);
  int fd = file_open_directory(path, &why);
  DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
  if (!directory) {
    if (fd >= 0) close(fd);
    return errno == ENOENT ? 1 : push_reason(L, why ? why : strerror(errno));
  }
  push_entries(L, directory);
  return 1;
}

/* entries(path) -> the names in a directory | none, reason: it cannot be read */
static int l_entries(lua_State *L) {
  DIR *directory = opendir(luaL_checkstring(L, 1));
  int why = errno;
  lua_newtable(L);
  if (!directory) {
    lua_pushstring(L, strerror(why));
    return 2;
  }
  push_entries(L, directory);
  return 1;
}

static const char *kind_of(mode_t mode) {
  return S_ISREG(mode) ? "file" : S_ISDIR(mode) ? "directory" : "other";
}

/* status(path) -> "file" | "directory" | "other", size, when it was changed in seconds since 1970,
   a text that no other file of this machine has | nil: it is not there | nil, reason. Symbolic
   links are followed. */
static int l_status(lua_State *L) {
  struct stat info;
  if (stat(luaL_checkstring(L, 1), &info) != 0)
    return push_reason(L, errno == ENOENT ? NULL : strerror(errno));
  lua_pushstring(L, kind_of(info.st_mode));
  lua_pushinteger(L, (lua_Integer)info.st_size);
  lua_pushinteger(L, (lua_Integer)info.st_mtime);
  lua_pushfstring(L, "%I:%I", (lua_Integer)info.st_dev, (lua_Integer)info.st_ino);
  return 4;
}

/* make_directory(path) -> true | nil, reason. A directory that is there is no failure. */
static int l_make_directory(lua_State *L) {
  struct stat info;
  const char *path = luaL_checkstring(L, 1);
  if (mkdir(path, 0777) != 0) {
    int why = errno;
    int exists = why == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    if (!exists) return push_reason(L, strerror(why));
  }
  lua_pushboolean(L, 1);
  return 1;
}

/* link(target, path) -> true | nil, reason: make a symbolic link */
static int l_link(lua_State *L) {
  if (symlink(luaL_checkstring(L, 1), luaL_checkstring(L, 2)) != 0)
    return push_reason(L, strerror(errno));
  lua_pushboolean(L, 1);
  return 1;
}

/* user() -> name (nil: the user database does not know this user), numeric id, shell */
static int l_user(lua_State *L) {
  const struct passwd *entry = getpwuid(geteuid());
  const char *shell = entry ? entry->pw_shell : NULL;
  lua_pushstring(L, entry ? entry->pw_name : NULL);
  lua_pushinteger(L, (lua_Integer)geteuid());
  lua_pushstring(L, shell && *shell ? shell : "/bin/sh");
  return 3;
}

/* process_exists(pid) -> whether a process has this id */
static int l_process_exists(lua_State *L) {
  lua_Integer pid = luaL_checkinteger(L, 1);
  lua_pushboolean(L, pid > 0 && (kill((pid_t)pid, 0) == 0 || errno == EPERM));
  return 1;
}

/* process_id() -> of this process */
static int l_process_id(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)getpid());
  return 1;
}

static void push_places(lua_State *L, const char *const *places) {
  for (lua_Integer next = luaL_len(L, -1) + 1; *places; places++) {
    lua_pushstring(L, *places);
    lua_rawseti(L, -2, next++);
  }
}

/* authorities(root) -> the path of the system's certificate authorities, below root; nil: there are
   none | where they are looked for, a list */
static int l_authorities(lua_State *L) {
  Authorities chosen;
  if (!authorities_choose(&chosen, NULL, luaL_optstring(L, 1, "")))
    return luaL_error(L, "there is not enough memory");
  push_owned(L, chosen.directory ? chosen.directory : chosen.file);
  lua_newtable(L);
  push_places(L, authorities_directories());
  push_places(L, authorities_bundles());
  return 2;
}

/* terminal_width(fd) -> columns, rows | nothing: the descriptor is not a terminal */
static int l_terminal_width(lua_State *L) {
  struct winsize size = { 0 };
  int fd = (int)luaL_checkinteger(L, 1);
  if (!isatty(fd)) return 0;
  if (ioctl(fd, TIOCGWINSZ, &size) != 0) size.ws_col = size.ws_row = 0;
  lua_pushinteger(L, size.ws_col ? size.ws_col : 80);
  lua_pushinteger(L, size.ws_row ? size.ws_row : 24);
  return 2;
}

/* launch(program, argument) -> true | nil, reason. Start a program and do not wait for its end. */
static int l_launch(lua_State *L) {
  const char *const argv[] = { luaL_checkstring(L, 1), luaL_checkstring(L, 2), NULL };
  int why = child_launch(argv);
  if (why) return push_reason(L, strerror(why));
  lua_pushboolean(L, 1);
  return 1;
}

static const luaL_Reg functions[] = {
  { "launch",              l_launch },
  { "read_trusted",        l_read_trusted },
  { "write_private",       l_write_private },
  { "make_private",        l_make_private },
  { "temporary_directory", l_temporary_directory },
  { "remove_tree",         l_remove_tree },
  { "names_in",            l_names_in },
  { "entries",             l_entries },
  { "status",              l_status },
  { "make_directory",      l_make_directory },
  { "link",                l_link },
  { "user",                l_user },
  { "process_exists",      l_process_exists },
  { "process_id",          l_process_id },
  { "directory",           l_directory },
  { "authorities",         l_authorities },
  { "terminal_width",      l_terminal_width },
  { NULL, NULL }
};

void lua_system_register(lua_State *L) { luaL_setfuncs(L, functions, 0); }
