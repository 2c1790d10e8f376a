/* managed_answer.c: what the sources of managed identities answer: one object, in which times come in every form. */

#include <jansson.h>
#include <time.h>

#include "credential/managed.h"
#include "date.h"
#include "text.h"

static const double LONG_LIFE = 7200;      /* seconds; a token that lives longer is renewed at half its life: nobody tells refresh_in */

static double number_or_date(const json_t *value) {
  return json_is_number(value) ? json_number_value(value) : date_read(json_string_value(value));
}

/* expires_in is not believed where there is an expires_on: a source that caches tokens may not count it down. */
static double life_left(const json_t *answer) {
  double ends = number_or_date(json_object_get(answer, "expires_on"));
  return ends > 0 ? ends - (double)time(NULL) : number_or_date(json_object_get(answer, "expires_in"));
}

const char *managed_answer_read(const json_t *answer, Grant *grant) {
  const char *type = json_string_value(json_object_get(answer, "token_type"));
  grant->token = json_string_value(json_object_get(answer, "access_token"));
  grant->expires_in = answer ? life_left(answer) : 0;
  grant->refresh_in = grant->expires_in >= LONG_LIFE ? grant->expires_in / 2 : 0;
  if (!answer) return "it answered with something that is not JSON";
  if (!grant->token) return "its answer has no access_token";
  if (type && !text_equal(type, "Bearer")) return "its answer is not of token_type Bearer";
  return grant->expires_in > 0 && grant->expires_in < 1e9 ? NULL : "its answer does not say when the token ends, or it has ended";
}
