/* program.h: get tokens from a program that prints them: the common part of the kinds for the
   command-line tools that a user logs in with. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "buf.h"
#include "token.h"

enum { MAX_ARGUMENTS = 16 };

typedef struct ProgramWords {        /* for messages */
  const char *title;                 /* "Azure CLI" */
  const char *login, *by_hand;       /* remedies: "run 'az login'" */
} ProgramWords;

typedef struct ProgramQuestion {     /* borrowed during the call */
  const char *scope, *resource;      /* resource is the scope without "/.default" */
  const char *claims;                /* that a challenge demands, in base64; NULL: no claims */
} ProgramQuestion;

typedef struct ProgramTool {
  const char *name;                  /* of the program */
  ProgramWords words;
  const char *directory;             /* the variable that names the tool's directory */
  const char *home;                  /* the directory below $HOME if the variable is not set */
  const char *profile;               /* the file there that changes when another user logs in */
  /* Fill argv, which is full of NULLs. */
  void (*command)(const ProgramOptions *options, const ProgramQuestion *question,
                  const char *argv[MAX_ARGUMENTS]);
  /* The command with which the user answers a challenge; claims and scope follow it. NULL: the tool
     takes the claims as an argument. */
  const char *claims_login;
  /* Fill grant and return NULL, or return what is wrong: "its answer has no token". */
  const char *(*read)(const struct json_t *answer, Grant *grant);
  /* Return 1 if the tool reports that no user is logged in. */
  int  (*lacks_login)(const char *errors);
  /* Return in a line why the tool failed; the caller frees. */
  char *(*reason)(const Buf *errors);
} ProgramTool;

Credential *program_credential(Loop *loop, const CredentialKind *kind, const ProgramTool *tool,
                               const ProgramOptions *options, Error *error);

/* Implement CredentialKind. */
void program_fetch(Credential *credential, Fetch *asked);
void program_cancel(Credential *credential, Fetch *asked);
void program_clear(Credential *credential);

/* Return the last line that is not blank; the caller frees. */
char *program_last_line(const char *text, size_t len);

#endif
