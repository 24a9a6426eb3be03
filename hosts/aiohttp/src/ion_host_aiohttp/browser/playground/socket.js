// The events of an answer over a WebSocket: the way to a persona of one's choice where the host
// keeps no conversations.

import { call, failed, lost } from "./api.js";
import { apiKey } from "./storage.js";

const PROTOCOL = "ion.v2";
const TURN = "1";

// Yields {event, data} and ends after `done`; an event `error` is thrown.
export async function* overSocket(message, { signal }) {
  signal.throwIfAborted();
  const socket = await connected();
  const heard = listened(socket);
  const leave = () => socket.close();
  signal.addEventListener("abort", leave, { once: true });
  try {
    for (;;) {
      const { type, data } = await heard.next();
      if (signal.aborted) throw signal.reason;
      if (type === "open") socket.send(JSON.stringify({ type: "turn", id: TURN, ...message }));
      else if (type === "closed") throw await closed(data);
      else if (type === "error") throw failed(data, data.status ?? 500);
      else yield { event: type, data };
      if (type === "done") return;
    }
  } finally {
    signal.removeEventListener("abort", leave);
    socket.close();
  }
}

async function connected() {
  const url = new URL("/api/v2/ws", window.location.href);
  url.protocol = url.protocol.replace("http", "ws");
  // A page can set no header of a WebSocket; its key goes as a further subprotocol.
  try {
    return new WebSocket(url, apiKey() ? [PROTOCOL, `bearer.${apiKey()}`] : [PROTOCOL]);
  } catch {
    // What cannot be a subprotocol is no key either.
    throw await closed(false);
  }
}

// What arrives, in its order, also while nobody asks for it.
function listened(socket) {
  const waiting = [];
  const asking = [];
  let isOpen = false;
  const put = (found) => (asking.length ? asking.shift()(found) : waiting.push(found));
  socket.addEventListener("open", () => {
    isOpen = true;
    put({ type: "open" });
  });
  socket.addEventListener("message", (event) => put(JSON.parse(event.data)));
  socket.addEventListener("close", () => put({ type: "closed", data: isOpen }));
  return { next: () => (waiting.length ? Promise.resolve(waiting.shift()) : new Promise((resolve) => asking.push(resolve))) };
}

// Browsers do not say why a WebSocket was refused; an ordinary call does.
async function closed(wasOpen) {
  if (wasOpen) return lost();
  try {
    await call("GET", "/api/v2/personas");
  } catch (error) {
    return error;
  }
  return lost();
}
