--- Errors, read from the various shapes of services' replies: csrc/error.c.
local json = require "azureml.json"
local pure = require "pure"

local function from_reply(status, body, headers)
  local e = pure.error()
  e:from_reply { status = status, body = body, headers = headers }
  return e:fields()
end

local function from_status(body, word)
  local e = pure.error()
  e:from_status({ status = 200, body = body, headers = { "x-ms-request-id: rid" } },
    word or "Failed")
  return e:fields()
end

local ENTRA =
  '{"error":"invalid_client","error_description":"%s","error_codes":[7000215],'
  .. '"timestamp":"2024-01-01 00:00:00Z","trace_id":"trace","correlation_id":"correlation",'
  .. '"error_uri":"https://login.microsoftonline.com/error?code=7000215"}'
local SECRET =
  "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent is the secret value."

-- each row: title, status, body; expected code, message, target
local SHAPES = {
  { "ARM's envelope", 404,
    '{"error":{"code":"ResourceNotFound","message":"The Resource x was not found.","target":"x",'
    .. '"details":[{"code":"D"}]}}',
    "ResourceNotFound", "The Resource x was not found.", "x" },
  { "the live provider's envelope", 400,
    '{"error":{"code":"UserError","severity":null,"message":"No {0}.","messageFormat":null,'
    .. '"messageParameters":{},"referenceCode":null,"detailsUri":null,"target":null,"details":[],'
    .. '"innerError":{"code":"Bad","innerError":null},"debugInfo":null}}',
    "UserError", "No {0}." },
  { "an envelope in an envelope", 400, '{"error":{"error":{"code":"Inner","message":"inner"}}}',
    "Inner", "inner" },
  { "two envelopes that both tell", 400,
    '{"error":{"code":"Outer","message":"outer","error":{"code":"Inner"}}}', "Inner", "outer" },
  { "no envelope", 409, '{"code":"Conflict","message":"busy"}', "Conflict", "busy" },
  { "a message alone", 400, '{"message":"only text"}', "Http400", "only text" },
  { "a capital Message", 401, '{"Message":"Authorization has been denied."}',
    "Http401", "Authorization has been denied." },
  { "a status and a message", 400, '{"status":400,"message":"Expected bad request"}',
    "Http400", "Expected bad request" },
  { "capitals in the envelope", 400, '{"Error":{"Code":"C","Message":"M","Target":"T"}}',
    "C", "M", "T" },
  { "a code that is a number", 400, '{"error":{"code":400,"message":"m"}}', "400", "m" },
  { "a code that is a large number", 400, '{"error":{"code":12345678901,"message":"m"}}',
    "12345678901", "m" },
  { "a number beyond 64 bits beside the error", 400,
    '{"big":123456789012345678901234567890,"error":{"code":"C","message":"m"}}', "C", "m" },
  { "a code that is a list", 400, '{"error":{"code":[],"message":{},"target":true}}',
    "Http400", "HTTP 400 Bad Request" },
  { "a code and no message", 409, '{"error":{"code":"Conflict"}}',
    "Conflict", "HTTP 409 Conflict" },
  { "empty texts", 409, '{"error":{"code":"","message":"","target":""}}',
    "Http409", "HTTP 409 Conflict" },
  { "an error of null", 500, '{"error":null}', "Http500", "HTTP 500 Internal Server Error" },
  { "an error that is a list", 500, '{"error":[1]}', "Http500", "HTTP 500 Internal Server Error" },
  { "an empty object", 400, '{}', "Http400", "HTTP 400 Bad Request" },
  { "a list", 400, '[{"code":"x"}]', "x", "HTTP 400 Bad Request" },
  { "an error in a list", 400, '[{"error":{"code":"C","message":"m"}},{"code":"D"}]', "C", "m" },
  { "a list of errors", 400, '{"errors":[{"code":"C","message":"m","target":"t"},{"code":"D"}]}',
    "C", "m", "t" },
  { "a list as the error", 400, '{"error":[{"code":"C","message":"m"}]}', "C", "m" },
  { "a list of texts", 400, '{"errors":["first","second"]}', "Http400", "first" },
  { "an empty list", 400, '{"errors":[]}', "Http400", "HTTP 400 Bad Request" },
  { "OData's envelope", 400,
    '\xEF\xBB\xBF{"odata.error":{"code":"C","message":{"lang":"en","value":"m"}}}', "C", "m" },
  { "a message in a language", 400, '{"error":{"code":"C","message":{"lang":"en-us","value":"m"}}}',
    "C", "m" },
  { "a message in a language alone", 400, '{"message":{"lang":"en","value":"m"}}', "Http400", "m" },
  { "an error in the place of the message", 400,
    '{"error":{"code":"O","message":{"code":"C","message":"m"}}}', "C", "m" },
  { "a problem of RFC 9457", 400,
    '{"type":"u","title":"Bad input","status":400,"errors":{"vmSize":["unknown"]}}', "Http400",
    "Bad input" },
  { "a problem with a detail", 400, '{"title":"Bad input","detail":"vmSize is unknown."}',
    "Http400", "vmSize is unknown." },
  { "JSON in the message", 400,
    '{"error":{"code":"O","message":"{\\"error\\":{\\"code\\":\\"C\\",\\"message\\":\\"m\\",'
    .. '\\"target\\":\\"t\\"}}"}}', "C", "m", "t" },
  { "JSON after a byte order mark in the message", 400,
    '{"error":{"code":"O","message":"\\ufeff {\\"code\\":\\"C\\",\\"message\\":\\"m\\"}"}}',
    "C", "m" },
  { "a list in the message", 400,
    '{"error":{"code":"O","message":"[{\\"code\\":\\"C\\",\\"message\\":\\"m\\"}]"}}', "C", "m" },
  { "JSON in the message that tells nothing", 400, '{"error":{"code":"O","message":"{\\"a\\":1}"}}',
    "O", '{"a":1}' },
  { "JSON in the message that is cut off", 400,
    '{"error":{"code":"O","message":"{\\"code\\":\\"C"}}', "O", '{"code":"C' },
  { "JSON in the error", 400, '{"error":"{\\"code\\":\\"C\\",\\"message\\":\\"m\\"}"}', "C", "m" },
  { "JSON in a JSON text", 400, '"{\\"code\\":\\"C\\",\\"message\\":\\"m\\"}"', "C", "m" },
  { "a sentence as the error", 400, '{"error":"fetching token: no network"}', "Http400",
    "fetching token: no network" },
  { "a JSON text", 400, '"just text"', "Http400", "just text" },
  { "a JSON number", 400, "42", "Http400", "HTTP 400 Bad Request" },
  { "JSON null", 400, "null", "Http400", "HTTP 400 Bad Request" },
  { "a byte order mark before JSON", 400, '\xEF\xBB\xBF{"error":{"code":"C","message":"m"}}',
    "C", "m" },
  { "a NUL in a JSON text", 400, '{"error":{"code":"C","message":"a\\u0000b"}}', "C", "a b" },
  { "Entra's error on lines", 401,
    ENTRA:format(
      SECRET .. "\\r\\nTrace ID: t\\r\\nCorrelation ID: c\\r\\nTimestamp: 2024-01-01 00:00:00Z"),
      "invalid_client", SECRET },
  { "Entra's error on one line", 401,
    ENTRA:format(SECRET .. " Trace ID: t Correlation ID: c Timestamp: 2024-01-01 00:00:00Z"),
    "invalid_client", SECRET },
  { "Entra's error without a tail", 400, ENTRA:format(SECRET), "invalid_client", SECRET },
  { "Entra's error that begins with a line end", 400,
    ENTRA:format("\\r\\n" .. SECRET .. "\\r\\nTrace ID: t"), "invalid_client", SECRET },
  { "Entra's error that is a tail only", 400, ENTRA:format("Trace ID: t"),
    "invalid_client", "HTTP 400 Bad Request" },
  { "an error word alone", 400, '{"error":"invalid_request"}',
    "invalid_request", "HTTP 400 Bad Request" },
  { "an error word and a message", 404,
    '{"timestamp":1,"status":404,"error":"Not Found","message":"No route"}', "Not Found",
    "No route" },
  { "plain text", 400, "  Something\r\nwent wrong. ", "Http400", "Something went wrong." },
  { "JSON that was cut off", 400, '{"error":{"code":"C"', "Http400", '{"error":{"code":"C"' },
  { "an HTML page", 502,
    "<!DOCTYPE html><html><head><TITLE lang='en'>\n 502 Bad\nGateway </TITLE></head>"
    .. "<body>x</body></html>", "Http502",
    "HTTP 502 Bad Gateway, with an HTML page: 502 Bad Gateway" },
  { "an HTML page with an unassigned status", 444, "<html><body>odd</body></html>",
    "Http444", "HTTP 444, with an HTML page" },
  { "an HTML page with an empty title", 503, "\n<HTML><title> </title></HTML>", "Http503",
    "HTTP 503 Service Unavailable, with an HTML page" },
  { "an HTML page whose title has no end", 503, "<html><title>cut",
    "Http503", "HTTP 503 Service Unavailable, with an HTML page" },
  { "an HTML page whose title tag has no end", 503, "<html><title</title",
    "Http503", "HTTP 503 Service Unavailable, with an HTML page" },
  { "XML", 400, '<?xml version="1.0"?><Error><Code>C</Code></Error>',
    "Http400", '<?xml version="1.0"?><Error><Code>C</Code></Error>' },
  { "bytes that are no text", 500, "\x89PNG\r\n\26\n\0\0",
    "Http500", "HTTP 500 Internal Server Error, with a body that is not text" },
  { "Latin-1", 500, "caf\xE9",
    "Http500", "HTTP 500 Internal Server Error, with a body that is not text" },
  { "nothing", 503, nil, "Http503", "HTTP 503 Service Unavailable" },
  { "an empty text", 503, "", "Http503", "HTTP 503 Service Unavailable" },
  { "blanks", 429, " \r\n\t", "Http429", "HTTP 429 Too Many Requests" },
  { "a byte order mark alone", 503, "\xEF\xBB\xBF", "Http503", "HTTP 503 Service Unavailable" },
  { "control characters", 400,
    '{"error":{"code":"C\\u001bD","message":"a\\u001b[2Jb\\r\\n\\u009bc","target":"t\\n"}}', "C D",
    "a [2Jb c", "t" }
}

describe("error_from_reply", function()
  for _, row in ipairs(SHAPES) do
    it("reads " .. row[1], function()
      local e = from_reply(row[2], row[3])
      assert.equal("http", e.kind)
      assert.equal(row[2], e.status)
      assert.equal(row[4], e.code)
      assert.equal(row[5], e.message)
      assert.equal(row[6], e.target)
      assert.equal(0, e.outcome_unknown)
      assert.equal(0, e.retry_after)
    end)
  end

  local function more_of(body)
    local more = from_reply(400, body).more
    return more and json.decode(more)
  end

  it("reads layer upon layer of JSON in messages", function()
    local body = '{"code":"Deep","message":"deep"}'
    for _ = 1, 5 do body = json.encode { error = { code = "Outer", message = body } } end
    local e = from_reply(400, body)
    assert.same({ "Deep", "deep" }, { e.code, e.message })
  end)

  for _, body in ipairs {
    '{"error":{"code":"A",%s}}', '{"error":{"error":{"code":"A",%s}}}', '{"code":"A",%s}',
      '{"odata.error":{%s}}', '[{%s}]',
    '{"error":{"code":"A","details":[{"code":"Outer"}],"error":{%s}}}',
  } do
    it("hands over what stands beside code and message: " .. body, function()
      local more = more_of(body:format('"details":[{"code":"D","message":"d","more":1}],'
        .. '"innerError":{"code":"I"},'
        .. '"additionalInfo":[{"type":"PolicyViolation","info":{"name":"p"}}]'))
      assert.same({
        details = { { code = "D", message = "d", more = 1 } }, innererror = { code = "I" },
        additionalInfo = { { type = "PolicyViolation", info = { name = "p" } } },
      }, more)
    end)
  end

  it("hands over what stands beside code and message in JSON in the message", function()
    local inner = json.encode { error = { code = "I", message = "i", details = { { code = "D",
      message = "d" } } } }
    local more = more_of(json.encode { error = { code = "O", message = inner,
      details = { { code = "Outer" } } } })
    assert.same({ { code = "D", message = "d" } }, more.details)
  end)

  for _, row in ipairs {
    { "an envelope", '[{"error":{"code":"D","message":"d"}}]', { code = "D", message = "d",
      error = { code = "D", message = "d" } } },
    { "JSON in the message",
      '[{"code":"O","message":"{\\"code\\":\\"D\\",\\"message\\":\\"d\\"}"}]', { code = "D",
      message = "d" } },
    { "capitals", '[{"Code":"D","Message":"d"}]', { Code = "D", Message = "d", code = "D",
      message = "d" } },
    { "a text", '["d"]', { message = "d" } },
    { "a text for the list", '"d"', { message = "d" } },
    { "a message in a language", '[{"message":{"lang":"en","value":"d"}}]', { message = "d" } },
    { "a code alone", '[{"code":"D"}]', { code = "D" } },
  } do
    it("has code and message of a detail in their usual places: " .. row[1], function()
      assert.same({ row[3] },
        more_of(('{"error":{"code":"A","details":%s}}'):format(row[2])).details)
    end)
  end

  it("tells the errors of a list that has several as details", function()
    local more = more_of '{"errors":[{"code":"A","message":"a"},{"code":"B","message":"b"}]}'
    assert.same({ { code = "A", message = "a" }, { code = "B", message = "b" } }, more.details)
  end)

  for _, body in ipairs {
    "[]", "null", '"text"', "12", '{"error":"text"}', '{"error":null}', '{"details":null}',
      '{"error":{"code":"A","details":[]}}',
    '{"details":5,"innererror":"x","additionalInfo":true}', "plain", "{", '{"innererror":{}}',
  } do
    it("hands over nothing more of " .. body, function() assert.is_nil(more_of(body)) end)
  end

  it("parses JSON under any Content-Type", function()
    for _, type in ipairs { "text/plain", "text/html", "application/octet-stream", "" } do
      assert.equal("C",
        from_reply(400, '{"error":{"code":"C","message":"m"}}', { "Content-Type: " .. type }).code)
    end
  end)

  it("recognizes an HTML page by its Content-Type too", function()
    assert.equal("HTTP 502 Bad Gateway, with an HTML page: T",
      from_reply(502, "<!-- x --><title>T</title>", { "content-type: text/html" }).message)
  end)

  it("takes the code from x-ms-error-code when the body has none", function()
    local header = { "x-ms-error-code: FromHeader" }
    assert.equal("FromHeader", from_reply(404, nil, header).code)
    assert.equal("FromHeader", from_reply(404, "<html>", header).code)
    assert.equal("FromHeader", from_reply(404, '{"error":{"message":"m"}}', header).code)
    assert.equal("FromBody", from_reply(404, '{"error":{"code":"FromBody"}}', header).code)
    assert.equal("Http404", from_reply(404, nil, { "x-ms-error-code:" }).code)
  end)

  it("takes the request id from the headers, Entra's from its body", function()
    assert.equal("r",
      from_reply(500, nil, { "x-ms-correlation-request-id: c", "x-ms-request-id: r" }).request_id)
    assert.equal("c", from_reply(500, nil, { "x-ms-correlation-request-id: c" }).request_id)
    assert.equal("c",
      from_reply(500, nil, { "x-ms-correlation-request-id: c", "x-ms-request-id:" }).request_id)
    assert.is_nil(from_reply(500, nil).request_id)
    assert.equal("correlation",
      from_reply(401, ENTRA:format("x"), { "x-ms-request-id: r" }).request_id)
    assert.equal("t",
      from_reply(401, '{"error":"e","trace_id":"t"}', { "x-ms-request-id: r" }).request_id)
    assert.equal("r", from_reply(401, '{"error":"e"}', { "x-ms-request-id: r" }).request_id)
  end)

  it("reads Retry-After", function()
    assert.equal(7, from_reply(429, nil, { "Retry-After: 7" }).retry_after)
    assert.equal(0.5, from_reply(429, nil, { "retry-after-ms: 500" }).retry_after)
    local date = os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + 100)
    local after = from_reply(503, nil, { "Retry-After: " .. date }).retry_after
    assert.is_true(after > 90 and after <= 100)
  end)

  it("cuts long texts between characters", function()
    local e = from_reply(400,
      ('{"error":{"code":"%s","message":"%s","target":"%s"}}'):format(
        ("C"):rep(5000), ("日"):rep(5000), ("t"):rep(5000)))
    assert.equal(128, #e.code)
    assert.is_true(#e.message <= 1024 and #e.message > 1000)
    assert.truthy(utf8.len(e.message))
    assert.equal("...", e.message:sub(-3))
    assert.equal(1024, #e.target)
    assert.equal(1024, #from_reply(400, ("x"):rep(100000)).message)
    assert.is_true(
      #from_reply(400, "<html><title>" .. ("x"):rep(100000) .. "</title>").message < 300)
  end)

  it("survives deep nesting", function()
    local deep = ('{"error":'):rep(1000) .. '{"code":"Deep"}' .. ("}"):rep(1000)
    assert.equal("Deep", from_reply(400, deep).code)
    assert.equal("Http400", from_reply(400, ('{"error":'):rep(100000)).code)
    local lists = ('['):rep(1000) .. '{"code":"Deep"}' .. (',1]'):rep(1000)
    assert.equal("Deep", from_reply(400, lists).code)
    local messages = ('{"message":'):rep(1000) .. '{"code":"Deep"}' .. ("}"):rep(1000)
    assert.equal("Deep", from_reply(400, messages).code)
    assert.equal("Http400", from_reply(400, ("["):rep(100000)).code)
  end)

  it("survives random bytes, and always has a code and a message", function()
    math.randomseed(1969)
    local pieces = {
      "{", "}", "[", "]", ":", ",", '"', '"error"', '"code"', '"message"', '"x"', "1", "1e99",
      "null", "<html>", "<title>", "</title>", "\\u0000", "\\ud800", "\xEF\xBB\xBF",
      '"error_description"', '"Trace ID:"', '{"error":{', '"code":"C"', "}}"
    }
    for _ = 1, 10000 do
      local body = {}
      for i = 1, math.random(0, 14) do
        body[i] = math.random(6) == 1 and string.char(math.random(0, 255))
          or pieces[math.random(#pieces)]
      end
      local status = math.random(400, 599)
      local e = from_reply(status, table.concat(body))
      assert.equal(status, e.status)
      for _, text in ipairs { e.code, e.message } do
        assert.is_true(#text > 0 and #text <= 1024)
        assert.truthy(utf8.len(text))
        assert.is_nil(text:find "%c")
      end
    end
  end)
end)

describe("error_from_status", function()
  for _, row in ipairs {
    { "ARM's error",
      '{"status":"Failed","error":{"code":"StorageMountError","message":"Failed to mount.",'
      .. '"target":"t"}}',
      "StorageMountError", "Failed to mount.", "t" },
    { "a nested error", '{"status":"Failed","error":{"error":{"code":"C","message":"m"}}}',
      "C", "m" },
    { "a code that is a number", '{"status":"Failed","error":{"code":500,"message":"m"}}',
      "500", "m" },
    { "an error that is a text", '{"status":"Failed","error":"because"}', "because",
      "the operation ended as Failed; the service gave no reason" },
    { "a code and a message without an envelope", '{"status":"Failed","code":"C","message":"m"}',
      "C", "m" },
    { "a message without an envelope", '{"status":"Failed","message":"m"}', "Failed", "m" },
    { "no error", '{"status":"Failed"}',
      "Failed", "the operation ended as Failed; the service gave no reason" },
    { "an error of null", '{"status":"Failed","error":null}',
      "Failed", "the operation ended as Failed; the service gave no reason" },
    { "an error without a message", '{"status":"Failed","error":{"code":"C"}}', "C",
      "the operation ended as Failed; the service gave no reason" },
    { "a resource's provisioning errors",
      '{"properties":{"provisioningState":"Failed",'
      .. '"provisioningErrors":[{"error":{"code":"P","message":"p"}}]}}', "P", "p" },
    { "an instance's own errors",
      '{"properties":{"provisioningErrors":null,'
      .. '"properties":{"errors":[{"error":{"code":"I","message":"i"}}]}}}', "I", "i" },
    { "empty lists of errors",
      '{"properties":{"provisioningErrors":[],"properties":{"errors":[]}}}', "Failed",
      "the operation ended as Failed; the service gave no reason" },
    { "an error in the properties",
      '{"status":"Failed","properties":{"error":{"code":"P","message":"p"}}}', "P", "p" },
    { "an error that is a sentence", '{"status":"Failed","error":"it broke"}', "Failed",
      "it broke" },
    { "JSON in the message",
      '{"status":"Failed","error":{"code":"BadRequest","message":"{\\"error\\":{\\"code\\":\\"I\\",'
      .. '\\"message\\":\\"i\\"}}"}}', "I", "i" },
    { "a whole status in the message",
      '{"status":"Failed","error":{"code":"BadRequest","message":"{\\"id\\":\\"/x\\",'
      .. '\\"status\\":\\"Failed\\",\\"error\\":{\\"code\\":\\"Timeout\\",'
      .. '\\"message\\":\\"t\\"}}"}}',
      "Timeout", "t" },
    { "properties of another kind", '{"properties":[1]}',
      "Failed", "the operation ended as Failed; the service gave no reason" }
  } do
    it("reads " .. row[1], function()
      local e = from_status(row[2])
      assert.equal("operation", e.kind)
      assert.equal(200, e.status)
      assert.equal(row[3], e.code)
      assert.equal(row[4], e.message)
      assert.equal(row[5], e.target)
      assert.equal("rid", e.request_id)
      assert.is_nil(e.more)
      assert.equal(0, e.outcome_unknown)
    end)
  end

  it("has the code Canceled after a cancellation", function()
    local e = from_status('{"status":"Canceled"}', "Canceled")
    assert.equal("Canceled", e.code)
    assert.equal("the operation ended as Canceled; the service gave no reason", e.message)
  end)

  it("needs no body", function()
    assert.equal("Failed", from_status(nil).code)
    assert.is_nil(from_status(nil).more)
  end)
end)

describe("an error", function()
  local FIELDS = {
    "kind", "status", "code", "message", "target", "request_id", "more", "outcome_unknown",
    "retry_after"
  }

  local function full()
    local e = pure.error()
    e:from_reply {
      status = 429, body = '{"error":{"code":"C","message":"m","target":"t","details":["d"]}}',
      headers = { "x-ms-request-id: r", "Retry-After: 3" },
    }
    return e
  end

  it("is replaced as a whole", function()
    local e = full()
    e:set("Code", "message\nof two lines")
    assert.same(
      { kind = "usage", status = 0, code = "Code", message = "message of two lines",
        outcome_unknown = 0, retry_after = 0 }, e:fields())
    e:set(nil, "")
    assert.is_nil(e:fields().code)
  end)

  it("may be made from its own texts", function()
    local e = full()
    e:set_again()
    assert.equal("C", e:fields().code)
    assert.equal("again: m", e:fields().message)
  end)

  it("is copied", function()
    local from, to = full(), full()
    to:set("Old", "old")
    to:copy(from)
    from:clear()
    for _, name in ipairs(FIELDS) do
      assert.equal(full():fields()[name], to:fields()[name], name)
    end
    to:copy(to)
    assert.equal("C", to:fields().code)
  end)

  it("is moved", function()
    local from, to = full(), full()
    to:move(from)
    assert.equal("C", to:fields().code)
    assert.same({ kind = "none", status = 0, outcome_unknown = 0, retry_after = 0 }, from:fields())
    to:move(to)
    assert.equal("C", to:fields().code)
  end)

  it("may be cleared twice", function()
    local e = full()
    e:clear()
    e:clear()
    assert.equal("none", e:fields().kind)
  end)
end)

describe("a reply", function()
  it("is reset and cleared", function()
    local status, left, owned = pure.reply { status = 200, body = "body", headers = { "A: 1" } }
    assert.same({ 0, 0, false }, { status, left, owned })
  end)
end)
