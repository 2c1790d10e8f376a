/* lua_terminal.c: the Lua functions for the terminal of this process in raw mode. The executable
   restores it after signals as well (main.c); a guest restores it when it exits. */

#include "lua_core.h"
#include "terminal.h"

#define TERMINAL "azureml.core.terminal"

static Terminal *check_terminal(lua_State *L) { return check_open(L, 1, TERMINAL, "terminal"); }

/* terminal() -> the terminal, raw | nil, reason: such as "standard input is not a terminal" */
static int l_terminal(lua_State *L) {
  const char *why;
  void **slot = push_slot(L, TERMINAL);
  *slot = terminal_open(&why);
  return *slot ? 1 : push_reason(L, why);
}

/* terminal:fd() -> the descriptor to watch for keys */
static int l_fd(lua_State *L) {
  lua_pushinteger(L, terminal_descriptor(check_terminal(L)));
  return 1;
}

/* terminal:room() -> the descriptor to watch for output, while there is any that waits */
static int l_room(lua_State *L) {
  lua_pushinteger(L, terminal_room(check_terminal(L)));
  return 1;
}

/* terminal:read() -> the keys that were pressed, "" if there are none now | nil: it has gone */
static int l_read(lua_State *L) {
  char keys[4096];
  ssize_t count = terminal_read(check_terminal(L), keys, sizeof keys);
  if (count == 0) return 0;
  lua_pushlstring(L, keys, count > 0 ? (size_t)count : 0);
  return 1;
}

/* terminal:write(text, first) -> how many bytes from the position were written | nil: it has
   gone */
static int l_write(lua_State *L) {
  size_t len;
  Terminal *terminal = check_terminal(L);
  const char *text = luaL_checklstring(L, 2, &len);
  lua_Integer first = luaL_optinteger(L, 3, 1);
  luaL_argcheck(L, first >= 1 && (size_t)first <= len + 1, 3, "a position in the text expected");
  ssize_t count = terminal_write(terminal, text + first - 1, len - (size_t)(first - 1));
  if (count < 0) return 0;
  lua_pushinteger(L, count);
  return 1;
}

/* terminal:size() -> columns, rows */
static int l_size(lua_State *L) {
  int columns, rows;
  terminal_size(check_terminal(L), &columns, &rows);
  lua_pushinteger(L, columns);
  lua_pushinteger(L, rows);
  return 2;
}

/* terminal:again(): make it raw again, after the process was stopped */
static int l_again(lua_State *L) {
  terminal_again(check_terminal(L));
  return 0;
}

/* __gc, __close and close: restore it; a second call does nothing. */
static int l_close(lua_State *L) {
  void **slot = luaL_checkudata(L, 1, TERMINAL);
  terminal_close(*slot);
  *slot = NULL;
  return 0;
}

static const luaL_Reg functions[] = { { "terminal", l_terminal }, { NULL, NULL } };

static const luaL_Reg methods[] = {
  { "fd",    l_fd },
  { "room",  l_room },
  { "read",  l_read },
  { "write", l_write },
  { "size",  l_size },
  { "again", l_again },
  { "close", l_close },
  { NULL, NULL }
};

static const luaL_Reg meta[] = { { "__gc", l_close }, { "__close", l_close }, { NULL, NULL } };

void lua_terminal_register(lua_State *L) {
  make_type(L, TERMINAL, meta, methods);
  luaL_setfuncs(L, functions, 0);
}
