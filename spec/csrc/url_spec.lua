--- URLs as text: csrc/url.c.
local url = require "pure".url

local LONG = ("x"):rep(8000)

describe("url_origin", function()
  for _, row in ipairs {
    { "https://management.azure.com/subscriptions/1?api-version=2",
      "https://management.azure.com:443" },
    { "https://management.azure.com", "https://management.azure.com:443" },
    { "http://localhost", "http://localhost:80" },
    { "HTTPS://Management.AZURE.com/A", "https://management.azure.com:443" },
    { "https://management.azure.com./", "https://management.azure.com:443" },
    { "https://host:8443/x", "https://host:8443" },
    { "https://host:443", "https://host:443" },
    { "https://host:0443", "https://host:443" },
    { "https://host:/x", "https://host:443" },
    { "http://host:443/", "http://host:443" },
    { "https://host?x=1", "https://host:443" },
    { "https://host#x", "https://host:443" },
    { "https://host/" .. LONG, "https://host:443" },
    { "http://127.0.0.1:8080/", "http://127.0.0.1:8080" },
    { "http://[::1]:8080/", "http://[::1]:8080" },
    { "http://[0:0:0:0:0:0:0:1]/", "http://[::1]:80" },
    { "https://[2001:DB8::A]/", "https://[2001:db8::a]:443" },
    { "https://host/a?u=http://other/", "https://host:443" },
    { "https://host/@other", "https://host:443" }
  } do
    it(("of %s is %s"):format(row[1]:sub(1, 70), row[2]), function()
      assert.equal(row[2], url.origin(row[1]))
    end)
  end

  for _, bad in ipairs {
    "", "/", "/path", "host", "host:443", "//host/x", "ftp://host/", "file:///etc/passwd",
    "javascript:alert(1)", "https:", "https:/host",
    "https://", "https:///host", "https:////host", "https://?x", "https://.", "https://..",
    "https://a..", "https://:443",
      "https://host:port", "https://host:99999",
    "https://host:-1", "https://a:b:c", "https://[::1", "https://[::g]",
    "https://[fe80::1%25eth0]/", "https://a]b/",
    "https://user@host/", "https://user:password@host/", "https://@host/", "https://good@evil/",
    "https://good%40evil/",
      "https://good\\@evil/",
    "https://good\\.evil/", "https://ho st/", "https://host/a b", "https://host/a\r\nX: y",
    "https://host/\t", "https://host\n",
      "https://host/\127",
    " https://host/", "https://%6c%6fcalhost/", "https://höst/", "https://" .. LONG,
    "https+unix://host/", "xhttps://host"
  } do
    it(("refuses %q"):format(bad:sub(1, 60)), function()
      assert.is_nil(url.origin(bad))
    end)
  end

  it("refuses nil", function() assert.is_nil(url.origin(nil)) end)
end)

describe("url_same_origin", function()
  for _, row in ipairs {
    { "https://a.com/x", "https://A.COM:443/y", true },
    { "https://a.com./x", "https://a.com", true },
    { "http://[::1]/", "http://[0::1]:80", true },
    { "http://127.1/", "http://127.0.0.1/", true },      -- libcurl connects to the same place
    { "https://a.com", "http://a.com", false },
    { "https://a.com", "http://a.com:443", false },
    { "https://a.com", "https://a.com:8443", false },
    { "https://a.com", "https://a.com.evil.com", false },
    { "https://a.com", "https://a.com@evil.com", false },
    { "https://a.com", "https://a.comevil", false },
    { "https://a.com", "a.com", false },
    { "a.com", "a.com", false },
    { "https://a.com", nil, false },
    { nil, nil, false }
  } do
    it(("says %s of %s and %s"):format(row[3], tostring(row[1]), tostring(row[2])), function()
      assert.equal(row[3], url.same_origin(row[1], row[2]))
      assert.equal(row[3], url.same_origin(row[2], row[1]))
    end)
  end
end)

describe("url_target", function()
  for _, row in ipairs {
    { "https://host/a/b?c=d", "/a/b?c=d" },
    { "https://host", "" },
    { "https://host:1/", "/" },
    { "https://host?x=/y", "?x=/y" },
    { "https://host/a?u=http://other/x", "/a?u=http://other/x" },
    { "/a?u=http://other/x", "/a?u=http://other/x" },
    { "/a/b", "/a/b" },
    { "", "" }
  } do
    it(("of '%s' is '%s'"):format(row[1], row[2]), function()
      assert.equal(row[2], url.target(row[1]))
    end)
  end
end)

describe("url_is_secure", function()
  it("is for https only", function()
    assert.is_true(url.is_secure("https://host"))
    assert.is_true(url.is_secure("HTTPS://host"))
    assert.is_false(url.is_secure("http://host"))
    assert.is_false(url.is_secure("httpss://host"))
    assert.is_false(url.is_secure(""))
  end)
end)

describe("url_is_loopback", function()
  for _, good in ipairs {
    "http://127.0.0.1", "http://127.0.0.1:8080/x", "http://127.255.0.9/", "http://[::1]:80/",
    "http://[0:0:0:0:0:0:0:1]",
      "http://localhost/",
    "https://LOCALHOST:1", "http://localhost./", "http://127.1/", "http://2130706433/",
    "http://0x7f000001/"
  } do
    it("says yes to " .. good, function() assert.is_true(url.is_loopback(good)) end)
  end
  for _, bad in ipairs {
    "http://127.0.0.1.evil.com/", "http://127.evil.com/", "http://localhost.evil.com/",
    "http://localhost.localdomain",
      "http://evil.com/127.0.0.1",
    "http://evil.com/?localhost", "http://evil.com#localhost", "http://localhost@evil.com",
    "http://localhost:80@evil.com/",
      "http://128.0.0.1",
    "http://10.0.0.127", "http://0.0.0.0/", "http://[::2]/", "http://[::]/", "http://[fe80::1]/",
    "http://notlocalhost", "localhost",
      "127.0.0.1", "",
    "ftp://127.0.0.1/", "http://1270.0.0.1/"
  } do
    it("says no to " .. bad, function() assert.is_false(url.is_loopback(bad)) end)
  end
end)

describe("url_resolve", function()
  -- RFC 3986, 5.4, less the fragments, which are never sent
  for reference, expected in pairs {
    ["g"] = "http://a/b/c/g", ["./g"] = "http://a/b/c/g", ["g/"] = "http://a/b/c/g/",
    ["/g"] = "http://a/g", ["//g"] = "http://g/",
    ["?y"] = "http://a/b/c/d;p?y", ["g?y"] = "http://a/b/c/g?y", ["#s"] = "http://a/b/c/d;p?q",
    ["g#s"] = "http://a/b/c/g",
    ["g?y#s"] = "http://a/b/c/g?y", [";x"] = "http://a/b/c/;x", ["g;x"] = "http://a/b/c/g;x",
    ["g;x?y#s"] = "http://a/b/c/g;x?y",
    [""] = "http://a/b/c/d;p?q", ["."] = "http://a/b/c/", ["./"] = "http://a/b/c/",
    [".."] = "http://a/b/", ["../"] = "http://a/b/",
    ["../g"] = "http://a/b/g", ["../.."] = "http://a/", ["../../"] = "http://a/",
    ["../../g"] = "http://a/g", ["../../../g"] = "http://a/g",
    ["../../../../g"] = "http://a/g", ["/./g"] = "http://a/g", ["/../g"] = "http://a/g",
    ["g."] = "http://a/b/c/g.",
      ["..g"] = "http://a/b/c/..g",
    ["./../g"] = "http://a/b/g", ["./g/."] = "http://a/b/c/g/", ["g/./h"] = "http://a/b/c/g/h",
    ["g/../h"] = "http://a/b/c/h",
    ["g;x=1/./y"] = "http://a/b/c/g;x=1/y", ["g;x=1/../y"] = "http://a/b/c/y",
    ["g?y/./x"] = "http://a/b/c/g?y/./x",
    ["g?y/../x"] = "http://a/b/c/g?y/../x"
  } do
    it(("of '%s' against http://a/b/c/d;p?q is %s"):format(reference, expected), function()
      assert.equal(expected, url.resolve("http://a/b/c/d;p?q", reference))
    end)
  end

  for _, absolute in ipairs {
    "https://management.azure.com/x/../y/./z?api-version=1&t=1&c=MII%2fabc%2B"
      .. "&s=a+b/c==&h=~!$'()*,;:@",
    "HTTPS://Host:443", "http://host:80?x", "https://host/%zz%2F%2f//a\\b|{}^`\"<>",
    "https://host/\xC3\xA9", "https://host/?" .. LONG
  } do
    it("gives back byte for byte " .. absolute:sub(1, 60), function()
      assert.equal(absolute, url.resolve("https://base/path", absolute))
    end)
  end

  it("keeps a signed relative reference as it is", function()
    local signed = "/ops/1?t=1&c=MII%2fabc%2B&s=a+b/c==&h=%zz"
    assert.equal("https://base:8443" .. signed, url.resolve("https://base:8443/x?y", signed))
    assert.equal("https://base/?" .. LONG, url.resolve("https://base", "/?" .. LONG))
  end)

  for _, bad in ipairs {
    "ftp://host/", "mailto:x@y", "file:///etc/passwd", "https://", "https:///x",
    "https://user@host/", "//user@host/", "//", "a b",
      "/a\r\nX: y", "/\127",
    "https://host/a b", "//[::g]/", "http://host:99999/"
  } do
    it(("refuses %q"):format(bad), function()
      assert.is_nil(url.resolve("https://base/path", bad))
    end)
  end

  it("refuses an invalid base, and nil", function()
    assert.is_nil(url.resolve("/path", "x"))
    assert.is_nil(url.resolve("/path", ""))
    assert.is_nil(url.resolve(nil, "https://host/"))
    assert.is_nil(url.resolve("https://host/", nil))
  end)
end)

describe("url_redacted", function()
  for _, row in ipairs {
    { "https://host/a/b", "https://host/a/b" },
    { "https://host/a?api-version=2024-04-01&service=new&t=1&s=secret",
      "https://host/a?api-version=2024-04-01&service=***&t=***&s=***" },
    { "https://host/a?API-Version=1&api-version2=x",
      "https://host/a?API-Version=1&api-version2=***" },
    { "https://host/a?s=x=y=z", "https://host/a?s=***" },
    { "https://host/a?secret", "https://host/a?***" },
    { "https://host/a?=secret", "https://host/a?=***" },
    { "https://host?sig=secret#secret", "https://host?sig=***" },
    { "https://host/a#secret?x=y", "https://host/a" },
    { "https://user:secret@host:1/a", "https://***@host:1/a" },
    { "ftp://user:sec@ret@host/a", "ftp://***@host/a" },
    { "https://host/a@b", "https://host/a@b" },
    { "https://user:sec/ret?@host/a", "https://***@host/a" },
    { "user:secret@host/a", "***@host/a" },
    { "user:sec/ret@host", "***@host" },
    { "//user:secret@host", "//***@host" },
    { "http:/user:secret@host", "http:/***@host" },
    { "socks5h://user:secret@host:1080", "socks5h://***@host:1080" },
    { "http://user:secret", "http://user:***" },
    { "http://host:8080/a@b", "http://host:8080/a@b" },
    { "http://[::1]:8080/a@b", "http://[::1]:8080/a@b" },
    { "/path?sig=secret&api-version=1", "/path?sig=***&api-version=1" },
    { "?sig=secret", "?sig=***" },
    { "https://host/a?", "https://host/a?" },
    { "https://host/\27[2J\r\n\xC3\xA9?\1=secret", "https://host/%1B[2J%0D%0A%C3%A9?%01=***" },
    { "", "" }
  } do
    it(("shows %q as %s"):format(row[1], row[2]), function()
      assert.equal(row[2], url.redacted(row[1]))
    end)
  end
end)

describe("url_escape", function()
  it("keeps unreserved characters, and escapes all others with capital digits", function()
    assert.equal("AZaz09-._~", url.escape("AZaz09-._~"))
    assert.equal("a%20b%2Fc%3Fd%26e%3D%25%2B", url.escape("a b/c?d&e=%+"))
    assert.equal("%00%C3%A9%FF", url.escape("\0é\xFF"))
    assert.equal("", url.escape(""))
  end)

  it("keeps the texts that url_is_unreserved accepts, and no others", function()
    assert.is_true(url.is_unreserved(""))
    for byte = 0, 255 do
      local text = ("a%cz"):format(byte)
      assert.equal(url.escape(text) == text, url.is_unreserved(text), ("%q"):format(text))
    end
  end)
end)

describe("random bytes", function()
  local pieces = {
    "https://", "http://", "//", "/", "?", "#", "@", ":", "[", "]", "%", "\\", ".", "..", "a",
    "host", "::1", "127.0.0.1", "&", "=", " ", "\r\n", "é"
  }

  local function random_text()
    local text = {}
    for i = 1, math.random(0, 12) do
      text[i] = math.random(4) == 1 and string.char(math.random(1, 255))
        or pieces[math.random(#pieces)]
    end
    return table.concat(text)
  end

  it("keep every invariant", function()
    math.randomseed(20240401)
    for _ = 1, 20000 do
      local text, reference = random_text(), random_text()
      local origin = url.origin(text)
      if origin then
        assert.truthy(origin:match("^https?://[%[%]%w%.%-_:]+:%d+$"), text)
        assert.equal(origin, url.origin(origin), text)
        assert.is_true(url.same_origin(text, origin), text)
      end
      local resolved = url.resolve(origin and text or "https://base:8443/x?y", reference)
      if resolved then
        assert.truthy(url.origin(resolved), resolved)
        assert.is_nil(resolved:find("[%c ]"), resolved)
      end
      assert.is_nil(url.redacted(text):find("[^\33-\126]"), text)
      local target = url.target(text)
      assert.equal(target, text:sub(#text - #target + 1), text)
    end
  end)
end)

describe("url_mend", function()
  for _, row in ipairs {
    { "https://host/a?$skip=a b", "https://host/a?$skip=a%20b" },
    { "https://host/a?$skip=a|b", "https://host/a?$skip=a%7Cb" },
    { 'https://host/a?$skip=a"b', "https://host/a?$skip=a%22b" },
    { "https://host/a?$skip=\xC3\xA9", "https://host/a?$skip=%C3%A9" },
    { "https://host/a?$skip={a}", "https://host/a?$skip=%7Ba%7D" },
    { "https://host/a?$skip=[a]", "https://host/a?$skip=%5Ba%5D" },
    { "https://host/a?$skip=a\\b", "https://host/a?$skip=a%5Cb" },
    { "https://host/a b/<c>^`?d", "https://host/a%20b/%3Cc%3E%5E%60?d" },
    { "https://host/a\r\nX: y\127", "https://host/a%0D%0AX:%20y%7F" },
    { "https://host/100%", "https://host/100%25" },
    { "https://host/%zz%2", "https://host/%25zz%252" },
    { "two?x=a b", "two?x=a%20b" },
    { "a b", "a%20b" },
    { "http://[::1]:80/[", "http://[::1]:80/%5B" },
    { "https://ho st/a b", "https://ho st/a%20b" },
    { "", "" },
  } do
    it(("makes %s of %q"):format(row[2], row[1]), function()
      assert.equal(row[2], url.mend(row[1]))
      assert.equal(row[2], url.mend(row[2]))
    end)
  end

  for _, allowed in ipairs {
    "https://host/x/../y;z?api-version=1&$skip=a+b%20c%2B%2b&h=~!$'()*,;:@/?#frag", "/a%C3%A9",
      "../x", "//host:8443/x", "https://host",
  } do
    it("keeps " .. allowed, function() assert.equal(allowed, url.mend(allowed)) end)
  end
end)

describe("url_add_query", function()
  for _, row in ipairs {
    { "https://host/ops/1", "api-version=1", "https://host/ops/1?api-version=1" },
    { "https://host/ops/1?t=1&s=%2f+", "api-version=1",
      "https://host/ops/1?t=1&s=%2f+&api-version=1" },
    { "https://host/ops/1?api-version=2", "api-version=1", "https://host/ops/1?api-version=2" },
    { "https://host/ops/1?t=1&API-Version=2&x", "api-version=1&x=2&y=3",
      "https://host/ops/1?t=1&API-Version=2&x&y=3" },
    { "https://host/ops/1?api-version2=2&my-api-version=3", "api-version=1",
      "https://host/ops/1?api-version2=2&my-api-version=3&api-version=1" },
    { "https://host/ops/1?s=api-version=2", "api-version=1",
      "https://host/ops/1?s=api-version=2&api-version=1" },
    { "https://host/ops/1?s=a?b", "c=1", "https://host/ops/1?s=a?b&c=1" },
    { "https://host", "a=1&a=2&&b", "https://host?a=1&a=2&b" },
    { "https://host/ops/1?t=1", "", "https://host/ops/1?t=1" },
    { "https://host/ops/1?", "a=1", "https://host/ops/1?&a=1" },
  } do
    it(("adds '%s' to %s"):format(row[2], row[1]), function()
      assert.equal(row[3], url.add_query(row[1], row[2]))
      assert.equal(row[3], url.add_query(row[3], row[2]))
    end)
  end
end)
