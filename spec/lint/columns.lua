--- Check that lines of C, Lua, shell scripts, Makefiles and prose in Markdown have at most 100
--- columns.
---
---     lua5.4 spec/lint/columns.lua FILE...
---
--- In Markdown, rows of tables, blocks of code, and a link or a word alone on its line may be
--- longer. Other files are skipped. Prints each line that is too long, and exits with 1 if there is
--- one.

local LIMIT = 100
local LANGUAGES = { c = true, h = true, lua = true, md = true, mk = true, sh = true }

local function width(line)
  return utf8.len(line) or #line
end

local function is_unbreakable(line)
  local rest = line:gsub("^%s*[-*]?%s*", "")
  return rest:find "^%S+$" or rest:find "^%[[^%]]*%]%([^)]*%)[.,;]?$"
    or rest:find "^%[[^%]]*%]:%s+%S+$"
end

-- Returns a function that tells, line after line, which lines of a Markdown text may be longer.
local function exemption()
  local fence, was_blank_or_code = nil, true
  return function(line)
    local mark = line:match "^%s*(```+)" or line:match "^%s*(~~~+)"
    if fence then
      if mark and mark:sub(1, #fence) == fence then fence = nil end
      return true
    end
    fence = mark
    local is_indented_code = was_blank_or_code and line:find "^    %S" ~= nil
    was_blank_or_code = line == "" or is_indented_code
    return mark or is_indented_code or line:find "^%s*|" or is_unbreakable(line)
  end
end

local function is_never_exempt() return false end

local function check(path, faults)
  local is_exempt = path:find "%.md$" and exemption() or is_never_exempt
  local number = 0
  for line in io.lines(path) do
    number = number + 1
    local columns = width(line)
    if not is_exempt(line) and columns > LIMIT then
      faults[#faults + 1] = ("%s:%d: %d columns, the limit is %d")
        :format(path, number, columns, LIMIT)
    end
  end
end

local faults = {}
for _, path in ipairs(arg) do
  if LANGUAGES[path:match "%.(%w+)$"] or path:find "Makefile$" then check(path, faults) end
end
for _, fault in ipairs(faults) do print(fault) end
if #faults > 0 then print(("%d lines are too long"):format(#faults)) end
os.exit(#faults == 0)
