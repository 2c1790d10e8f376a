/* lua_journal.c: the border to journals: files of lines that outlive a process. A journal is locked for as long as its process lives; one
   whose lock is free belongs to a dead process, and whoever locks it then owns it. What the lines say is azureml.journal's. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "file.h"
#include "lua_core.h"
#include "text.h"

#define JOURNAL "azureml.core.journal"

static const char ENDING[] = ".journal", UNNAMED[] = ".new", ASIDE[] = ".damaged";

enum { MAX_TEXT = 256 * 1024 * 1024, NEWBORN = 60 /* seconds: younger than that one without a name may be about to get it */ };

typedef struct Journal {
  int   fd;          /* locked; -1: closed */
  char *path;
  pid_t pid;         /* whose it is: a forked child removes nothing */
} Journal;

/* -- userdata ---------------------------------------------------------------------------------- */

static Journal *push_journal(lua_State *L) {      /* born closed */
  Journal *journal = lua_newuserdatauv(L, sizeof *journal, 0);
  *journal = (Journal){ .fd = -1, .pid = getpid() };
  luaL_setmetatable(L, JOURNAL);
  return journal;
}

static Journal *check_journal(lua_State *L) {
  Journal *journal = luaL_checkudata(L, 1, JOURNAL);
  luaL_argcheck(L, journal->fd >= 0, 1, "this journal is closed");
  return journal;
}

static int is_ours(const Journal *journal) { return journal->pid == getpid(); }

/* An empty one is of no use to anybody. */
static int l_close(lua_State *L) {      /* __gc and __close: twice is harmless */
  struct stat info;
  Journal *journal = luaL_checkudata(L, 1, JOURNAL);
  if (journal->fd >= 0) {
    if (is_ours(journal) && fstat(journal->fd, &info) == 0 && info.st_size == 0) unlink(journal->path);
    close(journal->fd);
  }
  free(journal->path);
  *journal = (Journal){ .fd = -1 };
  return 0;
}

/* -- a new one --------------------------------------------------------------------------------- */

/* Locked before it has the name by which others look for it. */
static int begin(Journal *journal, const char *directory) {
  char guid[37];
  text_guid(guid);
  char *unnamed = text_format("%s/%ld-%s%s", directory, (long)getpid(), guid, UNNAMED);
  journal->path = text_format("%s/%ld-%s%s", directory, (long)getpid(), guid, ENDING);
  int fd = unnamed && journal->path ? open(unnamed, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600) : -1;
  if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && rename(unnamed, journal->path) == 0) {
    journal->fd = fd;
  } else if (fd >= 0) {
    int why = errno;
    unlink(unnamed);
    close(fd);
    errno = why;
  }
  free(unnamed);
  return journal->fd >= 0 ? 0 : -1;
}

/* journal(directory) -> a new one | nil, why not */
static int l_journal(lua_State *L) {
  const char *directory = luaL_checkstring(L, 1), *why = NULL;
  if (file_make_directories(directory) != 0) return push_reason(L, strerror(errno));
  int fd = file_open_directory(directory, &why);
  if (fd < 0) return push_reason(L, why);
  close(fd);
  Journal *journal = push_journal(L);
  return begin(journal, directory) == 0 ? 1 : push_reason(L, strerror(errno));
}

/* -- those of the dead ------------------------------------------------------------------------- */

/* A descriptor that holds the lock, or -1: it lives, it has just gone, or it is not a file of ours. */
static int take_over(int directory, const char *name) {
  struct stat info;
  int fd = openat(directory, name, O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return -1;
  if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == geteuid() && info.st_nlink == 1)
    return fd;
  close(fd);
  return -1;
}

/* Its process died between making and naming it. */
static void sweep(int directory, const char *name) {
  struct stat info;
  if (fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && time(NULL) - info.st_mtime > NEWBORN) unlinkat(directory, name, 0);
}

/* dead_journals(directory) -> those of processes that are gone, ours from now on | nil, why not; none where there is no directory */
static int l_dead_journals(lua_State *L) {
  const char *path = luaL_checkstring(L, 1), *why = NULL;
  int directory = file_open_directory(path, &why);
  if (directory < 0 && errno != ENOENT) return push_reason(L, why);
  lua_newtable(L);
  DIR *entries = directory >= 0 ? fdopendir(directory) : NULL;
  if (!entries) return 1;
  lua_Integer count = 0;
  for (struct dirent *entry; (entry = readdir(entries)); ) {
    if (text_ends(entry->d_name, UNNAMED)) sweep(directory, entry->d_name);
    if (!text_ends(entry->d_name, ENDING)) continue;
    Journal *journal = push_journal(L);      /* out of memory here leaks the directory's descriptor, and ends the script */
    journal->fd = take_over(directory, entry->d_name);
    if (journal->fd >= 0 && (journal->path = text_format("%s/%s", path, entry->d_name))) lua_rawseti(L, -2, ++count);
    else lua_pop(L, 1);
  }
  closedir(entries);
  return 1;
}

/* -- what can be done with one ----------------------------------------------------------------- */

/* append(value) -> true | nil, why not.  A line of JSON, in one write: it is there whole, or torn at the file's end. No copy of it is made for
   Lua: a status URL has 3 KB, and 10,000 may be written down in a second. */
static int l_append(lua_State *L) {
  Journal *journal = check_journal(L);
  Buf *line = lua_json_text(L, 2);
  if (!is_ours(journal)) return push_reason(L, "it belongs to the parent process");
  if (buf_puts(line, "\n") != 0) return push_reason(L, "there is not enough memory");
  ssize_t count = write(journal->fd, line->data, line->len);
  if (count != (ssize_t)line->len) return push_reason(L, count < 0 ? strerror(errno) : "there is no space left");
  lua_pushboolean(L, 1);
  return 1;
}

/* clear(): all that it speaks of is over */
static int l_clear(lua_State *L) {
  Journal *journal = check_journal(L);
  if (is_ours(journal) && ftruncate(journal->fd, 0) != 0) return push_reason(L, strerror(errno));
  return 0;
}

/* text() -> all of it | nil, why not */
static int l_text(lua_State *L) {
  int fd = check_journal(L)->fd;
  return push_file(L, fd, MAX_TEXT) ? 1 : push_reason(L, "it cannot be read, or is too large");
}

static int l_path(lua_State *L) {
  lua_pushstring(L, check_journal(L)->path);
  return 1;
}

/* set_aside() -> its new path: nobody takes it for a journal any more */
static int l_set_aside(lua_State *L) {
  Journal *journal = check_journal(L);
  lua_pushfstring(L, "%s%s", journal->path, ASIDE);
  if (rename(journal->path, lua_tostring(L, -1)) != 0) return push_reason(L, strerror(errno));
  return 1;
}

static const luaL_Reg functions[] = {
  { "journal",       l_journal },
  { "dead_journals", l_dead_journals },
  { NULL, NULL }
};

static const luaL_Reg methods[] = {
  { "append",    l_append },
  { "clear",     l_clear },
  { "text",      l_text },
  { "path",      l_path },
  { "set_aside", l_set_aside },
  { "close",     l_close },
  { NULL, NULL }
};

static const luaL_Reg meta[] = { { "__gc", l_close }, { "__close", l_close }, { NULL, NULL } };

void lua_journal_register(lua_State *L) {
  make_type(L, JOURNAL, meta, methods);
  luaL_setfuncs(L, functions, 0);
}
