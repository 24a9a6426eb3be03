// One message above the input: what happened, and a button for what to do about it.

import { find } from "./dom.js";

let shown = null;

// `tell` gives the text, so that another language can be chosen while it is shown.
// `action` is {label, run}; `label` gives its text.
export function notify(tell, action = null) {
  shown = { tell, action };
  writeNotice();
}

export function clearNotice() {
  shown = null;
  writeNotice();
}

// Take back what is told, unless something else is told by now.
export function retract(tell) {
  if (shown?.tell === tell) clearNotice();
}

export function writeNotice() {
  const button = find("notice-action");
  const hadFocus = document.activeElement === button;
  find("notice").textContent = shown ? shown.tell() : "";
  button.textContent = shown?.action ? shown.action.label() : "";
  button.hidden = !shown?.action;
  find("notice-box").hidden = !shown;
  if (hadFocus && button.hidden) find("message").focus();
}

export function watchNotice() {
  find("notice-action").addEventListener("click", () => shown?.action?.run());
}
