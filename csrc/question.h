/* question.h: what a kind of credential asks of the loop's owner. */
#ifndef QUESTION_H
#define QUESTION_H

#include "token.h"

typedef void QuestionDone(Fetch *fetch, const Answer *answer, const Error *error);      /* one of the two is NULL */

/* Ends in one done, never at once; fetch->question has it until then. fields ends with a name of NULL; its texts are copied. */
void question_ask(Fetch *fetch, QuestionKind kind, int handler, const QuestionField *fields, QuestionDone *done);
void question_cancel(Fetch *fetch);      /* nobody wants the answer any more, if there was a question */

/* Would whoever answers question id wait for himself, were he to wait for what fetch brings? */
int question_depends(Loop *loop, unsigned long id, const Fetch *fetch);

#endif
