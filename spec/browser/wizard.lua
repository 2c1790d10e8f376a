local studio = require "spec.studio"

-- The wizard for a new instance, in a real browser.
describe("the studio's wizard", function()
  local served, page

  setup(function()
    served, page = studio.open {
      workspace_name = "team-vision", instances = { ["ci-there"] = "Stopped" },
      quotas = { gpu_family = 0 },
    }
  end)
  teardown(function()
    page:close()
    served:close()
  end)
  before_each(function()
    page:run "location.hash = '#/'"
    page:wait "$('.list-view')"
    page:keys "n"
    page:wait "$('.size-list tbody tr')"
  end)

  local function step(name)
    page:click(("[data-step=%s]"):format(name))
  end

  it("checks the name while it is typed", function()
    page:type("[data-field=name]", "1x")
    page:wait "/begins with a letter|3 to 24/.test($('.name-state.wrong').innerText)"
    page:type("[data-field=name]", "ci-there")
    page:wait "/exists/.test($('.name-state.wrong').innerText)"
    page:type("[data-field=name]", "ci-fresh")
    page:wait "/free/.test($('.name-state.ok').innerText)"
  end)

  it("shows sizes with price and quota, and disables those without quota", function()
    page:press("GPU", ".size-tools")
    page:wait "$('[data-size] input:disabled')"
    assert.truthy(page:text(".size-list"):find("Request more quota", 1, true))
    page:press("CPU", ".size-tools")
    page:press("All sizes", ".size-tools")
    page:type(".size-tools input", "e4s")
    page:wait "$$('[data-size]').length >= 1 && $$('[data-size]').length < 5"
    page:click "[data-size] input"
    page:wait "/E4/.test($('.summary').innerText) && /\\$0.2/.test($('.summary .total').innerText)"
  end)

  it("creates an instance: schedules, a tag, the review, and the list follows", function()
    page:type("[data-field=name]", "ci-wizard")
    page:wait "$('.name-state.ok')"
    page:click "[data-action=next]"
    page:choose(".step select", "after 30 min")
    page:click "[data-action=add-schedule]"
    page:wait "/stops Monday to Friday at 18:00/.test($('.preview').innerText)"
    step "tags"
    page:type(".step .pair:nth-child(1) input:nth-child(1)", "team")
    page:type(".step .pair:nth-child(1) input:nth-child(2)", "vision")
    page:click "[data-action=review]"
    page:wait "$('.findings .ok')"
    assert.truthy(page:text(".step pre"):find('idle_time_before_shutdown = "30m"', 1, true))
    page:press("Command", "[role=tablist]")
    page:wait "/azureml create ci-wizard/.test($('.step pre').innerText)"
    assert.truthy(page:text(".step pre"):find("--tags team=vision", 1, true))
    page:press("ARM template", "[role=tablist]")
    page:wait "/deploymentTemplate/.test($('.step pre').innerText)"
    served:hold()
    page:click "[data-action=create]"
    page:wait "$('tr[data-name=ci-wizard] .state.moving')"
    served:release()
    page:wait "$('tr[data-name=ci-wizard] .state.running')"
    assert.truthy(page:text("tr[data-name=ci-wizard]"):find("30 min", 1, true))
  end)

  it("says before the creation what would be refused", function()
    page:type("[data-field=name]", "ci-private")
    step "security"
    page:press "No public address"
    page:click "[data-action=review]"
    page:wait "$('.findings .error')"
    assert.truthy(page:text(".findings"):find("needs a subnet", 1, true))
    assert.is_true(page:run "return document.querySelector('[data-action=create]').disabled")
  end)

  it("generates a key pair, and offers the private key once", function()
    page:type("[data-field=name]", "ci-key")
    step "security"
    page:press "Generate a new key pair"
    page:wait "/ready/.test($('.step').innerText)"
    page:click "[data-action=review]"
    page:wait "$('.findings .ok')"
    assert.truthy(page:text(".step pre"):find("ssh-rsa ", 1, true))
    assert.truthy(page:text("[data-action=create]"):find("private key", 1, true))
    page:run [[window.saved = []; const real = URL.createObjectURL;
      URL.createObjectURL = (blob) => { blob.text().then((text) => saved.push(text));
        return real.call(URL, blob); }]]
    page:click "[data-action=create]"
    page:wait "window.saved.length === 1 && /BEGIN PRIVATE KEY/.test(window.saved[0])"
    page:wait "$('tr[data-name=ci-key]')"
  end)

  it("keeps what was typed when the service refuses, and shows why", function()
    served:control("POST", "faults", { match = { verb = "create", name = "ci-refused" },
      answer = { status = 400, json = { error = { code = "PolicyViolation",
        message = "the policy forbids it" } } } })
    page:type("[data-field=name]", "ci-refused")
    page:click "[data-action=review]"
    page:wait "$('.findings .ok')"
    page:click "[data-action=create]"
    page:wait "/PolicyViolation/.test($('.step .failure').innerText)"
    step "basics"
    assert.equal("ci-refused", page:run "return document.querySelector('[data-field=name]').value")
  end)

  it("never leaves this host, and makes no error", function()
    assert.same({}, studio.faults(served, page))
  end)
end)
