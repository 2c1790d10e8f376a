--- azureml job logs: print what a job has written.
local command = require "azureml.cli.command"
local errors = require "azureml.error"
local job_logs = require "azureml.jobs.logs"
local log_output = require "azureml.cli.log_output"

local logs = { summary = "print what a job has written, or follow it to the job's end" }

function logs.configure(parser)
  parser:argument("job", "the job's name"):argname "JOB"
  log_output.options(parser, "what its command has printed")
  command.workspace_options(parser)
  parser:epilog("With --follow it ends with the job, and with exit code 1 if the job failed.")
end

-- Print what there is.
local function print_now(args, job)
  local all = job:logs()
  if #all == 0 then
    return command.say(("the job %s is %s: it has written nothing"):format(job.name, job.status))
  end
  log_output.print(args, log_output.choose(args, all, job_logs.main(all)))
end

-- Raise why a job that has ended did not complete. Its hint would be to print what was printed now.
local function raise_failure(job)
  local _, err = errors.try(job.wait, job, { progress = "quiet" })
  if not err then return end
  if err.code == "JobFailed" then err.hint = nil end
  error(err, 0)
end

-- Print a log to the end of its job. The log may be written only later.
local function follow(args, job)
  if job:is_over() then
    print_now(args, job)
  else
    command.say(("the job %s is %s"):format(job.name, job.status))
    local main = not args.file and job_logs.main(job:logs())[1]
    log_output.print(args, { main or job:log(args.file) })
  end
  raise_failure(job)
  if args.file then log_output.choose(args, job:logs()) end      -- it was never written
end

function logs.run(args)
  local job = command.workspace(args).jobs:get(args.job)
  if args.list then return log_output.list(args, job:logs()) end
  local show = args.follow and follow or print_now
  show(args, job)
end

return logs
