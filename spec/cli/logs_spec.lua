local errors = require "azureml.error"
local instance_logs = require "azureml.look.logs"
local json = require "azureml.json"
local log = require "azureml.look.log"
local run = require "spec.command_line"
local world = require "spec.world"

-- The logs are pretended here; spec/machine/look.lua reads real ones.
describe("azureml logs", function()
  local emulator, ws, own, own_stdout, asked, written, followed

  local function log_of(name, text)
    local made = log.new({ name = name, path = "Logs/ci-ann/" .. name, size = #text }, {
      read = function(first, last) return text:sub(first + 1, last + 1), #text end,
      is_over = function() return true end,
    })
    local follow = made.follow
    function made.follow(...)
      followed = name
      return follow(...)
    end
    return made
  end

  before_each(function()
    emulator, ws = world.open { ["ci-ann"] = "Running", ["ci-bob"] = "Stopped" }
    own, own_stdout, asked, written, followed = instance_logs.of, io.stdout, {}, {}, nil
    io.stdout = {      -- luacheck: ignore
      write = function(self, text) written[#written + 1] = text return self end,
      flush = function(self) return self end,
    }
    instance_logs.of = function(vm, settings)
      asked[#asked + 1] = { vm.name, settings.wait, settings.timeout }
      settings.on_state "Starting"
      settings.on_state "Starting"
      return { log_of("creation_1.log", "old\n"), log_of("creation_2.log", "a\nb\n"),
        log_of("startup_1.log", "c\n") }
    end
  end)
  after_each(function()
    instance_logs.of, io.stdout = own, own_stdout      -- luacheck: ignore
    world.close(emulator, ws)
  end)

  local function printed(...)
    written = {}
    local _, err, code = run("logs", ...)
    return table.concat(written), err, code
  end

  it("prints the newest log of each script", function()
    local out, err, code = printed "ci-ann"
    assert.equal("==> creation_2.log <==\na\nb\n\n==> startup_1.log <==\nc\n", out)
    assert.same({ "ci-ann is Starting: its logs can be read when it runs\n", 0 }, { err, code })
    assert.same({ { "ci-ann" } }, asked)
  end)

  it("prints the last lines, or one log", function()
    assert.equal("==> creation_2.log <==\nb\n\n==> startup_1.log <==\nc\n",
      (printed("ci-ann", "--tail", "1")))
    assert.equal("old\n", (printed("ci-ann", "creation_1.log")))
    local _, err, code = printed("ci-ann", "creation_3.log")
    assert.equal(3, code)
    assert.matches("there is no log 'creation_3.log'; did you mean", err, 1, true)
  end)

  it("follows the last one, and waits for the instance", function()
    printed("ci-ann", "--follow", "--timeout", "5")
    assert.same({ "startup_1.log", { { "ci-ann", true, 5 } } }, { followed, asked })
    printed("ci-ann", "creation_2.log", "-f")
    assert.equal("creation_2.log", followed)
  end)

  it("lists them", function()
    local out = run("logs", "ci-ann", "--list")
    assert.matches("^Name +Size +Modified\ncreation_1.log +4 +%-\n", out)
    local list = json.decode((run("logs", "ci-ann", "--list", "-o", "json")))
    assert.same({ 3, "Logs/ci-ann/startup_1.log" }, { #list, list[3].path })
  end)

  it("says where the logs of an instance are that does not run", function()
    instance_logs.of = own
    local _, err, code = run("logs", "ci-bob")
    assert.equal(1, code)
    assert.matches("'ci%-bob' is Stopped, and only a running instance shows its logs; they are in "
      .. "the folder Logs/ci%-bob of the file share code%-[%x-]+ of the storage account '%w+'", err)
    assert.matches("hint: with the role Storage File Data Privileged Reader", err)
  end)

  it("says that an emulator without machines has no logs", function()
    instance_logs.of = own
    local _, err, code = run("logs", "ci-ann")
    assert.equal(1, code)
    assert.matches("--machine local", err, 1, true)
  end)

  for _, row in ipairs {
    { { "logs" }, "the argument NAME is missing" },
    { { "logs", "ci-ann", "--tail", "x" }, "not a number of lines" },
    { { "logs", "ci-ann", "--timeout", "5" }, "--timeout goes with --follow" },
    { { "logs", "ci-ann", "--list", "--follow" }, "--list goes with neither" },
    { { "logs", "ci-ann", "x", "--list" }, "--list goes with neither" },
    { { "logs", "ci-ann", "-o", "json" }, "go with --list" },
    { { "logs", "ci-ann", "--sort", "name" }, "go with --list" },
  } do
    it("refuses " .. table.concat(row[1], " "), function()
      local _, err, code = run(table.unpack(row[1]))
      assert.equal(2, code)
      assert.matches(row[2], err, 1, true)
    end)
  end

  it("tells a refusal of the instance", function()
    instance_logs.of = function() errors.raise { code = "NotYours", message = "not yours" } end
    local _, err, code = run("logs", "ci-ann")
    assert.same({ "azureml: not yours (NotYours)\n", 1 }, { err, code })
  end)
end)
