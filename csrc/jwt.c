/* jwt.c: JSON web tokens: reads a claim of the payload, for who it is; does not verify. */

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "jwt.h"
#include "text.h"

enum { MAX_PAYLOAD = 64 * 1024 };

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
