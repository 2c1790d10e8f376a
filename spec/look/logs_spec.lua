local core = require "azureml.core"
local errors = require "azureml.error"
local logs = require "azureml.look.logs"
local notebook_server = require "spec.notebook_server"

-- The files are pretended here, as Jupyter sends them; spec/machine/look.lua reads real ones.
describe("the logs of setup scripts", function()
  local vm, files, states, account

  before_each(function()
    core.clock "virtual"
    files, states, account = {}, {}, "/subscriptions/s/x/storageAccounts/teamstore"
    local server = { vm = { name = "ci-ann" } }
    vm = {
      name = "ci-ann", state = "Running", setup_scripts = {}, jupyter = { server = server },
      workspace = {
        instances = { workspace = { client = function() return {} end } },
        get_once = function()
          if not account then errors.raise { code = "AuthorizationFailed", message = "no" } end
          return { properties = { storageAccount = account } }
        end,
      },
      refresh = function() vm.state = table.remove(states, 1) or vm.state end,
    }
    local function item(path, file)
      local name = path:match "[^/]+$"
      if type(file) == "table" then return { name = name, path = path, type = "directory" } end
      return { name = name, path = path, type = "file", size = #file,
        last_modified = "2026-01-0" .. (#file % 9 + 1) .. "T00:00:00Z" }
    end
    local function find(path)
      local found = files
      for name in path:gmatch "[^/]+" do found = type(found) == "table" and found[name] or nil end
      if found then return found end
      errors.raise { code = "NotFound", status = 404, message = "no" }
    end
    function server.request(_, method, path, _, settings)
      assert(method == "GET")
      local kind, rest = path:match "^/(.-contents)/(.*)$"
      if not kind then rest = path:match "^/files/(.*)$" end
      local file = find(rest)
      if kind then
        local shown = item(rest, file)
        if type(file) == "table" and settings.query.content == 1 then
          shown.content = {}
          for name, value in pairs(file) do
            table.insert(shown.content, item(rest .. "/" .. name, value))
          end
        end
        return { status = 200, json = shown }
      end
      local reply = notebook_server.answer_range(file, settings.headers.Range)
      if reply.status == 416 then errors.raise { code = "Http416", status = 416, message = "" } end
      reply.headers = { ["content-range"] = reply.headers["Content-Range"] }
      return reply
    end
  end)
  after_each(function() core.clock "real" end)

  local function refused(settings)
    local _, err = errors.try(logs.of, vm, settings)
    return assert(err)
  end

  local function names(list)
    local found = {}
    for i, log in ipairs(list) do found[i] = log.name end
    return table.concat(found, " ")
  end

  it("are listed, the oldest first, also those in folders", function()
    files.Logs = { ["ci-ann"] = {
      ["startup_2.log"] = "22", ["creation_1.log"] = "1", old = { ["startup_1.log"] = "333" },
    } }
    local list = logs.of(vm)
    assert.equal("creation_1.log startup_2.log old/startup_1.log", names(list))
    assert.same({ "Logs/ci-ann/creation_1.log", 1 }, { list[1].path, list[1].size })
    assert.equal("333", list[3]:read())
  end)

  it("grow while they are read", function()
    files.Logs = { ["ci-ann"] = { ["x.log"] = "one" } }
    local log, seen = logs.of(vm)[1], {}
    assert.has_error(function()
      log:follow(function(text)
        seen[#seen + 1] = text
        files.Logs["ci-ann"]["x.log"] = "one, two"
        if #seen == 2 then error "enough" end
      end)
    end)
    assert.same({ "one", ", two" }, seen)
  end)

  it("are told by script: the newest of each is chosen", function()
    local function log(name) return { name = name } end
    assert.equal("creation_12.log startup_3.log", names(logs.newest {
      log "startup_1.log", log "creation_12.log", log "startup_3.log" }))
  end)

  it("are not there without a script", function()
    local err = refused()
    assert.equal("NoLogs", err.code)
    assert.matches("no folder Logs/ci%-ann", err.message)
    assert.matches("no setup script", err.hint)
    files.Logs, vm.setup_scripts = { ["ci-ann"] = {} }, { creation_script = {} }
    assert.matches("when a setup script runs", refused().hint)
  end)

  it("are bounded in number", function()
    files.Logs = { ["ci-ann"] = {} }
    for i = 1, 501 do files.Logs["ci-ann"]["x" .. i] = "x" end
    assert.equal("TooManyLogs", refused().code)
  end)

  it("cannot be read while the instance does not run: the error says where they are", function()
    vm.state = "UserSetupFailed"
    local err = refused()
    assert.equal("NotRunning", err.code)
    assert.equal("'ci-ann' is UserSetupFailed, and only a running instance shows its logs; they "
      .. "are in the folder Logs/ci-ann of the file share code-391ff5ac-6576-460f-ba4d-"
      .. "7e03433c68b6 of the storage account 'teamstore'", err.message)
    assert.matches("role Storage File Data Privileged Reader", err.hint)
    assert.matches("--account-name teamstore ", err.hint, 1, true)
    account = nil
    assert.matches("of the workspace's storage$", refused().message)
    account = "/x/$(reboot)"
    assert.matches("--account-name ACCOUNT ", refused().hint, 1, true)
  end)

  it("are waited for while the instance starts", function()
    vm.state, states = "Creating", { "UserSettingUp", "UserSettingUp", "Running" }
    files.Logs = { ["ci-ann"] = { ["x.log"] = "x" } }
    local told = {}
    local list = logs.of(vm, { wait = true, on_state = function(s) told[#told + 1] = s end })
    assert.equal("x.log", names(list))
    assert.same({ "Creating", "UserSettingUp", "UserSettingUp" }, told)
  end)

  it("are waited for for a limited time, and not when the start has failed", function()
    vm.state, states = "UserSettingUp", { "UserSetupFailed" }
    assert.equal("NotRunning", refused({ wait = true }).code)
    vm.state = "Starting"
    local err = refused { wait = true, timeout = 20 }
    assert.equal("Timeout", err.code)
    assert.matches("'ci%-ann' is still Starting after 20 s", err.message)
    assert.equal("NotRunning", refused().code)
  end)
end)
