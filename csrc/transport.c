/* transport.c: (pure) what it means when libcurl brings no reply. */

#include "transport.h"

static const TransportFault faults[] = {
  { CURLE_COULDNT_RESOLVE_HOST, "HostNotFound", 0 },
  { CURLE_COULDNT_RESOLVE_PROXY, "ProxyNotFound", 0 },
  { CURLE_COULDNT_CONNECT, "ConnectionFailed", 0 },
  { CURLE_OPERATION_TIMEDOUT, "RequestTimeout", 0 },
  { CURLE_PEER_FAILED_VERIFICATION, "CertificateInvalid", 1 },
  { CURLE_SSL_CACERT_BADFILE, "CertificateInvalid", 1 },
  { CURLE_SSL_CONNECT_ERROR, "TlsFailed", 0 },
  { CURLE_FILESIZE_EXCEEDED, "ReplyTooLarge", 1 },
  { CURLE_WEIRD_SERVER_REPLY, "InvalidReply", 0 },
  { CURLE_BAD_CONTENT_ENCODING, "InvalidReply", 0 },
  { CURLE_UNSUPPORTED_PROTOCOL, "InvalidReply", 0 },      /* HTTP/0.9, or not HTTP at all */
  { CURLE_OUT_OF_MEMORY, "OutOfMemory", 1 },
  { CURLE_OK, "ConnectionLost", 0 }                       /* every other result */
};

const TransportFault *transport_fault(CURLcode result) {
  const TransportFault *fault = faults;
  while (fault->result != CURLE_OK && fault->result != result) fault++;
  return fault;
}
