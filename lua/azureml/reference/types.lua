--- Read the types of LuaCATS comments: "string|azureml.Instance", "fun(self, n: integer): any",
--- "{ name: string? }[]". A type stays a text; this file finds where it ends and what is in it.

local types = {}

-- Return the position behind the closing bracket that belongs to the bracket at a position.
local function skip_balanced(text, first)
  local open = text:sub(first, first)
  local close = ({ ["("] = ")", ["{"] = "}", ["<"] = ">" })[open]
  local _, last = text:find("^%b" .. open .. close, first)
  return last and last + 1
end

local skip_union

-- Skip what a function type returns: ": string, integer".
local function skip_results(text, position)
  local first = text:match("^%s*:%s*()", position)
  while first do
    position = skip_union(text, first)
    if not position then return nil end
    first = text:match("^,%s*()", position)
  end
  return position
end

local function skip_primary(text, position)
  local behind_quotes = text:match('^"[^"]*"()', position) or text:match("^'[^']*'()", position)
  if behind_quotes then return behind_quotes end
  local behind_fun = text:match("^fun()%(", position)
  if behind_fun then
    local behind = skip_balanced(text, behind_fun)
    return behind and skip_results(text, behind)
  end
  if text:find("^[({]", position) then return skip_balanced(text, position) end
  local behind_name = text:match("^[%w_.]+()", position)
  if behind_name and text:find("^<", behind_name) then return skip_balanced(text, behind_name) end
  return behind_name
end

-- Skip a type: alternatives, each with [] and ? behind it. Return nil if there is none.
function skip_union(text, position)
  repeat
    position = skip_primary(text, position)
    if not position then return nil end
    position = text:match("^[%[%]?]*()", position)
    local is_more = text:find("^|", position)
    if is_more then position = position + 1 end
  until not is_more
  return position
end

--- Split a text into the type at its beginning and the rest.
---@param text string
---@return string? type      nil: the text does not begin with a type
---@return string rest       without blanks in front
---@return string space      the blanks between the two
function types.split(text)
  local behind = skip_union(text, 1)
  if not behind then return nil, text, "" end
  local space, rest = text:match("^(%s*)(.*)$", behind)
  return text:sub(1, behind - 1), rest, space
end

--- List the names of this package's classes in a type.
---@param text string
---@return string[]
function types.classes(text)
  local names = {}
  for name in text:gmatch "azureml%.[%w_.]*%w" do names[#names + 1] = name end
  return names
end

--- List the texts that a type allows: "lines" and "json" for '"lines"|"json"'.
---@param text string
---@return string[]
function types.literals(text)
  local words = {}
  for word in text:gmatch '"([^"]*)"' do words[#words + 1] = word end
  return words
end

--- Take a function type apart.
---@param text string
---@return { name: string, type: string, is_optional: boolean }[]?     nil: it is no function type
---@return string? results
function types.parameters(text)
  local inside, results = text:match "^fun(%b())%s*:?%s*(.*)$"
  if not inside then return nil end
  local list, rest = {}, inside:sub(2, -2)
  while rest ~= "" do
    local name, mark, behind = rest:match "^%s*([%w_.]+)(%??)%s*()"
    if not name then break end
    local kind, after = "any", rest:sub(behind)
    if after:find "^:" then kind, after = types.split(after:match "^:%s*(.*)$") end
    list[#list + 1] = { name = name, type = kind or "any", is_optional = mark == "?" }
    rest = after:match "^%s*,%s*(.*)$" or ""
  end
  return list, results
end

return types
