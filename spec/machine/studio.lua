local hosted = require "spec.hosted"
local work = require "azureml.studio.work"

-- What the studio's details ask of a machine.
describe("the studio beside a real machine", function()
  local world, vm

  setup(function()
    world = hosted.open()
    vm = world:create("ci-studio", { setup_scripts = {
      creation_script = { text = "for i in $(seq 1 1000); do echo line $i; done; printf '\\377x'" },
    } })
  end)
  teardown(function() world:close() end)

  it("lists the logs of setup scripts, and reads the end of one, in UTF-8", function()
    local logs = work.logs(vm).logs
    assert.equal(1, #logs)
    assert.is_true(logs[1].size > 1000)
    local text = work.log(vm, logs[1].name).text
    assert.truthy(text:find("line 1000\n?x", 1, true))
    assert.is_nil(text:find("line 1\n", 1, true))
    assert.is_number(utf8.len(text))
    assert.has_error(function() work.log(vm, "../../etc/passwd") end)
  end)

  it("reads the load", function()
    local found = work.metrics(vm)
    assert.is_true(found.cores >= 1 and found.memory.size > 1 << 20 and #found.disks >= 1)
  end)

  it("lists the jobs, and reads what one has written", function()
    local job = vm.workspace.jobs:submit { command = "echo hello from the job",
      environment = { image = "python" }, compute = "ci-studio" }:wait()
    local listed = work.jobs(vm)
    assert.equal(job.name, listed.ended[1].name)
    assert.equal("Completed", listed.ended[1].status)
    local names = {}
    for _, log in ipairs(work.logs(job).logs) do names[log.name] = true end
    assert.is_true(names["user_logs/std_log.txt"])
    assert.truthy(work.log(job, "user_logs/std_log.txt").text:find("hello from the job", 1, true))
  end)
end)
