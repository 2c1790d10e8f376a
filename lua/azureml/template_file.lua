--- Read files of templates and of their parameters: JSON, in which comments may stand.
--- Source: spec/contract/neighbours.md, section 2.
local json = require "azureml.json"
local kinds = require "azureml.definition.kinds"
local options = require "azureml.options"

local template_file = {}

local MOST = 4 * 1024 * 1024      -- bytes of a template: a limit of the service

local function refuse(path, message, ...)
  options.refuse("%s: %s", kinds.excerpt(path, 300), message:format(...))
end

-- Return the position behind a text in quotes that begins at a position.
local function after_quoted(text, position)
  local mark = position + 1
  while true do
    mark = text:find('["\\]', mark)
    if not mark then return #text + 1 end
    if text:byte(mark) == 34 then return mark + 1 end
    mark = mark + 2
  end
end

local function blank(comment)
  return (comment:gsub("[^\n]", " "))
end

-- Return the end of the comment that begins at a position; nil: none does.
local function end_of_comment(text, position)
  local mark = text:sub(position, position + 1)
  if mark == "//" then return (text:find("\n", position, true) or #text + 1) - 1 end
  if mark == "/*" then return select(2, text:find("*/", position + 2, true)) or #text end
end

--- Replace comments by spaces, so that all positions stay.
---@param text string
---@return string
function template_file.without_comments(text)
  if not text:find("/[/*]") then return text end
  local pieces, from, position = {}, 1, 1
  while true do
    local mark = text:find('["/]', position)
    if not mark then break end
    local last = text:byte(mark) == 47 and end_of_comment(text, mark)
    if last then
      pieces[#pieces + 1] = text:sub(from, mark - 1)
      pieces[#pieces + 1] = blank(text:sub(mark, last))
      from, position = last + 1, last + 1
    else
      position = text:byte(mark) == 34 and after_quoted(text, mark) or mark + 1
    end
  end
  pieces[#pieces + 1] = text:sub(from)
  return table.concat(pieces)
end

-- Say where a byte of a text is: "line 3, column 5".
local function place_of(text, byte)
  local line, start = 1, 1
  for mark in text:sub(1, math.max(byte - 1, 0)):gmatch "()\n" do
    line, start = line + 1, mark + 1
  end
  return ("line %d, column %d"):format(line, byte - start + 1)
end

local function fault_of(text, fault)
  local what, byte = fault:match "^(.-) at byte (%d+)$"
  if not what then return fault end
  what = what:gsub(" near '.*'$", "")      -- what stands there may be a secret
  return ("%s: %s"):format(place_of(text, math.tointeger(byte)), what)
end

local BUILT = {
  { "%.bicep$", "it is Bicep: build it first, with 'az bicep build -f FILE'" },
  { "%.bicepparam$", "it is Bicep: build it first, with 'az bicep build-params -f FILE'" },
}

--- Read a file of JSON.
---@param path string
---@return table
---@raise an error object `InvalidArgument`, with the line of what is wrong
function template_file.read(path)
  for _, row in ipairs(BUILT) do
    if path:lower():find(row[1]) then refuse(path, row[2]) end
  end
  local file, why = io.open(path, "rb")
  if not file then options.refuse("the file cannot be read: %s", why) end
  local open <close> = file
  local text, unread = open:read(MOST + 1)
  if not text then refuse(path, "it is empty%s", unread and ": " .. unread or "") end
  if #text > MOST then refuse(path, "it has more than %d bytes", MOST) end
  text = template_file.without_comments(text:gsub("^\xEF\xBB\xBF", "   "))
  local value, fault = json.decode_exact(text)
  if value == nil then refuse(path, "it is no JSON: %s", fault_of(text, fault)) end
  if type(value) ~= "table" or json.is_array(value) then refuse(path, "it is no JSON object") end
  return value
end

return template_file
