-- rockspec/debian agrees with the rest of the repository. debian.lua checks the packages.
local process = require "spec.process"

local read = process.read

describe("the source of the Debian packages", function()
  -- Every Debian machine that builds a package has the compiler. Time zones and authorities are
  -- needed at run time alone.
  local not_named = { gcc = true, ["libc6-dev"] = true, ["ca-certificates"] = true, tzdata = true }

  it("names all packages that a build needs", function()
    local control = read "rockspec/debian/control"
    local named = control:match "\nBuild%-Depends:(.-\n)Standards"
    local out, err, code = process.run { "make", "--eval=show: ; @echo $(BUILD_PACKAGES)", "show" }
    assert.equal(0, code, err)
    for name in out:gmatch "%S+" do
      local pattern = "%f[%w]" .. name:gsub("%p", "%%%0") .. "[,\n ]"
      assert.equal(not not_named[name], named:find(pattern) ~= nil, name)
    end
  end)

  it("wants the libcurl that is stated for the rock", function()
    local control, rockspec = read "rockspec/debian/control", read "rockspec/azureml-scm-1.rockspec"
    local floor = rockspec:match "libcurl (%d+%.%d+) or newer"
    local _, count = control:gsub("\nDepends:%s+libcurl4 %(>= ([%d.]+)%)", function(version)
      assert.equal(floor, version)
    end)
    assert.equal(2, count)
  end)

  it("has the words of the licence", function()
    local function words(text) return (text:gsub("%s%.\n", " "):gsub("%s+", " ")) end
    local licence = read("LICENSE"):match "(Permission.*)$"
    local copyright = read("rockspec/debian/copyright"):match "(Permission.*)$"
    assert.equal(words(licence), words(copyright))
  end)
end)
