local studio = require "spec.studio"

-- What people need that see little, hear the page, or use no mouse.
describe("the studio", function()
  local served, page

  setup(function()
    served, page = studio.open {
      instances = {
        ["ci-run"] = { state = "Running", tags = { team = "vision" }, properties = {
          schedules = { computeStartStop = { { action = "Stop", triggerType = "Cron",
            status = "Enabled", cron = { expression = "0 18 * * *", timeZone = "UTC" } } } } } },
        ["ci-stop"] = "Stopped", ["ci-bad"] = "CreateFailed",
      },
    }
  end)
  teardown(function()
    page:close()
    served:close()
  end)

  local VIEWS = {
    { "the list", "#/", "$('tr[data-name]')" },
    { "the details", "#/i/ci-run", "$('.cards')" },
    { "a failed instance", "#/i/ci-bad", "$('.cards')" },
    { "the wizard", "#/new", "$('.size-list tbody tr')" },
  }

  local function open(view)
    page:run("location.hash = arguments[0]", view[2])
    page:wait(view[3])
  end

  for _, view in ipairs(VIEWS) do
    it("gives every control of " .. view[1] .. " a name, also on a narrow screen", function()
      open(view)
      assert.same({}, page:nameless())
      page:resize(390, 844)
      assert.same({}, page:nameless())
      page:resize(1440, 900)
    end)

    it("has no pale text in " .. view[1] .. ", in light and dark", function()
      open(view)
      for _, scheme in ipairs { "light", "dark" } do
        page:prefer(scheme)
        assert.same({}, page:faint_texts())
      end
      page:prefer "light"
    end)
  end

  it("names the controls of each step of the wizard", function()
    open(VIEWS[4])
    for _, step in ipairs { "scheduling", "security", "applications", "tags" } do
      page:click(("[data-step=%s]"):format(step))
      if step == "scheduling" then page:click "[data-action=add-schedule]" end
      if step == "applications" then page:press "Add an application" end
      assert.same({}, page:nameless(), step)
    end
  end)

  it("keeps the focus in a dialog, gives it a name, and takes it back at Escape", function()
    open(VIEWS[2])
    page:run "document.querySelector('[data-action=add-schedule]').focus()"
    page:keys "\u{E007}"
    page:wait "$('dialog .preview')"
    assert.same({}, page:nameless())
    for _ = 1, 20 do page:keys "\u{E004}" end
    assert.is_true(page:run("const e = document.activeElement; return e === document.body "
      .. "|| Boolean(e.closest('dialog'))"))
    page:keys "\u{E00C}"
    page:wait "!$('dialog')"
    assert.equal("add-schedule", page:run "return document.activeElement.dataset.action")
  end)

  it("starts an instance by the keyboard alone", function()
    open(VIEWS[1])
    page:run "document.querySelector('tr[data-name=ci-stop] input').focus()"
    page:keys " "
    page:wait "!$('[data-verb=start]').disabled"
    page:run "document.querySelector('[data-verb=start]').focus()"
    page:keys "\u{E007}"
    page:wait "$('tr[data-name=ci-stop] .state.running')"
    assert.same({}, studio.faults(served, page))
  end)

  it("moves among tabs by arrows", function()
    open(VIEWS[2])
    page:click ".card[data-card=recipe] summary"
    page:wait "$('[role=tab]')"
    page:run "document.querySelector('[role=tab]').focus()"
    page:keys "\u{E014}"
    page:wait "$$('[role=tab]')[1].getAttribute('aria-selected') === 'true'"
    assert.equal("YAML of az", page:run "return document.activeElement.textContent")
  end)

  it("keeps the colours that the user chooses", function()
    open(VIEWS[1])
    page:click "[title^='Colours']"
    page:click "[title^='Colours']"
    page:wait "$('html').dataset.theme === 'dark'"
    page:run "location.reload()"
    page:wait "$('tr[data-name]') && $('html').dataset.theme === 'dark'"
    page:click "[title^='Colours']"
  end)
end)
