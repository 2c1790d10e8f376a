--- Check that comments and documents cite only files that exist.
---
---     lua5.4 spec/lint/citations.lua FILE...
---
--- The arguments are all files of the repository, as paths from its root: a cited file exists if it
--- is one of them. Prints each citation that fails, and exits with 1 if there is one.
---
--- In comments a file is cited by its path from the root, or by the end of that path, such as
--- "console/screen.lua". Its bare name is enough where it lies in the folder of the citing file or
--- in one above it, or where the citing file is in another language. A document (.md) is cited by
--- its path from the root; within documents also by a path relative to the citing one. A path that
--- begins with csrc/, lua/ or spec/ must be exact. A `*` stands for any characters within a name.
local comments = require "spec.lint.comments"

-- Files of others, and names that stand for a file of the reader's. So do "NAME" and "FILE" with
-- any ending.
local FOREIGN = {
  ["lua.h"] = "the header of Lua",
  ["lua.c"] = "the standalone interpreter of Lua",
  ["nightly.lua"] = "a user's script in an example",
  ["train.py"] = "a user's program in an example",
  ["team.lua"] = "a user's seed file in the README",
}

local EXTENSIONS = { c = true, h = true, lua = true, md = true, mjs = true, py = true, mk = true }
local ROOMS = { csrc = true, lua = true, spec = true }

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

-- Every path, and every end of one that begins with a whole name.
local function index_of(paths)
  local exact, ends = {}, {}
  for _, path in ipairs(paths) do
    exact[path] = true
    local rest = path
    while rest do
      ends[rest] = true
      rest = rest:match "^[^/]*/(.+)$"
    end
  end
  return { exact = exact, ends = ends }
end

local function matches_any(set, cited)
  if not cited:find("*", 1, true) then return set[cited] == true end
  local pattern = "^" .. cited:gsub("[%-.]", "%%%0"):gsub("%*", "[^/]*") .. "$"
  for path in pairs(set) do
    if path:find(pattern) then return true end
  end
  return false
end

-- A folder, and a path as seen from there, give the path from the root.
local function resolve(folder, cited)
  local parts = {}
  for part in (folder .. "/" .. cited):gmatch "[^/]+" do
    if part == ".." then parts[#parts] = nil
    elseif part ~= "." then parts[#parts + 1] = part end
  end
  return table.concat(parts, "/")
end

local function folder_of(path)
  return path:match "^(.*)/[^/]*$" or ""
end

local function lies_here_or_above(known, path, cited)
  local folder = folder_of(path)
  while folder ~= "" do
    if matches_any(known.exact, folder .. "/" .. cited) then return true end
    folder = folder_of(folder)
  end
  return false
end

local function language_of(path)
  local extension = path:match "%.(%w+)$"
  return extension == "h" and "c" or extension
end

local function exists(known, path, cited)
  local room = cited:match "^([^/]+)/"
  if matches_any(known.exact, cited) then return true end
  local from_here = path:find "%.md$" and resolve(folder_of(path), cited)
  if from_here and matches_any(known.exact, from_here) then return true end
  if ROOMS[room] or cited:find "%.md$" then return false end
  if room or language_of(path) ~= language_of(cited) then return matches_any(known.ends, cited) end
  return lies_here_or_above(known, path, cited)
end

-- The contract cites the sources of other projects by names of theirs; only rooted paths are ours.
local function is_ours(path, cited)
  local name = cited:match "([^/]*)%.%w+$"
  if FOREIGN[cited] or name == "NAME" or name == "FILE" then return false end
  return not path:find "^spec/contract/" or ROOMS[cited:match "^([^/]+)/"] or false
end

-- A URL's path, a module's name and the name of a program's output are no citations.
local function cited_in(line)
  local found = {}
  for before, word, after in line:gmatch "()([%w_%-./*]+)()" do
    local cited = word:gsub("^%./", ""):gsub("[.]+$", "")
    local extension = cited:match "%.(%w+)$"
    local follows = line:sub(after, after)
    local precedes = line:sub(before - 1, before - 1)
    local is_path = not cited:find "^/" and not cited:find("//", 1, true) and precedes ~= "<"
    if EXTENSIONS[extension] and is_path and follows ~= "(" and cited:find "[%w_*]%.%w+$" then
      found[#found + 1] = cited
    end
  end
  return found
end

local function check(known, path, faults)
  local text = read(path)
  local checked = path:find "%.md$" and text or comments.of(path, text)
  local number = 0
  for line in ((checked or "") .. "\n"):gmatch "(.-)\n" do
    number = number + 1
    for _, cited in ipairs(cited_in(line)) do
      if is_ours(path, cited) and not exists(known, path, cited) then
        faults[#faults + 1] = ("%s:%d: cites %s, which does not exist: cite it as it is called now")
          :format(path, number, cited)
      end
    end
  end
end

local known, faults = index_of(arg), {}
for _, path in ipairs(arg) do check(known, path, faults) end
for _, fault in ipairs(faults) do print(fault) end
os.exit(#faults == 0)
