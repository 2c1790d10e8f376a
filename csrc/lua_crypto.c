/* lua_crypto.c: core.crypto: RSA keys that sign and verify, certificates, digests and base64 for
   the emulator's Entra ID, with OpenSSL. lua_certificate.c makes certificates. */

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base64.h"
#include "certificate.h"
#include "lua_core.h"
#include "signature.h"

#define KEY "azureml.key"

enum { LEAST_BITS = 1024, BITS = 2048, MOST_BITS = 8192, MAX_NUMBER = MOST_BITS / 8 };

/* -- keys -------------------------------------------------------------------------------------- */

static EVP_PKEY *check_key(lua_State *L) { return check_open(L, 1, KEY, "key"); }

/* __gc, __close and close; a second call does nothing. */
static int l_key_close(lua_State *L) {
  void **slot = luaL_checkudata(L, 1, KEY);
  EVP_PKEY_free(*slot);
  *slot = NULL;
  return 0;
}

/* Return the value on top when it is good, else push nil and a reason.  [-0, +(0|2), m] */
static int finish(lua_State *L, int good, const char *reason) {
  ERR_clear_error();
  return good ? 1 : push_reason(L, reason);
}

/* Generate an RSA key. Three primes take a third of the time of two, and verifiers see no
   difference; but OpenSSH reads private keys of two primes only. */
static EVP_PKEY *generate(int bits, int primes) {
  EVP_PKEY *key = NULL;
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
  if (context && EVP_PKEY_keygen_init(context) == 1
      && EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits) == 1
      && EVP_PKEY_CTX_set_rsa_keygen_primes(context, primes) == 1)
    EVP_PKEY_generate(context, &key);
  EVP_PKEY_CTX_free(context);
  return key;
}

/* generate_key(bits = 2048, primes = 2) -> key | nil, reason */
static int l_generate_key(lua_State *L) {
  lua_Integer bits = luaL_optinteger(L, 1, BITS);
  lua_Integer primes = luaL_optinteger(L, 2, 2);
  luaL_argcheck(L, bits >= LEAST_BITS && bits <= MOST_BITS, 1, "1024 to 8192 bits expected");
  luaL_argcheck(L, primes == 2 || primes == 3, 2, "2 or 3 primes expected");
  void **slot = push_slot(L, KEY);
  *slot = generate((int)bits, (int)primes);
  return finish(L, *slot != NULL, "OpenSSL could not generate an RSA key");
}

/* Open a text argument of at most 1 MiB for OpenSSL; the text is borrowed. NULL on failure.
   [-0, +0, e] */
static BIO *open_text(lua_State *L, int arg) {
  size_t len;
  const char *text = luaL_checklstring(L, arg, &len);
  return len > 0 && len < 1 << 20 ? BIO_new_mem_buf(text, (int)len) : NULL;
}

/* read_key(pem) -> a private or a public RSA key | nil, reason */
static int l_read_key(lua_State *L) {
  luaL_checkstring(L, 1);
  void **slot = push_slot(L, KEY);
  BIO *text = open_text(L, 1);
  pem_password_cb *no_password = certificate_no_password;
  if (text) *slot = PEM_read_bio_PrivateKey(text, NULL, no_password, NULL);
  if (text && !*slot && BIO_reset(text) == 1)
    *slot = PEM_read_bio_PUBKEY(text, NULL, no_password, NULL);
  BIO_free(text);
  int is_rsa = *slot && EVP_PKEY_is_a(*slot, "RSA");
  return finish(L, is_rsa, "it is not a PEM text of an RSA key without a password");
}

/* Return a member of a JWK as a number, which the caller frees; NULL when it is not a number.
   [-0, +0, e] */
static BIGNUM *number_field(lua_State *L, int arg, const char *name) {
  size_t len, bytes_len = 0;
  lua_getfield(L, arg, name);
  const char *text = lua_tolstring(L, -1, &len);
  unsigned char *bytes = text ? base64_decode(text, len, &bytes_len) : NULL;
  int fits = bytes && bytes_len && bytes_len <= MAX_NUMBER;
  BIGNUM *number = fits ? BN_bin2bn(bytes, (int)bytes_len, NULL) : NULL;
  free(bytes);
  lua_pop(L, 1);
  return number;
}

static EVP_PKEY *public_key(const BIGNUM *n, const BIGNUM *e) {
  EVP_PKEY *key = NULL;
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
  OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
  OSSL_PARAM *params = NULL;
  if (context && build
      && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n)
      && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e)
      && (params = OSSL_PARAM_BLD_to_param(build)) && EVP_PKEY_fromdata_init(context) == 1)
    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params);
  OSSL_PARAM_free(params);
  OSSL_PARAM_BLD_free(build);
  EVP_PKEY_CTX_free(context);
  return key;
}

/* jwk_key{ n, e } -> a public key | nil, reason */
static int l_jwk_key(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  void **slot = push_slot(L, KEY);
  BIGNUM *n = number_field(L, 1, "n"), *e = number_field(L, 1, "e");
  if (n && e && BN_num_bits(n) >= LEAST_BITS) *slot = public_key(n, e);
  BN_free(n);
  BN_free(e);
  return finish(L, *slot != NULL, "it is not a JWK of an RSA key: n and e in base64url");
}

/* key:sign(alg, data) -> signature */
static int l_key_sign(lua_State *L) {
  size_t data_len, len;
  EVP_PKEY *key = check_key(L);
  SignatureKind kind = (SignatureKind)luaL_checkoption(L, 2, NULL, signature_names);
  const char *data = luaL_checklstring(L, 3, &data_len);
  unsigned char *bytes = signature_make(key, kind, data, data_len, &len);
  if (!bytes) return luaL_error(L, "this key cannot sign: it has no private half");
  lua_pushlstring(L, (char *)bytes, len);
  free(bytes);
  return 1;
}

/* key:verify(alg, data, signature) -> boolean */
static int l_key_verify(lua_State *L) {
  size_t data_len, len;
  EVP_PKEY *key = check_key(L);
  SignatureKind kind = (SignatureKind)luaL_checkoption(L, 2, NULL, signature_names);
  const char *data = luaL_checklstring(L, 3, &data_len);
  const char *signature = luaL_checklstring(L, 4, &len);
  lua_pushboolean(L, signature_check(key, kind, data, data_len, signature, len));
  return 1;
}

/* Push an encoded text and free it; raise an error for NULL.  [-0, +1, em] */
static int push_encoded(lua_State *L, char *text) {
  return text ? push_owned(L, text) : luaL_error(L, "there is not enough memory");
}

/* Set a field of the table on top to a number of the key, in base64url.  [-0, +0, em] */
static void set_number(lua_State *L, EVP_PKEY *key, const char *name, const char *param) {
  unsigned char bytes[MAX_NUMBER + 1];
  BIGNUM *number = NULL;
  int found = EVP_PKEY_get_bn_param(key, param, &number) == 1;
  int len = found && BN_num_bytes(number) <= MAX_NUMBER ? BN_bn2bin(number, bytes) : 0;
  BN_free(number);
  push_encoded(L, base64url_encode(bytes, (size_t)len));
  lua_setfield(L, -2, name);
}

/* key:jwk() -> { kty, n, e }: the public key */
static int l_key_jwk(lua_State *L) {
  EVP_PKEY *key = check_key(L);
  lua_createtable(L, 0, 3);
  set_text(L, "kty", "RSA");
  set_number(L, key, "n", OSSL_PKEY_PARAM_RSA_N);
  set_number(L, key, "e", OSSL_PKEY_PARAM_RSA_E);
  return 1;
}

/* key:pem() -> the private key as an unencrypted PEM text, which is a secret | nil, reason */
static int l_key_pem(lua_State *L) {
  EVP_PKEY *key = check_key(L);
  BIO *out = BIO_new(BIO_s_secmem());
  char *text = NULL;
  int written = out && PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1;
  long len = written ? BIO_get_mem_data(out, &text) : 0;
  char *copy = len > 0 ? strndup(text, (size_t)len) : NULL;
  BIO_free(out);
  return finish(L, copy != NULL && push_owned(L, copy), "it has no private half");
}

/* -- certificates ------------------------------------------------------------------------------ */

/* The facts of a certificate. They are read before any call of Lua that may raise an error. */
typedef struct Facts {
  unsigned char sha1[20], sha256[32];
  struct tm     not_before, not_after;
} Facts;

/* Read a certificate in PEM or DER, which the caller frees; NULL on failure. */
static X509 *read_certificate(BIO *text) {
  if (!text) return NULL;
  X509 *found = PEM_read_bio_X509(text, NULL, certificate_no_password, NULL);
  if (!found && BIO_reset(text) == 1) found = d2i_X509_bio(text, NULL);
  return found;
}

static int read_facts(X509 *certificate, Facts *facts) {
  return X509_digest(certificate, EVP_sha1(), facts->sha1, NULL) == 1
    && X509_digest(certificate, EVP_sha256(), facts->sha256, NULL) == 1
    && ASN1_TIME_to_tm(X509_get0_notBefore(certificate), &facts->not_before) == 1
    && ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &facts->not_after) == 1;
}

static void set_bytes(lua_State *L, const char *name, const void *bytes, size_t len) {
  lua_pushlstring(L, bytes, len);
  lua_setfield(L, -2, name);
}

/* certificate(text) -> { sha1, sha256 (bytes), not_before, not_after (seconds since 1970), key }
   | nil, reason. The text is PEM or DER; only the first certificate of a PEM text counts. */
static int l_certificate(lua_State *L) {
  Facts facts;
  luaL_checkstring(L, 1);
  lua_createtable(L, 0, 5);
  void **slot = push_slot(L, KEY);
  BIO *text = open_text(L, 1);
  X509 *found = read_certificate(text);
  int known = found && read_facts(found, &facts);
  if (known) *slot = X509_get_pubkey(found);
  X509_free(found);
  BIO_free(text);
  if (!known) return finish(L, 0, "it is not a certificate in PEM or DER");
  if (!*slot || !EVP_PKEY_is_a(*slot, "RSA"))
    return finish(L, 0, "the certificate's key is not an RSA key");
  lua_setfield(L, -2, "key");
  set_bytes(L, "sha1", facts.sha1, sizeof facts.sha1);
  set_bytes(L, "sha256", facts.sha256, sizeof facts.sha256);
  set_integer(L, "not_before", (lua_Integer)timegm(&facts.not_before));
  set_integer(L, "not_after", (lua_Integer)timegm(&facts.not_after));
  return finish(L, 1, NULL);
}

/* -- digests and base64 ------------------------------------------------------------------------ */

/* Push the digest of the first argument, as bytes.  [-0, +1, e] */
static int push_digest(lua_State *L, const EVP_MD *kind) {
  size_t len;
  unsigned digest_len = 0;
  unsigned char digest[EVP_MAX_MD_SIZE];
  const char *data = luaL_checklstring(L, 1, &len);
  if (EVP_Digest(data, len, digest, &digest_len, kind, NULL) != 1)
    return luaL_error(L, "OpenSSL could not compute the digest");
  lua_pushlstring(L, (char *)digest, digest_len);
  return 1;
}

static int l_sha1(lua_State *L) { return push_digest(L, EVP_sha1()); }
static int l_sha256(lua_State *L) { return push_digest(L, EVP_sha256()); }

static int l_base64(lua_State *L) {
  size_t len;
  const char *data = luaL_checklstring(L, 1, &len);
  return push_encoded(L, base64_encode(data, len));
}

static int l_base64url(lua_State *L) {
  size_t len;
  const char *data = luaL_checklstring(L, 1, &len);
  return push_encoded(L, base64url_encode(data, len));
}

/* from_base64(text) -> bytes | nothing: the text is not base64 or base64url, padded or not */
static int l_from_base64(lua_State *L) {
  size_t text_len, len = 0;
  const char *text = luaL_checklstring(L, 1, &text_len);
  unsigned char *bytes = base64_decode(text, text_len, &len);
  if (!bytes) return 0;
  lua_pushlstring(L, (char *)bytes, len);
  free(bytes);
  return 1;
}

/* -- registering ------------------------------------------------------------------------------- */

static const luaL_Reg functions[] = {
  { "generate_key", l_generate_key },
  { "read_key",     l_read_key },
  { "jwk_key",      l_jwk_key },
  { "certificate",  l_certificate },
  { "sha1",         l_sha1 },
  { "sha256",       l_sha256 },
  { "base64",       l_base64 },
  { "base64url",    l_base64url },
  { "from_base64",  l_from_base64 },
  { NULL, NULL }
};

static const luaL_Reg key_methods[] = {
  { "sign",   l_key_sign },
  { "verify", l_key_verify },
  { "jwk",    l_key_jwk },
  { "pem",    l_key_pem },
  { "close",  l_key_close },
  { NULL, NULL }
};

static const luaL_Reg key_meta[] = {
  { "__gc",    l_key_close },
  { "__close", l_key_close },
  { NULL, NULL }
};

void lua_crypto_register(lua_State *L) {
  make_type(L, KEY, key_meta, key_methods);
  luaL_newlib(L, functions);
  lua_setfield(L, -2, "crypto");
}
