/* lua_relay.h: what lua_httpd.c needs of lua_relay.c. */
#ifndef LUA_RELAY_H
#define LUA_RELAY_H

#include <lua.h>

/* Add the function relay to the module's table on top.  [-0, +0, m] */
void lua_relay_register(lua_State *L);

#endif
