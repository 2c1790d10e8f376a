-- embed.lua: turn Lua files into one C file for the executable. The C file has the bytecode, with
-- line numbers and without names of variables, in arrays of unsigned char, and a function that
-- finds an array by module name.
-- Usage: LUA_PATH=csrc/?.lua lua5.4 csrc/embed.lua FILE... A file under lua/ gets the module name
-- of its path there; NAME=FILE gives a module its name; any other file gets its base name. A syntax
-- error stops the build. A file that is not Lua, such as a style sheet, becomes a module that
-- returns its text; it keeps its name behind a slash: "azureml.studio.page/style.css".
local bytecode = require "bytecode"

local epilogue = [[
static int compare(const void *name, const void *chunk) {
  return strcmp(name, ((const Chunk *)chunk)->name);
}

const unsigned char *embedded_find(const char *name, size_t *size) {
  const size_t count = sizeof chunks / sizeof *chunks;
  const Chunk *chunk = bsearch(name, chunks, count, sizeof *chunks, compare);
  if (!chunk) return NULL;
  *size = chunk->size;
  return chunk->code;
}]]

--- Return a file's name for messages, without the directories of the machine that builds.
local function shown_path(path)
  return path:match("^lua/.+$") or path:match("[^/]+$")
end

local function is_lua(path)
  return path:find "%.lua$" ~= nil
end

local function module_name(path)
  if not is_lua(path) then
    local directory, name = path:match "^lua/(.+)/([^/]+)$"
    return directory:gsub("/", ".") .. "/" .. name
  end
  local name = shown_path(path):gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/init$", "")
  return (name:gsub("/", "."))
end

-- Leave out the line numbers of what is not written here, so that it loads faster. Our tracebacks
-- never show them.
local function is_stripped(path)
  return not shown_path(path):find "^lua/"
end

local function read_all(path)
  local file <close> = assert(io.open(path, "rb"))
  return assert(file:read("a"))
end

local function compile(path, text)
  if not is_lua(path) then return string.dump(load(("return %q"):format(text)), true) end
  text = text:gsub("^#[^\n]*", "")
  local code = string.dump(assert(load(text, "@" .. shown_path(path), "t")), is_stripped(path))
  return bytecode.without_names(code)
end

-- The modules with which each run of the executable begins, and those that they load at once.
local FIRST = { "azureml.console.interpreter", "azureml" }

-- Put the modules of a start before the others: the kernel maps 64 KB and more around each page
-- that is read, and a start takes 0.4 MB less when they lie side by side.
local function sort_for_start(modules)
  local is_first = {}
  local function mark(name)
    if is_first[name] or not modules[name] then return end
    is_first[name] = true
    for line in modules[name].text:gmatch "[^\n]+" do
      local needed = line:match '^%a.*require "([%w_.]+)"' or line:match '^require "([%w_.]+)"'
      if needed then mark(needed) end
    end
  end
  for _, name in ipairs(FIRST) do mark(name) end
  table.sort(modules, function(a, b)
    if is_first[a.name] ~= is_first[b.name] then return is_first[a.name] == true end
    return a.name < b.name
  end)
end

local function write_array(name, code)
  print(("static const unsigned char %s[] = {"):format(name))
  for first = 1, #code, 32 do
    print(table.concat({ code:byte(first, first + 31) }, ",") .. ",")
  end
  print("};\n")
end

local modules = {}
for i, word in ipairs(arg) do
  local name, path = word:match "^([%w.]+)=(.+)$"
  path = path or word
  name = name or module_name(path)
  local text = read_all(path)
  modules[i] = { name = name, text = text, code = compile(path, text), array = "code_" .. i }
  modules[name] = modules[i]
end
sort_for_start(modules)

print("/* made by csrc/embed.lua */\n#include <stdlib.h>\n#include <string.h>\n")
print("const unsigned char *embedded_find(const char *name, size_t *size);\n")
for _, module in ipairs(modules) do write_array(module.array, module.code) end
table.sort(modules, function(a, b) return a.name < b.name end)
print("typedef struct Chunk {\n  const char *name;\n  const unsigned char *code;\n  size_t size;")
print("} Chunk;\n")
print("static const Chunk chunks[] = {")
for _, module in ipairs(modules) do
  print(("  { %q, %s, sizeof %s },"):format(module.name, module.array, module.array))
end
print("};\n")
print(epilogue)
