local httpd = require "azureml.httpd"
local process = require "azureml.tool.process"
local task = require "azureml.task"

-- A server behind a unix socket: it prints each request's head, then sends what the spec says.
local SERVER = [[
import socket, sys, os
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(8); print("ready", flush=True)
while True:
  c, _ = s.accept(); data = b""
  while b"\r\n\r\n" not in data:
    more = c.recv(65536)
    if not more: break
    data += more
  head, _, rest = data.partition(b"\r\n\r\n")
  path = head.split(b" ")[1]
  if path == b"/echo":
    c.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n" + rest)
    while True:
      more = c.recv(65536)
      if not more: break
      c.sendall(more)
  elif path == b"/large":
    c.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 5000000)
  elif path == b"/mute":
    pass
  elif path == b"/no-upgrade":
    c.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    c.settimeout(0.3)
    try: print("more: %d" % len(c.recv(100)), flush=True)
    except socket.timeout: print("more: nothing", flush=True)
  else:
    body = head + b"|" + rest
    c.sendall(b"HTTP/1.1 200 OK\r\nset-cookie: a=b\r\nX-Kept: yes\r\nContent-Length: "
      + str(len(body)).encode() + b"\r\nConnection: close\r\n\r\n" + body)
  c.close()
]]

describe("the relay", function()
  local relay, server, directory, decide

  -- Let the relay run until a program has ended; return what it printed, or hand it on at once.
  local function client(script, on_output)
    local running <close> = process.start {
      argv = { "/usr/bin/python3", "-c", "import socket, sys\n" .. script, relay:port() .. "" },
      environment = {}, on_output = on_output,
    }
    assert.equal(0, running:wait(20), running:text "errors")
    return running:text "output"
  end

  local CONNECT = "c = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n"
  local READ = "data = b''\nwhile True:\n  more = c.recv(65536)\n  if not more: break\n"
    .. "  data += more\n"

  local function turn()
    for _, item in ipairs((relay:run())) do decide(item) end
  end

  before_each(function()
    directory = require("azureml.core").temporary_directory "/tmp/relay-"
    server = process.start {
      argv = { "/usr/bin/python3", "-c", SERVER, directory .. "/s" }, environment = {}, kept = true,
      grace = 0.1,
    }
    while server:text "output" == "" do task.sleep(0.01) end
    relay = httpd.relay(0)
    task.on(relay:fd(), turn)
    decide = function(item)
      assert(relay:connect(item.id, directory .. "/s", item.head))
    end
  end)

  after_each(function()
    task.off(relay:fd())
    relay:close()
    server:close()
    require("azureml.core").remove_tree(directory)
  end)

  it("sends another head, and passes the body and the answer without cookies", function()
    local seen
    decide = function(item)
      seen = item.head
      assert(relay:connect(item.id, directory .. "/s", "POST /other HTTP/1.1\r\nA: b\r\n\r\n"))
    end
    local answer = client(CONNECT .. "c.sendall(b'POST /x HTTP/1.1\\r\\nHost: h\\r\\n\\r\\nbody')\n"
      .. READ .. "print(data.decode())")
    assert.equal("POST /x HTTP/1.1\r\nHost: h\r\n\r\n", seen)
    assert.matches("\r\nX%-Kept: yes\r\n", answer)
    assert.is_nil(answer:lower():find "cookie")
    assert.matches("\r\n\r\nPOST /other HTTP/1.1\r\nA: b|", answer)
  end)

  it("copies an upgraded connection both ways", function()
    local answer = client(CONNECT .. [[
c.sendall(b'GET /echo HTTP/1.1\r\nUpgrade: websocket\r\n\r\nfirst')
data = b''
while b'first' not in data: data += c.recv(65536)
c.sendall(b'y' * 3000000); c.shutdown(socket.SHUT_WR)
]] .. READ .. "print(data.count(b'y'))")
    assert.equal("3000000\n", answer)
  end)

  it("sends nothing more to a server that refuses an upgrade", function()
    client(CONNECT .. [[
c.sendall(b'GET /no-upgrade HTTP/1.1\r\nUpgrade: websocket\r\n\r\n')
c.recv(1000); c.sendall(b'GET /secret HTTP/1.1\r\n\r\n'); c.recv(1000)
]])
    while not server:text("output"):find "more" do task.sleep(0.01) end
    assert.matches("more: [0n]", server:text "output")
  end)

  it("passes a long answer to a slow client", function()
    local answer = client(CONNECT .. [[
c.sendall(b'GET /large HTTP/1.1\r\n\r\n'); import time; time.sleep(0.2)
]] .. READ .. "print(data.count(b'x'))")
    assert.equal("5000000\n", answer)
  end)

  it("refuses with the bytes of the owner, also while a body comes", function()
    decide = function(item)
      relay:refuse(item.id, "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")
    end
    local answer = client(CONNECT .. [[
c.sendall(b'PUT /x HTTP/1.1\r\nContent-Length: 900000\r\n\r\n' + b'z' * 900000)
c.shutdown(socket.SHUT_WR)
]] .. READ .. "print(data.decode())")
    assert.equal("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n\n", answer)
  end)

  it("passes an answer that comes before the request has ended", function()
    local answer = client(CONNECT .. [[
c.sendall(b'PUT /early HTTP/1.1\r\nContent-Length: 3000000\r\n\r\n'); import time; time.sleep(0.1)
try:
  for _ in range(30): c.sendall(b'z' * 100000)
except OSError: pass
]] .. READ .. "print(data[:15].decode())")
    assert.equal("HTTP/1.1 200 OK\n", answer)
  end)

  it("closes the connection when a server ends without an answer", function()
    assert.equal("0\n", client(CONNECT .. "c.sendall(b'GET /mute HTTP/1.1\\r\\n\\r\\n')\n" .. READ
      .. "print(len(data))"))
  end)

  it("closes a connection whose head is too long", function()
    assert.equal("closed\n", client(CONNECT .. [[
try:
  c.sendall(b'GET / HTTP/1.1\r\n' + b'A: ' + b'a' * 200000)
  print('closed' if not c.recv(100) else 'answered')
except OSError: print('closed')
]]))
  end)

  it("says why a server cannot be reached", function()
    local why
    decide = function(item)
      why = select(2, relay:connect(item.id, directory .. "/nothing", item.head))
      relay:refuse(item.id, "HTTP/1.1 502 Bad\r\n\r\n")
    end
    client(CONNECT .. "c.sendall(b'GET / HTTP/1.1\\r\\n\\r\\n')\n" .. READ)
    assert.equal("No such file or directory", why)
  end)

  it("cuts the connections to a server", function()
    local output = ""
    client(CONNECT .. [[
c.sendall(b'GET /echo HTTP/1.1\r\nUpgrade: websocket\r\n\r\n'); c.recv(1000)
print('open', flush=True)
print('cut' if not c.recv(100) else 'more')
]], function(text)
      output = output .. text
      relay:cut(directory .. "/s")
    end)
    assert.equal("open\ncut\n", output)
  end)
end)
