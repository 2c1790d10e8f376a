/* traffic.c: (pure) count what a process sends, for a report at its end. op.c and stream.c say what
   was sent. */

#include <strings.h>

#include "traffic.h"

/* The last name of each list stands for all others. */
static const char *const purposes[TRAFFIC_PURPOSES] = {
  "poll", "result", "token", "websocket", "request"
};
static const char *const methods[TRAFFIC_METHODS] = {
  "GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "other"
};
static const char *const classes[TRAFFIC_CLASSES] = {
  "none", "1xx", "2xx", "3xx", "4xx", "5xx"
};

static int index_of(const char *const *names, int count, const char *name) {
  int index = 0;
  while (index < count - 1 && strcasecmp(names[index], name) != 0) index++;
  return index;
}

static int class_of(int status) {
  int index = status / 100;
  return index > 0 && index < TRAFFIC_CLASSES ? index : 0;
}

void traffic_count(Traffic *traffic, const char *purpose, const char *method, int status) {
  int row = index_of(purposes, TRAFFIC_PURPOSES, purpose);
  int column = index_of(methods, TRAFFIC_METHODS, method);
  traffic->counts[row][column][class_of(status)]++;
  if (status == 429) traffic->throttled++;
}

void traffic_hold(Traffic *traffic, double now, double until) {
  double from = now > traffic->held_until ? now : traffic->held_until;
  if (until <= from) return;
  traffic->held += until - from;
  traffic->held_until = until;
}

double traffic_held(const Traffic *traffic, double now) {
  double to_come = traffic->held_until - now;
  return to_come > 0 ? traffic->held - to_come : traffic->held;
}

int traffic_next(const Traffic *traffic, int *place, TrafficCount *count) {
  const unsigned long *counts = &traffic->counts[0][0][0];
  enum { PLACES = TRAFFIC_PURPOSES * TRAFFIC_METHODS * TRAFFIC_CLASSES };
  while (*place < PLACES && counts[*place] == 0) ++*place;
  if (*place == PLACES) return 0;
  int index = (*place)++;
  *count = (TrafficCount){
    .purpose = purposes[index / (TRAFFIC_METHODS * TRAFFIC_CLASSES)],
    .method = methods[index / TRAFFIC_CLASSES % TRAFFIC_METHODS],
    .status = classes[index % TRAFFIC_CLASSES],
    .count = counts[index]
  };
  return 1;
}
