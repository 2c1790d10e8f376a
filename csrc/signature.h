/* signature.h: (pure) signatures of JSON web tokens with RSA keys. */
#ifndef SIGNATURE_H
#define SIGNATURE_H

#include <openssl/evp.h>
#include <stddef.h>

typedef enum SignatureKind { SIGNATURE_RS256, SIGNATURE_PS256 } SignatureKind;

/* The names of the kinds as in a token's alg: "RS256", "PS256", NULL. */
extern const char *const signature_names[];

/* Sign data: return *len bytes, or NULL if the key is not an RSA key, has no private half or memory
   has run out. The caller frees. */
unsigned char *signature_make(EVP_PKEY *key, SignatureKind kind,
                              const void *data, size_t data_len, size_t *len);
/* Return 1 if the signature in bytes belongs to data and key, else 0. */
int signature_check(EVP_PKEY *key, SignatureKind kind, const void *data, size_t data_len,
                    const void *bytes, size_t len);

#endif
