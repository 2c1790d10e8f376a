/* program.h: tokens that a program prints: what the command-line tools that a person logs in with have in common. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "buf.h"
#include "token.h"

enum { MAX_ARGUMENTS = 16 };

typedef struct ProgramWords {        /* for people */
  const char *title;                 /* "Azure CLI" */
  const char *login, *by_hand;       /* what to do: "run 'az login'" */
} ProgramWords;

typedef struct ProgramQuestion {     /* borrowed */
  const char *scope, *resource;      /* the second without "/.default" */
  const char *claims;                /* what a challenge demands, in base64; NULL: nothing */
} ProgramQuestion;

typedef struct ProgramTool {
  const char *name;                  /* of the program */
  ProgramWords words;
  const char *directory, *home;      /* where it keeps who is logged in: the variable, or this below $HOME */
  const char *profile;               /* the file there that changes with who it is */
  void (*command)(const ProgramOptions *options, const ProgramQuestion *question, const char *argv[MAX_ARGUMENTS]);
  const char *claims_login;          /* what to run by hand where a challenge demands claims: they and the scope follow; NULL: it takes them itself */
  const char *(*read)(const struct json_t *answer, Grant *grant);      /* NULL: grant is filled; else what is wrong: "it has no token" */
  int  (*lacks_login)(const char *errors);      /* does it say that nobody is logged in? */
  char *(*reason)(const Buf *errors);           /* why it failed, in one line; the caller frees */
} ProgramTool;

Credential *program_credential(Loop *loop, const CredentialKind *kind, const ProgramTool *tool, const ProgramOptions *options, Error *error);

/* For the tools' CredentialKind. */
void program_fetch(Credential *credential, Fetch *asked);
void program_cancel(Credential *credential, Fetch *asked);
void program_clear(Credential *credential);

char *program_last_line(const char *text, size_t len);      /* the last one that says something; the caller frees */

#endif
