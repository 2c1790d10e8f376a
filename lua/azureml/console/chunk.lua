--- Compile what is typed at the prompt, so that a local variable of one line is there on the next
--- line. Code behind the typed text hands over functions that get and set each local variable of
--- the chunk's outermost block; later chunks reach the variables through their environment.
--- A variable with <close> stays open until the prompt ends.
local lexing = require "azureml.console.lexing"

local chunk = {}

---@class azureml.ChunkCell      a local variable of a chunk that has run
---@field get fun(): any
---@field set fun(value: any)?   nil: it is a constant

---@class azureml.ChunkScope
---@field env table              the environment of chunks: the variables, then the globals
---@field cells table<string, azureml.ChunkCell>
---@field open any[]             values to close, in the order of their declaration

-- Reading tokens ----------------------------------------------------------------------------------

local function behind_string(text, position)
  local content, behind = lexing.read_string(text, position)
  if not content then return lexing.behind_long(text, position) end
  return behind or #text + 1
end

-- Return the next token and its positions: a name, a keyword, a number or a character; a whole
-- string is `"`. Return nil at the end.
local function next_token(text, position)
  position = text:match("^%s*()", position)
  local comment = lexing.behind_comment(text, position)
  while comment do
    position = text:match("^%s*()", comment)
    comment = lexing.behind_comment(text, position)
  end
  if position > #text then return nil end
  local string = behind_string(text, position)
  if string then return '"', position, string end
  local word, behind = text:match("^([%w_]+)()", position)
  if word then return word, position, behind end
  return text:sub(position, position), position, position + 1
end

local function tokens_of(text)
  local tokens, position = {}, 1
  while true do
    local word, first, behind = next_token(text, position)
    if not word then return tokens end
    tokens[#tokens + 1] = { word = word, first = first, last = behind - 1 }
    position = behind
  end
end

-- Finding variables -------------------------------------------------------------------------------

local OPENS = { ["function"] = true, ["do"] = true, ["if"] = true, ["repeat"] = true }
local CLOSES = { ["end"] = true, ["until"] = true }

local function word_at(tokens, index)
  return tokens[index] and tokens[index].word
end

-- Read the names and attributes of a declaration, from the token behind `local`.
local function read_names(tokens, index, variables)
  if word_at(tokens, index) == "function" then
    variables[#variables + 1] = { name = word_at(tokens, index + 1) }
    return
  end
  repeat
    local variable = { name = word_at(tokens, index) }
    variables[#variables + 1] = variable
    index = index + 1
    if word_at(tokens, index) == "<" then
      variable.attribute = word_at(tokens, index + 1)
      variable.from, variable.to = tokens[index].first, tokens[index + 2].last
      index = index + 3
    end
    local is_more = word_at(tokens, index) == ","
    index = index + 1
  until not is_more
end

-- Return the local variables of a text's outermost block, and the position of its `return`.
local function read_block(text)
  local variables, depth, tokens = {}, 0, tokens_of(text)
  for index, token in ipairs(tokens) do
    if OPENS[token.word] then depth = depth + 1 end
    if CLOSES[token.word] then depth = depth - 1 end
    if depth == 0 and token.word == "local" then read_names(tokens, index + 1, variables) end
    if depth == 0 and token.word == "return" then return variables, token.first end
  end
  return variables, nil
end

-- Blank out the <close> of variables, which would end with the chunk.
local function without_closes(text, variables)
  for _, variable in ipairs(variables) do
    if variable.attribute == "close" then
      local blanks = (" "):rep(variable.to - variable.from + 1)
      text = text:sub(1, variable.from - 1) .. blanks .. text:sub(variable.to + 1)
    end
  end
  return text
end

-- Return the code that hands over the variables to the function that the chunk is called with.
local function handing_over(variables)
  local parts = {}
  for i, variable in ipairs(variables) do
    local name = variable.name
    local set = variable.attribute and "nil" or ("function(_value) %s = _value end"):format(name)
    parts[i] = (";(...)(%q, %q, function() return %s end, %s)"):format(name,
      variable.attribute or "", name, set)
  end
  return table.concat(parts)
end

-- Compiling ---------------------------------------------------------------------------------------

--- Make the scope of a prompt.
---@param globals table
---@return azureml.ChunkScope
function chunk.scope(globals)
  local cells = {}
  local env = setmetatable({}, {
    __index = function(_, name)
      local cell = cells[name]
      if cell then return cell.get() end
      return globals[name]
    end,
    __newindex = function(_, name, value)
      local cell = cells[name]
      if not cell then globals[name] = value
      elseif cell.set then cell.set(value)
      else error(("attempt to assign to const variable '%s'"):format(name), 2) end
    end,
  })
  return { env = env, cells = cells, open = {} }
end

local function check_closable(name, value)
  local meta = debug.getmetatable(value)
  if value and not (type(meta) == "table" and rawget(meta, "__close")) then
    error(("variable '%s' got a non-closable value"):format(name), 0)
  end
end

-- Return the function that takes over a variable.
local function keeper(scope)
  return function(name, attribute, get, set)
    if attribute == "close" then
      check_closable(name, get())
      scope.open[#scope.open + 1] = get()
    end
    scope.cells[name] = { get = get, set = set }
  end
end

--- Compile statements that are known to be correct Lua.
---@param text string
---@param scope azureml.ChunkScope
---@return function chunk
---@return function? argument      of the chunk
function chunk.compile(text, scope)
  local variables, returns = read_block(text)
  local plain = assert(load(text, "=stdin", "t", scope.env))
  if #variables == 0 then return plain end
  local kept, code = without_closes(text, variables), handing_over(variables)
  local whole = kept .. "\n" .. code
  if returns then whole = kept:sub(1, returns - 1) .. code .. " " .. kept:sub(returns) end
  local loaded = load(whole, "=stdin", "t", scope.env)
  if not loaded then return plain end      -- such as a goto to a label at the end
  return loaded, keeper(scope)
end

--- Close the values of the variables with <close>, the last one first.
---@param scope azureml.ChunkScope
---@param try fun(f: function, ...: any)      calls a function and reports its error
function chunk.close(scope, try)
  while #scope.open > 0 do
    local value = table.remove(scope.open)
    if value then try(debug.getmetatable(value).__close, value, nil) end
  end
end

return chunk
