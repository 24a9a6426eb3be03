// The list of conversations.

import { open, openName } from "./chat.js";
import { find, make } from "./dom.js";
import { tellError } from "./errors.js";
import { keepsConversations } from "./host.js";
import { shelf } from "./shelf.js";
import { keepSetting, setting } from "./storage.js";
import { language } from "./language.js";
import { text } from "./texts.js";

const TURNS = { one: "turns_one", other: "turns_other" };
const SHORT = { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" };
const state = { items: [], cursor: null };

const when = (at) => new Intl.DateTimeFormat(language(), SHORT).format(at);
const turns = (count) => text(TURNS[new Intl.PluralRules(language()).select(count)], count);

export async function loadSessions({ more = false } = {}) {
  const page = await shelf.list(more ? state.cursor : null);
  state.items = more ? [...state.items, ...page.items] : page.items;
  state.cursor = page.cursor;
  showSessions();
}

export function showSessions() {
  const hint = find("list-hint");
  hint.hidden = state.items.length > 0;
  hint.textContent = text("no_conversations");
  find("more").hidden = !state.cursor;
  find("sessions").replaceChildren(...state.items.map(item));
}

function item(found) {
  const at = when(found.at);
  const about = [found.persona, turns(found.turns)].filter(Boolean).join(", ");
  return make(
    "li",
    {},
    make(
      "button",
      { type: "button", "aria-current": found.name === openName() ? "true" : null, onclick: () => go(found.name) },
      make("span", {}, at),
      " ",
      make("span", { class: "quiet" }, about),
    ),
    make("button", { type: "button", class: "remove", "aria-label": text("remove", at), onclick: () => remove(found.name) }, "×"),
  );
}

async function attempt(work) {
  try {
    await work();
  } catch (error) {
    tellError(error, { retry: () => attempt(work) });
  }
}

function go(name) {
  return attempt(async () => {
    open(await shelf.read(name));
    showSessions();
    find("message").focus();
  });
}

function remove(name) {
  if (!window.confirm(text("remove_sure"))) return null;
  return attempt(async () => {
    await shelf.remove(name);
    if (name === openName()) open();
    await loadSessions();
    find("new").focus();
  });
}

// Go on with the conversation that was open before the page was loaded again.
export async function goOn() {
  const name = setting("session");
  if (!keepsConversations || !name || openName()) return;
  if (state.items.some((found) => found.name === name)) {
    open(await shelf.read(name));
    showSessions();
  } else {
    keepSetting("session", "");
  }
}
