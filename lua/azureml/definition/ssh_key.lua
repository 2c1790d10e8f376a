--- The public key with which a user logs in by SSH.
--- Source: spec/contract/compute-rest.md, section 8.3.
local kinds = require "azureml.definition.kinds"

local LINE = "^ssh%-rsa AAAA[%w+/=]+ ?[^\r\n]*$"
local PEM = "^%-%-%-%-%-BEGIN [%u ]*PUBLIC KEY%-%-%-%-%-"

local function check(value)
  local key = type(value) == "string" and value:gsub("%s+$", "") or ""
  if key:find(LINE) or key:find(PEM) then return key end
  return nil, "must be an RSA public key: one line 'ssh-rsa AAAA...' or a PEM text"
    .. (key:find "PRIVATE KEY" and "; this one is a private key, keep it to yourself" or "")
end

-- Return a key without the comment behind it.
local function bare(key)
  return key:match "^(%S+ %S+)" or key
end

--- The kind of a public key: one line "ssh-rsa AAAA... comment", or a PEM text.
return {
  check = check,
  write = function(key) return key end,
  read = kinds.text.read,
  same = function(wanted, actual) return actual ~= nil and bare(wanted) == bare(actual) end,
}
