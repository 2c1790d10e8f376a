/* loop.h: what the rest of the core asks of the loop: timers, descriptors, libcurl's handles, and
   events for the owner. The loop calls the files above it only by the callbacks that they gave to
   it: fire, ready, ended, before_wait, release. */
#ifndef LOOP_H
#define LOOP_H

#include <curl/curl.h>
#include "aml.h"
#include "poller.h"
#include "ring.h"
#include "throttle.h"
#include "trace.h"

/* -- timers ------------------------------------------------------------------------------------ */

/* A Timer of zeros is idle. Its owner stops it before its memory goes. */
typedef struct Timer Timer;
struct Timer {
  double due;              /* on the clock of loop_now */
  unsigned long number;    /* of those that are due at the same time, the smaller fires first */
  int    is_running;
  Timer *child;            /* the first timer below it in the heap */
  Timer *next, *before;    /* its siblings; before the first of them: the timer above */
  void (*fire)(Timer *timer);
};

/* Start a timer, or restart it with another due time. It takes no memory, so it cannot fail. */
void loop_timer(Loop *loop, Timer *timer, double due, void (*fire)(Timer *timer));
void loop_timer_stop(Loop *loop, Timer *timer);

/* -- descriptors ------------------------------------------------------------------------------- */

/* The owner of a Watch removes it before its memory goes and before its descriptor is closed. */
typedef struct Watch Watch;
struct Watch {
  int  fd;
  void (*ready)(Watch *watch, unsigned events);      /* POLLER_READ, ... of poller.h */
};

/* Start watching a descriptor, or change the events to watch for. Return 0, or -1 with errno. */
int  loop_watch_add(Loop *loop, Watch *watch, unsigned events);

/* Stop watching a descriptor. */
void loop_watch_remove(Loop *loop, Watch *watch);

/* -- events for the owner ---------------------------------------------------------------------- */

/* A place in the queue of events. Its owner calls loop_unnotify before its memory goes. */
typedef struct Notice Notice;
struct Notice {
  Ring  place;
  Event event;
};

/* Queue an event. A notice that is queued already stays where it is. */
void loop_notify(Loop *loop, Notice *notice);

/* Take a notice out of the queue. */
void loop_unnotify(Notice *notice);

/* Queue what an observed client did as an EVENT_SEEN. Copies line, and takes the texts of recorded,
   which may be NULL. */
void loop_seen(Loop *loop, int observer, int answered, const TraceLine *line, Recorded *recorded);

/* Return the number of the observer that records; 0: there is no recording. */
int loop_recorder(const Loop *loop);

/* -- libcurl's handles ------------------------------------------------------------------------- */

/* The owner of a Handle removes it before its memory goes and before its easy handle goes. */
typedef struct Handle Handle;
struct Handle {
  CURL *easy;
  Ring  place;      /* among those that libcurl has */
  Timer lack;       /* runs when libcurl lacks the memory to go on */
  /* May remove the handle. With CURLE_ABORTED_BY_CALLBACK the loop ends, and it must do so. */
  void (*ended)(Handle *handle, CURLcode result);
};

/* Begin a transfer. Takes the easy handle's CURLOPT_PRIVATE. Calls ended later, never at once; with
   CURLE_OUT_OF_MEMORY when the transfer cannot begin or go on. */
void loop_handle_add(Loop *loop, Handle *handle);
void loop_handle_remove(Loop *loop, Handle *handle);

/* Begin a transfer that cannot get an easy handle, which is NULL: it ends, later, for lack of
   memory. */
void loop_handle_lack(Loop *loop, Handle *handle);

/* What transfer.c keeps for as long as the loop lives. */
typedef struct Attachment Attachment;
struct Attachment {
  void (*before_wait)(Attachment *attachment);      /* the loop has no news and is about to wait */
  void (*release)(Attachment *attachment);          /* the loop ends; libcurl still works */
};

/* Attach the attachment. Call it once for each loop. */
void        loop_attach(Loop *loop, Attachment *attachment);
Attachment *loop_attached(const Loop *loop);      /* NULL: there is none yet */

/* -- shared state ------------------------------------------------------------------------------ */

/* Return the head of the open questions, which belong to question.c. */
Ring *loop_questions(Loop *loop);

/* Return the next number: from 1, never the same twice. */
unsigned long loop_number(Loop *loop);

Throttle *loop_throttle(Loop *loop);
Trace    *loop_tracer(Loop *loop);      /* NULL: loop_trace was not called */

/* Count what is in flight, by +1 and -1: work whose end the loop's clock cannot foresee. Virtual
   time does not jump while there is any. */
void loop_flight(Loop *loop, int change);

#endif
