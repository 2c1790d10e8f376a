--- Where the client reaches us: by the name that it asked for, and through whatever stands in front. URLs that we give lead there: a client
--- follows none to another origin.

--- Scheme, host and port; host and port alone.
---@param emulator { url: string? }
---@param request { headers: table<string, string> }
---@return string origin, string host
return function(emulator, request)
  local own = emulator.url or "http://127.0.0.1"
  local host = request.headers.host or ""
  if not host:find "^[%w.:%[%]-]+$" then return own, (own:gsub("^https?://", "")) end
  local forwarded = request.headers["x-forwarded-proto"]
  local scheme = (forwarded == "https" or forwarded == "http") and forwarded or own:match "^https?"
  return scheme .. "://" .. host, host
end
