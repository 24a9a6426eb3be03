// The stream of figures, which goes on whatever becomes of a connection.

import { ask, failed, headers, lost } from "./api.js";
import { events } from "./events.js";

const PATH = "/api/v2/figures/stream";
const WAITS_MS = [500, 1000, 2000, 4000, 8000, 15_000];
const MS = 1000;
// Thrown where the host said that it ends.
const ENDING = null;
// Points come every second, or every five; after so long without one the connection is dead.
const SILENCE_MS = 12_000;

let running = null;

// Follow the stream anew. `told` maps events to functions; besides those of the host `lost`, called
// with the error (null where the host said that it ends), and `refused`, after which it is over.
export function follow(told, everyS) {
  running?.abort();
  running = new AbortController();
  run(told, everyS, running.signal);
}

async function run(told, everyS, signal) {
  let losses = 0;
  while (!signal.aborted) {
    let waitMs = WAITS_MS[Math.min(losses, WAITS_MS.length - 1)];
    try {
      for await (const found of watched(everyS, signal)) {
        losses = 0;
        if (found.event === "end" && found.data.reason === "in_time") break;
        if (found.event === "end") throw ENDING;
        if (found.event === "error") throw failed(found.data, found.data.status ?? 500);
        told[found.event]?.(found.data);
      }
      waitMs = losses ? waitMs : 0;
    } catch (error) {
      if (signal.aborted) return;
      if (error?.status === 401 || error?.status === 403) {
        told.refused(error);
        return;
      }
      told.lost(error);
      waitMs = Math.max(waitMs, (error?.seconds ?? 0) * MS);
    }
    losses += 1;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

// The events of one connection; silence ends it.
async function* watched(everyS, signal) {
  const silence = new AbortController();
  let timer;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE_MS);
  };
  try {
    heard();
    const response = await ask(`${PATH}?interval_s=${everyS}`, {
      headers: headers({ Accept: "text/event-stream" }),
      signal: AbortSignal.any([signal, silence.signal]),
    });
    for await (const found of events(response.body)) {
      heard();
      yield found;
      if (found.event === "end") return;
    }
    throw lost();
  } catch (error) {
    throw silence.signal.aborted ? lost() : error;
  } finally {
    clearTimeout(timer);
  }
}
