-- reference.lua: read the comments of Lua files and write what the public ones say as a Lua module,
-- azureml.reference.data. The bytecode in the executable has no comments.
-- Usage: LUA_PATH=lua/?.lua lua5.4 csrc/reference.lua FILE...

local comments = require "azureml.reference.comments"
local index = require "azureml.reference.index"

-- No script sees what these files say.
local INNER = { cli = true, console = true, reference = true, workflows = true }

local function is_inner(module)
  local room, file = module:match "^azureml%.(%w+)%.?(.*)$"
  return INNER[room] or room == "emulator" and file ~= ""
end

local function module_of(path)
  local name = path:match("lua/(.+)%.lua$"):gsub("/init$", ""):gsub("/", ".")
  return name
end

local function read_all(paths)
  local records = {}
  for _, path in ipairs(paths) do
    local module = module_of(path)
    if not is_inner(module) then
      local file <close> = assert(io.open(path))
      for _, record in ipairs(comments.read(file:read "a", module)) do
        records[#records + 1] = record
      end
    end
  end
  return records
end

-- The members of a record that help and types need, in the order of the text.
local MEMBERS = { "kind", "owner", "name", "is_method", "is_package", "is_optional", "type", "doc",
  "parents", "fields", "calls", "params", "returns", "raises", "usage", "names", "alias" }
local PARAMETER = { "name", "is_optional", "type", "doc" }

local write

local function write_members(value, names)
  local parts = {}
  for _, name in ipairs(names) do
    local member = value[name]
    local is_empty = type(member) == "table" and next(member) == nil
    if member ~= nil and not is_empty then parts[#parts + 1] = name .. "=" .. write(member) end
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

function write(value)
  if type(value) ~= "table" then
    return type(value) == "string" and ("%q"):format(value) or tostring(value)
  end
  if value.module then return write_members(value, { "module", "name" }) end
  if value.name then return write_members(value, PARAMETER) end
  local parts = {}
  for i, item in ipairs(value) do parts[i] = write(item) end
  return "{" .. table.concat(parts, ",") .. "}"
end

print "-- made by csrc/reference.lua"
print "return {"
for _, record in ipairs(index.new(read_all(arg)):public()) do
  print(write_members(record, MEMBERS) .. ",")
end
print "}"
