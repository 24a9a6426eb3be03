// The way that a message takes to the host.

import { keepsConversations } from "./host.js";
import { overSocket } from "./socket.js";
import { userId } from "./storage.js";
import { stream } from "./stream.js";

const HISTORY_TURNS = 20;
// What goes over a WebSocket has to fit into 64 KiB.
const HISTORY_BYTES = 32_000;

// The events of an answer. `persona` matters where the host keeps no conversations; otherwise the
// conversation was begun with it.
export function asked(conversation, message, persona, options) {
  if (keepsConversations) {
    return stream(`/api/v2/conversations/${encodeURIComponent(conversation.name)}/turn`, { user_message: message }, options);
  }
  const context = { user_id: userId(), message_history: history(conversation.turns.slice(0, -1)) };
  if (persona) return overSocket({ text: message, persona, context }, options);
  return stream("/api/v2/process", { user_input: message, context }, options);
}

// The latest turns that fit, oldest first.
function history(turns) {
  const found = [];
  let room = HISTORY_BYTES;
  for (const turn of turns.slice(-HISTORY_TURNS).reverse()) {
    const pair = [
      { role: "user", content: turn.user },
      { role: "assistant", content: turn.answer },
    ];
    room -= new TextEncoder().encode(JSON.stringify(pair)).length;
    if (room < 0) break;
    found.unshift(...pair);
  }
  return found;
}
