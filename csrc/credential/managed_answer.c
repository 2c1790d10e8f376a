/* managed_answer.c: read the answers of managed identity sources. Each source writes times in its
   own format, which life.c reads. */

#include <jansson.h>

#include "credential/life.h"
#include "credential/managed.h"
#include "text.h"

/* Seconds. Renew a token that is valid longer after half of that time: the sources send no
   refresh_in. */
static const double LONG_LIFE = 7200, LONGEST = 1e9;

/* Return the seconds until the expiry; 0: it is not known. Prefer expires_on: a source that caches
   tokens may not count expires_in down. */
static double life_of(const json_t *answer, const char *token) {
  double expiry = life_expiry(answer, "expires_on");
  double seconds = expiry > 0 ? 0 : life_seconds(answer, "expires_in");
  return seconds > 0 ? seconds : life_left(expiry, token);
}

const char *managed_answer_read(const json_t *answer, Grant *grant) {
  const char *type = json_string_value(json_object_get(answer, "token_type"));
  grant->token = json_string_value(json_object_get(answer, "access_token"));
  grant->expires_in = life_of(answer, grant->token);
  grant->refresh_in = grant->expires_in >= LONG_LIFE ? grant->expires_in / 2 : 0;
  if (!answer) return "it answered with something that is not JSON";
  if (!grant->token) return "its answer has no access_token";
  if (type && !text_equal(type, "Bearer")) return "its answer is not of token_type Bearer";
  if (grant->expires_in < 0) return "its token has expired: check this machine's clock";
  if (grant->expires_in > 0 && grant->expires_in < LONGEST) return NULL;
  return "its token has no expiry date";
}
