// The input: what is written, sent and stopped.

import { isMaking, send, stop } from "./chat.js";
import { find } from "./dom.js";
import { tellError } from "./errors.js";
import { mostCharacters } from "./host.js";
import { notify } from "./notice.js";
import { text } from "./texts.js";

// From this share of the longest message on, its length is shown.
const NEARLY_FULL = 0.8;

const field = find("message");

export function showCount() {
  const count = field.value.length;
  find("count").textContent = count > NEARLY_FULL * mostCharacters ? text("characters", count, mostCharacters) : "";
}

function write(words) {
  field.value = words;
  showCount();
}

// Offer words to be sent: after a draft, if there is one.
export function suggest(words) {
  const draft = field.value.trimEnd();
  write((draft ? `${draft}\n${words}` : words).slice(0, mostCharacters));
  field.focus();
}

export function showBusy(isBusy) {
  const hadFocus = document.activeElement === find("stop");
  find("send").hidden = isBusy;
  find("stop").hidden = !isBusy;
  if (hadFocus) field.focus();
}

async function submit({ askForKey, anew, answered }) {
  const message = field.value.trim();
  if (!message || isMaking()) return;
  write("");
  field.focus();
  try {
    await send(message);
    await answered();
  } catch (error) {
    if (!field.value) write(message);
    if (error.name === "AbortError") {
      notify(() => text("stopped"));
      return;
    }
    const ways = { askForKey, anew, answered };
    tellError(error, { key: askForKey, anew, again: () => submit(ways) });
    if (error.status === 401) askForKey();
  }
}

// Safari ends a composition before it tells of the key that ended it; 229 says that it did.
const isComposing = (event) => event.isComposing || event.keyCode === 229;

// `askForKey` shows where a key is entered, `anew` begins a conversation, `answered` comes after an answer.
export function watchComposer(ways) {
  field.maxLength = mostCharacters;
  field.addEventListener("input", showCount);
  field.addEventListener("keydown", (event) => {
    // While a syllable is being composed, Enter ends it and sends nothing.
    if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
    event.preventDefault();
    submit(ways);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || isComposing(event) || !isMaking()) return;
    event.preventDefault();
    stop();
    field.focus();
  });
  find("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    submit(ways);
  });
  find("stop").addEventListener("click", stop);
}
