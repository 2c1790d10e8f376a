-- csrc/front.c by way of azureml.httpd: a server with TLS, its clients well-behaved and hostile.
local certificate = require "spec.certificate"
local httpd = require "azureml.httpd"
local process = require "azureml.tool.process"
local server = require "azureml.tool.http_server"
local socket = require "spec.socket"

-- Clients are Python programs: their TLS is under the specs' control. `open` returns a TLS
-- connection, `Bytes` the same with its bytes in sight.
local CLIENT = [[
import socket, ssl, struct, sys, time
PORT, CA = int(sys.argv[1]), sys.argv[2]

def raw():
  return socket.create_connection(('127.0.0.1', PORT))

def context(**given):
  made = ssl.create_default_context(cafile=CA)
  for name, value in given.items(): setattr(made, name, value)
  return made

def open(made=None):
  return (made or context()).wrap_socket(raw(), server_hostname='127.0.0.1')

def request(path, body=b'', headers=b''):
  return (b'POST ' + path + b' HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n' % len(body) + headers
    + b'\r\n' + body)

def read_all(c):
  data = b''
  while True:
    more = c.recv(65536)
    if not more: return data
    data += more

def reset(c):
  c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
  c.close()

class Bytes:
  def __init__(self, c):
    self.c, self.come, self.go = c, ssl.MemoryBIO(), ssl.MemoryBIO()
    self.tls = context().wrap_bio(self.come, self.go, server_hostname='127.0.0.1')
  def send(self):
    data = self.go.read()
    if data: self.c.sendall(data)
  def do(self, f, *given):
    while True:
      try:
        result = f(*given)
        self.send()
        return result
      except ssl.SSLWantReadError:
        self.send()
        more = self.c.recv(65536)
        if more: self.come.write(more)
        else: self.come.write_eof()
  def read_all(self):
    data = b''
    while True:
      try: more = self.do(self.tls.read, 65536)
      except ssl.SSLZeroReturnError: return data
      if not more: return data
      data += more

CLOSE = b'Connection: close\r\n'
]]

local function descriptors()
  local file <close> = io.popen "ls /proc/$PPID/fd | wc -l"
  return file:read "n"
end

describe("a server with TLS", function()
  local authority, pair, one, handle

  setup(function()
    authority = certificate.authority()
    pair = certificate.server(authority, "IP:127.0.0.1")
  end)
  teardown(function() certificate.remove(authority) end)

  local function open(given)
    if one then one:close() end
    given = given or {}
    given.tls = pair
    one = server.start(given, function(request) return handle(request) end)
  end

  before_each(function()
    handle = function(request)
      return { status = 200, headers = {}, body = request.method .. #request.body }
    end
    open()
  end)
  after_each(function()
    one:close()
    one = nil
  end)

  local function port() return math.tointeger(tonumber(one:url():match ":(%d+)$")) end

  local function start(script, on_output)
    return process.start {
      argv = { "/usr/bin/python3", "-c", CLIENT .. script, tostring(port()), authority.ca_file },
      environment = {}, on_output = on_output,
    }
  end

  -- Serve until a client has ended; return what it printed.
  local function client(script)
    local running <close> = start(script)
    assert.equal(0, running:wait(60), running:text "errors")
    return running:text "output"
  end

  local function serves()
    client "c = open(); c.sendall(request(b'/', b'abc', CLOSE)); assert b'POST3' in read_all(c)"
  end

  local function serves_and_keeps(before)
    socket.wait("descriptors to be closed", function() return descriptors() <= before end)
    serves()
  end

  it("speaks TLS 1.2 and 1.3 and nothing older", function()
    assert.equal("TLSv1.2\nTLSv1.3\nTLSV1_ALERT_PROTOCOL_VERSION\n", client [[
V = ssl.TLSVersion
for version in V.TLSv1_2, V.TLSv1_3, V.TLSv1_1:
  made = context(minimum_version=V.TLSv1, maximum_version=version)
  made.set_ciphers('DEFAULT:@SECLEVEL=0')
  try:
    c = open(made)
    c.sendall(request(b'/', b'', CLOSE)); read_all(c)
    print(c.version())
  except ssl.SSLError as e: print(e.reason)
]])
  end)

  it("agrees to HTTP/1.1, and refuses a client that speaks only something else", function()
    assert.equal("http/1.1\nNone\nrefused\n", client [[
made = context(); made.set_alpn_protocols(['h2', 'http/1.1'])
print(open(made).selected_alpn_protocol())
print(open().selected_alpn_protocol())
made.set_alpn_protocols(['h2'])
try: open(made)
except ssl.SSLError: print('refused')
]])
  end)

  it("asks for no certificate, and keeps a connection for several requests", function()
    assert.equal("20 True\n", client [[
c = open(); count = 0
for i in range(20):
  c.sendall(request(b'/', b'x' * i))
  data = b''
  while not data.endswith(b'POST%d' % i): data += c.recv(4096)
  count += 1
print(count, c.getpeercert() is not None)
]])
  end)

  it("passes large bodies both ways, also to a slow client", function()
    handle = function(request) return { status = 200, headers = {}, body = request.body } end
    assert.equal("True\n", client [[
import os
body = os.urandom(5000000)
c = open()
c.sendall(request(b'/', body, CLOSE)); time.sleep(0.3)
print(read_all(c).partition(b'\r\n\r\n')[2] == body)
]])
  end)

  it("answers requests in one piece, in their order", function()
    assert.equal("50\n", client [[
c = open()
c.sendall(b''.join(request(b'/', b'x' * i) for i in range(49)) + request(b'/', b'x' * 49, CLOSE))
data = read_all(c)
places = [data.find(b'POST%d' % i) for i in range(50)]
print(len(places) if places == sorted(places) and places[0] >= 0 else data)
]])
  end)

  for name, ending in pairs {
    ["the end of TLS"] = [[
try: c.tls.unwrap()
except ssl.SSLError: pass
c.send()]],
    ["the end of its bytes"] = "c.c.shutdown(socket.SHUT_WR)",
  } do
    it("answers a client that has sent " .. name, function()
      handle = function(request)
        return { status = 200, headers = {}, body = request.method, delay = 0.05 }
      end
      assert.equal("True\n", client([[
c = Bytes(raw()); c.do(c.tls.do_handshake); c.do(c.tls.write, request(b'/', b'abc', CLOSE))
]] .. ending .. "\nprint(b'POST' in c.read_all())"))
    end)
  end

  it("ends its answers with the end of TLS", function()
    assert.equal("ended\n", client [[
made = context(); made.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
c = made.wrap_socket(raw(), server_hostname='127.0.0.1', suppress_ragged_eofs=False)
c.sendall(request(b'/', b'', CLOSE)); read_all(c); print('ended')
]])
  end)

  it("lets a client read a refusal that comes before the end of its request", function()
    assert.equal("HTTP/1.1 413 \n", client [[
c = open(); c.sendall(b'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999\r\n\r\n')
time.sleep(0.1)
try:
  for _ in range(30): c.sendall(b'z' * 100000)
except OSError: pass
print(c.recv(100)[:13].decode())
]])
  end)

  for _, method in ipairs { "GET", "DELETE", "PATCH" } do
    it(("says that it speaks https when it gets a %s without TLS"):format(method), function()
      local said = client(([[
c = raw(); c.sendall(b'%s / HTTP/1.1\r\nHost: a\r\n\r\n'); print(read_all(c).decode())
]]):format(method))
      assert.matches("^HTTP/1.1 400 Bad Request\r\n.*Content%-Length: 34\r\n\r\n"
        .. "This port speaks https, not http.\n\n$", said)
    end)
  end

  it("closes what sends garbage, cuts a handshake or spoils it, and serves others", function()
    serves()
    local before = descriptors()
    client [[
import random
random.seed(1)
hello = Bytes(None)
try: hello.tls.do_handshake()
except ssl.SSLWantReadError: pass
hello = hello.go.read()
for i in range(200):
  c = raw()
  spoilt = bytearray(hello); spoilt[random.randrange(len(hello))] ^= 1 + random.randrange(255)
  cut = hello[:random.randrange(1, 200)]
  c.sendall([random.randbytes(500), b'\x16' + random.randbytes(500), cut, bytes(spoilt),
    b'\0', b'\x16\x03\x01\xff\xff'][i % 6])
  if i % 3 == 0: reset(c)
  elif i % 3 == 1: c.close()
  else: c.shutdown(socket.SHUT_WR); c.close()
]]
    serves_and_keeps(before)
  end)

  it("loses nothing by clients that are cut within a request or an answer", function()
    handle = function() return { status = 200, headers = {}, body = ("x"):rep(3000000) } end
    client "c = open(); c.sendall(request(b'/', b'', CLOSE)); read_all(c)"
    local before = descriptors()
    client [[
whole = request(b'/', b'x' * 100000)
for i in range(200):
  c = open()
  size = [10, 60, 50000, len(whole)][i % 4]
  c.sendall(whole[:size])
  if i % 8 == 7: c.recv(100)
  if i % 3: reset(c)
  else: c.close()
]]
    handle = function() return { status = 200, headers = {}, body = "POST3" } end
    serves_and_keeps(before)
  end)

  it("cuts a handshake that takes too long, byte by byte or silent", function()
    open { request_time = 0.3 }
    local silent <close> = socket.connect(port(), "a silent client")
    local slow <close> = socket.connect(port(), "a slow client")
    slow:say "\x16\x03\x01\x02\x00"
    socket.wait("the slow client to be cut", function()
      if not slow.is_over then slow:say "\x01" end
      return slow.is_over
    end)
    silent:wait_end()
    assert.equal("", silent.heard)
  end)

  it("cuts a client that does not read its answer", function()
    open { request_time = 0.3 }
    handle = function() return { status = 200, headers = {}, body = ("x"):rep(30000000) } end
    local before = descriptors()
    local running <close> = start "c = open(); c.sendall(request(b'/')); time.sleep(60)"
    socket.wait("the client to come", function() return descriptors() > before + 4 end)
    socket.wait("the client to be cut", function() return descriptors() <= before + 4 end)
    assert.is_nil(running.code)
  end)

  it("gives up the oldest silent connection for a new one", function()
    open { connections = 10 }
    local idle = {}
    for index = 1, 30 do idle[index] = socket.connect(port(), "a silent client") end
    serves()
    idle[1]:wait_end()
    for _, each in ipairs(idle) do each:close() end
  end)

  for fault, said in pairs {
    close = "b''", garbage = "this is not HTTP",
    truncate = "Content-Length: 4\\r\\n\\r\\nab'",
  } do
    it("makes the fault " .. fault, function()
      handle = function() return { status = 200, headers = {}, body = "abcd", fault = fault } end
      local heard = client "c = open(); c.sendall(request(b'/')); print(read_all(c))"
      assert.truthy(heard:find(said, 1, true), heard)
    end)
  end

  it("makes the fault reset on the client's socket", function()
    handle = function() return { status = 200, headers = {}, body = "abcd", fault = "reset" } end
    assert.equal("ConnectionResetError\n", client [[
c = Bytes(raw()); c.do(c.tls.do_handshake); c.do(c.tls.write, request(b'/'))
try: print(read_all(c.c))
except OSError as e: print(type(e).__name__)
]])
  end)

  it("sends a stream piece by piece", function()
    local id
    handle = function(request)
      id = request.id
      return {}
    end
    local heard = ""
    local running <close> = start([[
c = open(); c.sendall(b'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
while True:
  more = c.recv(65536)
  if not more: break
  print(more.decode(), flush=True)
]], function(text) heard = heard .. text end)
    socket.wait("the request", function() return id end)
    one:stream(id, { headers = { ["Content-Type"] = "text/event-stream" } })
    for index = 1, 3 do
      local piece = ("data: %d\n\n"):format(index)
      assert.is_true(one:emit(id, piece))
      socket.wait(piece, function() return heard:find(piece, 1, true) end)
    end
    one:close()
    assert.equal(0, running:wait(20), running:text "errors")
  end)

  it("sends at its end what it has answered", function()
    local id
    handle = function(request)
      id = request.id
      return {}
    end
    local running <close> = start "c = open(); c.sendall(request(b'/')); print(read_all(c)[-4:])"
    socket.wait("the request", function() return id end)
    one.httpd:answer(id, { status = 200, body = "last" })
    one.httpd:run()
    one:close()
    assert.equal(0, running:wait(20), running:text "errors")
    assert.equal("b'last'\n", running:text "output")
  end)

  it("refuses a certificate and a key that do not belong together, and frees the port", function()
    local free = httpd.listen {}
    local number = free:port()
    free:close()
    local other = certificate.server(authority, "IP:127.0.0.1")
    for _, row in ipairs {
      { pair.certificate, other.key }, { "x", pair.key }, { pair.certificate, "x" },
      { pair.certificate, nil },
    } do
      local none, why = httpd.listen { port = number, tls_certificate = row[1], tls_key = row[2] }
      assert.is_nil(none)
      assert.equal(("cannot listen on port %d of 127.0.0.1: certificate and key cannot be used")
        :format(number), why)
    end
    assert(httpd.listen { port = number }):close()
  end)

  it("listens on IPv6, and only once on a port", function()
    local six <close> = assert(httpd.listen {
      address = "::1", tls_certificate = pair.certificate, tls_key = pair.key,
    })
    assert.is_true(six:port() > 0)
    local none, why = httpd.listen {
      port = port(), tls_certificate = pair.certificate, tls_key = pair.key,
    }
    assert.is_nil(none)
    assert.equal(("port %d on 127.0.0.1 is in use"):format(port()), why)
  end)
end)
