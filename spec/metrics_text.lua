--- Read the text format of Prometheus, strictly: what is not in the format is an error.
--- Source: prometheus.io, "Exposition formats", version 0.0.4.
local TYPES = { counter = true, gauge = true, histogram = true, summary = true, untyped = true }
local UNESCAPED = { ["\\\\"] = "\\", ['\\"'] = '"', ["\\n"] = "\n" }

-- Read the labels of a sample. Return them with the rest of the line.
local function read_labels(line, rest)
  local labels = {}
  while not rest:find "^}" do
    local name, after = rest:match '^([%a_][%w_]*)="(.*)$'
    assert(name, "no label: " .. line)
    local length = 0
    while after:sub(length + 1, length + 1) ~= '"' do
      local escaped = after:sub(length + 1, length + 1) == "\\"
      assert(not escaped or UNESCAPED[after:sub(length + 1, length + 2)], "bad escape: " .. line)
      length = length + (escaped and 2 or 1)
      assert(length < #after, "an open label: " .. line)
    end
    assert(labels[name] == nil, "a label twice: " .. line)
    labels[name] = after:sub(1, length):gsub('\\[\\"n]', UNESCAPED)
    rest = after:sub(length + 2):gsub("^,", "")
  end
  return labels, rest:sub(2)
end

local function read_sample(line)
  local name, rest = line:match "^([%a_:][%w_:]*)(.*)$"
  assert(name, "no sample: " .. line)
  local labels = {}
  if rest:find "^{" then labels, rest = read_labels(line, rest:sub(2)) end
  local value = tonumber(rest:match "^ ([%d.e+-]+)$")
  return name, labels, assert(value, "no value: " .. line)
end

-- Read a line that begins with "# HELP" or "# TYPE".
local function read_head(families, line)
  local word, name, text = line:match "^# (%u+) ([%a_:][%w_:]*) (.+)$"
  assert(word == "HELP" or word == "TYPE", "a comment: " .. line)
  local family = families[name] or { samples = {} }
  assert(#family.samples == 0, "the head after the samples: " .. line)
  assert(family[word] == nil, "twice: " .. line)
  family[word], families[name] = text, family
end

--- Read a text.
---@param text string
---@return table families      by name: HELP, TYPE and samples, each with labels and value
return function(text)
  local families, seen, last = {}, {}, nil
  assert(text:sub(-1) == "\n", "the last line has no end")
  assert(utf8.len(text), "not UTF-8")
  for line in text:gmatch "([^\n]*)\n" do
    if line:find "^#" then
      read_head(families, line)
    else
      local name, labels, value = read_sample(line)
      local family = assert(families[name], "no head: " .. line)
      assert(TYPES[family.TYPE] and family.HELP, "an incomplete head: " .. line)
      assert(#family.samples == 0 or last == name, "a family in two parts: " .. line)
      local key = line:match "^(.*) "
      assert(not seen[key], "a sample twice: " .. line)
      seen[key], last = true, name
      table.insert(family.samples, { labels = labels, value = value })
    end
  end
  return families
end
