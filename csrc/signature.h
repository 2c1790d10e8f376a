/* signature.h: (pure) signatures of JSON web tokens with RSA keys. */
#ifndef SIGNATURE_H
#define SIGNATURE_H

#include <openssl/evp.h>
#include <stddef.h>

typedef enum SignatureKind { SIGNATURE_RS256, SIGNATURE_PS256 } SignatureKind;

extern const char *const signature_names[];      /* "RS256", "PS256", NULL: as a token's alg has them */

/* The signature, *len bytes; NULL: the key is no RSA key or has no private half, or no memory. The caller frees */
unsigned char *signature_make(EVP_PKEY *key, SignatureKind kind, const void *data, size_t data_len, size_t *len);
int signature_check(EVP_PKEY *key, SignatureKind kind, const void *data, size_t data_len, const void *bytes, size_t len);      /* 1: it is good */

#endif
