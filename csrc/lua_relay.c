/* lua_relay.c: the relay of the emulator's machines, as a part of the module azureml.httpd. */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "lua_core.h"
#include "lua_relay.h"
#include "relay.h"

#define RELAY "azureml.httpd.relay"

static Relay *check_relay(lua_State *L) { return check_open(L, 1, RELAY, "relay"); }

/* relay(port) -> a relay on 127.0.0.1, on a free port for 0 | nil, reason */
static int l_relay(lua_State *L) {
  lua_Integer port = luaL_optinteger(L, 1, 0);
  luaL_argcheck(L, port >= 0 && port <= 65535, 1, "a port from 0 to 65535 expected");
  struct sockaddr_in address = {
    .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
  };
  void **slot = push_slot(L, RELAY);
  *slot = relay_new((struct sockaddr *)&address, sizeof address);
  return *slot ? 1 : push_reason(L, strerror(errno));
}

/* relay:port() */
static int l_port(lua_State *L) {
  lua_pushinteger(L, relay_port(check_relay(L)));
  return 1;
}

/* relay:fd() -> the descriptor to watch */
static int l_fd(lua_State *L) {
  lua_pushinteger(L, relay_descriptor(check_relay(L)));
  return 1;
}

/* relay:run() -> a list of new requests { id, head }, seconds until it must run again (or nil) */
static int l_run(lua_State *L) {
  Relay *relay = check_relay(L);
  const char *head;
  size_t len;
  unsigned long id;
  double seconds = relay_run(relay);
  lua_newtable(L);
  for (lua_Integer i = 1; (id = relay_next(relay, &head, &len)) != 0; i++) {
    lua_createtable(L, 0, 2);
    set_integer(L, "id", (lua_Integer)id);
    lua_pushlstring(L, head, len);
    lua_setfield(L, -2, "head");
    lua_rawseti(L, -2, i);
  }
  if (seconds < 0) return 1;
  lua_pushnumber(L, seconds);
  return 2;
}

/* relay:refuse(id, answer): the answer is a whole HTTP response */
static int l_refuse(lua_State *L) {
  size_t len;
  Relay *relay = check_relay(L);
  unsigned long id = (unsigned long)luaL_checkinteger(L, 2);
  const char *answer = luaL_checklstring(L, 3, &len);
  relay_refuse(relay, id, answer, len);
  return 0;
}

/* relay:connect(id, path, head) -> true | nil, reason */
static int l_connect(lua_State *L) {
  size_t len;
  Relay *relay = check_relay(L);
  unsigned long id = (unsigned long)luaL_checkinteger(L, 2);
  const char *path = luaL_checkstring(L, 3), *head = luaL_checklstring(L, 4, &len);
  if (relay_connect(relay, id, path, head, len) != 0) return push_reason(L, strerror(errno));
  lua_pushboolean(L, 1);
  return 1;
}

/* relay:cut(path): close the connections to the server behind a path */
static int l_cut(lua_State *L) {
  relay_cut(check_relay(L), luaL_checkstring(L, 2));
  return 0;
}

/* __gc, __close and close; a second call does nothing. */
static int l_close(lua_State *L) {
  void **slot = luaL_checkudata(L, 1, RELAY);
  if (*slot) relay_free(*slot);
  *slot = NULL;
  return 0;
}

static const luaL_Reg functions[] = { { "relay", l_relay }, { NULL, NULL } };

static const luaL_Reg methods[] = {
  { "port",    l_port },
  { "fd",      l_fd },
  { "run",     l_run },
  { "refuse",  l_refuse },
  { "connect", l_connect },
  { "cut",     l_cut },
  { "close",   l_close },
  { NULL, NULL }
};

static const luaL_Reg meta[] = { { "__gc", l_close }, { "__close", l_close }, { NULL, NULL } };

void lua_relay_register(lua_State *L) {
  make_type(L, RELAY, meta, methods);
  luaL_setfuncs(L, functions, 0);
}
