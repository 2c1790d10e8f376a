/* life.c: read how long a token is valid, for all kinds of credentials. date.c reads the dates.
   Source: spec/contract/auth.md, sections 2, 6 and 7. */

#include <jansson.h>
#include <time.h>

#include "credential/life.h"
#include "date.h"
#include "jwt.h"
#include "text.h"

static const double LONGEST = 1e9;      /* seconds */

double life_seconds(const json_t *answer, const char *name) {
  const json_t *value = json_object_get(answer, name);
  double seconds = 0;
  if (json_is_number(value)) seconds = json_number_value(value);
  else if (json_is_string(value)) text_number(json_string_value(value), &seconds);
  return seconds > 0 && seconds < LONGEST ? seconds : 0;
}

static double expiry_in(const json_t *answer, const char *name, double (*date)(const char *)) {
  const json_t *value = json_object_get(answer, name);
  double expiry = json_is_number(value) ? json_number_value(value) : date(json_string_value(value));
  return expiry > 0 ? expiry : 0;
}

double life_expiry(const json_t *answer, const char *name) {
  return expiry_in(answer, name, date_read);
}

double life_expiry_local(const json_t *answer, const char *name) {
  return expiry_in(answer, name, date_read_local);
}

double life_left(double expiry, const char *token) {
  if (expiry <= 0 && token) expiry = jwt_number(token, "exp");
  return expiry > 0 ? expiry - (double)time(NULL) : 0;
}
