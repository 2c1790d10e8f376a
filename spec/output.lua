--- Print the progress and the results of the suite: see spec/suite.lua. On a terminal, one line
--- shows the count and a running spec file, and is drawn again for each test. Elsewhere each spec
--- file gets a line at its end. A failure is printed at once and again at the end. The longest spec
--- files of many follow; the counts alone are the last line.

local CLEAR = "\r\27[K"
local LONGEST = 10      -- spec files whose times are printed
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

-- The terminal ------------------------------------------------------------------------------------

local function is_terminal()
  return os.getenv "TERM" ~= "dumb" and require("term").isatty(io.stdout)
end

local function terminal_width()
  local pipe <close> = io.popen "stty size 2>/dev/null </dev/tty"
  local width = pipe and pipe:read "a":match "^%d+ (%d+)"
  return width and math.tointeger(width) > 0 and math.tointeger(width) or 80
end

-- The output --------------------------------------------------------------------------------------

local Output = {}
Output.__index = Output

local output = {}

--- Make the output of a run.
function output.new()
  return setmetatable({
    redraws = is_terminal(), width = 80, totals = read_totals(),
    expected = 0, done = 0,      -- tests
    passed = 0, failures = {}, skipped = {},
    times = {},                  -- of spec files: { path: string, seconds: number }
  }, Output)
end

local function write(...)
  io.write(...)
  io.flush()
end

local function counts(self)
  local expected = math.max(self.expected, self.done)
  local bad = #self.failures > 0 and (", %d failed"):format(#self.failures) or ""
  return ("[%" .. #tostring(expected) .. "d of ~%d%s]"):format(self.done, expected, bad)
end

local function draw(self)
  if not self.redraws then return end
  write(CLEAR, (counts(self) .. " " .. (self.path or "")):sub(1, self.width - 1))
end

local function print_above(self, text)
  if self.redraws then write(CLEAR) end
  write(text)
  draw(self)
end

local function expected_in(self, path)
  self.totals[path] = self.totals[path] or calls_in(path)
  return self.totals[path]
end

--- Expect the tests of a spec file.
function Output:expect(path)
  self.expected = self.expected + expected_in(self, path)
end

--- Show that a spec file has begun.
function Output:begin(path)
  self.path = path
  if self.redraws then self.width = terminal_width() end
  draw(self)
end

--- Count a test that has ended.
---@param passed boolean
function Output:test(passed)
  self.done = self.done + 1
  if passed then self.passed = self.passed + 1 end
  draw(self)
end

--- Count and print a failure.
---@param text string
function Output:fail(text)
  table.insert(self.failures, text)
  print_above(self, text)
end

--- Count a test that was skipped. It is printed at the end.
---@param text string
function Output:skip(text)
  table.insert(self.skipped, text)
end

--- Show that a spec file has ended. It ran as many tests as it ran, whatever was expected of it.
---@param path string
---@param ran integer           tests
---@param failed integer
---@param seconds number        that it took
function Output:finish(path, ran, failed, seconds)
  self.expected = self.expected + ran - expected_in(self, path)
  self.totals[path] = ran
  table.insert(self.times, { path = path, seconds = seconds })
  if self.redraws then return draw(self) end
  write(("%s %s: %d%s\n"):format(counts(self), path, ran,
    failed > 0 and (", %d failed"):format(failed) or ""))
end

-- Print the spec files that took longest, where there are more than that.
local function print_longest(times)
  if #times <= LONGEST then return end
  table.sort(times, function(a, b) return a.seconds > b.seconds end)
  write "\nthe longest:\n"
  for i = 1, LONGEST do write(("%5.1f s  %s\n"):format(times[i].seconds, times[i].path)) end
end

--- Print the results.
---@param seconds number        that the run took
---@return boolean              true: nothing failed
function Output:close(seconds)
  if self.redraws then write(CLEAR) end
  write_totals(self.totals)
  for _, text in ipairs(self.skipped) do write(text) end
  for _, text in ipairs(self.failures) do write("\n", text) end
  print_longest(self.times)
  write(("\nin %.1f s\n"):format(seconds))
  write(("%d passed, %d failed%s\n"):format(self.passed, #self.failures,
    #self.skipped > 0 and (", %d skipped"):format(#self.skipped) or ""))
  return #self.failures == 0
end

return output
