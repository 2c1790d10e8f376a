--- The public key with which a user logs in by SSH.
--- Source: spec/contract/compute-rest.md, section 8.3.
local core = require "azureml.core"
local kinds = require "azureml.definition.kinds"

local LINE = "^ssh%-rsa (AAAA[%w+/]+=*)%f[ \0]( ?[^%c]*)$"
local PEM = "^%-%-%-%-%-BEGIN ([%u ]*PUBLIC KEY)%-%-%-%-%-\n([%w+/=\n]+)\n"
  .. "%-%-%-%-%-END ([%u ]*PUBLIC KEY)%-%-%-%-%-$"
local BEGINNING = "AAAAB3NzaC1yc2E"      -- the base64 of "ssh-rsa" and its length
local RULE = "must be an RSA public key: one line 'ssh-rsa AAAA...' or a PEM text"

-- Tell whether a text is a line with an RSA key. The service checks the key's numbers.
local function is_line(key)
  local encoded = key:match(LINE)
  if not encoded then return false end
  local length = math.min(#encoded, #BEGINNING)
  return encoded:sub(1, length) == BEGINNING:sub(1, length)
end

local function is_pem(key)
  local first, body, last = key:match(PEM)
  return first ~= nil and first == last
    and core.crypto.from_base64((body:gsub("\n", ""))) ~= nil
end

-- Return a text without the byte order mark, carriage returns and spaces around it that editors
-- leave in files.
local function trimmed(text)
  return (text:gsub("^\xEF\xBB\xBF", ""):gsub("\r", ""):match "^%s*(.-)%s*$")
end

-- No fault shows the text: it may be a private key.
local function check(value)
  if type(value) ~= "string" then return nil, RULE .. ", not " .. kinds.shown(value) end
  if value:find("PRIVATE KEY", 1, true) then
    return nil, RULE .. "; this one is a private key, keep it to yourself"
  end
  local key = trimmed(value)
  if utf8.len(key) and (is_line(key) or is_pem(key)) then return key end
  local other = key:match "^(ssh%-%l[%w-]*) AAAA" or key:match "^(ecdsa[%w-]*) AAAA"
  if other and other ~= "ssh-rsa" then return nil, ("%s; this one is %s"):format(RULE, other) end
  return nil, RULE
end

-- Return a key without the comment behind a line, and without the line breaks of a PEM text.
local function bare(key)
  return key:match "^(ssh%-rsa %S+)" or (key:gsub("%s", ""))
end

--- The kind of a public key: one line "ssh-rsa AAAA... comment", or a PEM text.
return {
  check = check,
  write = function(key) return key end,
  read = kinds.text.read,
  same = function(wanted, actual) return actual ~= nil and bare(wanted) == bare(actual) end,
}
