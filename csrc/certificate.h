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
  X509 *leaf;               /* the certificate of that key */
  STACK_OF(X509) *others;   /* the file's further certificates, in its order; may be NULL */
} Certificate;

/* Read a certificate and its key. password is NULL if there is none; name is what an error calls
   the certificate: "certificate '/x.pem'". Never prompts for a password. NULL: the error tells what
   is wrong and what to do. The caller frees. */
Certificate *certificate_load(const void *data, size_t len, const char *password, const char *name,
                              Error *error);
/* Free a certificate and overwrite its key. */
void certificate_free(Certificate *certificate);

/* Return the thumbprint in base64url. The caller frees. */
char  *certificate_print(const Certificate *certificate, const EVP_MD *digest);
/* Return the leaf and the other certificates as DER in standard base64, ended by NULL. The caller
   frees the list with text_list_free. */
char **certificate_chain(const Certificate *certificate);
/* Return when the certificate expires, or -1 if that is not known. */
time_t certificate_end(const Certificate *certificate);

/* Give OpenSSL no password. Without this callback OpenSSL asks on the terminal. */
int certificate_no_password(char *out, int size, int writing, void *context);

#endif
