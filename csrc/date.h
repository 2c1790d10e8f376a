/* date.h: (pure) the forms in which token sources say when a token ends. */
#ifndef DATE_H
#define DATE_H

/* Seconds since 1970 of "1764072000", "2026-11-25T12:00:00.5Z" (or +01:00, or with a blank for the T and no zone: UTC) or
   "11/25/2026 12:00:00 PM +00:00"; 0: none of these. Independent of the locale and of TZ. */
double date_read(const char *text);

#endif
