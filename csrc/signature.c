/* signature.c: make and check signatures of JSON web tokens with RSA keys and SHA-256. The tokens
   themselves are jwt.c's. Source: RFC 7518, sections 3.3 and 3.5. */

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "signature.h"

const char *const signature_names[] = { "RS256", "PS256", NULL };

static int set_padding(EVP_PKEY_CTX *padding, SignatureKind kind) {
  if (kind == SIGNATURE_RS256)
    return EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PADDING) > 0;
  /* PS256 demands a salt as long as the digest. */
  return EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) > 0
    && EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST) > 0;
}

unsigned char *signature_make(EVP_PKEY *key, SignatureKind kind,
                              const void *data, size_t data_len, size_t *len) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  EVP_PKEY_CTX *padding = NULL;
  unsigned char *bytes = NULL;
  if (!context || !EVP_PKEY_is_a(key, "RSA")) goto fail;
  if (EVP_DigestSignInit(context, &padding, EVP_sha256(), NULL, key) != 1) goto fail;
  if (!set_padding(padding, kind)) goto fail;
  if (EVP_DigestSign(context, NULL, len, data, data_len) != 1) goto fail;
  bytes = malloc(*len);
  if (!bytes || EVP_DigestSign(context, bytes, len, data, data_len) != 1) goto fail;
  EVP_MD_CTX_free(context);
  return bytes;

fail:
  ERR_clear_error();
  EVP_MD_CTX_free(context);
  free(bytes);
  return NULL;
}

int signature_check(EVP_PKEY *key, SignatureKind kind, const void *data, size_t data_len,
                    const void *bytes, size_t len) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  EVP_PKEY_CTX *padding = NULL;
  int good = context && EVP_PKEY_is_a(key, "RSA")
    && EVP_DigestVerifyInit(context, &padding, EVP_sha256(), NULL, key) == 1
    && set_padding(padding, kind)
    && EVP_DigestVerify(context, bytes, len, data, data_len) == 1;
  ERR_clear_error();
  EVP_MD_CTX_free(context);
  return good;
}
