--- csrc/challenge.c.
local pure = require "pure"
local vectors = require "spec.vectors"

local CP1 = '"access_token":{"xms_cc":{"values":["cp1"]}}'

local function encoded(text)
  return require("azureml.core").crypto.base64(text)
end

local function read(...)
  local lines = {}
  for i, value in ipairs { ... } do lines[i] = "WWW-Authenticate: " .. value end
  return pure.challenge(lines)
end

describe("a challenge", function()
  for i, vector in ipairs(vectors.other().cae_challenges) do
    it(("of the vectors, number %d, demands claims: %s"):format(i, vector.retry), function()
      local kind, claims = read(vector.header)
      assert.equal(vector.retry, kind == "claims")
      if vector.merged_with_cp1 then assert.equal(vector.merged_with_cp1, claims) end
      if vector.claims == '{"a":1}' then assert.equal('{"a":1,' .. CP1 .. "}", claims) end
    end)
  end

  local DEMAND = 'Bearer error="insufficient_claims", claims="' .. encoded '{"a":1}' .. '"'

  for name, row in pairs {
    ["in a second field"] = { { 'Negotiate', DEMAND }, "claims" },
    ["behind another scheme's parameters"] = {
      { 'PoP nonce="x", error="invalid", ' .. DEMAND }, "claims"
    },
    ["in letters of another case"] = {
      { (DEMAND:gsub("Bearer error", "BEARER ERROR")) }, "claims"
    },
    ["with blanks around the equals sign"] = { { (DEMAND:gsub("=\"ins", " = \"ins")) }, "claims" },
    ["without quotes"] = {
      { "Bearer error=insufficient_claims, claims=" .. encoded '{"a":1}' }, "claims"
    },
    ["with the alphabet for URLs"] = {
      { 'Bearer error="insufficient_claims", claims="eyJhIjoiPz8_In0"' }, "claims"
    },
    ["with claims that are no object"] = {
      { 'Bearer error="insufficient_claims", claims="' .. encoded "[1]" .. '"' }, "unreadable"
    },
    ["with claims that are no JSON"] = {
      { 'Bearer error="insufficient_claims", claims="' .. encoded "{" .. '"' }, "unreadable"
    },
    ["with empty claims"] = { { 'Bearer error="insufficient_claims", claims=""' }, "unreadable" },
    ["with claims beyond all measure"] = {
      { 'Bearer error="insufficient_claims", claims="'
        .. encoded('{"a":"' .. ("x"):rep(20000) .. '"}') .. '"' }, "unreadable",
    },
    ["of another error"] = { { (DEMAND:gsub("insufficient_claims", "invalid_token")) }, "token" },
    ["that only quotes one"] = {
      { "Bearer realm=\"error=insufficient_claims, claims=eyJhIjoxfQ\"" }, "token"
    },
    ["with an end of its quotes too few"] = {
      { 'Bearer error="insufficient_claims, claims="' }, "token"
    },
    ["that is nonsense"] = { { '=,=,"" = x ="' }, "token" },
    ["that is empty"] = { { "" }, "token" },
    ["that is not there"] = { {}, "token" },
  } do
    it(name .. " is understood: " .. row[2], function()
      local kind, claims = read(table.unpack(row[1]))
      assert.equal(row[2], kind)
      assert.equal(kind == "claims", claims ~= nil)
    end)
  end

  it("keeps the other claims about the access token", function()
    local _, claims = read(
      'Bearer error="insufficient_claims", claims="'
      .. encoded '{"access_token":{"nbf":{"essential":true}}}' .. '"')
    assert.equal('{"access_token":{"nbf":{"essential":true},"xms_cc":{"values":["cp1"]}}}', claims)
  end)

  it("has parameters by scheme and name", function()
    local lines = {
      'WWW-Authenticate: Basic realm="a\\"b", Bearer realm="", authorization_uri="https://login/t"'
    }
    assert.equal('a"b', pure.challenge_parameter(lines, "basic", "Realm"))
    assert.equal("", pure.challenge_parameter(lines, "Bearer", "realm"))
    assert.equal("https://login/t", pure.challenge_parameter(lines, "Bearer", "authorization_uri"))
    assert.is_nil(pure.challenge_parameter(lines, "Basic", "authorization_uri"))
  end)
end)
