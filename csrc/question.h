/* question.h: how a credential asks the loop's owner (see Question in aml.h). */
#ifndef QUESTION_H
#define QUESTION_H

#include "token.h"

/* Receives the answer or the error; the other is NULL. */
typedef void QuestionDone(Fetch *fetch, const Answer *answer, const Error *error);

/* Ask the owner on behalf of a fetch. Calls done once, later and never at once, unless the question
   is cancelled before. fetch->question points to the question until then. fields ends with the name
   NULL; its texts are copied. Return 0 when memory is short: nothing is asked then. */
int question_ask(Fetch *fetch, QuestionKind kind, int handler, const QuestionField *fields,
                 QuestionDone *done);

/* Withdraw the question of a fetch, if it has one. Its done is not called. */
void question_cancel(Fetch *fetch);

/* Return 1 when the fetch needs the answer to question id: the handler of that question would wait
   for itself if it waited for the fetch. */
int question_depends(Loop *loop, unsigned long id, const Fetch *fetch);

#endif
