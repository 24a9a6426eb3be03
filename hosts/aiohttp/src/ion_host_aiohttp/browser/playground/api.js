// Calls of the API, whole and as a stream of events.

import { apiKey } from "./storage.js";
import { language } from "./texts.js";

export class ApiError extends Error {
  constructor(status, code, message, seconds) {
    super(message);
    this.status = status;
    this.code = code;
    this.seconds = seconds;
  }
}

function headers(more) {
  const found = { "Accept-Language": language(), ...more };
  if (apiKey()) found["X-API-Key"] = apiKey();
  return found;
}

function told(body) {
  const message = body?.error?.message ?? body?.detail ?? "";
  const hint = body?.error?.hint ?? body?.hint;
  return typeof hint === "string" ? `${message} ${hint}` : String(message);
}

async function refusal(response) {
  let body = null;
  try {
    body = await response.json();
  } catch {
    // A proxy may answer in its own format; the status says enough.
  }
  const seconds = Number(response.headers.get("Retry-After")) || 0;
  return new ApiError(response.status, body?.error?.code ?? "", told(body), seconds);
}

async function ask(path, options) {
  try {
    return await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "OFFLINE", "", 0);
  }
}

export async function call(method, path, body) {
  const response = await ask(path, {
    method,
    headers: headers(body === undefined ? {} : { "Content-Type": "application/json" }),
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw await refusal(response);
  return response.json();
}

// The events of a stream: {event, data}. Ends after `done`; an event `error` is thrown.
// `name` is the idempotency key, so that a message that is sent again is not answered twice.
export async function* stream(path, body, { signal, name }) {
  const response = await ask(path, {
    method: "POST",
    headers: headers({ "Content-Type": "application/json", Accept: "text/event-stream", "Idempotency-Key": name }),
    body: JSON.stringify(body),
    signal,
  });
  if (!response.ok) throw await refusal(response);
  for await (const { event, data } of events(response.body)) {
    if (event === "error") {
      throw new ApiError(data.status ?? 500, data.error?.code ?? "", told(data), 0);
    }
    yield { event, data };
    if (event === "done") return;
  }
  throw new ApiError(0, "OFFLINE", "", 0);
}

async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await read(reader);
      if (done) return;
      const parts = (rest + value).split("\n\n");
      rest = parts.pop();
      for (const part of parts) {
        const found = parsed(part);
        if (found) yield found;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

async function read(reader) {
  try {
    return await reader.read();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "OFFLINE", "", 0);
  }
}

function parsed(part) {
  let event = "message";
  const data = [];
  for (const line of part.split("\n")) {
    if (line.startsWith("event: ")) event = line.slice(7);
    if (line.startsWith("data: ")) data.push(line.slice(6));
  }
  return data.length ? { event, data: JSON.parse(data.join("\n")) } : null;
}
