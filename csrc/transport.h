/* transport.h: (pure) what it means when libcurl brings no reply. */
#ifndef TRANSPORT_H
#define TRANSPORT_H

#include <curl/curl.h>

typedef struct TransportFault {
  CURLcode result;
  const char *code;      /* one word to compare: "HostNotFound" */
  int is_permanent;      /* the next try would fail in the same way */
} TransportFault;

const TransportFault *transport_fault(CURLcode result);

#endif
