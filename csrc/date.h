/* date.h: (pure) read the date formats in which token sources write a token's expiry. */
#ifndef DATE_H
#define DATE_H

/* Return a date as seconds since 1970, or 0 if the text is not a date. The formats are
   "1764072000"; "2026-11-25T12:00:00.5Z", where +01:00 may stand for Z and a blank for T, and no
   zone means UTC; "11/25/2026 12:00:00 PM +00:00"; and "11/25/2026 13:00:00 +00:00", which has
   hours of 0 to 23. Neither the locale nor TZ matters. */
double date_read(const char *text);

/* Read a date like date_read, but take a date without a zone as the machine's local time (TZ). */
double date_read_local(const char *text);

#endif
