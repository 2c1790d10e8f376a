/* date.c: read the date formats in which token sources write a token's expiry. What a date means
   for a token is the caller's business. Source: spec/contract/auth.md, sections 6 and 7. */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "date.h"
#include "text.h"

static const double LAST = 253402300799.0;      /* the end of the year 9999 */

static int in_range(const struct tm *date) {
  return date->tm_mon >= 0 && date->tm_mon < 12 && date->tm_mday >= 1 && date->tm_mday <= 31
         && date->tm_hour >= 0 && date->tm_hour < 24 && date->tm_min >= 0 && date->tm_min < 60
         && date->tm_sec >= 0 && date->tm_sec <= 60 && date->tm_year >= 70 && date->tm_year <= 8099;
}

/* Read "Z", "+01:00", "-0130", " +00:00" or "" as seconds east of Greenwich. */
static int read_zone(const char *text, long *seconds) {
  int hours, minutes, used = 0;
  char sign;
  *seconds = 0;
  text += strspn(text, " ");
  if (!*text || strcmp(text, "Z") == 0) return 1;
  if (sscanf(text, "%c%2d:%2d%n", &sign, &hours, &minutes, &used) != 3
      && sscanf(text, "%c%2d%2d%n", &sign, &hours, &minutes, &used) != 3) return 0;
  if (text[used] || (sign != '+' && sign != '-')) return 0;
  if (hours < 0 || hours > 14 || minutes < 0 || minutes > 59) return 0;
  *seconds = (hours * 60L + minutes) * 60 * (sign == '-' ? -1 : 1);
  return 1;
}

static const char *after_fraction(const char *text) {
  return *text == '.' ? text + 1 + strspn(text + 1, "0123456789") : text;
}

/* Read "2026-11-25T12:00:00.5Z" up to the zone. Return the zone's place, or NULL. */
static const char *read_iso(const char *text, struct tm *date) {
  int used = 0;
  int fields = sscanf(text, "%4d-%2d-%2d%*1[T ]%2d:%2d:%2d%n",
                      &date->tm_year, &date->tm_mon, &date->tm_mday,
                      &date->tm_hour, &date->tm_min, &date->tm_sec, &used);
  return fields == 6 ? after_fraction(text + used) : NULL;
}

/* Read "PM" or "am" after an hour of 1 to 12, and change the hour to 0 to 23. Return the place
   after it, or NULL. */
static const char *read_half(const char *text, int *hour) {
  int is_afternoon = text_starts(text, "PM");
  if (!is_afternoon && !text_starts(text, "AM")) return NULL;
  if (*hour < 1 || *hour > 12) return NULL;
  *hour = *hour % 12 + (is_afternoon ? 12 : 0);
  return text + 2;
}

/* Read "11/25/2026 12:00:00 PM +00:00" up to the zone. Return the zone's place, or NULL. App
   Service on Linux writes the hours 0 to 23 and leaves AM and PM out. */
static const char *read_american(const char *text, struct tm *date) {
  int used = 0;
  int fields = sscanf(text, "%2d/%2d/%4d %2d:%2d:%2d%n",
                      &date->tm_mon, &date->tm_mday, &date->tm_year,
                      &date->tm_hour, &date->tm_min, &date->tm_sec, &used);
  if (fields != 6) return NULL;
  text += used;
  const char *half = text + strspn(text, " ");
  int has_half = (*half >= 'A' && *half <= 'Y') || (*half >= 'a' && *half <= 'y');
  return has_half ? read_half(half, &date->tm_hour) : text;
}

static double in_local_time(struct tm *date) {
  date->tm_isdst = -1;
  return (double)mktime(date);
}

static double read(const char *text, int is_local) {
  struct tm date = { 0 };
  double number = 0;
  long zone;
  if (!text) return 0;
  if (text_number(text, &number)) return number <= LAST ? number : 0;
  const char *rest = read_iso(text, &date);
  if (!rest) rest = read_american(text, &date);
  if (!rest || !read_zone(rest, &zone)) return 0;
  date.tm_year -= 1900;
  date.tm_mon -= 1;
  if (!in_range(&date)) return 0;
  if (is_local && rest[strspn(rest, " ")] == '\0') return in_local_time(&date);
  return (double)(timegm(&date) - zone);
}

double date_read(const char *text) { return read(text, 0); }

double date_read_local(const char *text) { return read(text, 1); }
