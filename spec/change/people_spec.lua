local azureml = require "azureml"
local json = require "azureml.json"
local people = require "azureml.change.people"
local scripted = require "spec.scripted"

describe("the search for a user", function()
  local OID, TID = "22222222-2222-2222-2222-222222222222", "33333333-3333-3333-3333-333333333333"
  local NO_USER = { status = 404, json = { error = { code = "Request_ResourceNotFound",
    message = "no such user" } } }
  local server

  after_each(function() server:close() end)

  -- Search in a directory that answers by path: a table of answers, or a function that makes one.
  local function find(mail, answers)
    server = scripted(function(request)
      local path = request.target:match "^[^?]*"
      local answer = answers[path] or { status = 404, json = { error = { code = "NotFound",
        message = "no answer for " .. request.target } } }
      return { status = answer.status, body = json.encode(answer.json),
        headers = { ["content-type"] = "application/json" } }
    end)
    local workspace = { open_graph = function()
      return azureml.client { endpoint = server.url }
    end }
    return azureml.try(people.find, workspace, mail)
  end

  local function organization(id)
    return { status = 200, json = { value = { { id = id } } } }
  end

  it("takes the name for signing in first", function()
    local user = find("ann@contoso.com", {
      ["/v1.0/users/ann%40contoso.com"] = { status = 200, json = { id = OID } },
      ["/v1.0/organization"] = organization(TID),
    })
    assert.same({ object_id = OID, tenant_id = TID }, user)
  end)

  it("then the mail, with quotes doubled", function()
    local user = find("o'neil@contoso.com", {
      ["/v1.0/users/o%27neil%40contoso.com"] = NO_USER,
      ["/v1.0/users"] = { status = 200, json = { value = { { id = OID } } } },
      ["/v1.0/organization"] = organization(TID),
    })
    assert.same({ object_id = OID, tenant_id = TID }, user)
    assert.matches("filter=mail%%20eq%%20%%27o%%27%%27neil%%40contoso.com%%27",
      server.requests[2].target)
  end)

  it("escapes the name of a guest", function()
    find("ann_a.com#EXT#@b.com", {})
    assert.matches("^/v1.0/users/ann_a.com%%23EXT%%23%%40b.com%?", server.requests[1].target)
  end)

  it("raises where there is no user, or more than one", function()
    local _, err = find("ann@contoso.com", { ["/v1.0/users"] = { status = 200,
      json = { value = {} } } })
    assert.equal("UserNotFound", err.code)
    assert.equal("the directory has no user ann@contoso.com", err.message)
    assert.matches("assigned_user_object_id", err.hint)
    server:close()
    _, err = find("ann@contoso.com", { ["/v1.0/users"] = { status = 200,
      json = { value = { { id = OID }, { id = TID } } } } })
    assert.equal("AmbiguousUser", err.code)
    assert.matches("has 2 users with the address ann@contoso.com", err.message)
  end)

  it("says what to do where the credential may not look", function()
    local _, err = find("ann@contoso.com", {
      ["/v1.0/users/ann%40contoso.com"] = { status = 403, json = { error = {
        code = "Authorization_RequestDenied", message = "Insufficient privileges" } } },
    })
    assert.equal("Authorization_RequestDenied", err.code)
    assert.matches("^cannot find the user ann@contoso.com: ", err.message)
    assert.matches("may not read users: give the ids instead", err.hint)
  end)

  for name, answer in pairs {
    ["a number"] = { value = 5 }, ["items that are no users"] = { value = { 5 } },
    ["a user without an id"] = { value = { { id = 5 } } }, ["an id that is no GUID"] = { id = "x" },
  } do
    it("refuses a malformed reply: " .. name, function()
      local is_list = answer.value ~= nil
      local _, err = find("ann@contoso.com", {
        ["/v1.0/users/ann%40contoso.com"] = is_list and NO_USER or { status = 200, json = answer },
        ["/v1.0/users"] = { status = 200, json = answer },
        ["/v1.0/organization"] = organization(TID),
      })
      assert.is_truthy(err.code == "InvalidReply" or err.code == "UserNotFound")
      assert.matches("ann@contoso.com", err.message)
    end)
  end
end)
