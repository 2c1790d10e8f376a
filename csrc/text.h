/* text.h: short texts: what the C library lacks for them. Nothing here depends on the locale. */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>

/* -- copies: the caller frees; NULL when memory runs out --------------------------------------- */

char *text_copy(const char *text);      /* NULL gives NULL */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Return the beginning of a text with another text behind it. */
char *text_join(const char *first, size_t first_len, const char *second);

/* Was memory enough for the copy? A text that is NULL has the copy NULL. */
int text_is_copied(const char *copy, const char *text);

/* Copy a list of texts that ends with NULL. NULL or an empty list gives NULL. */
char **text_list_copy(const char *const *list);
int    text_list_is_copied(char *const *copy, const char *const *list);
void   text_list_free(char **list);

/* Free the text in slot, and put a copy of text there. text may be a part of the old one. */
void text_set(char **slot, const char *text);

/* Overwrite a secret and free it. */
void text_wipe(char *text);

/* A shared text is a secret with a count of its owners. Join two texts to one; the caller is its
   first owner. */
char *text_shared_new(const char *first, const char *second);
/* Return a shared text for one more owner; NULL gives NULL. */
char *text_share(const char *shared);
/* Give up a shared text. The last owner overwrites it and frees it. */
void text_unshare(char *shared);

/* -- questions: 1 or 0 ------------------------------------------------------------------------- */

int text_equal(const char *a, const char *b);          /* ASCII case ignored; NULL equals NULL */
int text_starts(const char *text, const char *prefix);      /* ASCII case ignored */
int text_ends(const char *text, const char *ending);        /* byte for byte */

/* Return 1 if there is a byte below 0x20, or 0x7F. */
int text_has_control(const char *text, size_t len);

/* Return 1 if the text has no blanks and no control characters. All other bytes may occur. */
int text_is_visible(const char *text);

/* Return 1 if the text consists of one or more visible ASCII characters: a header may hold it. */
int text_is_token(const char *text);

/* Return 1 if it is well-formed UTF-8 with no control characters but tabs and line ends. */
int text_is_text(const char *text, size_t len);

/* -- reading ----------------------------------------------------------------------------------- */

/* Return how many bytes at the beginning are visible ASCII other than '"' and '\'. */
size_t text_plain(const char *text, size_t len);

/* Return the length of the well-formed UTF-8 character at the beginning; 0: it is malformed, or
   left is 0. */
size_t text_character(const char *text, size_t left);

/* Return one line for a person: at most max bytes of well-formed UTF-8. A run of blanks and control
   characters becomes one blank; "..." marks a cut. The caller frees it. */
char *text_line(const char *text, size_t len, size_t max);

/* Skip a UTF-8 byte order mark. *len is the length before and after. */
const char *text_after_mark(const char *text, size_t *len);

/* Read a text that consists of digits, or of digits.digits. Return 1 if it does. */
int text_number(const char *text, double *number);

/* Return a variable of the environment; NULL: it is not set, or empty. */
const char *text_variable(const char *name);

/* Write a random version 4 GUID. */
void text_guid(char out[37]);

/* Write the version 4 GUID of 16 random bytes. */
void text_guid_of(const unsigned char bytes[16], char out[37]);

#endif
