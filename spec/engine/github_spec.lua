local github = require "azureml.engine.github"
local lyaml = require "lyaml"

describe("a job for GitHub Actions", function()
  local function files(change)
    local job = {
      name = "nightly", arguments = { "run", "nightly", "it's" }, timeout = 930,
      times = { cron = "0 19 * * 1-5", zone = "UTC" }, environment = {
        { name = "AZUREML_ARM_WORKSPACE_NAME", value = "team" } },
      client_id = "me", tenant_id = "us", release = "https://example.org/azureml.tar.gz",
    }
    for name, value in pairs(change or {}) do job[name] = value end
    return github.files(job)
  end

  it("signs in with the workflow's own token, and never overlaps", function()
    local list = files()
    assert.same({ 1, "nightly.yml" }, { #list, list[1].name })
    local workflow = lyaml.load(list[1].text)
    assert.same({ contents = "read", ["id-token"] = "write" }, workflow.permissions)
    assert.same({ { cron = "0 19 * * 1-5" } }, workflow.on.schedule)
    assert.is_false(workflow.concurrency["cancel-in-progress"])
    local job = workflow.jobs.nightly
    assert.equal(15, job["timeout-minutes"])
    assert.same({ AZURE_TOKEN_CREDENTIALS = "GitHubActionsCredential", AZURE_TENANT_ID = "us",
      AZURE_CLIENT_ID = "me", AZUREML_ARM_WORKSPACE_NAME = "team" }, job.env)
    assert.equal([[./azureml run nightly 'it'\''s']], job.steps[#job.steps].run)
    assert.is_nil(job.steps[1].run:find "sha256sum")
  end)

  it("checks the release's sum, and the script out", function()
    local list = files { sha256 = "abc", script = { name = "mine.lua", text = "x" } }
    assert.same({ 2, "mine.lua" }, { #list, list[2].name })
    local job = lyaml.load(list[1].text).jobs.nightly
    assert.equal("actions/checkout@v4", job.steps[1].uses)
    assert.matches("echo 'abc  azureml.tar.gz' | sha256sum %-%-check", job.steps[2].run)
    assert.matches("^%./azureml %./mine%.lua run nightly", job.steps[3].run)
  end)

  it("keeps the summary, also of a run that fails, and refuses metrics", function()
    local job = lyaml.load(files({ reports = { summary = "s.json" } })[1].text).jobs.nightly
    assert.equal([[./azureml --summary s.json run nightly 'it'\''s']], job.steps[2].run)
    assert.same({ name = "Keep the summary", uses = "actions/upload-artifact@v4",
      ["if"] = "always()", with = { name = "nightly-summary", path = "s.json" } }, job.steps[3])
    local ok, err = pcall(files, { reports = { prometheus = "/x.prom" } })
    assert.is_false(ok)
    assert.matches("give %-%-summary, .* instead of %-%-prometheus", err.message)
  end)

  it("refuses a time zone, which GitHub does not have", function()
    local ok, err = pcall(files, { times = { cron = "0 19 * * *", zone = "Europe/Amsterdam" } })
    assert.is_false(ok)
    assert.matches("GitHub's schedules are in UTC", err.message)
  end)
end)
