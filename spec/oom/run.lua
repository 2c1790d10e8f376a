--- Runs of client.lua in which an allocation fails, for the sweep and for a spec of the suite.
local process = require "spec.process"

local run = {}

local LIMIT = 20      -- seconds that a run may take; a run that hangs is killed

-- The sanitizers' library comes after the one that counts, so that both see each allocation.
local function environment_of(build, home)
  return table.concat({
    ("LD_PRELOAD='%s/%s/spec/oom.so %s'")
      :format(process.root, build, os.getenv "AZUREML_PRELOAD" or ""),
    "ASAN_OPTIONS=verify_asan_link_order=0:exitcode=99:allocator_may_return_null=1"
      .. ":fast_unwind_on_malloc=0",      -- the stacks of leaks reach through OpenSSL
    "UBSAN_OPTIONS=exitcode=99",
    "LSAN_OPTIONS=suppressions=spec/oom/leaks.supp:print_suppressions=0",
    "LUA_PATH='lua/?.lua;lua/?/init.lua;;'",
    ("LUA_CPATH='%s/lib/?.so;%s/spec/?.so;;'"):format(build, build),
    "HOME=" .. home,
    os.getenv "OOM_TRACE" and "OOM_TRACE=1" or "",
  }, " ")
end

--- Start a run in the background.
---@param job string          of client.lua
---@param number integer      the allocation that fails; 0: no allocation fails
---@param settings table      build (relative), home, url (the emulator's), many (1), runner string?
---@return file* file         for run.finish
function run.start(job, number, settings)
  local command = ("%s spec/oom/client.lua %d %d %s"):format(
    settings.runner or settings.build .. "/azureml", number, settings.many or 1, job)
  return assert(io.popen(("timeout -s KILL %d env -i AZUREML_EMULATOR=%s %s %s 2>&1"):format(
    LIMIT, settings.url or "", environment_of(settings.build, settings.home), command)))
end

-- lua-cjson writes this and ends the process.
local function is_ended_by_cjson(how, code, output)
  return how == "exit" and code == 255 and output == "Out of memory\n"
end

--- Wait for the end of a run.
---@param file file*
---@return string how         "success", "error", "cjson" (lua-cjson has ended the process), "fault"
---@return integer? count     the allocations of the job
---@return string output
function run.finish(file)
  local output = file:read "a"
  local _, how, code = file:close()
  local count = math.tointeger(output:match "^(%d+)\n" or output:match "\n(%d+)\n")
  if how == "exit" and code == 0 then return "success", count, output end
  if how == "exit" and code == 1 and output:find "%a" then return "error", count, output end
  if is_ended_by_cjson(how, code, output) then return "cjson", count, output end
  return "fault", count, ("%s%s %d\n"):format(output, how, code)
end

return run
