--- Look at YAML before lyaml reads it. Of two equal keys lyaml takes the last, of several documents
--- the first; it copies what an alias stands for, and does not see cycles.
local yaml_check = {}

local MOST_DEPTH = 100
local MOST_NODES = 1000000      -- with all aliases written out

---@class azureml.YamlFrame     a map or a list that is open
---@field keys table<string, boolean>?      of a map
---@field is_value boolean?     the next node is the value of a key
---@field anchor string?
---@field before integer        the nodes before it

local function fail(event, message, ...)
  error({ line = event.start_mark.line + 1, message = message:format(...) }, 0)
end

local function count(self, event, nodes)
  self.nodes = self.nodes + nodes
  if self.nodes > MOST_NODES then
    fail(event, "the aliases stand for more than %d values", MOST_NODES)
  end
end

-- Take a node as the next key, value or item of what is open.
local function place(self, event)
  local frame = self.stack[#self.stack]
  if not frame or not frame.keys then return end
  frame.is_value = not frame.is_value
  if not frame.is_value or event.type ~= "SCALAR" or event.value == "<<" then return end
  if frame.keys[event.value] then fail(event, "'%s' is given twice", event.value) end
  frame.keys[event.value] = true
end

local takers = {}

function takers.DOCUMENT_START(self, event)
  self.documents = self.documents + 1
  if self.documents > 1 then fail(event, "a second document begins; a file has a single one") end
end

function takers.SCALAR(self, event)
  place(self, event)
  count(self, event, 1)
  if event.anchor then self.sizes[event.anchor] = 1 end
end

function takers.ALIAS(self, event)
  place(self, event)
  local name = event.anchor
  if self.open[name] then fail(event, "'*%s' stands within '&%s', which has no end", name, name) end
  count(self, event, self.sizes[name] or 1)
end

local function open(self, event, keys)
  place(self, event)
  count(self, event, 1)
  if #self.stack >= MOST_DEPTH then fail(event, "it is nested deeper than %d", MOST_DEPTH) end
  local anchor = event.anchor
  table.insert(self.stack, { keys = keys, anchor = anchor, before = self.nodes - 1 })
  if anchor then self.open[anchor] = true end
end

function takers.MAPPING_START(self, event) open(self, event, {}) end
function takers.SEQUENCE_START(self, event) open(self, event, nil) end

local function close(self)
  local frame = table.remove(self.stack)
  if not frame.anchor then return end
  self.open[frame.anchor] = nil
  self.sizes[frame.anchor] = self.nodes - frame.before
end

takers.MAPPING_END, takers.SEQUENCE_END = close, close

local function walk(text)
  local next_event = require("yaml").parser(text)
  local self = { stack = {}, open = {}, sizes = {}, nodes = 0, documents = 0 }
  repeat
    local event = next_event()
    local take = takers[event.type]
    if take then take(self, event) end
  until event.type == "STREAM_END"
end

--- Return the line and the reason of what lyaml would read as something else than is written; nil:
--- it can read the text, or tells itself what is wrong with it.
---@param text string
---@return integer? line, string? message
function yaml_check.fault(text)
  local ok, fault = pcall(walk, text)
  if ok or type(fault) ~= "table" then return nil end
  if not fault.line then error(fault, 0) end
  return fault.line, fault.message
end

return yaml_check
