/* jwt.c: JSON web tokens: reads a claim of the payload, for who it is; does not verify. */

#include <jansson.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "jwt.h"
#include "text.h"

enum { MAX_PAYLOAD = 64 * 1024 };

/* base64url without padding, as standard base64 with it; the caller frees. */
static char *standard_base64(const char *text, size_t len) {
  char *copy = malloc(len + 4);
  if (!copy) return NULL;
  for (size_t i = 0; i < len; i++) copy[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
  while (len % 4) copy[len++] = '=';
  copy[len] = '\0';
  return copy;
}

static json_t *payload_of(const char *jwt) {
  const char *begin = strchr(jwt, '.');
  const char *end = begin ? strchr(begin + 1, '.') : NULL;
  if (!end || end - begin > MAX_PAYLOAD) return NULL;
  char *encoded = standard_base64(begin + 1, (size_t)(end - begin - 1));
  size_t len = encoded ? strlen(encoded) : 0;
  unsigned char *bytes = malloc(len + 1);
  int got = encoded && bytes ? EVP_DecodeBlock(bytes, (unsigned char *)encoded, (int)len) : -1;
  for (size_t i = len; got > 0 && i && encoded[i - 1] == '='; i--) got--;      /* padding was decoded as zeros */
  json_t *payload = got > 0 ? json_loadb((char *)bytes, (size_t)got, 0, NULL) : NULL;
  free(bytes);
  text_wipe(encoded);
  return payload;
}

char *jwt_claim(const char *jwt, const char *name) {
  json_t *payload = payload_of(jwt);
  char *claim = text_copy(json_string_value(json_object_get(payload, name)));
  json_decref(payload);
  return claim;
}
