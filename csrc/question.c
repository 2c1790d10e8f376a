/* question.c: keep what the core asks of the loop's owner until it is answered or cancelled. Leaves
   what to ask to the credentials, and how to find the answer to the owner. */

#include <stdlib.h>
#include <string.h>

#include "loop.h"
#include "question.h"
#include "text.h"

/* A Question, and what this file alone knows of it. */
typedef struct Asked {
  Question question;
  Notice notice;
  Loop  *loop;
  Fetch *fetch;
  QuestionDone *done;
  Ring   place;             /* among the open questions */
} Asked;

static void release(Asked *asked) {
  ring_remove(&asked->place);
  asked->fetch->question = NULL;
  loop_unnotify(&asked->notice);
  for (QuestionField *field = asked->question.fields; field->name; field++)
    free((char *)field->text);
  free(asked);
}

static Asked *find(Loop *loop, unsigned long id) {
  Ring *open = loop_questions(loop);
  for (Ring *place = open->next; place != open; place = place->next) {
    Asked *asked = container_of(place, Asked, place);
    if (asked->question.id == id) return asked;
  }
  return NULL;
}

const Question *question_find(Loop *loop, unsigned long id) {
  Asked *asked = find(loop, id);
  return asked ? &asked->question : NULL;
}

/* Return 0 when memory is short. */
static int copy_fields(Question *question, const QuestionField *fields) {
  int copied = 1;
  for (size_t i = 0; fields[i].name && i < MAX_QUESTION_FIELDS; i++) {
    question->fields[i] = fields[i];
    question->fields[i].text = text_copy(fields[i].text);
    copied = copied && text_is_copied(question->fields[i].text, fields[i].text);
  }
  return copied;
}

int question_ask(Fetch *fetch, QuestionKind kind, int handler, const QuestionField *fields,
                 QuestionDone *done) {
  Loop *loop = fetch->credential->loop;
  Asked *asked = calloc(1, sizeof *asked);
  if (!asked) return 0;
  asked->loop = loop;
  asked->fetch = fetch;
  asked->done = done;
  asked->question.id = loop_number(loop);
  asked->question.kind = kind;
  asked->question.handler = handler;
  asked->notice.event.kind = EVENT_QUESTION;
  asked->notice.event.question = asked->question.id;
  asked->notice.event.fd = -1;
  ring_add(loop_questions(loop), &asked->place);
  fetch->question = &asked->question;
  loop_notify(loop, &asked->notice);
  if (copy_fields(&asked->question, fields)) return 1;
  release(asked);
  return 0;
}

void question_cancel(Fetch *fetch) {
  if (fetch->question) release(container_of(fetch->question, Asked, question));
}

int question_answer(Loop *loop, unsigned long id, const Answer *answer, const Error *error) {
  Asked *asked = find(loop, id);
  if (!asked) return 0;
  Fetch *fetch = asked->fetch;
  QuestionDone *done = asked->done;
  release(asked);
  done(fetch, answer, error);
  return 1;
}

/* Walk upwards: from the question to the fetch that asked it, to the question whose handler started
   that fetch, and so on. */
int question_depends(Loop *loop, unsigned long id, const Fetch *fetch) {
  for (Asked *asked = find(loop, id); asked; asked = find(loop, asked->fetch->within))
    if (asked->fetch->root == fetch->root) return 1;
  return 0;
}
