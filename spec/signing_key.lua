-- Let the emulators of all processes of the suite sign with one key, which `make check` has made.
-- Each Lua of the suite runs this file first, through LUA_INIT. A process that makes a key of its
-- own takes 50 ms and more for it: most of the time of a short command. LuaRocks may run on Lua
-- 5.1, which reads this file as well.
local file = io.open(os.getenv "SUITE_SIGNING_KEY" or "")
if not file then return end
local pem = file:read "*a"
file:close()

local when_loaded = dofile(debug.getinfo(1, "S").source:match "^@(.*/)" .. "when_loaded.lua")

when_loaded("azureml.emulator.entra.keys", function(keys)
  local open, shared = keys.open, nil
  function keys.open(saved)
    if saved then return open(saved) end
    shared = shared or open(pem)
    return shared
  end
end)
