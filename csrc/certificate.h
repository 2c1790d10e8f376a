/* certificate.h: (pure) a certificate with its private key, from PEM or PKCS#12. */
#ifndef CERTIFICATE_H
#define CERTIFICATE_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stddef.h>
#include <time.h>

#include "error.h"

typedef struct Certificate {
  EVP_PKEY *key;            /* RSA, with its private half */
  X509 *leaf;               /* that key's */
  STACK_OF(X509) *others;   /* the file's further certificates, in its order; may be NULL */
} Certificate;

/* password: NULL where there is none; name: what to call it in an error, "certificate '/x.pem'". NULL: error says why, and what to do.
   Waits for nothing and asks nobody. The caller frees */
Certificate *certificate_load(const void *data, size_t len, const char *password, const char *name, Error *error);
void certificate_free(Certificate *certificate);      /* the key is overwritten */

char  *certificate_print(const Certificate *certificate, const EVP_MD *digest);      /* the thumbprint, base64url. The caller frees */
char **certificate_chain(const Certificate *certificate);      /* DER in standard base64: the leaf, then the others; ends with NULL.
                                                                  text_list_free frees */
time_t certificate_end(const Certificate *certificate);        /* when it expires; -1: that cannot be told */

/* A password callback for OpenSSL that gives no password: without a callback OpenSSL asks on the
   terminal. */
int certificate_no_password(char *out, int size, int writing, void *context);

#endif
