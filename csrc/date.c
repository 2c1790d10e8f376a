/* date.c: the forms in which token sources say when a token ends. Source: spec/contract/auth.md,
   sections 6 and 7. */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "date.h"
#include "text.h"

static const double LAST = 253402300799.0;      /* the end of the year 9999 */

static int in_range(const struct tm *at) {
  return at->tm_mon >= 0 && at->tm_mon < 12 && at->tm_mday >= 1 && at->tm_mday <= 31 && at->tm_hour >= 0 && at->tm_hour < 24 && at->tm_min >= 0
         && at->tm_min < 60 && at->tm_sec >= 0 && at->tm_sec <= 60 && at->tm_year >= 70 && at->tm_year <= 8099;
}

/* "Z", "+01:00", "-0130", " +00:00" or nothing, as seconds east of Greenwich. */
static int read_zone(const char *text, long *seconds) {
  int hours, minutes, used = 0;
  char sign;
  *seconds = 0;
  text += strspn(text, " ");
  if (!*text || strcmp(text, "Z") == 0) return 1;
  if (sscanf(text, "%c%2d:%2d%n", &sign, &hours, &minutes, &used) != 3 && sscanf(text, "%c%2d%2d%n", &sign, &hours, &minutes, &used) != 3) return 0;
  if (text[used] || (sign != '+' && sign != '-') || hours < 0 || hours > 14 || minutes < 0 || minutes > 59) return 0;
  *seconds = (hours * 60L + minutes) * 60 * (sign == '-' ? -1 : 1);
  return 1;
}

static const char *after_fraction(const char *text) {
  return *text == '.' ? text + 1 + strspn(text + 1, "0123456789") : text;
}

/* "2026-11-25T12:00:00.5Z" */
static const char *read_iso(const char *text, struct tm *at) {
  int used = 0;
  if (sscanf(text, "%4d-%2d-%2d%*1[T ]%2d:%2d:%2d%n", &at->tm_year, &at->tm_mon, &at->tm_mday, &at->tm_hour, &at->tm_min, &at->tm_sec, &used) != 6)
    return NULL;
  return after_fraction(text + used);
}

/* "11/25/2026 12:00:00 PM +00:00" */
static const char *read_american(const char *text, struct tm *at) {
  int used = 0;
  char half = 0;
  if (sscanf(text, "%2d/%2d/%4d %2d:%2d:%2d %c%*1[mM]%n", &at->tm_mon, &at->tm_mday, &at->tm_year, &at->tm_hour, &at->tm_min, &at->tm_sec, &half,
             &used) != 7 || !used || !strchr("aApP", half) || at->tm_hour < 1 || at->tm_hour > 12) return NULL;
  at->tm_hour = at->tm_hour % 12 + (half == 'p' || half == 'P' ? 12 : 0);
  return text + used;
}

double date_read(const char *text) {
  struct tm at = { 0 };
  double number = 0;
  long zone;
  if (!text) return 0;
  if (text_number(text, &number)) return number <= LAST ? number : 0;
  const char *rest = read_iso(text, &at);
  if (!rest) rest = read_american(text, &at);
  if (!rest || !read_zone(rest, &zone)) return 0;
  at.tm_year -= 1900;
  at.tm_mon -= 1;
  return in_range(&at) ? (double)(timegm(&at) - zone) : 0;
}
