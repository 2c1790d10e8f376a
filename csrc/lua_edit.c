/* lua_edit.c: the border to the terminal: libedit's line editing, history and completion -> module azureml.edit, in the
   executable alone. What is completed, and with what, is Lua's. */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <editline/readline.h>
#include <lauxlib.h>
#include <lua.h>

#define COMPLETER "azureml.edit.completer"
#define HISTORY_ENTRIES 1000

int luaopen_azureml_edit(lua_State *L);
lua_State *main_state(void);   /* main.c's: a completion function is given no pointer of ours */

/* -- completion -------------------------------------------------------------------------------- */

static void free_words(char **words) {
  if (!words) return;
  for (size_t i = 0; words[i]; i++) free(words[i]);
  free(words);
}

/* What libedit wants of the list at the top: [0] replaces what was typed, the rest is shown when there are several.  [-0, +0, -] */
static char **copy_words(lua_State *L, const char *prefix) {
  size_t count = lua_rawlen(L, -1);
  char **words = count ? calloc(count + 2, sizeof *words) : NULL;
  if (!words) return NULL;
  if (!(words[0] = strdup(prefix))) goto fail;
  if (count == 1) return words;
  for (size_t i = 1; i <= count; i++) {
    lua_rawgeti(L, -1, (lua_Integer)i);
    const char *word = lua_tostring(L, -1);
    words[i] = strdup(word ? word : "");   /* anchored in the list */
    lua_pop(L, 1);
    if (!words[i]) goto fail;
  }
  return words;

fail:
  free_words(words);
  return NULL;
}

/* Asks completer(text) -> the prefix that all words share, and the words. A failing completer completes nothing. */
static char **complete(const char *text, int from, int to) {
  lua_State *L = main_state();
  char **words = NULL;
  int top = lua_gettop(L);
  (void)from;
  (void)to;
  rl_attempted_completion_over = 1;   /* no file names instead */
  if (!lua_checkstack(L, 4)) return NULL;
  lua_getfield(L, LUA_REGISTRYINDEX, COMPLETER);
  if (lua_pushstring(L, text), lua_pcall(L, 1, 2, 0) == LUA_OK && lua_isstring(L, -2) && lua_istable(L, -1))
    words = copy_words(L, lua_tostring(L, -2));
  lua_settop(L, top);
  return words;
}

/* -- lines ------------------------------------------------------------------------------------- */

/* Without it every non-ASCII byte typed vanishes. Numbers stay as in C. */
static void use_utf8(void) {
  setlocale(LC_CTYPE, "");
  if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) setlocale(LC_CTYPE, "C.UTF-8");
}

/* start(completer): before the first readline */
static int l_start(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  lua_setfield(L, LUA_REGISTRYINDEX, COMPLETER);
  use_utf8();
  rl_readline_name = "azureml";
  rl_catch_signals = 0;                 /* ours end the call; libedit's would go to the whole process group */
  rl_completion_append_character = '\0';
  rl_basic_word_break_characters = " \t\n\"\\'`@$><=;|&{(,)}[]+-*/%^#~";
  rl_attempted_completion_function = complete;
  using_history();
  stifle_history(HISTORY_ENTRIES);
  return 0;
}

/* readline(prompt) -> line, or nothing at the end of the file and after a signal */
static int l_readline(lua_State *L) {
  char *line = readline(luaL_checkstring(L, 1));
  if (!line) return 0;
  lua_pushstring(L, line);
  free(line);
  return 1;
}

/* -- history ----------------------------------------------------------------------------------- */

static int l_remember(lua_State *L) {
  add_history(luaL_checkstring(L, 1));
  return 0;
}

static int l_load_history(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  int failed = read_history(path);   /* an errno */
  if (failed) errno = failed;
  return luaL_fileresult(L, !failed, path);
}

static void make_directories(char *path) {
  for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    mkdir(path, 0700);   /* if that fails, opening the file will tell */
    *slash = '/';
  }
}

/* A private file beside `path`, renamed to it when it is whole. */
static int write_private(const char *path, char *temporary) {
  int fd = mkstemp(temporary);
  if (fd < 0) return -1;
  close(fd);
  int failed = write_history(temporary);
  if (failed) errno = failed;
  else if (rename(temporary, path) == 0) return 0;
  failed = errno;
  unlink(temporary);
  errno = failed;
  return -1;
}

static int l_save_history(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  size_t len = strlen(path);
  char *temporary = lua_newuserdatauv(L, len + sizeof ".XXXXXX", 0);
  memcpy(temporary, path, len + 1);
  make_directories(temporary);
  memcpy(temporary + len, ".XXXXXX", sizeof ".XXXXXX");
  return luaL_fileresult(L, write_private(path, temporary) == 0, path);
}

/* -- the terminal ------------------------------------------------------------------------------ */

/* columns(fd) -> how wide the terminal is; nothing if fd is none */
static int l_columns(lua_State *L) {
  struct winsize size;
  int fd = (int)luaL_checkinteger(L, 1);
  if (!isatty(fd)) return 0;
  int known = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  lua_pushinteger(L, known ? size.ws_col : 80);
  return 1;
}

static const luaL_Reg functions[] = {
  { "start", l_start },
  { "readline", l_readline },
  { "remember", l_remember },
  { "load_history", l_load_history },
  { "save_history", l_save_history },
  { "columns", l_columns },
  { NULL, NULL }
};

int luaopen_azureml_edit(lua_State *L) {
  luaL_newlib(L, functions);
  return 1;
}
