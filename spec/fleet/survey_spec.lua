--- How many instances are looked at: lua/azureml/fleet/survey.lua.
local survey = require "azureml.fleet.survey"
local world = require "spec.world"

describe("a survey", function()
  local emulator, ws, gets, lists

  -- A workspace with ci001 to ci<count>, and pages of that size.
  local function open(count, page_size)
    local instances = {}
    for i = 1, count do instances[("ci%03d"):format(i)] = "Stopped" end
    emulator, ws = world.open(instances)
    emulator:set_page_size(page_size)
    gets, lists = 0, 0
    emulator.log = function(request)
      if request.target:find "/computes/%w+%?" then gets = gets + 1 end
      if request.target:find "/computes%?" then lists = lists + 1 end
    end
  end

  after_each(function() world.close(emulator, ws) end)

  local function names(count)
    local list = {}
    for i = 1, count do list[i] = ("ci%03d"):format(i) end
    return list
  end

  -- What a look gives: the states in order, "missing" or the code of an error.
  local function look(looker, wanted)
    local seen = {}
    looker:look(wanted, function(index, vm, err)
      assert.is_nil(seen[index])
      seen[index] = err and err.code or vm and vm.state or "missing"
    end)
    return table.concat(seen, " ")
  end

  it("gets each while they are few, and a missing one is missing", function()
    open(20, 5)
    assert.equal("Stopped missing", look(survey.new(ws.instances, 1), { "CI001", "nobody" }))
    assert.same({ 2, 0 }, { gets, lists })
  end)

  it("reads the list where that takes fewer requests; its pages are known from then on", function()
    open(20, 5)
    local looker = survey.new(ws.instances, 20)
    assert.equal(1, looker:page_count())
    looker.pages = 4
    local wanted = names(5)
    wanted[5] = "ci020"
    assert.equal(("Stopped "):rep(5):sub(1, -2), look(looker, wanted))
    assert.same({ 0, 4 }, { gets, lists })
    assert.is_false(looker:is_list_shorter(4))
    assert.is_true(looker:is_list_shorter(5))
    assert.equal(("Stopped "):rep(4):sub(1, -2), look(looker, names(4)))
    assert.same({ 4, 4 }, { gets, lists })
  end)

  it("reads the list no further than to the last name", function()
    open(60, 5)      -- 12 pages
    local looker = survey.new(ws.instances, 20)
    looker.pages = 12
    assert.equal(("Stopped "):rep(13):sub(1, -2), look(looker, names(13)))
    assert.equal(0, gets)
    assert.is_true(lists <= 4, lists)      -- 3, and the next one was on its way
    assert.equal(12, looker.pages)
  end)

  it("learns the number of pages from a list, and names what it lacks", function()
    open(20, 20)
    local looker = survey.new(ws.instances, 11)
    local wanted = names(11)
    wanted[3] = "nobody"
    assert.equal("Stopped Stopped missing" .. (" Stopped"):rep(8), look(looker, wanted))
    assert.same({ 0, 1, 1 }, { gets, lists, looker.pages })
  end)

  it("does not read a long list to its end for a few", function()
    open(60, 2)      -- 30 pages
    local looker = survey.new(ws.instances, 20)
    assert.equal(("Stopped "):rep(20):sub(1, -2), look(looker, names(20)))
    assert.equal(20, gets)
    assert.is_true(lists <= 4, lists)      -- 2 pages are worth it; the next ones were on their way
    assert.same({ 3, nil }, { looker.least_pages, looker.pages })
    assert.is_false(looker:is_list_shorter(20))
    lists = 0
    look(looker, names(20))
    assert.equal(0, lists)
  end)

  it("gives the error of a failed look to each name that it concerns", function()
    open(20, 20)
    local looker = survey.new(ws.instances, 20)
    local refusal = { status = 403, json = { error = { code = "Forbidden", message = "no" } } }
    emulator:fault { match = { path = "/computes/ci002$" }, answer = refusal }
    assert.equal("Stopped Forbidden Stopped", look(looker, names(3)))
    emulator:fault { match = { path = "/computes$" }, answer = refusal }
    assert.equal(("Forbidden "):rep(12):sub(1, -2), look(looker, names(12)))
    assert.is_nil(looker.pages)
  end)
end)
