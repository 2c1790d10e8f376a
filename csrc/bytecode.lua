--- Remove the names of local variables and upvalues from compiled Lua code. Only messages about
--- mistakes in the code itself show them; line numbers, which tracebacks need, stay. To load these
--- names takes 1.2 of the 5.7 million instructions that a start takes in Lua.
--- The format is that of Lua 5.4, as its function luaU_dump writes it.
local bytecode = {}

local VERSION_AT, VERSION = 5, 0x54
local HEADER, PARAMETERS, INSTRUCTION, UPVALUE = 32, 3, 4, 3      -- bytes
local NO_NAMES = "\x80\x80"      -- no local variables, no upvalues
-- The bytes of a constant by its type. Strings have their length before them; the others have none.
local NUMBERS = { [0x03] = 8, [0x13] = 8 }
local STRINGS = { [0x04] = true, [0x14] = true }

--- Return the code without the names.
---@param code string      from string.dump
---@return string
function bytecode.without_names(code)
  local at, kept_from, parts = 1, 1, {}

  local function skip(bytes) at = at + bytes end

  -- Read a number: seven bits a byte, and the highest bit in the last byte.
  local function size()
    local value = 0
    repeat
      local byte = code:byte(at)
      skip(1)
      value = value << 7 | byte & 0x7F
    until byte & 0x80 ~= 0
    return value
  end

  local function skip_each(skip_item)
    for _ = 1, size() do skip_item() end
  end

  local function skip_text()
    local length = size()      -- 0: there is none; else one more than it has bytes
    if length > 0 then skip(length - 1) end
  end

  local function skip_constant()
    local kind = code:byte(at)
    skip(1)
    if STRINGS[kind] then skip_text() else skip(NUMBERS[kind] or 0) end
  end

  local function skip_line() size() size() end

  local function skip_variable() skip_text() size() size() end

  local function copy_function()
    skip_text()                       -- the source
    skip_line()                       -- the first line and the last
    skip(PARAMETERS)
    skip(size() * INSTRUCTION)
    skip_each(skip_constant)
    skip(size() * UPVALUE)
    skip_each(copy_function)
    skip(size())                      -- line numbers, as differences
    skip_each(skip_line)              -- line numbers, some whole
    parts[#parts + 1] = code:sub(kept_from, at - 1) .. NO_NAMES
    skip_each(skip_variable)
    skip_each(skip_text)
    kept_from = at
  end

  assert(code:byte(VERSION_AT) == VERSION, "this is not the code of Lua 5.4")
  skip(HEADER)
  copy_function()
  assert(at == #code + 1, "the code of Lua has another format")
  return table.concat(parts)
end

return bytecode
