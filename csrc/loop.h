/* loop.h: what the rest of the core asks of the loop: timers, descriptors, transfers in flight, news for the owner.
   It calls those that are above it only by what they handed to it: fire, ready, ended, before_wait, release. */
#ifndef LOOP_H
#define LOOP_H

#include <curl/curl.h>
#include "aml.h"
#include "ring.h"
#include "throttle.h"
#include "trace.h"

typedef struct Timer Timer;
struct Timer {                   /* of zeros: idle. Must be stopped before its memory goes */
  double due;
  size_t place;                  /* in the heap, from 1; 0: idle */
  void (*fire)(Timer *timer);
};

void loop_timer(Loop *loop, Timer *timer, double due, void (*fire)(Timer *timer));   /* arms it anew */
void loop_timer_stop(Loop *loop, Timer *timer);

typedef struct Watch Watch;
struct Watch {                   /* must be removed before its memory or its descriptor goes */
  int  fd;
  void (*ready)(Watch *watch, unsigned epoll_events);
};

int  loop_watch_add(Loop *loop, Watch *watch, unsigned epoll_events);      /* or changes what is waited for; 0, or -1 with errno */
void loop_watch_remove(Loop *loop, Watch *watch);

typedef struct Notice Notice;
struct Notice {                  /* a place in the queue of events. Must be taken back before its memory goes */
  Ring  place;
  Event event;
};

void loop_notify(Loop *loop, Notice *notice);       /* once queued, more news changes nothing */
void loop_unnotify(Notice *notice);

typedef struct Handle Handle;
struct Handle {                  /* a transfer of libcurl's. Must be removed before its memory or its easy handle goes */
  CURL *easy;
  void (*ended)(Handle *handle, CURLcode result);      /* may remove it */
};

void loop_handle_add(Loop *loop, Handle *handle);      /* begins it, and takes its CURLOPT_PRIVATE. ended comes later, never at once */
void loop_handle_remove(Loop *loop, Handle *handle);

typedef struct Attachment Attachment;
struct Attachment {              /* what transfer.c keeps for as long as the loop lives */
  void (*before_wait)(Attachment *attachment);         /* the loop has no news and is about to wait */
  void (*release)(Attachment *attachment);             /* the loop ends; libcurl still works */
};

void        loop_attach(Loop *loop, Attachment *attachment);      /* once */
Attachment *loop_attached(const Loop *loop);                      /* NULL: nothing yet */

Ring         *loop_questions(Loop *loop);           /* head of the open ones; question.c's */
unsigned long loop_number(Loop *loop);              /* from 1, never the same twice */

Throttle *loop_throttle(Loop *loop);
Trace    *loop_tracer(Loop *loop);                  /* NULL: nobody looks */
void      loop_seen(Loop *loop, int observer, int answered, const TraceLine *line);      /* an event for the owner; copies line */
void      loop_flight(Loop *loop, int change);      /* +1, -1: something beyond the clock's reach is under way */

#endif
