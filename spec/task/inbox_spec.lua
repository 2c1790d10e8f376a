--- A queue of the events of many operations: lua/azureml/task/inbox.lua.
local azureml = require "azureml"
local core = require "azureml.core"
local task = require "azureml.task"
local waiting = require "spec.waiting"

local timed, assert_took = waiting.timed, waiting.assert_took

describe("an inbox", function()
  before_each(waiting.virtual)
  after_each(waiting.tidy)

  local function sleeps(inbox, ...)
    local ops = {}
    for i, seconds in ipairs { ... } do
      ops[i] = core.sleep(seconds)
      inbox:follow(ops[i])
    end
    return ops
  end

  local function close(ops)
    for _, op in ipairs(ops) do op:close() end
  end

  for place, within in pairs {
    ["the main chunk"] = waiting.PLACES["the main chunk"], ["a task"] = azureml.parallel,
  } do
    it("gives the operations in the order of their events, in " .. place, function()
      local inbox = task.inbox()
      local ops, seen
      local took = timed(function()
        ops, seen = sleeps(inbox, 5, 1, 3), {}
        within(function()
          for i = 1, #ops do seen[i] = inbox:next() end
        end)
      end)
      assert_took(5, took)
      assert.is_true(seen[1] == ops[2] and seen[2] == ops[3] and seen[3] == ops[1])
      close(ops)
    end)

    it("gives nothing when the deadline comes first, in " .. place, function()
      local inbox = task.inbox()
      local ops = sleeps(inbox, 50)
      local took, op = timed(within, function() return inbox:next(core.now() + 4) end)
      assert_took(4, took)
      assert.is_nil(op)
      close(ops)
    end)
  end

  it("keeps events that come while its task waits for something else", function()
    local inbox = task.inbox()
    local ops = sleeps(inbox, 1, 2)
    azureml.sleep(10)
    local took, first, second = timed(function() return inbox:next(), inbox:next() end)
    assert_took(0, took)
    assert.is_true(first == ops[1] and second == ops[2])
    close(ops)
  end)

  it("ends its wait when is_over() is true after look_again", function()
    local inbox, is_over = task.inbox(), false
    local ops = sleeps(inbox, 50)
    local took = timed(azureml.parallel, function()
      assert.is_nil(inbox:next(nil, function() return is_over end))
    end, function()
      azureml.sleep(2)
      is_over = true
      task.look_again(inbox)
    end)
    assert_took(2, took)
    close(ops)
  end)
end)
