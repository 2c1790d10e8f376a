local errors = require "azureml.error"
local metrics = require "spec.metrics_text"
local prometheus = require "azureml.observe.prometheus"
local run_module = require "azureml.observe.run"

local WORKSPACE = { subscription_id = "s", resource_group = "g", name = "team" }

local ENDING = {
  exit_code = 0, ended = 1795957200.5, seconds = 12.25, throttled = 2, held = 3.5,
  requests = { { purpose = "poll", method = "GET", status = "2xx", count = 7 } },
}

local function read(run, ending, path)
  return metrics(prometheus.text(run, ending or ENDING, path or "/metrics/nightly.prom"))
end

-- Return the samples of a family as texts "label=value ... number".
local function rows(families, name)
  local list = {}
  for i, sample in ipairs(families[name] and families[name].samples or {}) do
    local words = {}
    for label, value in pairs(sample.labels) do words[#words + 1] = label .. "=" .. value end
    table.sort(words)
    list[i] = table.concat(words, " ") .. (" %g"):format(sample.value)
  end
  return list
end

local function vm(name, state, size)
  return { workspace = WORKSPACE, name = name, state = state, vm_size = size or "STANDARD_DS3_V2" }
end

describe("the metrics of a run", function()
  it("name the run by the file", function()
    assert.equal("nightly", prometheus.name_of "/var/lib/metrics/nightly.prom")
    assert.equal("nightly.txt", prometheus.name_of "nightly.txt")
    assert.equal(".prom", prometheus.name_of "a/.prom")
  end)

  it("tell when it ended, and how", function()
    local families = read(run_module.new())
    assert.equal(1795957200.5, families.azureml_last_run_timestamp_seconds.samples[1].value)
    assert.same({ "run=nightly 1" }, rows(families, "azureml_last_run_success"))
    assert.same({ "run=nightly 12.25" }, rows(families, "azureml_last_run_duration_seconds"))
    assert.same({ "run=nightly 3.5" }, rows(families, "azureml_throttled_seconds"))
    assert.same({ "run=nightly 2" }, rows(families, "azureml_throttled_replies"))
    assert.same({ "method=GET purpose=poll run=nightly status=2xx 7" },
      rows(families, "azureml_requests"))
    local failed = {}
    for name, value in pairs(ENDING) do failed[name] = value end
    failed.exit_code = 130
    families = read(run_module.new(), failed)
    assert.same({ "run=nightly 0" }, rows(families, "azureml_last_run_success"))
    assert.same({ "run=nightly 130" }, rows(families, "azureml_last_run_exit_code"))
    failed.exit_code = nil
    families = read(run_module.new(), failed)
    assert.is_nil(families.azureml_last_run_success)
    assert.is_nil(families.azureml_last_run_exit_code)
  end)

  it("have no family of what the run has not seen", function()
    local families = read(run_module.new())
    for _, name in ipairs {
      "azureml_instances", "azureml_cost_per_hour", "azureml_unpriced_instances", "azureml_verbs",
      "azureml_waits", "azureml_failures",
    } do assert.is_nil(families[name], name) end
    assert.same({ "run=nightly 0" }, rows(families, "azureml_running_operations"))
  end)

  it("count instances by workspace, state and size", function()
    local run = run_module.new()
    run:saw(vm("a", "Running"))
    run:saw(vm("b", "Running"))
    run:saw(vm("c", "Stopped", "STANDARD_NC6"))
    local families = read(run)
    assert.same({
      "resource_group=g run=nightly size=STANDARD_DS3_V2 state=Running workspace=team 2",
      "resource_group=g run=nightly size=STANDARD_NC6 state=Stopped workspace=team 1",
    }, rows(families, "azureml_instances"))
    assert.is_nil(families.azureml_cost_per_hour)
  end)

  it("have costs where prices are known", function()
    local run = run_module.new()
    run:saw(vm("a", "Running"))
    run:saw(vm("b", "Stopped"))
    run:saw(vm("c", "Running", "STANDARD_ODD"))
    run:priced(WORKSPACE, { { name = "Standard_DS3_v2", price = 0.5, currency = "USD" } })
    local families = read(run)
    assert.same({ "currency=USD resource_group=g run=nightly workspace=team 0.5" },
      rows(families, "azureml_cost_per_hour"))
    assert.same({ "currency=USD resource_group=g run=nightly workspace=team 1" },
      rows(families, "azureml_unpriced_instances"))
  end)

  it("add up workspaces that only their subscriptions tell apart", function()
    local run = run_module.new()
    local twin = { subscription_id = "t", resource_group = "g", name = "team" }
    for _, workspace in ipairs { WORKSPACE, twin } do
      run:saw { workspace = workspace, name = "a", state = "Running", vm_size = "S" }
      run:priced(workspace, { { name = "S", price = 2, currency = "USD" } })
    end
    assert.same({ "currency=USD resource_group=g run=nightly workspace=team 4" },
      rows(read(run), "azureml_cost_per_hour"))
  end)

  it("count verbs and errors", function()
    local run = run_module.new()
    local function fail(code) return errors.new { code = code, message = "x" } end
    run:fleet({ verb = "stop",
      { name = "a", outcome = "done" }, { name = "b", outcome = "done" },
      { name = "c", outcome = "failed", error = fail "Conflict" },
      { name = "d", outcome = "skipped", reason = "already Stopped" },
    }, WORKSPACE)
    run:failed(fail "SomeFailed")
    local families = read(run)
    assert.same({
      "outcome=done run=nightly verb=stop 2", "outcome=failed run=nightly verb=stop 1",
      "outcome=skipped run=nightly verb=stop 1",
    }, rows(families, "azureml_verbs"))
    assert.same({ "code=Conflict run=nightly 1" }, rows(families, "azureml_failures"))
  end)

  it("escape labels, and take bytes that are no UTF-8", function()
    local run = run_module.new()
    run:failed(errors.new { code = 'a"b\\c\nd', message = "x" })
    local families = read(run, ENDING, "/tmp/\xFFx.prom")
    assert.equal('a"b\\c\nd', families.azureml_failures.samples[1].labels.code)
    assert.equal("?x", families.azureml_failures.samples[1].labels.run)
  end)

  it("bound the number of codes, and lose no error", function()
    local run, sum = run_module.new(), 0
    local results = { verb = "stop" }
    for i = 1, 120 do
      results[i] = { name = "vm" .. i, outcome = "failed",
        error = errors.new { code = "Code" .. i, message = "x" } }
    end
    run:fleet(results, WORKSPACE)
    local samples = read(run).azureml_failures.samples
    for _, sample in ipairs(samples) do sum = sum + sample.value end
    assert.same({ 50, 120 }, { #samples, sum })
    assert.same({ "other", 71 }, { samples[50].labels.code, samples[50].value })
  end)
end)
