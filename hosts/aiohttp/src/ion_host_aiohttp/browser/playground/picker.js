// The choice of a persona, or none: then every message finds its own.

import { find, make } from "./dom.js";
import { keepsConversations } from "./host.js";
import { text } from "./texts.js";

let names = [];

export function setPersonas(found) {
  names = found;
}

export const personas = () => names;
export const chosen = () => find("persona").value;

// The name that a persona is shown under, by its unique one.
export const shownName = (name) => names.find((known) => known.toLowerCase() === name) ?? name;

// A conversation that the host keeps has its persona from its beginning.
export function showPicker(conversation) {
  const select = find("persona");
  const isFixed = keepsConversations && Boolean(conversation.name);
  const value = isFixed ? conversation.pinned : select.value;
  select.replaceChildren(make("option", { value: "" }, text("auto")), ...names.map((name) => make("option", { value: name }, name)));
  select.value = names.includes(value) ? value : "";
  select.disabled = isFixed;
  find("persona-hint").textContent = isFixed ? text("persona_fixed") : keepsConversations ? "" : text("unkept");
}
