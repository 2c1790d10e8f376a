/* managed_answer.c: read the answers of managed identity sources. Each source writes times in its
   own format, which date.c reads. */

#include <jansson.h>
#include <time.h>

#include "credential/managed.h"
#include "date.h"
#include "text.h"

/* Seconds. Renew a token that is valid longer after half of that time: the sources send no
   refresh_in. */
static const double LONG_LIFE = 7200;

static double number_or_date(const json_t *value) {
  if (json_is_number(value)) return json_number_value(value);
  return date_read(json_string_value(value));
}

/* Return the seconds until the expiry. Prefer expires_on: a source that caches tokens may not count
   expires_in down. */
static double life_left(const json_t *answer) {
  double expiry = number_or_date(json_object_get(answer, "expires_on"));
  if (expiry > 0) return expiry - (double)time(NULL);
  return number_or_date(json_object_get(answer, "expires_in"));
}

const char *managed_answer_read(const json_t *answer, Grant *grant) {
  const char *type = json_string_value(json_object_get(answer, "token_type"));
  grant->token = json_string_value(json_object_get(answer, "access_token"));
  grant->expires_in = answer ? life_left(answer) : 0;
  grant->refresh_in = grant->expires_in >= LONG_LIFE ? grant->expires_in / 2 : 0;
  if (!answer) return "it answered with something that is not JSON";
  if (!grant->token) return "its answer has no access_token";
  if (type && !text_equal(type, "Bearer")) return "its answer is not of token_type Bearer";
  if (grant->expires_in > 0 && grant->expires_in < 1e9) return NULL;
  return "its token has no expiry date, or has expired";
}
