/* traffic.h: (pure) count the requests of a process by purpose, method and status, and the seconds
   in which throttling holds requests back. */
#ifndef TRAFFIC_H
#define TRAFFIC_H

enum { TRAFFIC_PURPOSES = 5, TRAFFIC_METHODS = 7, TRAFFIC_CLASSES = 6 };

/* A Traffic of zeros has counted nothing. */
typedef struct Traffic {
  unsigned long counts[TRAFFIC_PURPOSES][TRAFFIC_METHODS][TRAFFIC_CLASSES];
  unsigned long throttled;     /* replies of status 429 */
  double held;                 /* seconds of all holds, those to come included */
  double held_until;           /* the end of the last hold, on the clock of `now` */
} Traffic;

typedef struct TrafficCount {
  const char *purpose;         /* "request", "poll", "result", "token" or "websocket" */
  const char *method;          /* "GET"; "other" for an unusual one */
  const char *status;          /* "2xx"; "none": no reply came */
  unsigned long count;
} TrafficCount;

/* Count an attempt of a request that has ended. status: HTTP; 0: no reply came. */
void traffic_count(Traffic *traffic, const char *purpose, const char *method, int status);

/* Report that a request is held back until a time. Holds that overlap count once. */
void traffic_hold(Traffic *traffic, double now, double until);

/* Return the seconds in which requests were held back so far. */
double traffic_held(const Traffic *traffic, double now);

/* Read the counts that are not 0, one at each call. *place begins at 0. Return 0 at the end. */
int traffic_next(const Traffic *traffic, int *place, TrafficCount *count);

#endif
