// The events of an answer, also where the connection breaks on the way.

import { ask, failed, headers, lost } from "./api.js";
import { events } from "./events.js";

const WAITS_MS = [500, 1000, 2000, 4000, 8000];
const MS = 1000;

// What says that the rest of a stream is not to be had, so that the message has to be sent again.
const GONE = new Set(["CANCELLED", "STREAM_UNKNOWN"]);
// What the host answers as long as it has not noticed that the first connection is gone.
const STILL_BUSY = new Set(["TURN_IN_PROGRESS", "CONVERSATION_BUSY"]);

// Yields {event, data} and ends after `done`; besides the host's own events `lost` when the
// connection broke and `again` when the answer begins anew. An event `error` is thrown.
//
// What broke goes on after the last event that arrived. Where the host has given the answer up,
// the message is sent again under the same `name`, its idempotency key: an answer that was kept
// comes back as it is, and none is made twice.
export async function* stream(path, body, { signal, name }) {
  const send = () => post(path, body, { signal, name });
  let source = send;
  let last = "";
  let losses = 0;
  for (;;) {
    try {
      for await (const found of events((await source()).body)) {
        if (found.event === "error") throw failed(found.data, found.data.status ?? 500);
        if (found.id) last = found.id;
        yield found;
        if (found.event === "done") return;
      }
      throw lost();
    } catch (error) {
      const isGone = source !== send && GONE.has(error.code);
      const isStillBusy = losses > 0 && STILL_BUSY.has(error.code);
      if (!last || losses === WAITS_MS.length || !(error.code === "OFFLINE" || isGone || isStillBusy)) throw error;
      yield { event: "lost" };
      await pause(Math.max(WAITS_MS[losses], error.seconds * MS), signal);
      losses += 1;
      if (isGone) yield { event: "again" };
      source = isGone || isStillBusy ? send : () => resume(last, signal);
    }
  }
}

const EVENT_STREAM = { Accept: "text/event-stream" };

function post(path, body, { signal, name }) {
  return ask(path, {
    method: "POST",
    headers: headers({ ...EVENT_STREAM, "Content-Type": "application/json", "Idempotency-Key": name }),
    body: JSON.stringify(body),
    signal,
  });
}

async function resume(last, signal) {
  const [name] = last.split(":");
  const path = `/api/v2/streams/${encodeURIComponent(name)}`;
  const response = await ask(path, { headers: headers({ ...EVENT_STREAM, "Last-Event-ID": last }), signal });
  // 204: the stream has ended, and its last event was lost with the connection.
  if (response.body === null) throw failed({ error: { code: "STREAM_UNKNOWN" } }, response.status);
  return response;
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const stopped = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stopped);
      resolve();
    }, ms);
    if (signal.aborted) stopped();
    else signal.addEventListener("abort", stopped, { once: true });
  });
}
