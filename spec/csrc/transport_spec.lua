--- What it means when libcurl brings no reply: csrc/transport.c.
local transport_fault = require "pure".transport_fault

describe("a transfer without a reply", function()
  for _, row in ipairs {
    { 6, "HostNotFound", false }, { 5, "ProxyNotFound", false }, { 7, "ConnectionFailed", false },
    { 28, "RequestTimeout", false }, { 60, "CertificateInvalid", true },
    { 77, "CertificateInvalid", true }, { 35, "TlsFailed", false }, { 63, "ReplyTooLarge", true },
    { 8, "InvalidReply", false }, { 61, "InvalidReply", false }, { 1, "InvalidReply", false },
    { 27, "OutOfMemory", true }, { 52, "ConnectionLost", false }, { 56, "ConnectionLost", false },
  } do
    it(("has the code %s for libcurl's result %d"):format(row[2], row[1]), function()
      assert.same({ row[2], row[3] }, { transport_fault(row[1]) })
    end)
  end
end)
