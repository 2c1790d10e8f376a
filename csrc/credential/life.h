/* life.h: read how long a token is valid. Token sources write times as numbers, as texts that hold
   a number, as dates, or as null. */
#ifndef LIFE_H
#define LIFE_H

struct json_t;

/* Read a member of an answer as seconds, from a number or a text that holds a number. 0: the member
   is missing, null or out of range. */
double life_seconds(const struct json_t *answer, const char *name);

/* Read a member of an answer as a time, in seconds since 1970, from a number, a text that holds a
   number or a date in UTC. 0: the member is missing, null or not readable. */
double life_expiry(const struct json_t *answer, const char *name);

/* The same, but a date without a zone is in the machine's local time. */
double life_expiry_local(const struct json_t *answer, const char *name);

/* Return the seconds until a token expires, negative after that. expiry 0: its source does not tell
   the expiry; read the token's own exp claim. 0: the expiry is not known. */
double life_left(double expiry, const char *token);

#endif
