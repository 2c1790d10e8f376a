local aadsts = require "azureml.emulator.entra.aadsts"

local WORLD = { guid = function() return "a-guid" end, clock = { now = function() return 1e9 end } }

describe("Entra's refusals", function()
  it("knows the rows of every table of errors", function()
    -- Source: spec/contract/auth.md, sections 1, 2, 8 and 9.
    for _, number in ipairs {
      7000215, 7000222, 700016, 90002, 900023, 70011, 1002012, 700027, 700021, 700023, 700024,
      50027, 700030, 700211, 700212, 700213, 70021, 700082, 50076, 7000218, 53003, 50011, 65001,
      54005, 50173, 70043, 70008, 50079, 700025, 7000112, 900144, 500011, 50001, 650057, 900382,
      900384, 90038, 50196, 90006, 90012, 90024, 90033, 90055, 90090, 70016, 70018, 70019, 70020,
      9001023,
    } do
      assert.is_true(aadsts.knows(number), number)
    end
  end)

  it("are answered as Entra does, with the client's own id where it gave one", function()
    local ok, raised = pcall(aadsts.raise, 90002, "contoso")
    assert.is_true(not ok and aadsts.is(raised))
    local given = aadsts.answer(raised, WORLD, "mine")
    assert.same(
      { 400, "invalid_request", { 90002 }, "2001-09-09 01:46:40Z", "a-guid", "mine" },
      {
        given.status, given.json.error, given.json.error_codes, given.json.timestamp,
        given.json.trace_id, given.json.correlation_id,
      })
    assert.is_truthy(given.json.error_description:find("^AADSTS90002: Tenant 'contoso' not found"))
    assert.equal("a-guid", aadsts.answer(raised, WORLD).json.correlation_id)
  end)

  it("keep a percent sign in what they tell", function()
    local _, raised = pcall(aadsts.raise, 90002, "%s%d")
    assert.is_truthy(raised.text:find("'%s%d'", 1, true))
  end)

  it("show dots for a value that is missing", function()
    assert.is_truthy(aadsts.made(90002).text:find("'...'", 1, true))
  end)

  it("have one without a number of its own", function()
    local _, raised = pcall(aadsts.slow_down)
    assert.same({ 400, "slow_down" }, { raised.status, raised.word })
  end)
end)
