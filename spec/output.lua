--- Prints busted's progress and results. On a terminal, one line shows the count and the running
--- spec file, and is drawn again for each test. Elsewhere each spec file gets a line at its end.
--- A failure is printed at once and again at the end; the counts alone are the last line.

local CLEAR = "\r\27[K"
local TOTALS = (os.getenv "AZUREML_BUILD" or "build") .. "/specs"     -- tests per file, last run

-- The total ---------------------------------------------------------------------------------------

local function read_totals()
  local totals = {}
  local file <close> = io.open(TOTALS)
  if not file then return totals end
  for line in file:lines() do
    local count, path = line:match "^(%d+) (.+)$"
    if path then totals[path] = math.tointeger(count) end
  end
  return totals
end

local function write_totals(totals)
  local file <close> = io.open(TOTALS, "w")
  if not file then return end
  for path, count in pairs(totals) do file:write(count, " ", path, "\n") end
end

-- Count the calls of `it` in a spec file. A loop around a call makes more tests than that.
local function calls_in(path)
  local file <close> = io.open(path)
  if not file then return 0 end
  local _, count = ("\n" .. file:read "a"):gsub("\n%s*it[ (]", "")
  return count
end

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

-- The terminal ------------------------------------------------------------------------------------

local function is_terminal()
  return os.getenv "TERM" ~= "dumb" and require("term").isatty(io.stdout)
end

local function terminal_width()
  local pipe <close> = io.popen "stty size 2>/dev/null </dev/tty"
  local width = pipe and pipe:read "a":match "^%d+ (%d+)"
  return width and math.tointeger(width) > 0 and math.tointeger(width) or 80
end

-- The handler -------------------------------------------------------------------------------------

return function(options)
  local busted = require "busted"
  local handler = require "busted.outputHandlers.base"()

  local redraws = is_terminal()
  local totals = read_totals()
  local total, done, failed = 0, 0, 0      -- tests: expected in this run, ended, ended badly
  local path, width = nil, 80              -- of the running spec file; of the terminal
  local done_before, failed_before         -- the running spec file

  local function write(...)
    io.write(...)
    io.flush()
  end

  local function counts()
    local expected = math.max(total, done)
    local bad = failed > 0 and (", %d failed"):format(failed) or ""
    return ("[%" .. #tostring(expected) .. "d of ~%d%s]"):format(done, expected, bad)
  end

  local function draw()
    if redraws then write(CLEAR, (counts() .. " " .. (path or "")):sub(1, width - 1)) end
  end

  local function print_above(text)
    if redraws then write(CLEAR) end
    write(text)
    draw()
  end

  local function expected_in(file)
    totals[file] = totals[file] or calls_in(file)
    return totals[file]
  end

  local function suite_start(suite, run, runs)
    total, done, failed = 0, 0, 0
    for _, file in ipairs(busted.children(suite)) do
      if file.descriptor == "file" then total = total + expected_in(file.name) end
    end
    if runs > 1 then write(("run %d of %d\n"):format(run, runs)) end
    return nil, true
  end

  local function file_start(file)
    path, done_before, failed_before = file.name, done, failed
    if redraws then width = terminal_width() end
    draw()
    return nil, true
  end

  -- The file ran as many tests as it ran, whatever was expected of it.
  local function file_end(file)
    local ran, bad = done - done_before, failed - failed_before
    total = total + ran - expected_in(file.name)
    totals[file.name] = ran
    if redraws then
      draw()
    else
      write(("%s %s: %d%s\n"):format(counts(), file.name, ran,
        bad > 0 and (", %d failed"):format(bad) or ""))
    end
    return nil, true
  end

  local function test_end()
    done = done + 1
    draw()
    return nil, true
  end

  -- A describe or a file fails outside of its tests: it counts as failed, not as a test.
  local function failure_handler(is_error)
    return function(element, parent, message, trace)
      failed = failed + 1
      local result = handler.format(element, parent, message, trace, is_error)
      print_above(describe_failure(result, options.verbose))
      return nil, true
    end
  end

  local function suite_end()
    if redraws then write(CLEAR) end
    write_totals(totals)
    for _, result in ipairs(handler.pendings) do write(describe_pending(result)) end
    for _, list in ipairs { handler.failures, handler.errors } do
      for _, result in ipairs(list) do write("\n", describe_failure(result, options.verbose)) end
    end
    local bad = handler.failuresCount + handler.errorsCount
    local skipped = handler.pendingsCount
    write(("\nin %.1f s\n"):format(handler.getDuration()))
    write(("%d passed, %d failed%s\n"):format(handler.successesCount, bad,
      skipped > 0 and (", %d skipped"):format(skipped) or ""))
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
