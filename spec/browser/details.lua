local studio = require "spec.studio"

local STOP = {
  action = "Stop", triggerType = "Cron", status = "Enabled",
  cron = { expression = "0 18 * * 1-5", timeZone = "W. Europe Standard Time" },
}

-- The details of an instance, in a real browser.
describe("the studio's details", function()
  local served, page

  setup(function()
    served, page = studio.open {
      workspace_name = "team-vision",
      instances = {
        ["ci-one"] = { state = "Running", tags = { team = "vision" }, properties = {
          idleTimeBeforeShutdown = "PT30M", schedules = { computeStartStop = { STOP } } } },
        ["ci-bad"] = { state = "CreateFailed", vm_size = "STANDARD_NC6S_V3" },
        ["ci-two"] = "Running",
      },
    }
  end)
  teardown(function()
    page:close()
    served:close()
  end)

  local function open(name)
    page:run("location.hash = '#/i/' + arguments[0]", name)
    page:wait("$('h1').innerText === values[0] && $('.cards')", name)
  end

  local function card(name)
    return page:text((".card[data-card=%s]"):format(name))
  end

  it("shows properties, applications, schedules, cost and advice", function()
    page:click "tr[data-name=ci-one] .name"
    page:wait "$('.cards')"
    assert.truthy(card("properties"):find("4 cores, 14 GB memory", 1, true))
    assert.truthy(card("applications"):find("JupyterLab", 1, true))
    assert.truthy(card("schedules"):find("Stops Monday to Friday at 18:00", 1, true))
    assert.truthy(card("schedules"):find("30 min", 1, true))
    assert.truthy(card("cost"):find("$0.293", 1, true))
    assert.truthy(card("advice"):find("Local authentication is on", 1, true))
  end)

  it("adds, disables, changes and removes a schedule", function()
    open "ci-one"
    page:click "[data-action=add-schedule]"
    page:press("Start", "dialog .radios")
    page:press("Fri", "dialog")
    page:run [[const field = document.querySelector("dialog input[type=time]");
      field.value = "07:30"; field.dispatchEvent(new Event("input", { bubbles: true }))]]
    page:wait "/starts Monday to Thursday at 07:30/.test($('dialog .preview').innerText)"
    page:press("Save", "dialog")
    page:wait "!$('dialog') && $$('.schedule').length === 2"
    page:click ".schedule:nth-child(2) input"
    page:wait "/Switched off/.test($('.schedule:nth-child(2)').innerText)"
    page:click ".schedule:nth-child(1) [title=Edit]"
    page:run [[const field = document.querySelector("dialog input[type=time]");
      field.value = "19:15"; field.dispatchEvent(new Event("input", { bubbles: true }))]]
    page:press("Save", "dialog")
    page:wait "/at 19:15/.test($('.schedule:nth-child(1)').innerText)"
    page:click ".schedule:nth-child(2) [title=Remove]"
    page:wait "$$('.schedule').length === 1"
  end)

  it("skips the next stop", function()
    open "ci-one"
    local before = page:text ".firings .chip"
    page:run("[...document.querySelectorAll('[data-card=schedules] > button')].at(-1).click()")
    page:wait("$('.firings .chip').innerText !== values[0]", before)
  end)

  it("shows what is wrong with a schedule, and keeps the form open", function()
    open "ci-one"
    page:click "[data-action=add-schedule]"
    page:type("dialog .zone", "Europe/Nowhere")
    page:wait "$('dialog .preview .bad')"
    page:press("Save", "dialog")
    page:wait "$('dialog .failure')"
    assert.truthy(page:text("dialog .failure"):find("Europe/Nowhere", 1, true))
    page:press("Cancel", "dialog")
  end)

  it("changes the idle time and the tags", function()
    open "ci-two"
    page:click ".card[data-card=schedules] [title='Change the idle time']"
    page:choose("dialog select", "after 1 h")
    page:press("Save", "dialog")
    page:wait "/1 h/.test($('.card[data-card=schedules] dd').innerText)"
    page:click ".card[data-card=tags] [title='Change the tags']"
    page:type("dialog .pair:nth-child(1) input:nth-child(1)", "team")
    page:type("dialog .pair:nth-child(1) input:nth-child(2)", "nlp")
    page:press("Save", "dialog")
    page:wait "/team\\s+nlp/.test($('.card[data-card=tags]').innerText)"
  end)

  it("writes the instance as Lua, YAML and template", function()
    open "ci-one"
    page:click ".card[data-card=recipe] summary"
    page:wait "/ws.instances:create/.test($('.card[data-card=recipe] pre').innerText)"
    page:press("YAML of az", "[role=tablist]")
    page:wait "/type: computeinstance/.test($('.card[data-card=recipe] pre').innerText)"
    page:press("ARM template", "[role=tablist]")
    page:wait "/deploymentTemplate.json/.test($('.card[data-card=recipe] pre').innerText)"
  end)

  it("explains a failure", function()
    open "ci-bad"
    page:click ".card[data-card=why] summary"
    page:wait "/its name is taken/.test($('.card[data-card=why]').innerText)"
    assert.truthy(page:text("header.heading"):find("Create failed", 1, true))
  end)

  it("follows the instance, and its buttons work", function()
    open "ci-two"
    page:click "header.heading [data-verb=stop]"
    page:wait "/Stopped/.test($('header.heading').innerText)"
    page:wait "!$('header.heading [data-verb=start]').disabled"
    page:wait "/It does not run/.test($('.card[data-card=applications]').innerText)"
  end)

  it("changes the size", function()
    open "ci-two"
    page:click "[title='Change the size']"
    page:wait "$('dialog option')"
    page:run [[const select = document.querySelector("dialog select");
      select.value = [...select.options].find((each) => /^DS11 v2/.test(each.textContent)).value]]
    page:press("Save", "dialog")
    page:wait "/STANDARD_DS11_V2/i.test($('.card[data-card=properties]').innerText)"
  end)

  it("says that an instance is not there", function()
    page:run "location.hash = '#/i/ci-none'"
    page:wait "$('main .failure')"
    assert.truthy(page:text("main .failure"):find("ResourceNotFound", 1, true))
  end)

  it("is reached and left by the keyboard", function()
    page:run "location.hash = '#/'"
    page:wait "$('tr[data-name=ci-one]')"
    page:run "document.querySelector('tr[data-name=ci-one] .name').focus()"
    page:keys "\u{E007}"
    page:wait "$('.cards') && document.activeElement === $('main')"
    assert.same({}, studio.faults(served, page))
  end)
end)
