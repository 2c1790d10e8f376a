--- What commands share: lua/azureml/cli/command.lua.
local argparse = require "argparse"
local azureml = require "azureml"
local checks = require "azureml.cli.checks"
local command = require "azureml.cli.command"
local json = require "azureml.json"
local world = require "spec.world"

-- Call f. Return what it printed, and what it wrote to standard error.
local function printed(f, ...)
  local lines, complaints = {}, {}
  local own_print, own_errors = print, io.stderr
  _G.print = function(text) lines[#lines + 1] = text .. "\n" end      -- luacheck: ignore
  io.stderr = {      -- luacheck: ignore
    write = function(_, ...) complaints[#complaints + 1] = table.concat { ... } end,
  }
  local ok, raised = pcall(f, ...)
  _G.print, io.stderr = own_print, own_errors      -- luacheck: ignore
  assert(ok, raised)
  return table.concat(lines), table.concat(complaints)
end

-- Parse words with options that `add` adds. Return the values; nil and the message of a misuse.
local function parse(add, ...)
  local parser = argparse "try"
  add(parser)
  local ok, values = parser:pparse { ... }
  if not ok then return nil, values end
  local _, err = azureml.try(checks.run, parser, values)
  if err then return nil, err.message end
  return values
end

describe("options of commands", function()
  for text, seconds in pairs { ["0"] = 0, ["90"] = 90, ["1.5"] = 1.5, ["1e3"] = 1000 } do
    it(("--timeout %s is %s seconds"):format(text, seconds), function()
      assert.equal(seconds, parse(command.timeout_option, "--timeout", text).timeout)
    end)
  end

  for _, text in ipairs { "soon", "-1", "inf", "1e999", "nan", "5m", "" } do
    it(("--timeout '%s' is refused"):format(text), function()
      local values, message = parse(command.timeout_option, "--timeout=" .. text)
      assert.is_nil(values)
      assert.is_truthy(message:find(("'%s' is not a number of seconds, 0 or more"):format(text),
        1, true), message)
    end)
  end

  for text, tag in pairs {
    ["team=vision"] = { name = "team", value = "vision" },
    ["keep="] = { name = "keep", value = "" },
    ["query=a=b"] = { name = "query", value = "a=b" },
    ["two words= x "] = { name = "two words", value = " x " },
  } do
    it(("'%s' is a tag"):format(text), function() assert.same(tag, command.tag(text)) end)
  end

  for _, text in ipairs { "team", "=vision", "" } do
    it(("'%s' is no tag"):format(text), function()
      local tag, message = command.tag(text)
      assert.is_nil(tag)
      assert.equal(("'%s' is not a tag: write NAME=VALUE"):format(text), message)
    end)
  end

  it("become the filters of a list", function()
    local values = parse(command.filter_options, "--state", "running,Stopped", "--state",
      "JobRunning", "--tags", "team=vision", "keep=on", "--mine", "--where", "name == 'ann'")
    local filters = command.filters(values)
    assert.same({ { "Running", "Stopped", "JobRunning" }, { team = "vision", keep = "on" }, true },
      { filters.state, filters.tags, filters.mine })
    assert.is_true(filters.where { name = "ann" })
    assert.is_false(filters.where { name = "bob" })
  end)

  it("become no filters when none is used", function()
    assert.same({}, command.filters(parse(command.filter_options)))
  end)

  it("take each state that the contract names, and list it in their help", function()
    local contract <close> = assert(io.open "spec/contract/compute-rest.md")
    local states, count = contract:read("a"):match "\n`state` values %[[^]]+%]: (.-)%.\n", 0
    local parser = argparse "try"
    command.filter_options(parser)
    local help = parser:get_help()
    for state in states:gsub("%b()", ""):gmatch "%a+" do
      assert.same({ state }, command.filters(parse(command.filter_options, "--state", state)).state)
      assert.is_truthy(help:find(state, 1, true), state)
      count = count + 1
    end
    assert.is_true(count > 10)
  end)

  for text, fault in pairs {
    ["Runing"] = "there is no state 'Runing'; did you mean Running?",
    ["Running,on"] = "there is no state 'on'",
    [","] = "--state needs a state",
  } do
    it(("--state '%s' is refused"):format(text), function()
      local values, message = parse(command.filter_options, "--state", text)
      assert.is_nil(values)
      assert.is_truthy(message:find(fault, 1, true), message)
    end)
  end

  it("--where with a mistake is refused with its message", function()
    local values, message = parse(command.filter_options, "--where", "name ==")
    assert.is_nil(values)
    assert.matches("name ==", message)
  end)

  it("of a verb are the name, the workspace, the wait and the formats", function()
    local values = parse(command.verb_options, "-n", "ann", "-w", "team", "-g", "ml",
      "--subscription", "s", "--no-wait", "--timeout", "5")
    assert.same({
      name = "ann", workspace_name = "team", resource_group = "ml", subscription = "s",
      no_wait = true, timeout = 5, output = "table", progress = "auto",
    }, values)
  end)

  for _, words in ipairs { { "-o", "jsn" }, { "--progress", "loud" } } do
    it(table.concat(words, " ") .. " is refused with the known values", function()
      local values, message = parse(command.verb_options, "-n", "ann", table.unpack(words))
      assert.is_nil(values)
      local expected = words[1] == "-o" and "did you mean json%?" or "auto.*lines.*json.*quiet"
      assert.matches(expected, message)
    end)
  end

  it("that are misused raise Usage", function()
    local _, err = azureml.try(command.misused, "say which")
    assert.same({ "Usage", "say which" }, { err.code, err.message })
  end)
end)

describe("results of commands", function()
  local emulator, ws

  before_each(function()
    emulator, ws = world.open {
      ann = { state = "Running", tags = { team = "vision", keep = "on" } }, bob = "Stopped",
    }
  end)
  after_each(function() world.close(emulator, ws) end)

  it("are a table of instances, tags sorted", function()
    local out = printed(command.print_instances, {}, ws.instances:list():all())
    local rows = {}
    for line in out:gmatch "[^\n]+" do
      rows[#rows + 1] = line:gsub("%d second%l*", "now"):gsub("%s+", " ")
    end
    assert.same({
      "Name State Size Age Tags", "ann Running STANDARD_DS3_V2 now keep=on team=vision",
      "bob Stopped STANDARD_DS3_V2 now",
    }, rows)
  end)

  it("are JSON with -o json, an array even when it is empty", function()
    local out = printed(command.print_instances, { output = "json" }, ws.instances:list():all())
    local list = json.decode(out)
    assert.same({ "ann", "bob" }, { list[1].name, list[2].name })
    assert.equal("vision", list[1].tags.team)
    assert.equal("[]\n", (printed(command.print_instances, { output = "json" }, {})))
  end)

  it("of one instance are its fields, without empty tables", function()
    local out = printed(command.print_instance, {}, ws.instances:get "bob")
    assert.matches("\nstate +Stopped\n", out)
    assert.is_nil(out:find "\ntags ")
    local vm = json.decode((printed(command.print_instance, { output = "json" },
      ws.instances:get "bob")))
    assert.equal("Stopped", vm.state)
  end)

  it("of an operation are the instance once it is done", function()
    local out, errors = printed(command.finish, { output = "json", progress = "quiet" },
      ws.instances:stop "ann")
    assert.same({ "Stopped", "" }, { json.decode(out).state, errors })
  end)

  it("of a delete are nothing", function()
    assert.same({ "", "" },
      { printed(command.finish, { progress = "quiet" }, ws.instances:delete "ann") })
  end)

  it("of an operation that is not waited for are its ticket, and it goes on", function()
    local out, errors = printed(command.finish, { output = "json", no_wait = true },
      ws.instances:stop "ann")
    local accepted = json.decode(out)
    assert.same({ "stop", "ann", "" }, { accepted.verb, accepted.name, errors })
    assert.equal("Stopped", azureml.resume(accepted.ticket):wait().state)
    out, errors = printed(command.finish, { no_wait = true }, ws.instances:start "ann")
    assert.same({ "", "start ann: accepted; it goes on at the service\n" }, { out, errors })
  end)

  it("keep to the timeout of the options", function()
    local op = ws.instances:stop "ann"
    local _, err = azureml.try(command.finish, { timeout = 1, progress = "quiet" }, op)
    assert.equal("Timeout", err.code)
    op:close()
  end)
end)
