local studio = require "spec.studio"

local MARKUP = "<img src=x onerror=\"document.title='owned'\">"

-- The page, in a real browser. A spec changes only its own instances.
describe("the studio's list", function()
  local served, page

  setup(function()
    served, page = studio.open {
      workspace_name = "team-vision",
      instances = {
        ["ci-run"] = { state = "Running", vm_size = "STANDARD_DS3_V2", tags = { team = "vision" } },
        ["ci-stop"] = { state = "Stopped", vm_size = "STANDARD_D2S_V3", tags = { team = "nlp" } },
        ["ci-off"] = { state = "Stopped", vm_size = "STANDARD_D2S_V3" },
        ["ci-failed"] = { state = "CreateFailed", vm_size = "STANDARD_NC6S_V3" },
        ["ci-gone-a"] = "Stopped", ["ci-gone-b"] = "Stopped", ["ci-keep"] = "Running",
        ["ci-markup"] = { state = "Stopped", description = MARKUP,
          tags = { [MARKUP] = MARKUP, note = "<script>document.title='owned'</script>" } },
      },
    }
  end)
  teardown(function()
    page:close()
    served:close()
  end)
  before_each(function()
    page:run "location.hash = '#/'"
    page:wait "$('tr[data-name]')"
  end)

  local function state_of(name)
    return page:text(("tr[data-name=%s] .c-state"):format(name))
  end

  local function wait_for_state(name, state)
    page:wait("$(`tr[data-name=${values[0]}] .c-state`).innerText.trim() === values[1]", name,
      state)
  end

  local function tick(name)
    page:click(("tr[data-name=%s] .tick input"):format(name))
  end

  it("shows the instances, with size, cores, memory and price", function()
    assert.equal("team-vision · azureml studio", page:run "return document.title")
    assert.equal(8, #page:run "return [...document.querySelectorAll('tr[data-name]')].map(e => 1)")
    assert.equal("Running", state_of "ci-run")
    local text = page:text "tr[data-name=ci-run]"
    for _, part in ipairs { "DS3 V2", "4", "14 GB", "$0.293 / h", "Jupyter" } do
      assert.truthy(text:find(part, 1, true), part)
    end
    assert.equal("2 of 8", page:text ".tile.running b")
    assert.equal("1", page:text ".tile.failed b")
  end)

  it("shows markup as text", function()
    assert.truthy(page:text("tr[data-name=ci-markup] .c-tags"):find(MARKUP, 1, true))
    page:run "location.hash = '#/i/ci-markup'"
    page:wait "$('.card[data-card=tags] dd, .cards')"
    assert.truthy(page:text("main"):find(MARKUP, 1, true))
    assert.is_nil(page:run "return document.querySelector('main img')")
    assert.truthy(page:run("return document.title"):find "team%-vision")
  end)

  it("filters by name, state, size, tag and person", function()
    local function names()
      return page:run("return [...document.querySelectorAll('tr[data-name]')]"
        .. ".map(e => e.dataset.name).join(' ')")
    end
    page:keys "/"
    page:type(".search input", "run")
    page:wait "$$('tr[data-name]').length === 1"
    assert.equal("ci-run", names())
    page:press "Clear the filters"
    page:wait "$$('tr[data-name]').length === 8"
    page:choose("[aria-label='Any tag']", "team: nlp")
    page:wait "$$('tr[data-name]').length === 1"
    assert.equal("ci-stop", names())
    page:press "Clear the filters"
    page:choose("[aria-label='Any size']", "NC6S V3")
    page:wait "$$('tr[data-name]').length === 1"
    assert.equal("ci-failed", names())
    page:press "Clear the filters"
    page:click ".tile.running"
    page:wait "$$('tr[data-name]').length === 2"
    assert.equal("ci-keep ci-run", names())
    page:press "Clear the filters"
    page:press "I can use"
    page:wait "$$('tr[data-name]').length === 8"
    page:press "Clear the filters"
  end)

  it("sorts by a column, and keeps the columns that the user chooses", function()
    local function first()
      return page:run "return document.querySelector('tr[data-name]').dataset.name"
    end
    page:click "th.c-price button"
    page:click "th.c-price button"
    page:wait "$('th.c-price').getAttribute('aria-sort') === 'descending'"
    assert.equal("ci-failed", first())
    page:press "Columns"
    page:press("GPUs", ".menu")
    page:wait "$('th.c-gpus')"
    page:run "location.reload()"
    page:wait "$('th.c-gpus')"
    assert.equal("ci-failed", first())
    page:press "Columns"
    page:press("Reset the view", ".menu")
    page:wait "!$('th.c-gpus')"
    page:run "document.querySelector('.menu').hidePopover()"
    assert.equal("ci-failed", first())
  end)

  it("starts many, and shows them on their way until they run", function()
    assert.is_true(page:run "return document.querySelector('[data-verb=start]').disabled")
    served:hold()
    tick "ci-stop"
    tick "ci-off"
    page:click "[data-verb=start]"
    page:wait "$('.activity .moving time')"
    page:wait "$('tr[data-name=ci-stop] .state.moving')"
    served:release()
    wait_for_state("ci-stop", "Running")
    wait_for_state("ci-off", "Running")
    page:wait "$('.tile.running').innerText.startsWith('4 of')"
  end)

  it("enables a verb only where every ticked instance takes it", function()
    tick "ci-run"
    page:wait "!$('[data-verb=stop]').disabled"
    assert.is_true(page:run "return document.querySelector('[data-verb=start]').disabled")
    tick "ci-markup"
    page:wait "$('[data-verb=stop]').disabled"
    assert.is_false(page:run "return document.querySelector('[data-verb=delete]').disabled")
    page:click "[aria-label='Untick all']"
  end)

  it("stops one", function()
    tick "ci-run"
    page:click "[data-verb=stop]"
    wait_for_state("ci-run", "Stopped")
  end)

  it("deletes after a question that names the instances", function()
    tick "ci-gone-a"
    tick "ci-gone-b"
    page:click "[data-verb=delete]"
    assert.truthy(page:text("dialog"):find("Delete 2 instances?", 1, true))
    assert.truthy(page:text("dialog .names"):find("ci-gone-a", 1, true))
    page:press("Cancel", "dialog")
    page:wait "!$('dialog')"
    assert.equal("Stopped", state_of "ci-gone-a")
    page:click "[data-verb=delete]"
    page:press("Delete", "dialog")
    page:wait "!$('tr[data-name=ci-gone-a]') && !$('tr[data-name=ci-gone-b]')"
    assert.equal(6, #page:run "return [...document.querySelectorAll('tr[data-name]')].map(e => 1)")
  end)

  it("keeps what the service refuses, with its code and a hint", function()
    served:control("POST", "faults", {
      match = { verb = "start", name = "ci-markup" },
      answer = { status = 403, json = { error = { code = "AuthorizationFailed",
        message = "no " .. MARKUP } } } })
    tick "ci-markup"
    page:click "[data-verb=start]"
    page:wait "$('.activity .failed .failure')"
    local text = page:text ".activity"
    assert.truthy(text:find("AuthorizationFailed", 1, true))
    assert.truthy(text:find(MARKUP, 1, true))
    page:run "location.reload()"
    page:wait "$('.activity .failed')"
    page:press("Dismiss all", ".activity")
    page:wait "$('.activity').hidden"
  end)

  it("shows a change in every page, and the list is read once for all", function()
    local first = page:new_tab()
    page:go(served.url .. "/")
    page:wait "$('tr[data-name=ci-keep]') && $('.live.is-on')"
    local second = page:ask("GET", "/window")
    page:switch(first)
    served:hold()
    tick "ci-keep"
    page:click "[data-verb=stop]"
    page:switch(second)
    page:wait "$('.activity .moving') && $('tr[data-name=ci-keep] .state.moving')"
    served:release()
    wait_for_state("ci-keep", "Stopped")
    page:ask("DELETE", "/window")
    page:switch(first)
    wait_for_state("ci-keep", "Stopped")
  end)

  it("says when the studio has ended, and that its link is new after a restart", function()
    assert.same({}, studio.faults(served, page))
    os.execute("kill " .. served.pid)
    page:wait "$('.banner') && !$('.banner').hidden"
    assert.truthy(page:text(".banner"):find("connection", 1, true))
    page:console_errors()      -- the browser tells of the lost connection
  end)
end)
