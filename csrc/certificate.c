/* certificate.c: read a certificate with its private key from PEM or PKCS#12, find which of several
   certificates belongs to the key, and explain what is wrong with a file. jwt.c signs with the key.
   Source: spec/contract/auth.md, section 4. */

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "certificate.h"
#include "text.h"

enum { MAX_CERTIFICATES = 100 };

typedef enum Fault {
  FAULT_NONE, FAULT_FORMAT, FAULT_DAMAGED, FAULT_NO_KEY, FAULT_NO_CERTIFICATE,
  FAULT_BAD_CERTIFICATE, FAULT_TWO_KEYS, FAULT_NO_PASSWORD, FAULT_PASSWORD, FAULT_CIPHER,
  FAULT_TYPE, FAULT_PAIR, FAULT_MEMORY
} Fault;

static const struct { const char *code, *words; } faults[] = {
  [FAULT_FORMAT] = { "InvalidCertificate",
    "holds neither PEM blocks (-----BEGIN ...) nor PKCS#12" },
  [FAULT_DAMAGED] = { "InvalidCertificate",
    "is damaged: a part of it cannot be decoded" },
  [FAULT_NO_KEY] = { "CertificateWithoutKey",
    "holds no private key: append the key's PEM block to the file, or export the certificate with "
    "its key" },
  [FAULT_NO_CERTIFICATE] = { "KeyWithoutCertificate",
    "holds a private key but no certificate: append the certificate's PEM block to the file" },
  [FAULT_BAD_CERTIFICATE] = { "InvalidCertificate",
    "has a CERTIFICATE block that is no certificate" },
  [FAULT_TWO_KEYS] = { "SeveralKeys",
    "holds more than one private key: leave only the one that belongs to the application's "
    "certificate" },
  [FAULT_NO_PASSWORD] = { "CertificatePassword",
    "is encrypted: its password is needed" },
  [FAULT_PASSWORD] = { "CertificatePassword",
    "cannot be decrypted: the password is wrong" },
  [FAULT_CIPHER] = { "CertificateEncryption",
    "is encrypted with RC2 or another old cipher that OpenSSL 3 does not offer any more: convert "
    "it with 'openssl pkcs12 -legacy -in OLD -nodes -out NEW.pem', and give NEW.pem" },
  [FAULT_TYPE] = { "CertificateKeyType",
    "has a key that is not RSA, and Entra ID takes RSA keys only: make a new one, for example with "
    "'openssl req -x509 -newkey rsa:2048'" },
  [FAULT_PAIR] = { "CertificateMismatch",
    "has a private key that belongs to none of its certificates" },
  [FAULT_MEMORY] = { "OutOfMemory",
    "cannot be read: there is not enough memory" }
};

typedef struct Reading {
  const char *password;
  int asked;                  /* OpenSSL has asked for the password */
  EVP_PKEY *key;
  STACK_OF(X509) *certificates;
} Reading;

static void reading_clear(Reading *reading) {
  EVP_PKEY_free(reading->key);
  sk_X509_pop_free(reading->certificates, X509_free);
}

int certificate_no_password(char *out, int size, int writing, void *context) {
  (void)out, (void)size, (void)writing, (void)context;
  return -1;
}

/* Give the password to OpenSSL. Without this callback OpenSSL asks on the terminal. */
static int give_password(char *out, int size, int writing, void *context) {
  Reading *reading = context;
  size_t len = reading->password ? strlen(reading->password) : 0;
  (void)writing;
  reading->asked = 1;
  if (!reading->password || len > (size_t)size) return -1;
  memcpy(out, reading->password, len);
  return (int)len;
}

static int is_unsupported(unsigned long code) {
  int reason = ERR_GET_REASON(code);
  if (reason == ERR_R_UNSUPPORTED) return 1;
  return ERR_GET_LIB(code) == ERR_LIB_EVP && reason == EVP_R_UNSUPPORTED_ALGORITHM;
}

/* Search OpenSSL's error queue for a cipher that it does not support. */
static int was_unsupported(void) {
  for (unsigned long code; (code = ERR_get_error()); )
    if (is_unsupported(code)) return 1;
  return 0;
}

/* -- PEM --------------------------------------------------------------------------------------- */

typedef struct Block {
  char *name, *header;
  unsigned char *data;
  long len;
} Block;

static void block_clear(Block *block) {
  OPENSSL_free(block->name);
  OPENSSL_free(block->header);
  OPENSSL_clear_free(block->data, block->data ? (size_t)block->len : 0);
  memset(block, 0, sizeof *block);
}

static Fault read_key(Reading *reading, const Block *block) {
  if (reading->key) return FAULT_TWO_KEYS;
  BIO *copy = BIO_new(BIO_s_mem());      /* OpenSSL wipes it when it is freed */
  if (!copy || PEM_write_bio(copy, block->name, block->header, block->data, block->len) <= 0) {
    BIO_free(copy);
    return FAULT_MEMORY;
  }
  reading->asked = 0;
  reading->key = PEM_read_bio_PrivateKey(copy, NULL, give_password, reading);
  BIO_free(copy);
  if (reading->key) return FAULT_NONE;
  if (reading->asked && !reading->password) return FAULT_NO_PASSWORD;
  if (was_unsupported()) return FAULT_CIPHER;
  return reading->asked ? FAULT_PASSWORD : FAULT_DAMAGED;
}

static Fault read_certificate(Reading *reading, const Block *block) {
  const unsigned char *cursor = block->data;
  X509 *certificate = d2i_X509(NULL, &cursor, block->len);
  if (!certificate) return FAULT_BAD_CERTIFICATE;
  if (sk_X509_num(reading->certificates) < MAX_CERTIFICATES
      && sk_X509_push(reading->certificates, certificate) > 0) return FAULT_NONE;
  X509_free(certificate);
  return FAULT_MEMORY;
}

/* Read a certificate or a private key. Ignore all other blocks. */
static Fault read_block(Reading *reading, const Block *block) {
  if (strcmp(block->name, "CERTIFICATE") == 0 || strcmp(block->name, "X509 CERTIFICATE") == 0)
    return read_certificate(reading, block);
  return text_ends(block->name, "PRIVATE KEY") ? read_key(reading, block) : FAULT_NONE;
}

static Fault read_pem(Reading *reading, BIO *text) {
  Fault fault = FAULT_NONE;
  Block block = { 0 };
  while (fault == FAULT_NONE
         && PEM_read_bio(text, &block.name, &block.header, &block.data, &block.len) == 1) {
    fault = read_block(reading, &block);
    block_clear(&block);
  }
  if (fault != FAULT_NONE) return fault;
  return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE ? FAULT_NONE : FAULT_DAMAGED;
}

/* -- PKCS#12 ----------------------------------------------------------------------------------- */

static int keys_in_bags(const STACK_OF(PKCS12_SAFEBAG) *bags) {
  int count = 0;
  for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); i++) {
    int kind = PKCS12_SAFEBAG_get_nid(sk_PKCS12_SAFEBAG_value(bags, i));
    count += kind == NID_keyBag || kind == NID_pkcs8ShroudedKeyBag;
  }
  return count;
}

static STACK_OF(PKCS12_SAFEBAG) *bags_of(PKCS7 *safe, const char *password) {
  if (!PKCS7_type_is_encrypted(safe)) return PKCS12_unpack_p7data(safe);
  return PKCS12_unpack_p7encdata(safe, password, password ? (int)strlen(password) : 0);
}

static int count_keys(const PKCS12 *store, const char *password) {
  STACK_OF(PKCS7) *safes = PKCS12_unpack_authsafes(store);
  int count = 0;
  for (int i = 0; i < sk_PKCS7_num(safes); i++) {
    STACK_OF(PKCS12_SAFEBAG) *bags = bags_of(sk_PKCS7_value(safes, i), password);
    count += keys_in_bags(bags);
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
  }
  sk_PKCS7_pop_free(safes, PKCS7_free);
  return count;
}

/* Check the password. For users no password and an empty password are the same, for PKCS#12 they
   are not: try both. */
static int opens(PKCS12 *store, const char *password) {
  if (!PKCS12_mac_present(store)) return 1;
  if (PKCS12_verify_mac(store, password, password ? (int)strlen(password) : 0)) return 1;
  if (password && *password) return 0;
  return PKCS12_verify_mac(store, "", 0) || PKCS12_verify_mac(store, NULL, 0);
}

/* Move the certificates into the reading: leaf, which OpenSSL returns apart because the file marks
   it as the key's, and the rest. */
static Fault take_certificates(Reading *reading, X509 *leaf, STACK_OF(X509) *rest) {
  int good = !leaf || sk_X509_push(reading->certificates, leaf) > 0;
  if (!good) X509_free(leaf);
  while (good && sk_X509_num(rest) > 0) {
    X509 *next = sk_X509_shift(rest);
    good = sk_X509_push(reading->certificates, next) > 0;
    if (!good) X509_free(next);
  }
  return good ? FAULT_NONE : FAULT_MEMORY;
}

static Fault read_store(Reading *reading, PKCS12 *store) {
  X509 *leaf = NULL;
  STACK_OF(X509) *rest = NULL;
  if (!opens(store, reading->password)) {
    if (was_unsupported()) return FAULT_CIPHER;
    return reading->password ? FAULT_PASSWORD : FAULT_NO_PASSWORD;
  }
  ERR_clear_error();
  if (!PKCS12_parse(store, reading->password, &reading->key, &leaf, &rest))
    return was_unsupported() ? FAULT_CIPHER : FAULT_DAMAGED;
  Fault fault = take_certificates(reading, leaf, rest);
  sk_X509_pop_free(rest, X509_free);
  if (fault == FAULT_NONE && count_keys(store, reading->password) > 1) fault = FAULT_TWO_KEYS;
  return fault;
}

static Fault read_pkcs12(Reading *reading, BIO *data) {
  PKCS12 *store = d2i_PKCS12_bio(data, NULL);
  if (!store) return FAULT_FORMAT;
  Fault fault = read_store(reading, store);
  PKCS12_free(store);
  return fault;
}

/* -- data -------------------------------------------------------------------------------------- */

static const char begin_line[] = "-----BEGIN ";

static Fault read_data(Reading *reading, const void *data, size_t len) {
  BIO *bio = BIO_new_mem_buf(data, (int)len);
  reading->certificates = sk_X509_new_null();
  if (!bio || !reading->certificates) {
    BIO_free(bio);
    return FAULT_MEMORY;
  }
  int is_pem = memmem(data, len, begin_line, sizeof begin_line - 1) != NULL;
  Fault fault = is_pem ? read_pem(reading, bio) : read_pkcs12(reading, bio);
  BIO_free(bio);
  return fault;
}

static Fault check(const Reading *reading) {
  int certificates = sk_X509_num(reading->certificates);
  if (!reading->key) return certificates ? FAULT_NO_KEY : FAULT_FORMAT;
  if (!certificates) return FAULT_NO_CERTIFICATE;
  return EVP_PKEY_is_a(reading->key, "RSA") ? FAULT_NONE : FAULT_TYPE;
}

/* Remove the certificate of the key from the list and return it. */
static X509 *take_leaf(Reading *reading) {
  for (int i = 0; i < sk_X509_num(reading->certificates); i++) {
    X509 *certificate = sk_X509_value(reading->certificates, i);
    if (X509_check_private_key(certificate, reading->key) == 1)
      return sk_X509_delete(reading->certificates, i);
  }
  return NULL;
}

static Fault make(Reading *reading, Certificate **made) {
  Fault fault = check(reading);
  X509 *leaf = fault == FAULT_NONE ? take_leaf(reading) : NULL;
  if (!leaf) return fault == FAULT_NONE ? FAULT_PAIR : fault;
  *made = malloc(sizeof **made);
  if (!*made) {
    X509_free(leaf);
    return FAULT_MEMORY;
  }
  **made = (Certificate){ reading->key, leaf, reading->certificates };
  reading->key = NULL;
  reading->certificates = NULL;
  return FAULT_NONE;
}

Certificate *certificate_load(const void *data, size_t len, const char *password, const char *name,
                              Error *error) {
  Reading reading = { .password = password };
  Certificate *made = NULL;
  Fault fault = len > INT_MAX ? FAULT_FORMAT : read_data(&reading, data, len);
  if (fault == FAULT_NONE) fault = make(&reading, &made);
  reading_clear(&reading);
  ERR_clear_error();
  if (fault != FAULT_NONE)
    error_set(error, ERROR_USAGE, faults[fault].code, "%s %s", name, faults[fault].words);
  return made;
}

void certificate_free(Certificate *certificate) {
  if (!certificate) return;
  EVP_PKEY_free(certificate->key);
  X509_free(certificate->leaf);
  sk_X509_pop_free(certificate->others, X509_free);
  free(certificate);
}

/* -- contents ---------------------------------------------------------------------------------- */

char *certificate_print(const Certificate *certificate, const EVP_MD *digest) {
  unsigned char print[EVP_MAX_MD_SIZE];
  unsigned len = 0;
  if (X509_digest(certificate->leaf, digest, print, &len) != 1) return NULL;
  return base64url_encode(print, len);
}

static char *encoded(X509 *certificate) {
  unsigned char *der = NULL;
  int len = i2d_X509(certificate, &der);
  char *text = len > 0 ? base64_encode(der, (size_t)len) : NULL;
  OPENSSL_free(der);
  return text;
}

char **certificate_chain(const Certificate *certificate) {
  int others = certificate->others ? sk_X509_num(certificate->others) : 0;
  char **list = calloc((size_t)others + 2, sizeof *list);
  if (!list) return NULL;
  int good = (list[0] = encoded(certificate->leaf)) != NULL;
  for (int i = 0; good && i < others; i++) {
    list[i + 1] = encoded(sk_X509_value(certificate->others, i));
    good = list[i + 1] != NULL;
  }
  if (good) return list;
  text_list_free(list);
  return NULL;
}

time_t certificate_end(const Certificate *certificate) {
  struct tm when = { 0 };
  return ASN1_TIME_to_tm(X509_get0_notAfter(certificate->leaf), &when) == 1 ? timegm(&when) : -1;
}
