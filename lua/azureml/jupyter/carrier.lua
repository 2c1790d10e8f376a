--- The program that carries a command's streams through a terminal of an instance. It reads frames
--- from the terminal and writes frames to it; conversation.lua speaks to it and describes them. The
--- command gets pipes, as SSH without a terminal gives it: bytes arrive as they are, standard
--- output and standard error stay apart, and programs see no terminal.
---
--- Two windows bound what is under way: the program sends so much output until the client has
--- confirmed a part, and the client so much input. It ends what it started when the terminal ends.
---
--- The program reads all that the client sends before it ends, up to the client's last frame: a
--- Jupyter server locks up when a terminal ends while input waits in it.
local carrier = {}

--- Bytes of output that the program sends before the client must confirm.
carrier.OUTPUT_WINDOW = 1 << 20

--- Bytes of input that the client sends before the program must confirm.
carrier.INPUT_WINDOW = 256 << 10

-- Python 3.5 and later, without the site module: it starts in 10 ms.
local PROGRAM = [=[
import binascii, errno, os, select, signal, sys, time

TAG, PIECE, OUTPUT, DRAIN, FAREWELL = sys.argv[1].encode(), 32768, %d, 0.25, 30
received, source, window = b"", b"", OUTPUT
pid, status, drained, closing = 0, None, None, False

def say(kind, data=b""):
    data = TAG + kind + data + b"\n"
    while data:
        data = data[os.write(1, data):]

def say_bytes(kind, data):
    say(kind, binascii.b2a_base64(data).strip())

def leave():
    if pid and status is None:
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGCONT):
            try:
                os.killpg(pid, number)
            except OSError:
                pass
    os._exit(0)

def leave_drained(*_):
    poll = select.poll()
    poll.register(0, select.POLLIN)
    while poll.poll(100) and read(0):
        pass
    leave()

def read(fd):
    try:
        return os.read(fd, PIECE)
    except OSError as error:
        if error.errno == errno.EIO:
            return b""
        raise

def lines():
    global received
    data = read(0)
    if not data:
        leave()
    parts = (received + data).split(b"\n")
    received = parts.pop()
    return parts

def start(words):
    global pid
    stdin, stdout, stderr = os.pipe(), os.pipe(), os.pipe()
    pid = os.fork()
    if pid:
        for fd in (stdin[0], stdout[1], stderr[1]):
            os.close(fd)
        os.set_blocking(stdin[1], False)
        return stdin[1], stdout[0], stderr[0]
    os.setsid()
    for fd, number in ((stdin[0], 0), (stdout[1], 1), (stderr[1], 2)):
        os.dup2(fd, number)
    os.closerange(3, 256)
    for number in (signal.SIGPIPE, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    try:
        os.chdir(os.path.expanduser("~"))
    except OSError:
        pass
    try:
        os.execvp(words[0], words)
    except OSError as error:
        os.write(2, ("%%s: %%s\n" %% (words[0], error.strerror)).encode("utf-8", "replace"))
    os._exit(127)

def look():
    global status, drained
    if status is None:
        done, code = os.waitpid(pid, os.WNOHANG)
        if done:
            status = 128 + os.WTERMSIG(code) if os.WIFSIGNALED(code) else os.WEXITSTATUS(code)
            drained = time.monotonic() + DRAIN

def obey(line):
    global window, source, closing
    kind, rest = line[:1], line[1:]
    if kind == b"k":
        window += int(rest)
    elif kind == b"i":
        source += binascii.a2b_base64(rest)
    elif kind == b"e":
        closing = True
    elif kind == b"q":
        leave()

def feed(fd):
    global source
    try:
        count = os.write(fd, source[:PIECE])
    except BlockingIOError:
        return fd
    except OSError:
        count = len(source)
        os.close(fd)
        fd = None
    source = source[count:]
    say(b"r", str(count).encode())
    return fd

def carry(stdin, outputs):
    global window, drained, source
    while True:
        look()
        if status is not None and (not outputs or (window and time.monotonic() >= drained)):
            return
        if closing and not source and stdin is not None:
            os.close(stdin)
            stdin = None
        poll = select.poll()
        poll.register(0, select.POLLIN)
        poll.register(wake, select.POLLIN)
        for fd in outputs if window else ():
            poll.register(fd, select.POLLIN)
        if stdin is not None:
            poll.register(stdin, select.POLLOUT if source else 0)
        left = None if status is None else max(0, drained - time.monotonic()) * 1000
        for fd, _ in poll.poll(left if window else None):
            if fd == 0:
                for line in lines():
                    obey(line)
            elif fd == wake:
                os.read(wake, 4096)
            elif fd == stdin:
                if source:
                    stdin = feed(stdin)
                else:
                    os.close(stdin)
                    stdin = None
            elif window:
                data = os.read(fd, min(PIECE, window))
                if data:
                    say_bytes(outputs[fd], data)
                    window -= len(data)
                    drained = time.monotonic() + DRAIN
                else:
                    del outputs[fd]
                    os.close(fd)
        if stdin is None and source:
            say(b"r", str(len(source)).encode())
            source = b""

for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
    signal.signal(number, leave_drained)
wake, woken = os.pipe()
os.set_blocking(woken, False)
signal.signal(signal.SIGCHLD, lambda *_: None)
signal.set_wakeup_fd(woken)
waiting = []
say(b"h")
while not waiting:
    waiting = lines()
words = binascii.a2b_base64(waiting.pop(0)[1:]).split(b"\0")
if words[0] == b"":
    words[0] = os.environb.get(b"SHELL") or b"/bin/sh"
stdin, stdout, stderr = start(words)
for line in waiting:
    obey(line)
carry(stdin, {stdout: b"o", stderr: b"e"})
say(b"x", str(status).encode())
poll = select.poll()
poll.register(0, select.POLLIN)
while poll.poll(FAREWELL * 1000):
    for line in lines():
        obey(line)
]=]

--- The program's text.
carrier.program = PROGRAM:format(carrier.OUTPUT_WINDOW)

return carrier
