--- Select the certificate authorities that the client trusts: those that the caller names, or else
--- those of a variable that other programs read too. libcurl does not read these by itself. The
--- core chooses the system's where nothing is named.
local core = require "azureml.core"

local trust = {}

--- The variables that name a bundle or a directory of authorities. The first that is set is used.
--- Python's requests reads the second, and so does the Azure CLI; the program curl reads the third.
---@type string[]
trust.variables = { "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_DIR" }

--- Return the certificate authorities to use instead of the system's.
---@param ca_file string?      the caller's bundle or directory
---@return string? path        nil: trust the system's authorities
---@return string? variable    the variable that names the path; nil: the caller does
function trust.ca_file(ca_file)
  if ca_file and ca_file ~= "" then return ca_file end
  for _, name in ipairs(trust.variables) do
    local path = os.getenv(name)
    if path and path ~= "" then return path, name end
  end
end

-- Return what to do where the system has no certificate authorities.
local function hint_without(places, way)
  return ("no certificate authorities were found on this machine: install its package of them "
    .. "(ca-certificates), or let %s name a file; looked for hashed certificates or a bundle at %s")
    :format(way, table.concat(places, ", "))
end

--- Return what to do about a certificate that cannot be verified.
---@param root string?    put before the system's paths: "" but for specs
---@return string
function trust.hint(root)
  local path, variable = trust.ca_file()
  local way = "ca_file, --ca-file, or a variable (" .. table.concat(trust.variables, ", ") .. ")"
  local system, places = core.authorities(root)
  if not path and not system then return hint_without(places, way) end
  if not path then
    return way .. " names another certificate authority, such as that of a proxy that inspects "
      .. "traffic; verification is never switched off"
  end
  return ("%s names the authorities in %s, and this certificate is not one of theirs; %s names "
    .. "others"):format(variable, path, way)
end

return trust
