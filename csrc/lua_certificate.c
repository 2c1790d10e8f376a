/* lua_certificate.c: core.certificate: make certificates for the emulator's TLS with OpenSSL: an
   authority that can sign for a few names only, and a server certificate that it signs.
   azureml.emulator.certificate_authority keeps them on disk. */

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "buf.h"
#include "certificate.h"
#include "lua_core.h"

enum { DAY = 24 * 60 * 60, MAX_DAYS = 3660, MAX_NAMES = 64, MAX_PEM = 64 * 1024 };

/* A certificate and its private key, both owned; NULL while they are missing. */
typedef struct Pair { X509 *certificate; EVP_PKEY *key; } Pair;

static void pair_clear(Pair *pair) {
  X509_free(pair->certificate);
  EVP_PKEY_free(pair->key);
  *pair = (Pair){ NULL, NULL };
  ERR_clear_error();
}

/* -- making ------------------------------------------------------------------------------------ */

static int set_serial(X509 *certificate) {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return 0;
  bytes[0] = (bytes[0] & 0x7f) | 0x40;      /* positive, and always of 16 bytes */
  BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
  int good = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
  BN_free(number);
  return good;
}

static int set_name(X509 *certificate, const char *subject) {
  const unsigned char *organization = (const unsigned char *)"azureml";
  const unsigned char *common_name = (const unsigned char *)subject;
  X509_NAME *name = X509_get_subject_name(certificate);
  return X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, organization, -1, -1, 0)
    && X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, common_name, -1, -1, 0);
}

/* Let the certificate begin one day ago, because clocks differ. */
static int set_times(X509 *certificate, int days) {
  return X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY)
    && X509_time_adj_ex(X509_getm_notAfter(certificate), days, 0, NULL);
}

static int add_extension(X509 *certificate, X509 *issuer, int kind, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
  X509V3_set_ctx_nodb(&context);
  X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &context, kind, value);
  int good = extension && X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  return good;
}

/* Make a key and a certificate without extensions and signature. Without an issuer the certificate
   is its own issuer. The caller clears the pair, also after a failure. */
static int begin(Pair *made, const Pair *issuer, const char *subject, int days) {
  made->key = EVP_EC_gen("P-256");
  made->certificate = X509_new();
  X509 *certificate = made->certificate;
  if (!made->key || !certificate) return 0;
  const X509 *signer = issuer ? issuer->certificate : certificate;
  return X509_set_version(certificate, 2)
    && set_serial(certificate)
    && set_name(certificate, subject)
    && set_times(certificate, days)
    && X509_set_pubkey(certificate, made->key)
    && X509_set_issuer_name(certificate, X509_get_subject_name(signer));
}

static int make_authority(Pair *made, const char *subject, const char *permitted, int days) {
  if (!begin(made, NULL, subject, days)) return 0;
  X509 *certificate = made->certificate;
  return add_extension(certificate, certificate, NID_basic_constraints,
                       "critical,CA:TRUE,pathlen:0")
    && add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign")
    && add_extension(certificate, certificate, NID_subject_key_identifier, "hash")
    && add_extension(certificate, certificate, NID_name_constraints, permitted)
    && X509_sign(certificate, made->key, EVP_sha256()) != 0;
}

static int make_server(Pair *made, const Pair *issuer, const char *subject, const char *names,
                       int days) {
  if (!begin(made, issuer, subject, days)) return 0;
  X509 *certificate = made->certificate, *signer = issuer->certificate;
  return add_extension(certificate, signer, NID_basic_constraints, "critical,CA:FALSE")
    && add_extension(certificate, signer, NID_key_usage, "critical,digitalSignature")
    && add_extension(certificate, signer, NID_ext_key_usage, "serverAuth")
    && add_extension(certificate, signer, NID_subject_key_identifier, "hash")
    && add_extension(certificate, signer, NID_authority_key_identifier, "keyid")
    && add_extension(certificate, signer, NID_subject_alt_name, names)
    && X509_sign(certificate, issuer->key, EVP_sha256()) != 0;
}

/* -- PEM texts --------------------------------------------------------------------------------- */

static BIO *open_text(const char *text, size_t len) {
  return len <= MAX_PEM ? BIO_new_mem_buf(text, (int)len) : NULL;
}

/* Read a pair from two PEM texts, which may be the same text. The caller clears the pair, also
   after a failure. */
static int read_pair(Pair *pair, const char *certificate, size_t certificate_len, const char *key,
                     size_t key_len) {
  BIO *certificate_bio = open_text(certificate, certificate_len);
  BIO *key_bio = open_text(key, key_len);
  pem_password_cb *no_password = certificate_no_password;
  if (certificate_bio)
    pair->certificate = PEM_read_bio_X509(certificate_bio, NULL, no_password, NULL);
  if (key_bio) pair->key = PEM_read_bio_PrivateKey(key_bio, NULL, no_password, NULL);
  BIO_free(certificate_bio);
  BIO_free(key_bio);
  return pair->certificate && pair->key;
}

/* Push the text of a BIO when it is good, and free the BIO. Return how many values were pushed.
   [-0, +(0|1), m] */
static int push_bio(lua_State *L, BIO *bio, int good) {
  char *data = NULL;
  long len = bio ? BIO_get_mem_data(bio, &data) : 0;
  if (good && len > 0) lua_pushlstring(L, data, (size_t)len);
  BIO_free(bio);
  return good && len > 0;
}

/* Push certificate and key as PEM texts, or nil and a reason, and clear the pair. Return how many
   values the caller returns to Lua.  [-0, +(2|3), m] */
static int push_pair(lua_State *L, Pair *made, int good) {
  BIO *certificate = BIO_new(BIO_s_mem()), *key = BIO_new(BIO_s_secmem());
  int has_certificate = good && certificate && PEM_write_bio_X509(certificate, made->certificate);
  int has_key = good && key &&
                PEM_write_bio_PrivateKey(key, made->key, NULL, NULL, 0, NULL, NULL);
  pair_clear(made);
  int pushed = push_bio(L, certificate, has_certificate);
  pushed += push_bio(L, key, has_key);
  return pushed == 2 ? 2 : push_reason(L, "OpenSSL could not make the certificate");
}

/* -- names ------------------------------------------------------------------------------------- */

/* Tell whether a name begins with DNS: or IP: and holds only characters without a meaning to
   OpenSSL. The first label of a DNS name may be a wildcard. */
static int is_name(const char *name) {
  static const char plain[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:./-";
  static const char wildcard[] = "DNS:*.";
  if (strncmp(name, wildcard, strlen(wildcard)) == 0) name += strlen(wildcard);
  else if (strncmp(name, "DNS:", 4) != 0 && strncmp(name, "IP:", 3) != 0) return 0;
  return strspn(name, plain) == strlen(name);
}

/* Push and return OpenSSL's form of a list of names: first, then each name behind a prefix,
   separated by commas.  [-0, +1, e] */
static const char *check_names(lua_State *L, int arg, const char *first, const char *prefix) {
  luaL_checktype(L, arg, LUA_TTABLE);
  lua_Integer count = (lua_Integer)lua_rawlen(L, arg);
  luaL_argcheck(L, count >= 1 && count <= MAX_NAMES, arg, "a list of 1 to 64 names expected");
  lua_pushstring(L, first);
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, arg, i);
    const char *name = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    if (!is_name(name))
      luaL_argerror(L, arg, "names such as DNS:localhost or IP:127.0.0.1 expected");
    lua_pushfstring(L, "%s%s%s", i > 1 ? "," : "", prefix, name);
    lua_remove(L, -2);
    lua_concat(L, 2);
  }
  return lua_tostring(L, -1);
}

static int check_days(lua_State *L, int arg) {
  lua_Integer days = luaL_checkinteger(L, arg);
  luaL_argcheck(L, days >= -1 && days <= MAX_DAYS, arg, "days from -1 to 3660 expected");
  return (int)days;
}

/* -- functions --------------------------------------------------------------------------------- */

/* authority(subject, permitted, days) -> certificate, key (PEM texts) | nil, reason. The authority
   can sign only for the permitted names: "DNS:localhost", "IP:127.0.0.0/255.0.0.0". */
static int l_authority(lua_State *L) {
  const char *subject = luaL_checkstring(L, 1);
  int days = check_days(L, 3);
  const char *permitted = check_names(L, 2, "critical,", "permitted;");
  Pair made = { NULL, NULL };
  return push_pair(L, &made, make_authority(&made, subject, permitted, days));
}

/* server(authority_certificate, authority_key, subject, names, days) -> certificate, key
   | nil, reason */
static int l_server(lua_State *L) {
  size_t certificate_len, key_len;
  const char *certificate = luaL_checklstring(L, 1, &certificate_len);
  const char *key = luaL_checklstring(L, 2, &key_len);
  const char *subject = luaL_checkstring(L, 3);
  int days = check_days(L, 5);
  const char *names = check_names(L, 4, "", "");
  Pair issuer = { NULL, NULL }, made = { NULL, NULL };
  int good = read_pair(&issuer, certificate, certificate_len, key, key_len)
    && make_server(&made, &issuer, subject, names, days);
  pair_clear(&issuer);
  return push_pair(L, &made, good);
}

/* fault(certificate, key, days) -> nil: they can be used for so many days | reason */
static int l_fault(lua_State *L) {
  size_t certificate_len, key_len;
  const char *certificate = luaL_checklstring(L, 1, &certificate_len);
  const char *key = luaL_checklstring(L, 2, &key_len);
  time_t end = time(NULL) + (time_t)check_days(L, 3) * DAY;
  Pair pair = { NULL, NULL };
  const char *fault = NULL;
  if (!read_pair(&pair, certificate, certificate_len, key, key_len))
    fault = "it holds no certificate with its key";
  else if (X509_check_private_key(pair.certificate, pair.key) != 1)
    fault = "its key belongs to another certificate";
  else if (X509_cmp_time(X509_get0_notAfter(pair.certificate), &end) <= 0) fault = "it expires";
  pair_clear(&pair);
  lua_pushstring(L, fault);
  return 1;
}

static const luaL_Reg functions[] = {
  { "authority", l_authority },
  { "server",    l_server },
  { "fault",     l_fault },
  { NULL, NULL }
};

void lua_certificate_register(lua_State *L) {
  luaL_newlib(L, functions);
  lua_setfield(L, -2, "certificate");
}
