/* text.h: what the C library lacks for short texts. Nothing here depends on the locale. */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>

char *text_copy(const char *text);                        /* NULL gives NULL; the caller frees */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char **text_list_copy(const char *const *list);           /* of texts, ended by NULL; NULL for none. Freed by text_list_free */
void  text_list_free(char **list);
void  text_set(char **slot, const char *text);            /* frees the old, copies the new */
void  text_wipe(char *text);                              /* overwrite and free: for secrets */
int   text_equal(const char *a, const char *b);           /* ASCII, case-blind; NULL equals only NULL */
int   text_starts(const char *text, const char *prefix);  /* ASCII, case-blind */
int   text_ends(const char *text, const char *ending);    /* byte for byte */
int   text_has_control(const char *text, size_t len);     /* a byte below 0x20, or 0x7F */
size_t text_plain(const char *text, size_t len);          /* how many bytes it begins with that are visible ASCII, neither '"' nor '\' */
int   text_is_visible(const char *text);                  /* no blank and no control character, whatever else */
int   text_is_token(const char *text);                      /* one or more visible ASCII characters: may stand in a header */
int   text_is_text(const char *text, size_t len);         /* well-formed UTF-8 without control characters but tabs and line ends */
size_t text_character(const char *text, size_t left);     /* the length of the well-formed UTF-8 character it begins with; 0: with none */
char *text_line(const char *text, size_t len, size_t max);/* for a person: one line of at most max bytes, well-formed, blanks and control
                                                             characters as one blank, "..." where it was cut; the caller frees */
int   text_number(const char *text, double *number);      /* the whole text is digits, or digits.digits: 1, else 0 */
const char *text_variable(const char *name);              /* of the environment; NULL: not set, or empty */
void  text_guid(char out[37]);                            /* a random version 4 GUID */

#endif
