--- Find the origin under which a client reaches the emulator: the host that the client asked for,
--- through any proxy in front. URLs in answers have to use it, because clients follow no URL to
--- another origin.

--- Return the origin of a request's client.
---@param emulator { url: string? }
---@param request { headers: table<string, string> }
---@return string origin      scheme, host and port
---@return string host        host and port
return function(emulator, request)
  local own = emulator.url or "http://127.0.0.1"
  local host = request.headers.host or ""
  if not host:find "^[%w.:%[%]-]+$" then return own, (own:gsub("^https?://", "")) end
  local forwarded = request.headers["x-forwarded-proto"]
  local is_known = forwarded == "https" or forwarded == "http"
  local scheme = is_known and forwarded or own:match "^https?"
  return scheme .. "://" .. host, host
end
