// Conversations that the host keeps.

import { call } from "./api.js";
import { userId } from "./storage.js";
import { keptTurn } from "./turn.js";

const PATH = "/api/v2/conversations";
const pathOf = (name) => `${PATH}/${encodeURIComponent(name)}`;

export async function list(cursor) {
  const from = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
  const page = await call("GET", `${PATH}?user_id=${encodeURIComponent(userId())}${from}`);
  const items = page.sessions.map((found) => ({
    name: found.session_id,
    at: new Date(found.last_activity),
    turns: found.turn_count,
    persona: found.persona_id ?? "",
  }));
  return { items, cursor: page.next_cursor };
}

export async function read(name) {
  const report = await call("GET", pathOf(name));
  return {
    name,
    pinned: report.pinned ? report.persona_id : "",
    isOver: report.state !== "active",
    turns: report.messages.map(keptTurn),
    before: report.next_before,
  };
}

// The turns before those that are there, put in front of them.
export async function readEarlier(conversation) {
  const report = await call("GET", `${pathOf(conversation.name)}?before=${conversation.before}`);
  const found = report.messages.map(keptTurn);
  conversation.turns.unshift(...found);
  conversation.before = report.next_before;
  return found;
}

export async function begin(conversation, persona) {
  const started = await call("POST", `${PATH}/start`, { user_id: userId(), ...(persona ? { persona_id: persona } : {}) });
  conversation.name = started.session_id;
  conversation.pinned = persona;
}

export const remove = (name) => call("DELETE", pathOf(name));
