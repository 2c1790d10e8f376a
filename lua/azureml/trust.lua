--- Select the file of certificate authorities that the client trusts.
local trust = {}

--- Return the file of certificate authorities to use instead of the system's: the caller's file, or
--- else the value of SSL_CERT_FILE, which libcurl does not read by itself.
---@param ca_file string?      the caller's file
---@return string?             nil: trust the system's authorities
function trust.ca_file(ca_file)
  local file = ca_file or os.getenv "SSL_CERT_FILE"
  return file and file ~= "" and file or nil
end

return trust
