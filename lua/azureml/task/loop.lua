--- Turn the core's loop and hand out its events: to observers, handlers of timers and descriptors,
--- inboxes, waiting tasks. Start a task for each question of the core; azureml.task.question finds
--- the answer. Other tasks are not resumed here.
local later = require "azureml.tool.later"
local core = require "azureml.core"
local errors = later "azureml.error"
local question = require "azureml.task.question"
local runner = require "azureml.task.runner"

local loop = {}

local handlers = {}      -- descriptor -> function
local timers = {}        -- core sleep -> function
-- number -> function; the client that registered it holds the only strong reference
local observers = setmetatable({}, { __mode = "v" })
local last_observer = 0
-- operation -> the inbox that collects its events
local inboxes = setmetatable({}, { __mode = "k" })
local preparations = {}  -- functions that are called before the next step
-- operation or stream -> the function to call at each of its events
local listeners = setmetatable({}, { __mode = "k" })
local answerers = {}     -- question id -> its task; the only reference to the task

-- Questions ---------------------------------------------------------------------------------------

local function begin_answer(id, kind, asked, handler)
  local function answer() core.answer(id, question.answer(kind, asked, handler)) end
  answerers[id] = {
    coroutine = coroutine.create(answer), group = { left = 1, answers = id }, within = id,
  }
  runner.make_runnable(answerers[id])
end

-- Close the task that answers a question which the core has withdrawn, and the tasks that it
-- started. Return false if that task is not suspended: then it continues.
local function abandon(member)
  local answerer = answerers[member.within]
  if not answerer or coroutine.status(answerer.coroutine) ~= "suspended" then return false end
  answerer.ended = true
  answerers[member.within] = nil
  coroutine.close(answerer.coroutine)
  return true
end

local function after_turn(member)
  local id, failure = member.group.answers, member.group.failure
  if not id or not member.ended then return end
  answerers[id] = nil
  if failure == nil then return end
  core.answer(id, nil, question.refusal(failure))
  if errors.is_interrupted(failure) then error(failure, 0) end
end

-- Run the queue of answering tasks. Return whether a task was in it.
local function run_answers()
  local member, ran = runner.next_answering(), false
  while member do
    ran = true
    if not member.ended and (core.is_asked(member.within) or not abandon(member)) then
      runner.run(member)
      after_turn(member)
    end
    member = runner.next_answering()
  end
  return ran
end

-- Before a step -----------------------------------------------------------------------------------

-- Call what waits for the next step: what it writes is written before a request leaves.
local function prepare()
  if not preparations[1] then return end
  local all = preparations
  preparations = {}
  for _, prepare_one in ipairs(all) do prepare_one() end
end

--- Call a function once, before the loop sends or waits the next time. It must not raise or wait.
---@param f function
function loop.before_step(f)
  preparations[#preparations + 1] = f
end

--- Send started requests now instead of at the next step.
function loop.send()
  prepare()
  core.send()
end

-- Events ------------------------------------------------------------------------------------------

local function fire(timer)
  local handler = timers[timer]
  timers[timer] = nil
  handler()
end

-- Call the observers before the event is handed out, so that a task which resumes can rely on them.
-- Return the first error of an observer, in a table; raising it here would lose the event.
local function tell_observers()
  local fault
  for seen in core.seen do
    local observer = observers[seen.observer]
    local ok, raised = true, nil
    if observer then ok, raised = pcall(observer, seen) end
    if not ok then fault = fault or { raised = raised } end
  end
  return fault
end

-- Hand out an event of an operation or a stream.
local function hand_out(source)
  if timers[source] then return fire(source) end
  if listeners[source] then listeners[source]() end
  if inboxes[source] then inboxes[source]:put(source) end
  runner.wake(source)
end

-- Tell the observers, hand out an event, and run the tasks that answer. Return whether there was an
-- event. The arguments are what core.step returns.
local function take(kind, source, asked_kind, asked, handler)
  local fault = last_observer > 0 and tell_observers()
  if kind == "op" and source then
    hand_out(source)
  elseif kind == "watch" then
    handlers[source]()
  elseif kind == "question" then
    begin_answer(source, asked_kind, asked, handler)
  elseif kind == "idle" then
    error("azureml: a wait for something that can never come", 0)
  end
  if fault then error(fault.raised, 0) end
  run_answers()
  return kind ~= nil
end

--- Turn the loop once: hand out at most one event. Resume only tasks that answer questions.
---@param seconds number?      how long to wait for an event; default: until one comes
---@raise what a handler, an observer or an interrupt raises
function loop.pump(seconds)
  if run_answers() then return end
  prepare()
  take(core.step(seconds))
end

--- Hand out all pending events, so that a task with an inbox is resumed once for all of them.
function loop.pump_all()
  loop.pump()
  repeat until not take(core.next())
end

--- Turn the loop until the process is interrupted.
function loop.serve()
  while true do loop.pump() end
end

--- Collect the events of an operation in an inbox as well, until the operation is closed.
---@param op userdata
---@param inbox azureml.Inbox
function loop.collect(op, inbox)
  inboxes[op] = inbox
end

--- Call handler at each event of an operation or a stream, before the tasks that wait for it go on.
--- The handler must not wait. The last handler of a source counts; it ends with its source.
---@param source userdata
---@param handler function
function loop.hear(source, handler)
  listeners[source] = handler
end

-- Handlers ----------------------------------------------------------------------------------------

--- Watch a descriptor: the loop calls handler whenever it is ready. The handler must not wait.
---@param fd integer
---@param handler function
---@param what? "input"|"output" ready to be read, or to be written; input by default
function loop.on(fd, handler, what)
  handlers[fd] = handler
  core.watch(fd, what or "input")
end

--- Stop watching a descriptor.
---@param fd integer
function loop.off(fd)
  handlers[fd] = nil
  core.watch(fd, "nothing")
end

--- Start a timer: the loop calls handler after some seconds. The handler must not wait.
---@param seconds number
---@param handler function
---@return userdata timer
function loop.at(seconds, handler)
  local timer = core.sleep(seconds)
  timers[timer] = handler
  return timer
end

--- Cancel a timer.
---@param timer userdata
function loop.cancel(timer)
  timers[timer] = nil
  timer:close()
end

--- Register an observer: the loop calls it after each request and reply of a client. The observer
--- must not wait. The caller owns it: this module holds only a weak reference.
---@param observer fun(seen: table)
---@return integer number      the observer option of core.client
function loop.observe(observer)
  last_observer = last_observer + 1
  observers[last_observer] = observer
  return last_observer
end

return loop
