/* activity.c: (pure) what an operation is doing, as text for people. */

#include <stdlib.h>

#include "activity.h"
#include "text.h"
#include "url.h"

static const char *ordinal_ending(int n) {
  static const char *const endings[] = { "th", "st", "nd", "rd" };
  int is_teen = n % 100 >= 11 && n % 100 <= 13;
  return endings[!is_teen && n % 10 <= 3 ? n % 10 : 0];
}

static char *poll_state(const Activity *activity) {
  int polls = activity->polls, next = polls + 1;
  if (activity->phase == PHASE_FLIGHT)
    return text_format("polling, %d%s time", next, ordinal_ending(next));
  if (activity->is_held) return text_copy("accepted, its poll is held back");
  if (polls == 0) return text_format("accepted, first poll in %.0f s", activity->left);
  return text_format("polling, %d%s time, next in %.0f s", polls, ordinal_ending(polls),
                     activity->left);
}

static char *request_state(const Activity *activity) {
  int tries = activity->attempts;
  if (activity->phase == PHASE_FLIGHT)
    return text_copy(activity->stage == STAGE_FINAL ? "fetching the result" : "sending");
  if (!tries) return text_copy("starting");
  return text_format("trying again in %.0f s, after %d %s", activity->left, tries,
                     tries == 1 ? "try" : "tries");
}

static char *state(const Activity *activity) {
  if (activity->phase == PHASE_DONE)
    return text_copy(activity->failure ? activity->failure : "done");
  if (!activity->method) return text_format("sleeping, %.0f s left", activity->left);
  if (activity->phase == PHASE_TOKEN) return text_copy("waiting for a token");
  return activity->stage == STAGE_POLL ? poll_state(activity) : request_state(activity);
}

char *activity_text(const Activity *activity) {
  char *what = state(activity), *text;
  if (!what) return NULL;
  if (activity->label) {
    text = text_format("%s: %s", activity->label, what);
  } else if (activity->method && activity->url) {
    text = text_format("%s %s: %s", activity->method, url_target(activity->url), what);
  } else {
    return what;
  }
  free(what);
  return text;
}
