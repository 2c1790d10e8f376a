-- Change a module when it is first loaded. The files that LUA_INIT runs share this: each Lua of the
-- suite reads it, LuaRocks on Lua 5.1 too.

-- Load a module past its entry in package.preload.
local function load_module(name)
  for i = 2, #package.searchers do      -- the first looks at package.preload
    local loader, extra = package.searchers[i](name)
    if type(loader) == "function" then return loader(name, extra) end
  end
  error("module '" .. name .. "' not found")
end

-- Call change(module) when the module is loaded.
return function(name, change)
  package.preload[name] = function()
    local module = load_module(name)
    change(module)
    return module
  end
end
