local date = require "azureml.definition.schedule.date"
local json = require "azureml.json"
local run = require "spec.command_line"
local surroundings = require "spec.surroundings"
local world = require "spec.world"

describe("azureml create and ensure", function()
  local emulator, ws

  before_each(function() emulator, ws = world.open {} end)
  after_each(function() world.close(emulator, ws) end)

  it("take schedules as texts", function()
    local _, _, code = run("create", "-n", "ci-ann", "--schedule", "stop weekdays 18:00 Asia/Tokyo",
      "--schedule", "start mon 08:00")
    assert.equal(0, code)
    local list = ws.instances:get("ci-ann").schedules
    assert.same({ "0 18 * * 1-5", "0 8 * * 1" }, { list[1].cron, list[2].cron })
    _, _, code = run("ensure", "-n", "ci-ann")
    assert.equal(0, code)
    assert.equal(2, #ws.instances:get("ci-ann").schedules)
    _, _, code = run("ensure", "-n", "ci-ann", "--schedule", "stop daily 20:00")
    assert.equal(0, code)
    assert.equal("0 20 * * *", ws.instances:get("ci-ann").schedules[1].cron)
  end)

  it("refuse a wrong schedule before a request", function()
    local _, err, code = run("create", "-n", "ci-ann", "--schedule", "stop 18:00")
    assert.is_true(code ~= 0)
    assert.matches("schedule 1: 'stop 18:00' is not a schedule: '18:00' does not say when", err)
    assert.is_nil(ws.instances:find "ci-ann")
  end)
end)

describe("azureml schedule", function()
  local emulator, ws, variables
  local time = os.time

  before_each(function()
    emulator, ws = world.open { ann = "Running" }
    variables = surroundings { TZ = "Europe/Amsterdam" }
    os.time = function() return date.parse "2026-10-23T10:00" end      -- luacheck: ignore
  end)
  after_each(function()
    os.time = time      -- luacheck: ignore
    variables:close()
    world.close(emulator, ws)
  end)

  local function schedule(...)
    local out, err, code = run("schedule", ...)
    assert.same({ "", 0 }, { err, code })
    return out
  end

  local function lines(...)
    return table.concat({ ... }, "\n") .. "\n"
  end

  local STOP, START = "stop weekdays 18:00 Europe/Amsterdam", "start mon,thu 08:00 Asia/Tokyo"

  it("says that there are none", function()
    assert.equal("'ann' has no schedules\nit does not stop when it is idle\n", schedule "ann")
    assert.equal("'ann' has no schedules\nit does not stop when it is idle\n",
      schedule("-n", "ann"))
  end)

  it("tells schedules in words, with their next firings and the idle time", function()
    ws.instances:update("ann", { idle_time_before_shutdown = "1h", schedules = { STOP, START,
      "start daily 07:00 disabled" } })
    assert.equal(lines(
      "1  stops Monday to Friday at 18:00 (Europe/Amsterdam)",
      "     Fri 2026-10-23 18:00 CEST, 16:00 UTC",
      "     Mon 2026-10-26 18:00 CET, 17:00 UTC: the clocks go back 1 h before it: 17:00 UTC, no "
        .. "longer 16:00 UTC",
      "2  starts Monday and Thursday at 08:00 (Asia/Tokyo)",
      "     Mon 2026-10-26 08:00 JST, Sun 23:00 UTC",
      "     Thu 2026-10-29 08:00 JST, Wed 23:00 UTC",
      "3  starts every day at 07:00 (UTC), disabled", "it stops after 60 idle minutes"),
      schedule("ann", "--count", "2"))
  end)

  it("shows five firings, or none", function()
    local _, count = schedule("ann", "--add", STOP):gsub(" UTC", "")
    assert.is_true(count >= 5)
    assert.equal(lines("1  stops Monday to Friday at 18:00 (Europe/Amsterdam)",
      "it does not stop when it is idle"), schedule("ann", "--count", "0"))
  end)

  it("prints JSON", function()
    local value = json.decode(schedule("ann", "--add", STOP, "--count", "1", "-o", "json"))
    assert.same({ "ann", "Running", 1 }, { value.name, value.state, #value.schedules })
    local shown = value.schedules[1]
    assert.same({ 1, "stop", "0 18 * * 1-5", "W. Europe Standard Time", "enabled", "Completed" },
      { shown.number, shown.action, shown.cron, shown.time_zone, shown.status,
        shown.provisioning_status })
    assert.equal("stops Monday to Friday at 18:00 (Europe/Amsterdam)", shown.words)
    assert.equal("2026-10-23T16:00:00Z", shown.next[1].utc)
    assert.matches('"schedules":%[%]', schedule("ann", "--clear", "-o", "json"))
  end)

  it("replaces, adds, disables, enables and removes schedules", function()
    local function titles(...)
      local found = {}
      for title in schedule("ann", "--count", "0", ...):gmatch "%d  ([^\n]+)" do
        found[#found + 1] = title:gsub(" %(.*%)", "")
      end
      return found
    end
    local stop, start = "stops Monday to Friday at 18:00", "starts Monday and Thursday at 08:00"
    assert.same({ stop, start }, titles("--set", STOP, "--set", START))
    assert.same({ stop, start .. ", disabled" }, titles("--disable", "2"))
    assert.same({ stop .. ", disabled", start }, titles("--disable", "1", "--enable", "2"))
    -- The numbers are those before the change.
    assert.same({ stop .. ", disabled", "stops every day at 23:00" },
      titles("--remove", "2", "--add", "stop daily 23:00"))
    assert.same({ start }, titles("--set", START))
    assert.same({ start, stop, stop }, titles("--add", STOP, "--add", STOP))
    assert.same({ stop }, titles("--remove", "1", "--remove", "3", "--remove", "3"))
    assert.same({}, titles "--clear")
    assert.same({}, ws.instances:get("ann").schedules)
  end)

  it("skips the next stop", function()
    ws.instances:update("ann", { schedules = { STOP, START } })
    local out, err, code = run("schedule", "ann", "--skip-next-stop", "--count", "1")
    assert.same({ "skips the stop of Fri 2026-10-23 18:00 CEST, 16:00 UTC\n", 0 }, { err, code })
    assert.matches("^1  stops Monday to Friday at 18:00 %(Europe/Amsterdam%), from 2026%-10%-26 "
      .. "18:00\n     Mon 2026%-10%-26 18:00 CET, 17:00 UTC", out)
  end)

  it("skips a stop that would have come, and no other one", function()
    os.time = time      -- luacheck: ignore
    local vm = ws.instances:get "ann"
    vm:update { schedules = { "stop daily 12:00" } }
    local stop = vm:skip_next_stop()
    emulator:advance(stop.time - time() + 3600)
    assert.equal("Running", vm:refresh().state)
    emulator:advance "24h"
    assert.equal("Stopped", vm:refresh().state)
  end)

  it("counts from the creation where the service tells no start", function()
    assert.matches("\n     counted from the creation of the instance: the service does not tell",
      schedule("ann", "--add", "stop every 2 days at 18:00"))
  end)

  for name, row in pairs {
    ["without a name"] = { {}, "name" },
    ["with two names"] = { { "ann", "-n", "ann" }, "name" },
    ["with a wrong schedule"] = { { "ann", "--add", "stop somedays 18:00" },
      "%-%-add: schedule 1: 'stop somedays 18:00' is not a schedule: 'somedays' does not say" },
    ["with two wrong schedules"] = { { "ann", "--set", "x", "--set", "stop daily 25:00" },
      "%-%-set: schedule 1: .*; schedule 2: daily is wrong: '25:00' is not a time" },
    ["with too many schedules"] = { { "ann", "--set", STOP, "--set", STOP, "--set", STOP, "--set",
      STOP, "--set", STOP }, "5 schedules: the service takes at most 4" },
    ["with a wrong number"] = { { "ann", "--remove", "one" }, "'one' is not the number of a" },
    ["with a wrong count"] = { { "ann", "--count", "few" }, "'few' is not a number of firings" },
    ["when it replaces and removes"] = { { "ann", "--set", STOP, "--remove", "1" },
      "%-%-remove has no effect with %-%-set or %-%-clear" },
    ["when it sets and clears"] = { { "ann", "--set", STOP, "--clear" },
      "%-%-set and %-%-clear exclude each other" },
    ["when it skips and changes"] = { { "ann", "--skip-next-stop", "--add", STOP },
      "%-%-skip%-next%-stop stands alone" },
  } do
    it("is misused " .. name, function()
      local out, err, code = run("schedule", table.unpack(row[1]))
      assert.same({ "", 2 }, { out, code })
      assert.matches(row[2], err)
    end)
  end

  for name, row in pairs {
    ["of an instance that is not there"] = { { "bob" }, "cannot get bob: .*ResourceNotFound", 3 },
    ["that are not there"] = { { "ann", "--enable", "2" },
      "cannot change the schedules of 'ann': there is no schedule 2: there is 1 schedule" },
    ["beyond four"] = { { "ann", "--add", START, "--add", START, "--add", START, "--add", START },
      "cannot change the schedules of 'ann': 5 schedules: the service takes at most 4" },
    ["of which no stop can be skipped"] = { { "ann", "--skip-next-stop" },
      "'ann': no enabled schedule stops the instance" },
  } do
    it("fails for schedules " .. name, function()
      ws.instances:update("ann", { schedules = { "start daily 08:00" } })
      local out, err, code = run("schedule", table.unpack(row[1]))
      assert.same({ "", row[3] or 2 }, { out, code })
      assert.matches(row[2], err)
      assert.equal(1, #ws.instances:get("ann").schedules)
    end)
  end
end)
