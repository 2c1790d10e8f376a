-- Record the answers of emulators while the suite runs, in this process and in the programs that it
-- starts: each Lua of the suite runs this file first, through LUA_INIT. Each distinct answer is a
-- line of JSON in a file of its process under AZUREML_ANSWERS; spec/answers.lua, which runs last,
-- checks them. An answer that a spec wrote itself, as a fault or into a recording that is replayed,
-- is not recorded.
local folder = os.getenv "AZUREML_ANSWERS"
if not folder then return end

local file, seen = nil, {}

local function write(line)
  if not file then
    file = assert(io.open(("%s/%s.jsonl"):format(folder, require("azureml.core").guid()), "w"))
    file:setvbuf "full"
  end
  file:write(line, "\n")
  file:flush()      -- a line at once: the process may be killed
end

-- Return the target as Resource Manager has it: without a double slash, without the prefix of the
-- data plane, and without the signature of a status URL, which is irrelevant and 3 KB long.
local function short(target)
  return (target:gsub("^//+", "/"):gsub("^/rp/workspaces/", "/"):gsub("&t=[^&]*&c=.*$", ""))
end

-- Answers that differ only in numbers count as the same.
local function record(request, response)
  if not utf8.len(request.method .. request.target) then return end
  local target = short(request.target)
  local key = table.concat({
    request.method, target, response.status, (response.body:gsub("%d+", "0")),
  }, " ")
  key = require("azureml.core").crypto.sha1(key)      -- a list of a thousand is long
  if seen[key] then return end
  seen[key] = true
  write(require("azureml.json").encode {
    method = request.method, target = target, status = response.status, body = response.body,
  })
end

local function watch(emulator)
  local faults, handle, take = emulator.faults, emulator.handle, emulator.faults.take
  local is_written = false

  function faults:take(request)
    local trouble = take(self, request)
    is_written = type(trouble) == "table" and trouble.name == "answer"
    return trouble
  end

  function emulator:handle(request)
    is_written = false
    local response = handle(self, request)
    local is_made = response.status and not is_written and not emulator.replay
    if is_made and short(request.target):lower():find "^/subscriptions/" then
      record(request, response)
    end
    return response
  end

  return emulator
end

local when_loaded = dofile(debug.getinfo(1, "S").source:match "^@(.*/)" .. "when_loaded.lua")

when_loaded("azureml.emulator", function(module)
  local new = module.new
  function module.new(given) return watch(new(given)) end
end)
