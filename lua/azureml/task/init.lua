--- Waiting and tasks: what the other modules use. Each name is explained in the file that defines
--- it. Only tasks.lua yields. Arrows go down:
---
---           inbox
---          /     \
---     tasks       |
---       |   \     |
---     limits  loop ---> question
---         \   /
---        runner
local inbox = require "azureml.task.inbox"
local limits = require "azureml.task.limits"
local loop = require "azureml.task.loop"
local runner = require "azureml.task.runner"
local tasks = require "azureml.task.tasks"

return {
  wait = tasks.wait,
  wait_until = tasks.wait_until,
  wait_accepted = tasks.wait_accepted,
  look_again = tasks.look_again,
  sleep = tasks.sleep,
  within = tasks.within,
  parallel = tasks.parallel,
  each = tasks.each,
  crew = tasks.crew,
  cause_of_closing = tasks.cause_of_closing,
  is_task = runner.is_task,

  limited = limits.run,
  inbox = inbox.new,

  on = loop.on,
  off = loop.off,
  at = loop.at,
  cancel = loop.cancel,
  hear = loop.hear,
  observe = loop.observe,
  before_step = loop.before_step,
  send = loop.send,
  serve = loop.serve,
}
