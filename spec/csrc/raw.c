/* raw.c: TCP sockets for the specs, so that a server can send bytes that no HTTP library would. All
   sockets are non-blocking; the spec's loop waits. */

#include <arpa/inet.h>
#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKET "spec.raw.socket"

static int *push_socket(lua_State *L) {
  int *slot = lua_newuserdatauv(L, sizeof *slot, 0);
  *slot = -1;
  luaL_setmetatable(L, SOCKET);
  return slot;
}

static int check_socket(lua_State *L) {
  int *slot = luaL_checkudata(L, 1, SOCKET);
  luaL_argcheck(L, *slot >= 0, 1, "closed");
  return *slot;
}

static int failed(lua_State *L, const char *what) {
  return luaL_error(L, "%s: %s", what, strerror(errno));
}

/* listen() -> socket: listen on a free port of 127.0.0.1. */
static int l_listen(lua_State *L) {
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  int *slot = push_socket(L);
  *slot = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (*slot < 0) return failed(L, "socket");
  if (bind(*slot, (struct sockaddr *)&address, sizeof address) != 0) return failed(L, "bind");
  if (listen(*slot, 64) != 0) return failed(L, "listen");
  return 1;
}

static int l_port(lua_State *L) {
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  if (getsockname(check_socket(L), (struct sockaddr *)&address, &size) != 0)
    return failed(L, "getsockname");
  lua_pushinteger(L, ntohs(address.sin_port));
  return 1;
}

static int l_fd(lua_State *L) {
  lua_pushinteger(L, check_socket(L));
  return 1;
}

/* accept() -> socket, or nothing if no connection waits */
static int l_accept(lua_State *L) {
  int listener = check_socket(L);
  int *slot = push_socket(L);
  *slot = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  return *slot >= 0;
}

/* connect(port) -> socket: connect to 127.0.0.1. Bytes written before the connection stands are
   lost; on loopback it stands at once. */
static int l_connect(lua_State *L) {
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  address.sin_port = htons((uint16_t)luaL_checkinteger(L, 1));
  int *slot = push_socket(L);
  *slot = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (*slot < 0) return failed(L, "socket");
  int connected = connect(*slot, (struct sockaddr *)&address, sizeof address) == 0;
  if (!connected && errno != EINPROGRESS) return failed(L, "connect");
  return 1;
}

/* read() -> the bytes that have arrived, "" if there are none yet; nil at the end */
static int l_read(lua_State *L) {
  char bytes[65536];
  ssize_t count = recv(check_socket(L), bytes, sizeof bytes, 0);
  if (count == 0 || (count < 0 && errno != EAGAIN)) return 0;
  lua_pushlstring(L, bytes, count > 0 ? (size_t)count : 0);
  return 1;
}

/* write(text) -> the number of bytes sent; nil if the peer has closed */
static int l_write(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 2, &len);
  ssize_t count = send(check_socket(L), text, len, MSG_NOSIGNAL);
  if (count < 0 && errno != EAGAIN) return 0;
  lua_pushinteger(L, count > 0 ? count : 0);
  return 1;
}

static int l_close(lua_State *L) {
  int *slot = luaL_checkudata(L, 1, SOCKET);
  if (*slot >= 0) close(*slot);
  *slot = -1;
  return 0;
}

/* Close with a RST. */
static int l_reset(lua_State *L) {
  struct linger at_once = { 1, 0 };
  setsockopt(check_socket(L), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  return l_close(L);
}

/* -- another Lua state in this process --------------------------------------------------------- */

#define STATE "raw.state"

static lua_State *check_state(lua_State *L) {
  lua_State **slot = luaL_checkudata(L, 1, STATE);
  luaL_argcheck(L, *slot, 1, "this state is closed");
  return *slot;
}

static void set_path(lua_State *L, lua_State *other, const char *name) {
  lua_getglobal(L, "package");
  lua_getfield(L, -1, name);
  lua_getglobal(other, "package");
  lua_pushstring(other, lua_tostring(L, -1));
  lua_setfield(other, -2, name);
  lua_pop(other, 1);
  lua_pop(L, 2);
}

/* state() -> a Lua state with the standard libraries and this state's module paths */
static int l_state(lua_State *L) {
  lua_State **slot = lua_newuserdatauv(L, sizeof *slot, 0);
  *slot = NULL;
  luaL_setmetatable(L, STATE);
  *slot = luaL_newstate();
  if (!*slot) return luaL_error(L, "no memory");
  luaL_openlibs(*slot);
  set_path(L, *slot, "path");
  set_path(L, *slot, "cpath");
  return 1;
}

/* state:run(text, userdata) -> the chunk's result as text, or nil and the error. The chunk gets the
   userdata's address. */
static int l_run(lua_State *L) {
  lua_State *other = check_state(L);
  int status = luaL_loadstring(other, luaL_checkstring(L, 2));
  lua_pushlightuserdata(other, lua_touserdata(L, 3));
  if (status == LUA_OK) status = lua_pcall(other, 1, 1, 0);
  if (status != LUA_OK) lua_pushnil(L);
  int result = status != LUA_OK && lua_type(other, -1) == LUA_TLIGHTUSERDATA ? -2 : -1;
  lua_pushstring(L, luaL_tolstring(other, result, NULL));
  lua_settop(other, 0);
  return status == LUA_OK ? 1 : 2;
}

static int l_state_close(lua_State *L) {
  lua_State **slot = luaL_checkudata(L, 1, STATE);
  if (*slot) lua_close(*slot);
  *slot = NULL;
  return 0;
}

static const luaL_Reg state_methods[] = {
  { "run",     l_run },
  { "__gc",    l_state_close },
  { "__close", l_state_close },
  { NULL, NULL }
};

static const luaL_Reg methods[] = {
  { "port",   l_port },
  { "fd",     l_fd },
  { "accept", l_accept },
  { "read",   l_read },
  { "write",  l_write },
  { "reset",  l_reset },
  { "close",  l_close },
  { "__gc",   l_close },
  { NULL, NULL }
};

__attribute__((visibility("default"))) int luaopen_raw(lua_State *L);

__attribute__((visibility("default"))) int luaopen_raw(lua_State *L) {
  luaL_newmetatable(L, SOCKET);
  luaL_setfuncs(L, methods, 0);
  lua_pushvalue(L, -1);
  lua_setfield(L, -2, "__index");
  luaL_newmetatable(L, STATE);
  luaL_setfuncs(L, state_methods, 0);
  lua_pushvalue(L, -1);
  lua_setfield(L, -2, "__index");
  lua_newtable(L);
  lua_pushcfunction(L, l_listen);
  lua_setfield(L, -2, "listen");
  lua_pushcfunction(L, l_state);
  lua_setfield(L, -2, "state");
  lua_pushcfunction(L, l_connect);
  lua_setfield(L, -2, "connect");
  return 1;
}
