/* lua_journal.c: journals: files of lines that outlive their process. A process locks its journal
   as long as it lives. A journal with a free lock belongs to a process that has exited; the process
   that locks it next owns it. azureml.journal defines the lines. */

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

static const char ENDING[] = ".journal", TEMPORARY[] = ".new", ASIDE[] = ".damaged";

enum {
  MAX_TEXT = 256 * 1024 * 1024,
  MAX_LINES = 64 * 1024,      /* bytes; more are written at once */
  MIN_AGE = 60      /* seconds; a younger temporary file may be about to get its name */
};

typedef struct Journal {
  int   fd;          /* locked; -1: closed */
  char *path;
  Buf   lines;       /* not written yet */
  int   is_torn;     /* its last line is incomplete and could not be removed */
  pid_t pid;         /* of the owner; a forked child must not remove the file */
} Journal;

/* -- userdata ---------------------------------------------------------------------------------- */

/* Push a journal that is closed.  [-0, +1, m] */
static Journal *push_journal(lua_State *L) {
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

/* -- writing ----------------------------------------------------------------------------------- */

/* Remove the part of the lines that a short write has left, so that the next line starts at the
   beginning of a line. */
static void cut_back(Journal *journal, off_t count) {
  struct stat info;
  journal->is_torn = fstat(journal->fd, &info) != 0
    || ftruncate(journal->fd, info.st_size - count) != 0;
}

/* Write the lines with one call, which the caller's many operations share: 1,000 starts need 500
   calls instead of 6,000. Remove them all after a short write. Return NULL, or why that failed. */
static const char *flush(Journal *journal) {
  Buf *lines = &journal->lines;
  if (lines->len == 0) return NULL;
  if (!is_ours(journal)) return "it belongs to the parent process";
  if (journal->is_torn && write(journal->fd, "\n", 1) == 1) journal->is_torn = 0;
  ssize_t count = write(journal->fd, lines->data, lines->len);
  const char *reason = count == (ssize_t)lines->len ? NULL
    : count < 0 ? strerror(errno) : "there is no space left";
  if (reason && count > 0) cut_back(journal, count);
  buf_reset(lines);
  return reason;
}

/* __gc, __close and close; a second call does nothing. Remove an empty journal. */
static int l_close(lua_State *L) {
  struct stat info;
  Journal *journal = luaL_checkudata(L, 1, JOURNAL);
  if (journal->fd >= 0) {
    flush(journal);
    if (is_ours(journal) && fstat(journal->fd, &info) == 0 && info.st_size == 0)
      unlink(journal->path);
    close(journal->fd);
  }
  buf_clear(&journal->lines);
  free(journal->path);
  *journal = (Journal){ .fd = -1 };
  return 0;
}

/* -- creating ---------------------------------------------------------------------------------- */

/* Lock a new file under a temporary name, then give it the name by which other processes find
   journals. Return 0, or -1 with errno. */
static int create(Journal *journal, const char *directory) {
  const int flags = O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC;
  char guid[37];
  text_guid(guid);
  char *temporary = text_format("%s/%ld-%s%s", directory, (long)getpid(), guid, TEMPORARY);
  journal->path = text_format("%s/%ld-%s%s", directory, (long)getpid(), guid, ENDING);
  int fd = temporary && journal->path ? open(temporary, flags, 0600) : -1;
  if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && rename(temporary, journal->path) == 0) {
    journal->fd = fd;
  } else if (fd >= 0) {
    int why = errno;
    unlink(temporary);
    close(fd);
    errno = why;
  }
  free(temporary);
  return journal->fd >= 0 ? 0 : -1;
}

/* journal(directory) -> a new journal | nil, reason */
static int l_journal(lua_State *L) {
  const char *directory = luaL_checkstring(L, 1), *why = NULL;
  if (file_make_directories(directory) != 0) return push_reason(L, strerror(errno));
  int fd = file_open_directory(directory, &why);
  if (fd < 0) return push_reason(L, why);
  close(fd);
  Journal *journal = push_journal(L);
  return create(journal, directory) == 0 ? 1 : push_reason(L, strerror(errno));
}

/* -- journals of processes that have exited ---------------------------------------------------- */

static int is_safe(const struct stat *info) {
  return S_ISREG(info->st_mode) && info->st_uid == geteuid() && info->st_nlink == 1;
}

/* Return a descriptor that holds the lock; -1 when the process still runs, when the journal has
   just been removed, or when it is not a regular file of this user. */
static int take_over(int directory, const char *name) {
  const int flags = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  struct stat info;
  int fd = openat(directory, name, flags);
  if (fd < 0) return -1;
  if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &info) == 0 && is_safe(&info)) return fd;
  close(fd);
  return -1;
}

/* Remove an old temporary file: its process exited before it could rename the file. */
static void sweep(int directory, const char *name) {
  struct stat info;
  if (fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) != 0) return;
  if (time(NULL) - info.st_mtime > MIN_AGE) unlinkat(directory, name, 0);
}

/* dead_journals(directory) -> a list of the journals of processes that have exited, which this
   process owns from now on | nil, reason. The list is empty when there is no directory. */
static int l_dead_journals(lua_State *L) {
  const char *path = luaL_checkstring(L, 1), *why = NULL;
  int directory = file_open_directory(path, &why);
  if (directory < 0 && errno != ENOENT) return push_reason(L, why);
  lua_newtable(L);
  DIR *entries = directory >= 0 ? fdopendir(directory) : NULL;
  if (!entries) return 1;
  lua_Integer count = 0;
  for (struct dirent *entry; (entry = readdir(entries)); ) {
    const char *name = entry->d_name;
    if (text_ends(name, TEMPORARY)) sweep(directory, name);
    if (!text_ends(name, ENDING)) continue;
    /* When Lua runs out of memory here, the directory's descriptor leaks and the script ends. */
    Journal *journal = push_journal(L);
    journal->fd = take_over(directory, name);
    if (journal->fd >= 0) journal->path = text_format("%s/%s", path, name);
    if (journal->path) lua_rawseti(L, -2, ++count);
    else lua_pop(L, 1);
  }
  closedir(entries);
  return 1;
}

/* -- methods ----------------------------------------------------------------------------------- */

/* Push true, or nil and the reason.  [-0, +1|2, m] */
static int push_outcome(lua_State *L, const char *reason) {
  if (reason) return push_reason(L, reason);
  lua_pushboolean(L, 1);
  return 1;
}

/* journal:append(value) -> true | nil, reason. Add a line of JSON to those that the next flush
   writes. The text is not copied to Lua: a status URL has 3 KB, and 10,000 operations may be
   written in a second. */
static int l_append(lua_State *L) {
  Journal *journal = check_journal(L);
  Buf *line = lua_json_text(L, 2), *lines = &journal->lines;
  size_t before = lines->len;
  if (buf_add(lines, line->data, line->len) != 0 || buf_puts(lines, "\n") != 0) {
    lines->len = before;
    lines->failed = 0;
    return push_reason(L, "there is not enough memory");
  }
  return push_outcome(L, lines->len > MAX_LINES ? flush(journal) : NULL);
}

/* journal:flush() -> true | nil, reason. Write the lines that were appended. */
static int l_flush(lua_State *L) { return push_outcome(L, flush(check_journal(L))); }

/* journal:clear() -> nothing | nil, reason. Empty the file: all its operations are done. */
static int l_clear(lua_State *L) {
  Journal *journal = check_journal(L);
  buf_reset(&journal->lines);
  if (is_ours(journal) && ftruncate(journal->fd, 0) != 0)
    return push_reason(L, strerror(errno));
  return 0;
}

/* journal:text() -> the whole text | nil, reason */
static int l_text(lua_State *L) {
  Journal *journal = check_journal(L);
  const char *reason = flush(journal);
  if (reason) return push_reason(L, reason);
  if (push_file(L, journal->fd, MAX_TEXT)) return 1;
  return push_reason(L, "it cannot be read, or is larger than 256 MiB");
}

static int l_path(lua_State *L) {
  lua_pushstring(L, check_journal(L)->path);
  return 1;
}

/* journal:set_aside() -> its new path | nil, reason. Rename a damaged journal, so that no process
   reads it again. */
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
  { "flush",     l_flush },
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
