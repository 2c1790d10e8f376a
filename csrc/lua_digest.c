/* lua_digest.c: core.crypto.digest: SHA-256 of data that comes in pieces, such as a large file. */

#include <openssl/evp.h>

#include "lua_core.h"

#define DIGEST "azureml.digest"

static EVP_MD_CTX *check_digest(lua_State *L) { return check_open(L, 1, DIGEST, "digest"); }

/* __gc, __close and close; a second call does nothing. */
static int l_close(lua_State *L) {
  void **slot = luaL_checkudata(L, 1, DIGEST);
  EVP_MD_CTX_free(*slot);
  *slot = NULL;
  return 0;
}

/* digest() -> an object to which data is added */
static int l_digest(lua_State *L) {
  void **slot = push_slot(L, DIGEST);
  EVP_MD_CTX *context = *slot = EVP_MD_CTX_new();
  if (!context || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
    return luaL_error(L, "OpenSSL could not begin a digest");
  return 1;
}

/* digest:add(data) -> digest */
static int l_add(lua_State *L) {
  size_t len;
  EVP_MD_CTX *context = check_digest(L);
  const char *data = luaL_checklstring(L, 2, &len);
  if (EVP_DigestUpdate(context, data, len) != 1)
    return luaL_error(L, "OpenSSL could not compute the digest");
  lua_settop(L, 1);
  return 1;
}

/* digest:finish() -> the SHA-256 of all data, as bytes; the object is closed */
static int l_finish(lua_State *L) {
  unsigned len = 0;
  unsigned char bytes[EVP_MAX_MD_SIZE];
  EVP_MD_CTX *context = check_digest(L);
  if (EVP_DigestFinal_ex(context, bytes, &len) != 1)
    return luaL_error(L, "OpenSSL could not compute the digest");
  l_close(L);
  lua_pushlstring(L, (char *)bytes, len);
  return 1;
}

static const luaL_Reg methods[] = {
  { "add",    l_add },
  { "finish", l_finish },
  { "close",  l_close },
  { NULL, NULL }
};

static const luaL_Reg meta[] = {
  { "__gc",    l_close },
  { "__close", l_close },
  { NULL, NULL }
};

void lua_digest_register(lua_State *L) {
  make_type(L, DIGEST, meta, methods);
  lua_getfield(L, -1, "crypto");
  lua_pushcfunction(L, l_digest);
  lua_setfield(L, -2, "digest");
  lua_pop(L, 1);
}
