--- Hide what could be secret in URLs and in JSON, so that an exchange can be given to others. A
--- placeholder stands for each hidden text, always the same for the same text: so the URL in a
--- reply and the request that follows it stay equal. The core has already hidden the secrets that
--- it knows: tokens, and what a server echoes of them.
local json = require "azureml.json"

local redaction = {}

local Redaction = {}
Redaction.__index = Redaction
Redaction.__name = "azureml.Redaction"

--- Begin to hide. Placeholders are counted from 1.
---@return table
function redaction.new()
  local secure = setmetatable({}, { __mode = "k" })
  return setmetatable({ known = {}, count = 0, secure = secure }, Redaction)
end

-- Return the placeholder of a text.
function Redaction:hidden(text)
  if not self.known[text] then
    self.count = self.count + 1
    self.known[text] = "hidden" .. self.count
  end
  return self.known[text]
end

-- URLs --------------------------------------------------------------------------------------------

-- Parameters of a query whose values are plain. Others are opaque: a signature, a part of a shared
-- access signature, a code.
local PLAIN = {}

for name in ([[
  api-version $skip $top $filter $expand $select $orderby underlyingresourceaction compute-type
  service listviewtype jobtype tag kind
]]):gmatch "%S+" do PLAIN[name] = true end

local function unescape(text)
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

--- Hide the values of a URL's query that could be secret.
---@param url string
---@return string
function Redaction:url(url)
  local path, query = url:match "^([^?]*)%?(.*)$"
  if not path then return url end
  local shown = query:gsub("([^&=]+)=([^&]*)", function(name, value)
    if value == "" or PLAIN[unescape(name):lower()] then return nil end
    return name .. "=" .. self:hidden(value)
  end)
  return path .. "?" .. shown
end

--- Hide what could be secret in the URLs of a text.
---@param text string
---@return string
function Redaction:text(text)
  return (text:gsub("%a[%w+.-]*://[^%s\"'<>]+", function(url) return self:url(url) end))
end

-- JSON --------------------------------------------------------------------------------------------

-- Members whose values are hidden, by a pattern of the name in lower case.
local SECRET = {
  "password", "passwd", "secret", "token$", "key$", "keys$", "connectionstring", "^sas", "sasuri$",
  "credential",
  "^scriptdata$", "^scriptarguments$", "^command$", "^commandlinearguments$",
}
-- Members that those patterns match and that are public.
local PUBLIC = { adminpublickey = true, skiptoken = true, keyvault = true }
-- The member whose values are hidden at any depth.
local WHOLE = "environmentvariables"

local function is_secret(name)
  local lower = name:lower()
  if PUBLIC[lower] then return false end
  for _, pattern in ipairs(SECRET) do
    if lower:find(pattern) then return true end
  end
  return false
end

-- The kind of a service's environment variable, the only one there is.
local function is_kind(name, text)
  return name == "type" and text == "local"
end

-- Return the names of the secure parameters of a deployment, in lower case; {} for other values.
local function secure_parameters(value)
  local names, declared = {}, json.get(value, "template", "parameters")
  for name, declaration in pairs(type(declared) == "table" and declared or {}) do
    local kind = json.get(declaration, "type")
    if type(kind) == "string" and kind:lower():find "^secure" then
      names[tostring(name):lower()] = true
    end
  end
  return names
end

-- Mark the values and the defaults of a deployment's secure parameters, to be hidden.
local function mark_secure(self, value)
  local names = secure_parameters(value)
  if next(names) == nil then return end
  for _, parameters in ipairs { value.parameters or {}, value.template.parameters } do
    for name, entry in pairs(type(parameters) == "table" and parameters or {}) do
      if names[tostring(name):lower()] and type(entry) == "table" then self.secure[entry] = true end
    end
  end
end

local SECURE = { value = true, defaultValue = true, allowedValues = true }

local function visit(self, value, name, is_hidden)
  if type(value) == "string" then
    local hides = is_hidden and value ~= "" and not is_kind(name, value)
    return hides and self:hidden(value) or self:text(value)
  end
  if type(value) ~= "table" then return value end
  mark_secure(self, value)
  local copy = json.is_array(value) and json.array {} or {}
  for key, member in pairs(value) do
    local member_name = type(key) == "string" and key or name
    local hides = is_hidden or is_secret(member_name) or member_name:lower() == WHOLE
      or self.secure[value] and SECURE[member_name]
    copy[key] = visit(self, member, member_name, hides)
  end
  return copy
end

--- Hide what could be secret in a value of JSON: the members whose names say so, the texts of
--- scripts and commands, the environments of services, the secure parameters of a template, and
--- what URLs hold.
---@param value any       as json.decode_exact returns it
---@return any copy
function Redaction:value(value)
  return visit(self, value, "", false)
end

return redaction
