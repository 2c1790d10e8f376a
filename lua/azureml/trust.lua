--- Whose certificates are trusted, besides those of the system's authorities.
local trust = {}

--- The file of certificate authorities to use instead of the system's: the one that is given, else SSL_CERT_FILE's, which libcurl does not
--- look at by itself.
---@param given string?
---@return string?
function trust.ca_file(given)
  local file = given or os.getenv "SSL_CERT_FILE"
  return file and file ~= "" and file or nil
end

return trust
