// One stream of events for all tabs: a browser opens only six connections to a host, so a stream
// for each tab would block the seventh.

const KINDS = ["reload", "rows", "operation", "dismissed", "trouble"];
const ports = new Set();
let source;

function tell(message) {
  for (const port of ports) port.postMessage(message);
}

function open() {
  source = new EventSource("/api/events");
  source.onopen = () => tell({ kind: "online" });
  source.onerror = () => {
    tell({ kind: "offline" });
    if (source.readyState === EventSource.CLOSED) setTimeout(open, 3000);
  };
  for (const kind of KINDS) {
    source.addEventListener(kind, (event) =>
      tell({ kind, version: Number(event.lastEventId), data: JSON.parse(event.data) }));
  }
}

globalThis.onconnect = (event) => {
  const port = event.ports[0];
  ports.add(port);
  port.onmessage = (message) => {
    if (message.data === "bye") ports.delete(port);
  };
  if (!source) open();
  else if (source.readyState === EventSource.OPEN) port.postMessage({ kind: "online" });
};
