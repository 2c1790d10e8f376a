--- Serve the studio for specs that use a browser: an emulator and `azureml studio`, each in a
--- process of its own.
local azureml = require "azureml"
local browser = require "spec.browser"
local json = require "azureml.json"
local lua_text = require "azureml.cli.lua_text"
local process = require "spec.process"

local studio = {}

local Served = {}
Served.__index = Served

local function quote(word)
  return "'" .. tostring(word):gsub("'", "'\\''") .. "'"
end

-- Start `azureml studio`. Return its process and the link that it prints.
local function start(self, options)
  local words = {}
  for index, option in ipairs(options or {}) do words[index] = quote(option) end
  local file = assert(io.popen(("env --default-signal=INT,TERM AZUREML_EMULATOR=%s HOME=%s "
    .. "XDG_STATE_HOME=%s %s studio --no-open %s 2>%s/studio.errors & echo $!; wait"):format(
    quote(self.emulator.url), self.directory, self.directory, quote(process.executable_path),
    table.concat(words, " "), self.directory)))
  local pid = math.tointeger(assert(file:read "n", "the studio did not start"))
  file:read "l"
  return { file = file, pid = pid }, assert(file:read "l", "the studio did not start")
end

--- Serve a workspace.
---@param seed table          of the emulator: instances and so on
---@param settings { speed: number?, options: string[]? }?      options of the studio
---@return table served       link, url, pid; ends with its scope
function studio.serve(seed, settings)
  settings = settings or {}
  local self = setmetatable({ directory = process.directory(), speed = settings.speed or 60 },
    Served)
  local path = process.write(self.directory .. "/seed.lua", "return " .. lua_text.encode(seed))
  self.emulator = process.served_emulator { speed = self.speed,
    options = { "--seed", path } }
  self.process, self.link = start(self, settings.options)
  self.url, self.pid = self.link:match "^(.-)/start", self.process.pid
  return self
end

--- Send a request to the emulator's control endpoint.
function Served:control(method, path, body)
  local client <close> = azureml.client { endpoint = self.emulator.url }
  return client:request { method = method, path = "/emulator/" .. path, body = body,
    headers = { ["Content-Type"] = "application/json" } }.json
end

--- Let the emulator's clock run slowly, so that what is on its way stays so while a spec looks.
function Served:hold()
  self:control("POST", "clock", { speed = 2 })
end

--- Let what is on its way end.
function Served:release()
  self:control("POST", "clock", { advance = "10m", speed = self.speed })
end

--- Return the most memory that the studio has used, in MiB.
function Served:memory()
  local file <close> = assert(io.open(("/proc/%d/status"):format(self.pid)))
  return tonumber(file:read("a"):match "VmHWM:%s*(%d+)") / 1024
end

function Served:close()
  os.execute(("kill %d 2>/dev/null"):format(self.pid))
  self.process.file:close()
  self.emulator:close()
  process.remove(self.directory)
end

Served.__close = Served.close

--- Serve a workspace and open it in a browser.
---@return table served, table browser
function studio.open(seed, settings)
  local served = studio.serve(seed, settings)
  local opened = browser.open()
  opened:go(served.link)
  opened:wait "$('tr[data-name]') || $('.empty')"
  return served, opened
end

--- Check what holds for every page: no error in the console, no request to another host.
---@return string[] faults
function studio.faults(served, opened)
  local faults = opened:console_errors()
  for _, url in ipairs(opened:requests()) do
    local is_own = url:sub(1, #served.url + 1) == served.url .. "/"
    local is_within = url:find "^%l+:[^/]"      -- data:, blob:, about:
    if not is_own and not is_within then faults[#faults + 1] = url end
  end
  return json.array(faults)
end

return studio
