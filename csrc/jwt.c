/* jwt.c: read a claim of a JSON web token without verifying the token, and sign the assertion by
   which an application proves its identity. The signature itself is made in signature.c, the
   thumbprint in certificate.c. Source: spec/contract/auth.md, section 4. */

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "jwt.h"
#include "text.h"

enum {
  MAX_PAYLOAD = 64 * 1024, /* bytes */
  ASSERTION_LIFE = 600     /* seconds: the longest that Entra ID accepts */
};

static json_t *payload_of(const char *jwt) {
  const char *begin = strchr(jwt, '.');
  const char *end = begin ? strchr(begin + 1, '.') : NULL;
  if (!end || end - begin > MAX_PAYLOAD) return NULL;
  size_t len = 0;
  unsigned char *bytes = base64_decode(begin + 1, (size_t)(end - begin - 1), &len);
  json_t *payload = bytes ? json_loadb((char *)bytes, len, 0, NULL) : NULL;
  free(bytes);
  return payload;
}

char *jwt_claim(const char *jwt, const char *name) {
  json_t *payload = payload_of(jwt);
  char *claim = text_copy(json_string_value(json_object_get(payload, name)));
  json_decref(payload);
  return claim;
}

double jwt_number(const char *jwt, const char *name) {
  json_t *payload = payload_of(jwt);
  double number = json_number_value(json_object_get(payload, name));
  json_decref(payload);
  return number;
}

/* Move a list of texts into a JSON array. NULL: no memory. */
static json_t *list_of(char **texts) {
  json_t *list = texts ? json_array() : NULL;
  int failed = !list;
  for (char **text = texts; text && *text; text++)
    failed |= json_array_append_new(list, json_string(*text)) != 0;
  text_list_free(texts);
  if (!failed) return list;
  json_decref(list);
  return NULL;
}

static json_t *header_of(const Assertion *assertion) {
  int modern = assertion->algorithm == SIGNATURE_PS256;
  char *print = certificate_print(assertion->certificate, modern ? EVP_sha256() : EVP_sha1());
  json_t *header = json_pack("{ss ss ss}", "alg", signature_names[assertion->algorithm],
                             "typ", "JWT", modern ? "x5t#S256" : "x5t", print);
  free(print);
  if (!assertion->send_chain) return header;
  json_t *chain = list_of(certificate_chain(assertion->certificate));
  if (json_object_set_new(header, "x5c", chain) == 0) return header;
  json_decref(header);
  return NULL;
}

/* Return the claims in sorted order, so that equal assertions are equal texts. Times are whole
   numbers: some servers refuse fractions. */
static json_t *claims_of(const Assertion *assertion) {
  return json_pack("{ss sI ss ss sI ss}", "aud", assertion->audience,
                   "exp", (json_int_t)assertion->now + ASSERTION_LIFE,
                   "iss", assertion->client_id, "jti", assertion->id,
                   "nbf", (json_int_t)assertion->now, "sub", assertion->client_id);
}

/* Return a JSON object in base64url and release the object; the caller frees the text. */
static char *encode_part(json_t *object, size_t flags) {
  char *text = object ? json_dumps(object, JSON_COMPACT | flags) : NULL;
  char *encoded = text ? base64url_encode(text, strlen(text)) : NULL;
  free(text);
  json_decref(object);
  return encoded;
}

/* Return the text with its signature appended; the caller frees. */
static char *sign(const Assertion *assertion, const char *text) {
  size_t len = 0;
  unsigned char *bytes = signature_make(assertion->certificate->key, assertion->algorithm,
                                        text, strlen(text), &len);
  char *encoded = bytes ? base64url_encode(bytes, len) : NULL;
  char *signed_text = encoded ? text_format("%s.%s", text, encoded) : NULL;
  free(bytes);
  free(encoded);
  return signed_text;
}

char *jwt_assertion(const Assertion *assertion) {
  char *header = encode_part(header_of(assertion), 0);
  char *claims = encode_part(claims_of(assertion), JSON_SORT_KEYS);
  char *text = header && claims ? text_format("%s.%s", header, claims) : NULL;
  char *jwt = text ? sign(assertion, text) : NULL;
  free(header);
  free(claims);
  free(text);
  return jwt;
}
