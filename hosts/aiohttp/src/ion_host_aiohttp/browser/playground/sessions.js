// The list of conversations.

import { call } from "./api.js";
import { hasStore, open, session } from "./chat.js";
import { find, make, notify } from "./dom.js";
import { keepSetting, setting, userId } from "./storage.js";
import { explain, language, text } from "./texts.js";

const PATH = "/api/v2/conversations";
const state = { sessions: [], cursor: null };

const when = (iso) => new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));

export async function loadSessions({ more = false } = {}) {
  if (!hasStore) return;
  const cursor = more && state.cursor ? `&cursor=${encodeURIComponent(state.cursor)}` : "";
  const page = await call("GET", `${PATH}?user_id=${encodeURIComponent(userId())}${cursor}`);
  state.sessions = more ? [...state.sessions, ...page.sessions] : page.sessions;
  state.cursor = page.next_cursor;
  showSessions();
}

export function showSessions() {
  const hint = find("list-hint");
  hint.hidden = state.sessions.length > 0;
  hint.textContent = hasStore ? text("no_conversations") : text("no_store");
  find("more").hidden = !state.cursor;
  find("sessions").replaceChildren(...state.sessions.map(item));
}

function item(found) {
  const at = when(found.last_activity);
  const isOpen = found.session_id === session();
  return make(
    "li",
    {},
    make("button", { type: "button", "aria-current": isOpen ? "true" : null, onclick: () => go(found.session_id) }, text("session", at, found.turn_count)),
    make("button", { type: "button", "aria-label": text("remove", at), onclick: () => remove(found.session_id) }, "×"),
  );
}

async function attempt(work) {
  try {
    await work();
  } catch (error) {
    notify(explain(error));
  }
}

function go(name) {
  return attempt(async () => {
    open(await call("GET", `${PATH}/${encodeURIComponent(name)}`));
    showSessions();
    find("message").focus();
  });
}

function remove(name) {
  if (!window.confirm(text("remove_sure"))) return null;
  return attempt(async () => {
    await call("DELETE", `${PATH}/${encodeURIComponent(name)}`);
    if (name === session()) open(null);
    await loadSessions();
    find("new").focus();
  });
}

// Go on with the conversation that was open before the page was loaded again.
export async function goOn() {
  const name = setting("session");
  if (!name) return;
  if (state.sessions.some((found) => found.session_id === name)) {
    open(await call("GET", `${PATH}/${encodeURIComponent(name)}`));
    showSessions();
  } else {
    keepSetting("session", "");
  }
}
