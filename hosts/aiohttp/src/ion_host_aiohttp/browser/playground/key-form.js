// The form for an API key.

import { find } from "./dom.js";
import { keepApiKey } from "./storage.js";

export function askForKey() {
  show(true);
  find("key").focus();
}

function show(isOpen) {
  find("key-form").hidden = !isOpen;
  find("key-open").setAttribute("aria-expanded", String(isOpen));
}

// `entered` is called with every key that is entered, also an empty one; the cursor then goes to `next`.
export function watchKeyForm(entered, next) {
  find("key-open").addEventListener("click", () => {
    if (find("key-form").hidden) askForKey();
    else show(false);
  });
  find("key-form").addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    show(false);
    find("key-open").focus();
  });
  find("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    keepApiKey(find("key").value.trim());
    find("key").value = "";
    show(false);
    find(next).focus();
    entered();
  });
}
