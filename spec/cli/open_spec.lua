local applications = require "azureml.look.applications"
local browser = require "azureml.tool.browser"
local run = require "spec.command_line"
local surroundings = require "spec.surroundings"
local world = require "spec.world"

describe("azureml open", function()
  local emulator, ws, variables, own_link, own_open, opened, asked

  before_each(function()
    emulator, ws = world.open { ["ci-ann"] = "Running", ["ci-bob"] = "Stopped" }
    variables = surroundings { "DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "SSH_CONNECTION" }
    own_link, own_open, opened, asked = applications.link, browser.open, {}, {}
    browser.open = function(url)
      opened[#opened + 1] = url
      return url ~= "https://refused/"
    end
  end)
  after_each(function()
    applications.link, browser.open = own_link, own_open
    variables:close()
    world.close(emulator, ws)
  end)

  local function answer(link)
    applications.link = function(vm, name)
      asked[#asked + 1] = vm.name .. " " .. tostring(name)
      return link
    end
  end

  it("prints the link alone without a display, and says why", function()
    answer { application = "jupyter_lab", url = "https://lab/", note = "look left" }
    local out, err, code = run("open", "ci-ann", "lab")
    assert.same({ "https://lab/\n", 0, {}, { "ci-ann lab" } }, { out, code, opened, asked })
    assert.matches("^look left\nthis machine has no display", err)
  end)

  it("opens the browser where there is one", function()
    variables:set { DISPLAY = ":0" }
    answer { application = "jupyter", url = "https://jupyter/" }
    local out, err = run("open", "ci-ann")
    assert.same({ "https://jupyter/\n", { "https://jupyter/" }, { "ci-ann nil" } },
      { out, opened, asked })
    assert.equal("a browser is opened; if none appears, open the link yourself\n", err)
  end)

  it("opens no browser when the user wants none", function()
    variables:set { DISPLAY = ":0" }
    answer { application = "jupyter", url = "https://jupyter/" }
    assert.same({ "https://jupyter/\n", "", 0 }, { run("open", "ci-ann", "--no-open") })
    assert.same({}, opened)
  end)

  it("says that the browser cannot be started", function()
    variables:set { BROWSER = "nothing" }
    answer { application = "jupyter", url = "https://refused/" }
    local _, err, code = run("open", "ci-ann")
    assert.equal(0, code)
    assert.matches("^the browser cannot be started", err)
  end)

  it("opens no browser on a machine of the emulator, which wants a token", function()
    variables:set { DISPLAY = ":0" }
    answer { application = "jupyter", url = "http://127.0.0.1:1/instances/eu/ci-ann/lab" }
    local _, err = run("open", "ci-ann")
    assert.matches("with a token only", err)
    assert.same({}, opened)
  end)

  for _, row in ipairs {
    { { "open" }, 2, "the argument NAME is missing" },
    { { "open", "ci-ann", "lab", "more" }, 2, "too many arguments" },
    { { "open", "ci-bob" }, 1, "'ci-bob' is Stopped" },
    { { "open", "ci-bob", "vscode" }, 1, "'ci-bob' is Stopped" },
    { { "open", "ci-ann" }, 1, "the emulator has no machine behind 'ci-ann'" },
    { { "open", "ci-ann", "nothing" }, 3, "it has jupyter, jupyter_lab)" },
    { { "open", "ci-cleo" }, 3, "ci-cleo" },
  } do
    it("refuses " .. table.concat(row[1], " "), function()
      local out, err, code = run(table.unpack(row[1]))
      assert.same({ "", row[2] }, { out, code })
      assert.matches(row[3], err, 1, true)
    end)
  end
end)
