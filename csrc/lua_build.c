/* lua_build.c: the part of azureml.core that tells how this build was made and what it runs on. */

#include <curl/curl.h>
#include <jansson.h>
#include <openssl/crypto.h>

#include "lua_core.h"

#define LUA_RELEASE_NUMBER LUA_VERSION_MAJOR "." LUA_VERSION_MINOR "." LUA_VERSION_RELEASE

/* What the loop waits with. */
#ifdef AML_LOOP_POLL
#define LOOP "poll"
#else
#define LOOP "epoll"
#endif

/* libraries() -> a list of { name =, version =, path = }; a path of nil: built in. That of libcurl
   also has tls, as libcurl names it, and the version of nghttp2; nil: it was built without */
static int l_libraries(lua_State *L) {
  const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
  const Library libraries[] = {
    { "libcurl", curl->version, (Code)curl_easy_init },
    { "OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING), (Code)OpenSSL_version },
    { "jansson", jansson_version_str(), (Code)jansson_version_str },
    { "Lua", LUA_RELEASE_NUMBER, (Code)lua_newstate },
    { NULL, NULL, NULL }
  };
  push_libraries(L, libraries);
  lua_rawgeti(L, -1, 1);
  lua_pushstring(L, curl->ssl_version);
  lua_setfield(L, -2, "tls");
  lua_pushstring(L, curl->features & CURL_VERSION_HTTP2 ? curl->nghttp2_version : NULL);
  lua_setfield(L, -2, "nghttp2");
  lua_pop(L, 1);
  return 1;
}

/* library_path(f) -> the file that a C function was loaded from | nil: it is built in */
static int l_library_path(lua_State *L) {
  lua_CFunction function = lua_tocfunction(L, 1);
  luaL_argexpected(L, function, 1, "C function");
  return push_file_of(L, (Code)function);
}

static const luaL_Reg functions[] = {
  { "libraries",    l_libraries },
  { "library_path", l_library_path },
  { NULL, NULL }
};

void lua_build_register(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  lua_pushliteral(L, LUA_RELEASE_NUMBER);
  lua_setfield(L, -2, "lua_release");
  lua_pushliteral(L, LOOP);
  lua_setfield(L, -2, "loop");
  lua_pushliteral(L, AML_VERSION);
  lua_setfield(L, -2, "version");
}
