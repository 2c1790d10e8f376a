--- JSON objects that are decoded when they are looked at. The core checks a text and finds chosen
--- members in one pass; lua-cjson decodes the whole text when another member is needed. Most
--- instances of a long list are asked for their name, state, size or tags alone: to list and print
--- an instance takes 26,000 instructions instead of 176,000.
local core = require "azureml.core"
local json = require "azureml.json"

-- member: a text, a table of texts, false for an absent member or null; nil for one that must be
-- decoded, or was.
local keep, member, raw_of, text_of = core.document.keep, core.document.member, core.document.raw,
  core.document.text

--- A JSON text whose chosen members are read when they are asked for, or a decoded value.
---@class azureml.Document: userdata

local documents = {}

---@class azureml.DocumentReader
---@field scanner userdata
---@field places table<string, integer>     the places of the chosen members by their paths
local Reader = {}
Reader.__index = Reader

--- Make a reader.
---@param paths string[]      the members that it reads at once, such as "properties.state"
---@return azureml.DocumentReader
function documents.reader(paths)
  local places = {}
  for place, path in ipairs(paths) do places[path] = place end
  return setmetatable({ scanner = core.scanner(paths), places = places }, Reader)
end

--- Make a document of a decoded value.
---@param raw any
---@return azureml.Document
documents.of = core.document.of

--- Read chosen members that are texts; nil for another one, and after the document was decoded.
---@param document azureml.Document
---@param ... integer        their places
---@return string? ...
documents.texts = core.document.texts

--- Tell whether a chosen member is a text, written like another one. False also if the document was
--- decoded.
---@param document azureml.Document
---@param place integer
---@param text string
---@return boolean
documents.says = core.document.says

--- Return the decoded value of a document.
---@param document azureml.Document
---@return any
function documents.raw(document)
  local raw = raw_of(document)
  if raw == nil then
    raw = json.decode(text_of(document))
    keep(document, raw)      -- a script may change it
  end
  return raw
end

--- Read a text.
---@param text string
---@return azureml.Document?      nil: the text is not JSON
function Reader:read(text)
  local read = self.scanner:object(text)
  if read then return read end
  local raw = json.decode(text)      -- what the scan refuses is for lua-cjson to judge
  return raw ~= nil and documents.of(raw) or nil
end

--- Read the reply of a request.
---@param op userdata         the core's operation that has the reply
---@return azureml.Document?      nil: the reply is no object, or there is none
---@return number? after      seconds that the service asks the client to wait
function Reader:reply(op)
  return op:document(self.scanner)
end

--- Read a page of a list.
---@param op userdata         the core's operation that has the reply
---@param items string        the member that holds the items
---@param next_link string    the member that holds the URL of the next page
---@return azureml.Document[]?    nil: the reply is not a page of objects; lua-cjson may judge it
---@return string? link
function Reader:page(op, items, next_link)
  return op:page(self.scanner, items, next_link)
end

--- Return a function that returns a member of a document; nil for an absent member and for null.
---@param path string       such as "properties.state"
---@return fun(document: azureml.Document): any
function Reader:member(path)
  local names = {}
  for name in path:gmatch "[^.]+" do names[#names + 1] = name end
  local get, place = json.getter(table.unpack(names)), self.places[path]
  local function decoded(document) return get(documents.raw(document)) end
  if not place then return decoded end
  return function(document)
    local value = member(document, place)
    if value == nil then return decoded(document) end
    return value or nil
  end
end

return documents
