local browser = require "azureml.tool.browser"
local process = require "spec.process"
local surroundings = require "spec.surroundings"

describe("the user's browser", function()
  local variables, home

  before_each(function()
    home = process.directory()
    variables = surroundings {
      DISPLAY = false, WAYLAND_DISPLAY = false, SSH_CONNECTION = false, BROWSER = false,
    }
  end)
  after_each(function()
    variables:close()
    process.remove(home)
  end)

  it("needs a display of this machine, or a program that the user names", function()
    assert.same({ false, false }, { browser.has_display(), browser.is_possible() })
    variables:set { DISPLAY = "" }
    assert.is_false(browser.has_display())
    variables:set { WAYLAND_DISPLAY = "wayland-0" }
    assert.same({ true, true }, { browser.has_display(), browser.is_possible() })
    variables:set { SSH_CONNECTION = "1 2 3 4" }
    assert.is_false(browser.has_display())
    variables:set { BROWSER = "firefox" }
    assert.same({ false, true }, { browser.has_display(), browser.is_possible() })
  end)

  it("is the first program of BROWSER, and gets the address as a word", function()
    local program = process.write(home .. "/browser",
      ('#!/bin/sh\nprintf %%s "$1" >%s/new && mv %s/new %s/seen\n'):format(home, home, home), "755")
    variables:set { BROWSER = program .. ":other" }
    assert.is_true(browser.open "https://x/$(touch y)?a=b")
    local seen
    repeat
      seen = io.open(home .. "/seen")
      if not seen then require("azureml").sleep(0.01) end
    until seen
    assert.equal("https://x/$(touch y)?a=b", seen:read "a")
    seen:close()
  end)

  it("may be missing", function()
    variables:set { BROWSER = home .. "/nothing" }
    assert.is_false(browser.open "https://x")
  end)
end)
