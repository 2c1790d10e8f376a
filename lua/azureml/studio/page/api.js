// Talk to the server of this page.

export class Refusal extends Error {
  constructor(status, failure) {
    super(failure.message);
    Object.assign(this, { status, failure });
  }
}

function refusal(status, code, message) {
  return new Refusal(status, { code, message, details: [] });
}

async function answerOf(response) {
  let value;
  try {
    value = await response.json();
  } catch {
    throw refusal(response.status, "InvalidReply", `HTTP ${response.status}`);
  }
  if (value.error) throw new Refusal(response.status, value.error);
  return value;
}

async function send(path, options) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
  } catch (error) {
    throw refusal(0, "NoConnection", error.message);
  }
  if (response.status === 401) throw refusal(401, "SignedOut", "HTTP 401");
  return answerOf(response);
}

export function get(name, query = {}) {
  const text = new URLSearchParams(query).toString();
  return send(`/api/${name}${text && "?" + text}`, {});
}

export function post(name, body = {}) {
  return send(`/api/${name}`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
}
