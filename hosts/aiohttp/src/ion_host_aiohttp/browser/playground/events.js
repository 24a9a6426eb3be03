// Server-sent events out of the body of a response: {event, data, id}.

import { lost } from "./api.js";

// The host sends a sign of life every 15 seconds; after so many without one the connection is dead.
const SILENCE_MS = 40_000;

export async function* events(body) {
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
  let timer;
  const silence = new Promise((_, reject) => {
    timer = setTimeout(() => reject(lost()), SILENCE_MS);
  });
  try {
    return await Promise.race([reader.read(), silence]);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw lost();
  } finally {
    clearTimeout(timer);
  }
}

function parsed(part) {
  const found = { event: "message", id: "" };
  const data = [];
  for (const line of part.split("\n")) {
    if (line.startsWith("event: ")) found.event = line.slice(7);
    if (line.startsWith("id: ")) found.id = line.slice(4);
    if (line.startsWith("data: ")) data.push(line.slice(6));
  }
  return data.length ? { ...found, data: JSON.parse(data.join("\n")) } : null;
}
