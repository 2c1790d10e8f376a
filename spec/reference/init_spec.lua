-- What the comments say of the public names: everything has a type and a sentence.
local azureml = require "azureml"
local reference = require "azureml.reference"
local types = require "azureml.reference.types"

local all = reference.index()

local function title(record)
  return (record.owner and record.owner .. "." or "") .. record.name
end

-- Call f with each record, and with each of its items in a group such as "params".
local function each_item(group, f)
  for _, record in ipairs(all.records) do
    for _, item in ipairs(record[group] or {}) do f(item, record) end
  end
end

describe("what the comments say", function()
  local faults

  before_each(function() faults = {} end)

  local function note(...) faults[#faults + 1] = table.concat({ ... }, " ") end

  it("is there for what scripts use", function()
    assert.is_true(#all.records > 200)
    assert.equal("function", all:member("azureml", "workspace").kind)
    assert.equal("function", all:member("azureml.Instance", "stop").kind)
    assert.equal("boolean", all:member("azureml.FleetOptions", "mine").type)
    assert.is_truthy(all:member("azureml.emulator", "start"))
  end)

  it("covers every function of azureml and of its objects", function()
    local options = require "azureml.options"
    for _, name in ipairs { "change.planning", "change.preflight", "change.recreating", "client",
      "deployment", "emulator", "journal", "list", "look.all_instances", "lro" } do
      require("azureml." .. name)      -- it registers its classes
    end
    for _, module in ipairs { "azureml", "azureml.credential", "azureml.json" } do
      for name in pairs(require(module)) do
        if not all:member(module, name) then note(module .. "." .. name, "has no comment") end
      end
    end
    for name, class in pairs(options.classes) do
      for method in pairs(all.classes[name] and class.methods or {}) do
        local is_function = type(class.methods[method]) == "function" and method:find "^%l"
        local has_comment = all:member(name, method) ~= nil
        if is_function and not has_comment then note(name, method, "has no comment") end
      end
    end
    assert.same({}, faults)
  end)

  it("has a sentence for each function, class, option and field", function()
    for _, record in ipairs(all.records) do
      if record.doc == "" then note(title(record), "has no sentence") end
    end
    each_item("fields", function(field, class)
      if field.doc == "" then note(title(class) .. "." .. field.name, "has no sentence") end
    end)
    assert.same({}, faults)
  end)

  it("has a type for each option, field, parameter and result", function()
    for _, group in ipairs { "fields", "params", "returns" } do
      each_item(group, function(item, record)
        if not item.type then note(title(record), item.name, "has no type") end
      end)
    end
    for _, record in ipairs(all.records) do
      local known = {}
      for _, item in ipairs(record.params or {}) do known[item.name] = true end
      for _, name in ipairs(record.names or {}) do
        if not known[name] then note(title(record), "has no @param", name) end
      end
    end
    assert.same({}, faults)
  end)

  it("names a class for each table of options", function()
    each_item("params", function(item, record)
      if record.is_package then return end
      if item.type == "table" or item.type == "table?" or item.type:find "^{" then
        note(title(record) .. "(" .. item.name .. "): write ---@param", item.name,
          "azureml.SomeOptions, and the class")
      end
    end)
    assert.same({}, faults)
  end)

  it("names only classes that are there", function()
    for _, group in ipairs { "fields", "params", "returns" } do
      each_item(group, function(item, record)
        if record.is_package then return end
        for _, name in ipairs(types.classes(item.type or "")) do
          if not all.classes[name] then note(title(record), "names", name) end
        end
      end)
    end
    assert.same({}, faults)
  end)

  -- Return the options that a function knows, by what it says of an unknown one.
  local function known_options(f, ...)
    local _, message = pcall(f, ...)
    return assert(tostring(message):match "has no option 'bogus' %(known: (.-)%)", message)
  end

  local function declared(class)
    local names = {}
    for _, field in ipairs(all:list(class)) do
      if field.name:find "^%l" then names[#names + 1] = field.name end
    end
    table.sort(names)
    return table.concat(names, ", ")
  end

  local bogus = { bogus = true }
  local ws = azureml.workspace {
    subscription_id = "11111111-1111-1111-1111-111111111111", resource_group = "ml", name = "team",
    credential = azureml.credential.none(),
  }
  local vms, credential = ws.instances, azureml.credential
  local op = require("azureml.operation").finished { verb = "start", name = "ci", workspace = ws }
  local raw = { properties = { computeType = "ComputeInstance" } }
  local vm = require("azureml.instance").new(ws, raw)

  for class, call in pairs {
    WorkspaceOptions = { azureml.workspace, bogus },
    WorkspacesOptions = { azureml.workspaces, bogus },
    DoctorOptions = { azureml.doctor, bogus },
    LoginOptions = { azureml.login, bogus },
    WhoamiOptions = { azureml.whoami, bogus },
    TemplateOptions = { azureml.template, {}, bogus },
    AuditOptions = { azureml.audit, {}, bogus },
    EachOptions = { azureml.each, {}, print, bogus },
    ClientOptions = { azureml.client, bogus },
    SizeOptions = { ws.vm_sizes, ws, bogus },
    RegionOptions = { ws.usages, ws, bogus },
    ComputeOptions = { ws.computes, ws, bogus },
    WatchOptions = { ws.watch, ws, bogus },
    DeployOptions = { ws.deploy, ws, bogus },
    ListOptions = { vms.list, vms, bogus },
    VerbOptions = { vms.stop, vms, "x", bogus },
    StartOptions = { vms.start, vms, "x", bogus },
    ResizeOptions = { vms.resize, vms, "x", "STANDARD_DS3_V2", bogus },
    CreateOptions = { vms.create, vms, "x", bogus },
    InstanceOptions = { vms.create, vms, "x", bogus },
    EnsureOptions = { vms.ensure, vms, "x", bogus },
    UpdateOptions = { vms.update, vms, "x", bogus },
    PlanOptions = { vms.plan, vms, {}, bogus },
    ApplyOptions = { vms.apply, vms, {}, bogus },
    FleetOptions = { vms.stop_all, vms, bogus },
    StartAllOptions = { vms.start_all, vms, bogus },
    CostOptions = { vm.cost, vm, bogus },
    ExecOptions = { vm.exec, vm, "true", bogus },
    CopyOptions = { vm.copy, vm, "a", ":b", bogus },
    ForwardOptions = { vm.forward, vm, 80, 80, bogus },
    WaitOptions = { op.wait, op, bogus },
    LogsOptions = { vm.logs, vm, bogus },
    MetricsOptions = { vm.metrics, vm, bogus },
    ShellOptions = { vm.shell, vm, bogus },
    PythonOptions = { vm.python, vm, bogus },
    PipOptions = { vm.pip_uninstall, vm, bogus },
    PipInstallOptions = { vm.pip_install, vm, bogus },
    RInstallOptions = { vm.r_install, vm, bogus },
    EnvironmentOptions = { vm.create_environment, vm, bogus },
    StepOptions = { vm.environments, vm, bogus },
    ExecuteInOptions = { vm.jupyter.execute, vm.jupyter, "1", bogus },
    RemoveOptions = { vm.jupyter.remove, vm.jupyter, "a", bogus },
    SubmitOptions = { ws.jobs.submit, ws.jobs, bogus },
    JobListOptions = { ws.jobs.list, ws.jobs, bogus },
    SecretOptions = { credential.client_secret, bogus },
    CertificateOptions = { credential.client_certificate, bogus },
    AssertionOptions = { credential.client_assertion, bogus },
    WorkloadOptions = { credential.workload_identity, bogus },
    ApplicationOptions = { credential.github_actions, bogus },
    PipelinesOptions = { credential.azure_pipelines, bogus },
    CliOptions = { credential.azure_cli, bogus },
    DeveloperCliOptions = { credential.azure_developer_cli, bogus },
    DeviceCodeOptions = { credential.device_code, bogus },
    BrowserOptions = { credential.browser, bogus },
    RefreshTokenOptions = { credential.refresh_token, bogus },
    AuthorityOptions = { credential.default, bogus },
    TokenOptions = { credential.token, bogus },
    ManagedIdentityOptions = { credential.managed_identity, bogus },
  } do
    it("lists the options that the code knows in azureml." .. class, function()
      assert.equal(known_options(table.unpack(call)), declared("azureml." .. class))
    end)
  end
end)
