--- A busted output handler: tells spec/suite.lua what happens in one of the processes that run the
--- suite side by side. Each of them loads all spec files, and runs those that it is the first to
--- claim, by a directory that only one process can make.
---
--- An event is JSON. It goes into the pipe of all workers as lines "<worker>+<piece>", and
--- "<worker>.<piece>" for its last piece.
local json = require "cjson"
local lfs = require "lfs"

local PIECE = 3000      -- bytes: the pipe keeps a line of up to 4,096 bytes (PIPE_BUF) together

-- Descriptions ------------------------------------------------------------------------------------

local function text_of(message)
  if message == nil then return "no message" end
  if type(message) == "string" then return message end
  return require("pl.pretty").write(message)
end

local function place_of(result)
  local trace = result.element.trace or result.trace
  if not (trace and trace.short_src) then return result.name end
  return ("%s:%d: %s"):format(trace.short_src, trace.currentline, result.name)
end

local function describe_failure(result, verbose)
  local lines = { result.isError and "ERROR" or "FAILED", " ", place_of(result), "\n" }
  if result.randomseed then lines[#lines + 1] = ("random seed: %d\n"):format(result.randomseed) end
  lines[#lines + 1] = text_of(result.message)
  if verbose and result.trace and result.trace.traceback then
    lines[#lines + 1] = "\n" .. result.trace.traceback
  end
  return table.concat(lines) .. "\n"
end

local function describe_pending(result)
  local message = result.message and ": " .. text_of(result.message) or ""
  return "SKIPPED " .. place_of(result) .. message .. "\n"
end

-- Tracebacks --------------------------------------------------------------------------------------

-- Let busted take no tracebacks. It takes one of each test that it registers, and Lua looks for the
-- names of the functions in it among all that is loaded: 1.8 ms a test.
local function omit_tracebacks()
  local traceback = debug.traceback
  function debug.traceback(...)      -- luacheck: ignore
    local caller = debug.getinfo(2, "S")
    if caller and caller.source:find "/busted/core%.lua$" then return "" end
    return traceback(...)
  end
end

-- The handler -------------------------------------------------------------------------------------

-- Return an empty spec file in place of one that another worker runs. Busted asks it for the same
-- fields.
local function emptied(body)
  return setmetatable({ getTrace = body.getTrace, rewriteMessage = body.rewriteMessage },
    { __call = function() end })
end

return function(options)
  local busted = require "busted"
  local handler = require "busted.outputHandlers.base"()
  if not options.verbose then omit_tracebacks() end

  local number, claims = os.getenv "SUITE_WORKER", os.getenv "SUITE_CLAIMS"
  local pipe = assert(io.open("/dev/fd/3", "a"))
  pipe:setvbuf("full", 4096)      -- a line is one write
  local bodies = {}               -- of spec files, by their paths
  local run_number = 1
  local is_running = false        -- a spec file that is ours
  local ran, failed = 0, 0        -- its tests

  local function tell(event)
    local text = json.encode(event)
    for first = 1, #text, PIECE do
      local mark = first + PIECE > #text and "." or "+"
      pipe:write(number, mark, text:sub(first, first + PIECE - 1), "\n")
      pipe:flush()
    end
  end

  local function suite_start(suite, run)
    local paths = {}
    for _, file in ipairs(busted.children(suite)) do
      if file.descriptor == "file" then paths[#paths + 1] = file.name end
    end
    run_number = run
    tell { name = "suite", run = run, paths = paths }
    return nil, true
  end

  -- Claim the file, or let busted run an empty one in its place.
  local function file_start(file)
    local claim = ("%s/%d %s"):format(claims, run_number, file.name:gsub("/", ":"))
    bodies[file.name] = bodies[file.name] or file.run
    is_running = lfs.mkdir(claim) == true
    file.run = is_running and bodies[file.name] or emptied(bodies[file.name])
    ran, failed = 0, 0
    if is_running then tell { name = "begin", path = file.name } end
    return nil, true
  end

  -- Forget what an element has registered, and its results: many specs collect garbage, and that
  -- takes as long as the heap is large.
  local function forget(element)
    local children = busted.children(element)
    for i = #children, 1, -1 do
      local child = children[i]
      forget(child)
      for key in pairs(child) do child[key] = nil end
      children[i] = nil
    end
    handler.successes = {}
  end

  local function file_end(file)
    forget(file)
    if is_running then
      tell { name = "finish", path = file.name, ran = ran, failed = failed, run = run_number }
    end
    is_running = false
    return nil, true
  end

  local function test_end(_, _, status)
    ran = ran + 1
    tell { name = "test", passed = status == "success" }
    return nil, true
  end

  -- A describe or a file fails outside of its tests: it counts as failed, not as a test. Each
  -- worker meets the same errors while it loads the files.
  local function failure_handler(is_error)
    return function(element, parent, message, trace)
      failed = failed + 1
      local result = handler.format(element, parent, message, trace, is_error)
      tell { name = "fail", text = describe_failure(result, options.verbose),
        is_shared = not is_running }
      return nil, true
    end
  end

  local function suite_end()
    for _, result in ipairs(handler.pendings) do
      tell { name = "skip", text = describe_pending(result) }
    end
    return nil, true
  end

  busted.subscribe({ "suite", "start" }, suite_start)
  busted.subscribe({ "file", "start" }, file_start)
  busted.subscribe({ "file", "end" }, file_end)
  busted.subscribe({ "test", "end" }, test_end, { predicate = handler.cancelOnPending })
  busted.subscribe({ "failure" }, failure_handler(false))
  busted.subscribe({ "error" }, failure_handler(true))
  busted.subscribe({ "suite", "end" }, suite_end)

  return handler
end
