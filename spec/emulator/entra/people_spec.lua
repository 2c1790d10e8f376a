local emulator = require "azureml.emulator"

local SUBSCRIPTION = "/subscriptions/11111111-1111-1111-1111-111111111111"
local READ = "Microsoft.MachineLearningServices/workspaces/computes/read"

describe("the people of the emulator", function()
  it("are an owner, a reader, a user, the machine's identity and Microsoft's clients, each "
    .. "with what it may do", function()
    local one <close> = emulator.new()
    local function may(who, verb)
      return one.roles:may(who.object_id, READ:gsub("read$", verb), "/")
    end
    local machine, cli = one.directory:principal "machine",
      one.directory:principal "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
    assert.same(
      { true, false, true, true, false },
      {
        may(one.owner, "write"), may(one.reader, "write"), may(one.user, "write"),
        may(machine, "write"), may(cli, "read"),
      })
    assert.is_true(may(one.reader, "read"))
    assert.is_true(cli.public and cli.multi_tenant)
  end)

  it("are joined by those of a seed, where it says", function()
    local one <close> = emulator.new { seed = {
      users = { { name = "ann@contoso.com" }, { name = "bob@contoso.com" } },
      applications = { { name = "robot", client_secret = "s" } },
      roles = { { name = "Looker", actions = { READ } } },
      role_assignments = {
        { principal = "ann@contoso.com", role = "Reader" },
        { principal = "bob@contoso.com", role = "Looker", resource_group = "ml" },
        { principal = "robot", role = "looker", workspace_name = "team" },
        { principal = "reader", role = "Owner", scope = "/subscriptions/x" },
      },
    } }
    local function may(name, scope)
      return one.roles:may(one.directory:principal(name).object_id, READ, scope)
    end
    local group = SUBSCRIPTION .. "/resourceGroups/emulator"
    local team = group .. "/providers/Microsoft.MachineLearningServices/workspaces/team"
    assert.is_true(may("ann@contoso.com", SUBSCRIPTION))
    assert.same(
      { true, false },
      {
        may("bob@contoso.com", SUBSCRIPTION .. "/resourceGroups/ML/x"),
        may("bob@contoso.com", group),
      })
    assert.same({ true, false }, { may("robot", team), may("robot", group) })
    assert.is_true(may("reader", "/subscriptions/x"))
  end)

  it("are joined by others while it runs", function()
    local one <close> = emulator.new()
    one:add {
      users = { { name = "ann@contoso.com" } },
      role_assignments = { { principal = "ann@contoso.com", role = "Reader" } },
    }
    assert.is_true(
      one.roles:may(one.directory:user("ann@contoso.com").object_id, READ, SUBSCRIPTION))
    assert.error_matches(function() one:add { users = { {} } } end, "add: users%[1%]")
    assert.error_matches(function() one:sign_in "nobody" end, "there is no user called 'nobody'")
    assert.error_matches(function() one:credential "nobody" end,
      "there is no principal called 'nobody'")
    assert.is_false(one:enter_code "ABCDEFGHJ")
  end)

  for _, row in ipairs {
    { { users = { {} } }, "seed: users[1]: a record of kind user needs 'name'" },
    {
      { users = { { name = "a" }, { nam = "b" } } },
      "seed: users[2]: a record of kind user has no option 'nam'",
    },
    { { users = { a = {} } }, "seed: users must be a list" },
    {
      { applications = { { certificates = { "x" } } } },
      "seed: applications[1]: a certificate of an application: it is not",
    },
    { { roles = { { name = "x" } } }, "seed: roles[1]: a role needs 'name' and 'actions'" },
    {
      { role_assignments = { { principle = "x" } } },
      "seed: role_assignments[1]: a role assignment has no option 'principle'",
    },
    {
      { role_assignments = { { principal = "nobody", role = "Owner" } } },
      "seed: there is no principal called 'nobody' to give a role to",
    },
    {
      { role_assignments = { { principal = "owner", role = "King" } } },
      "seed: there is no role 'King'",
    },
    { { role_assignments = { { role = "Owner" } } }, "seed: a role assignment needs 'principal'" },
  } do
    it("are refused: " .. row[2], function()
      local ok, wrong = pcall(emulator.new, { seed = row[1] })
      assert.is_false(ok)
      assert.is_truthy(tostring(wrong):find(row[2], 1, true), wrong)
    end)
  end
end)
