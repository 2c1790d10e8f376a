/* lua_edit.c: the module azureml.edit, in the executable only: line editing, history and completion
   with libedit. Two Lua functions belong to it: one completes words (azureml.console.completion),
   one lets operations go on until a key is there (azureml.console.waiting). */
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
#include <histedit.h>

#include "lua_core.h"

#define COMPLETER "azureml.edit.completer"
#define WAITER "azureml.edit.waiter"
#define TO_END_OF_LINE 5      /* Ctrl-E */
#define HISTORY_ENTRIES 1000

#define TEXT_OF(number) #number
#define VERSION_OF(major, minor) TEXT_OF(major) "." TEXT_OF(minor)

int luaopen_azureml_edit(lua_State *L);

/* libedit's callbacks get no argument: they find here the coroutine that called readline. */
static lua_State *reader;

/* What read_key() does: a signal first moves the cursor behind the line, then ends readline. */
static enum { READING, LEAVING } phase;

/* The number of keys that were typed since readline began. */
static int keys;

/* -- completion -------------------------------------------------------------------------------- */

static void free_words(char **words) {
  if (!words) return;
  for (size_t i = 0; words[i]; i++) free(words[i]);
  free(words);
}

/* Copy the list on top for libedit, which frees it. Element 0 replaces the typed text; libedit
   shows the other elements when there are several words.  [-0, +0, -] */
static char **copy_words(lua_State *L, const char *prefix) {
  size_t count = lua_rawlen(L, -1);
  char **words = count ? calloc(count + 2, sizeof *words) : NULL;
  if (!words) return NULL;
  if (!(words[0] = strdup(prefix))) goto fail;
  if (count == 1) return words;
  for (size_t i = 1; i <= count; i++) {
    lua_rawgeti(L, -1, (lua_Integer)i);
    const char *word = lua_tostring(L, -1);
    words[i] = strdup(word ? word : "");   /* the list keeps the word alive */
    lua_pop(L, 1);
    if (!words[i]) goto fail;
  }
  return words;

fail:
  free_words(words);
  return NULL;
}

/* Return the number of bytes of the first characters of a UTF-8 text. */
static size_t bytes_of(const char *text, int characters) {
  const char *place = text;
  while (*place && characters > 0) {
    place++;
    if (((unsigned char)*place & 0xC0) != 0x80) characters--;
  }
  return (size_t)(place - text);
}

/* Call completer(what stands before the word, the word) -> the common prefix of all words, the
   words. An error in the completer means no completion. */
static char **complete(const char *text, int from, int to) {
  lua_State *L = reader;
  char **words = NULL;
  int top = lua_gettop(L);
  (void)to;
  rl_attempted_completion_over = 1;   /* libedit must not complete file names */
  if (!lua_checkstack(L, 4)) return NULL;
  lua_getfield(L, LUA_REGISTRYINDEX, COMPLETER);
  lua_pushlstring(L, rl_line_buffer, bytes_of(rl_line_buffer, from));
  lua_pushstring(L, text);
  if (lua_pcall(L, 2, 2, 0) == LUA_OK && lua_isstring(L, -2) && lua_istable(L, -1))
    words = copy_words(L, lua_tostring(L, -2));
  lua_settop(L, top);
  return words;
}

/* -- keys -------------------------------------------------------------------------------------- */

/* Call waiter() -> false: a signal came. An error in the waiter means that read() waits. */
static int wait_for_key(void) {
  lua_State *L = reader;
  int top = lua_gettop(L), came = 1;
  if (!lua_checkstack(L, 2)) return 1;
  lua_getfield(L, LUA_REGISTRYINDEX, WAITER);
  if (lua_pcall(L, 0, 1, 0) == LUA_OK) came = lua_toboolean(L, -1);
  lua_settop(L, top);
  return came;
}

/* Return the next byte of a terminal; -1 at its end or after a signal. */
static int read_byte(FILE *stream) {
  unsigned char byte;
  errno = 0;
  ssize_t count = read(fileno(stream), &byte, 1);
  return count == 1 ? byte : -1;
}

/* Return the number of bytes that follow the first byte of a UTF-8 character. */
static int bytes_behind(int first) {
  if (first < 0xC0) return 0;
  return first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
}

/* Return the next character that the user types; -1 at the end of the file. After a signal move the
   cursor behind the line, which may take several rows; then end the line. */
static int read_key(FILE *stream) {
  if (phase == LEAVING) return -1;
  int is_signal = !wait_for_key();
  int first = is_signal ? -1 : read_byte(stream);
  if (first < 0) {
    if (!is_signal && errno != EINTR) return -1;
    phase = LEAVING;
    return TO_END_OF_LINE;
  }
  int behind = bytes_behind(first);
  int code = behind ? first & (0x3F >> behind) : first;
  for (; behind > 0; behind--) {
    int byte = read_byte(stream);
    if (byte < 0) return -1;
    code = code << 6 | (byte & 0x3F);
  }
  keys++;
  return code;
}

/* -- lines ------------------------------------------------------------------------------------- */

/* Use a UTF-8 locale for characters: otherwise libedit drops typed non-ASCII bytes. Numbers stay in
   the C locale. */
static void use_utf8(void) {
  setlocale(LC_CTYPE, "");
  if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) setlocale(LC_CTYPE, "C.UTF-8");
}

/* start(completer, waiter): prepare libedit; call it before the first readline */
static int l_start(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  lua_setfield(L, LUA_REGISTRYINDEX, WAITER);
  lua_setfield(L, LUA_REGISTRYINDEX, COMPLETER);
  use_utf8();
  rl_readline_name = "azureml";
  rl_catch_signals = 0;                 /* main.c's handlers end readline; libedit's would signal
                                           the whole process group */
  rl_getc_function = read_key;
  rl_completion_append_character = '\0';
  rl_basic_word_break_characters = " \t\n\"\\'`=;{(,)}[]";   /* names of instances have a '-' */
  rl_attempted_completion_function = complete;
  using_history();
  stifle_history(HISTORY_ENTRIES);
  return 0;
}

/* readline(prompt) -> line | nothing: the input has ended, or a signal came */
static int l_readline(lua_State *L) {
  const char *prompt = luaL_checkstring(L, 1);
  reader = L;
  phase = READING;
  keys = 0;
  char *line = readline(prompt);
  if (!line) return 0;
  lua_pushstring(L, line);
  free(line);
  return 1;
}

/* announce(text, prompt) -> whether it was shown: print a text above the prompt that the user looks
   at, and show another prompt. A line with typed keys is left alone. */
static int l_announce(lua_State *L) {
  const char *text = luaL_checkstring(L, 1), *prompt = luaL_checkstring(L, 2);
  int is_untouched = keys == 0 && phase == READING;
  if (is_untouched) {
    fprintf(rl_outstream, "\r\033[J%s", text);
    rl_set_prompt(prompt);
    rl_forced_update_display();
  }
  lua_pushboolean(L, is_untouched);
  return 1;
}

/* -- history ----------------------------------------------------------------------------------- */

/* remember(line): add a line to the history */
static int l_remember(lua_State *L) {
  add_history(luaL_checkstring(L, 1));
  return 0;
}

/* load_history(path) -> true | nil, message, errno */
static int l_load_history(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  int failed = read_history(path);   /* an errno */
  if (failed) errno = failed;
  return luaL_fileresult(L, !failed, path);
}

/* Make the missing directories of a path. */
static void make_directories(char *path) {
  for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    mkdir(path, 0700);   /* a failure shows when the file is opened */
    *slash = '/';
  }
}

/* Write the history to a private temporary file and rename it to path. Return 0, or -1 with
   errno. */
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

/* save_history(path) -> true | nil, message, errno */
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

/* columns(fd) -> the width of the terminal | nothing: the descriptor is not a terminal */
static int l_columns(lua_State *L) {
  struct winsize size;
  int fd = (int)luaL_checkinteger(L, 1);
  if (!isatty(fd)) return 0;
  int known = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  lua_pushinteger(L, known ? size.ws_col : 80);
  return 1;
}

/* libraries() -> as core.libraries */
static int l_libraries(lua_State *L) {
  const Library libraries[] = {
    { "libedit", VERSION_OF(LIBEDIT_MAJOR, LIBEDIT_MINOR), (Code)readline }, { NULL, NULL, NULL }
  };
  push_libraries(L, libraries);
  return 1;
}

static const luaL_Reg functions[] = {
  { "start", l_start },
  { "readline", l_readline },
  { "announce", l_announce },
  { "remember", l_remember },
  { "load_history", l_load_history },
  { "save_history", l_save_history },
  { "columns", l_columns },
  { "libraries", l_libraries },
  { NULL, NULL }
};

int luaopen_azureml_edit(lua_State *L) {
  luaL_newlib(L, functions);
  return 1;
}
