"""A proxy on loopback that leads every tunnel to the emulator, whatever its name: so that Azure's
names reach it without a change to this machine's hosts file."""
import socket
import threading
import urllib.parse


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    finally:
        try:
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def serve(client, address, hosts):
    head = b""
    while b"\r\n\r\n" not in head:
        data = client.recv(4096)
        if not data:
            return
        head += data
    hosts.append(head.split(b" ")[1].decode())
    emulator = socket.create_connection(address)
    client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    threading.Thread(target=pump, args=(client, emulator), daemon=True).start()
    pump(emulator, client)


def begin(url):
    """Return the proxy's URL, and the list of the hosts that it was asked for."""
    parts = urllib.parse.urlsplit(url)
    server, hosts = socket.create_server(("127.0.0.1", 0)), []

    def accept():
        while True:
            client, _ = server.accept()
            address = (parts.hostname, parts.port)
            threading.Thread(target=serve, args=(client, address, hosts), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return "http://127.0.0.1:%d" % server.getsockname()[1], hosts
