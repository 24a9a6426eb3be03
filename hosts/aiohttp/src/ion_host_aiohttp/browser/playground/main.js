// Puts the page together.

import { call } from "./api.js";
import { isMaking, open, send, setPersonas, showPersonas, showTurns, stop } from "./chat.js";
import { find, notify } from "./dom.js";
import { goOn, loadSessions, showSessions } from "./sessions.js";
import { apiKey, keepApiKey, keepSetting, setting } from "./storage.js";
import { chooseLanguage, explain, firstLanguage, text, toggleLanguage, writeTexts } from "./texts.js";

const root = document.documentElement;
const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");

const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches);

function showTools() {
  find("theme").textContent = text(isDark() ? "theme_light" : "theme_dark");
  find("language").textContent = text("other_language");
  find("language").lang = root.lang === "ko" ? "en" : "ko";
}

function showAll() {
  writeTexts();
  showTools();
  showPersonas();
  showSessions();
  showTurns();
}

function showKeyForm(isOpen) {
  find("key-form").hidden = !isOpen;
  find("key-open").setAttribute("aria-expanded", String(isOpen));
  if (isOpen) find("key").focus();
}

async function load() {
  if (root.dataset.key === "yes" && !apiKey()) {
    notify(text("key_needed"));
    showKeyForm(true);
    return;
  }
  try {
    const found = await call("GET", "/api/v2/personas");
    setPersonas(found.personas.map((persona) => persona.name));
    await loadSessions();
    await goOn();
  } catch (error) {
    notify(explain(error));
    if (error.status === 401) showKeyForm(true);
  }
}

async function submit() {
  const field = find("message");
  const message = field.value.trim();
  if (!message || isMaking()) return;
  field.value = "";
  field.focus();
  if (!(await send(message)) && !field.value) field.value = message;
  await loadSessions().catch((error) => notify(explain(error)));
}

function onKey(event) {
  // While a syllable is being composed, Enter ends it and sends nothing.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    submit();
  }
}

find("language").addEventListener("click", () => {
  toggleLanguage();
  showAll();
});
find("theme").addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  keepSetting("theme", root.dataset.theme);
  showTools();
});
prefersDark.addEventListener("change", showTools);
find("key-open").addEventListener("click", () => showKeyForm(find("key-form").hidden));
find("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  keepApiKey(find("key").value.trim());
  find("key").value = "";
  notify("");
  showKeyForm(false);
  find("message").focus();
  load();
});
find("new").addEventListener("click", () => {
  open(null);
  showSessions();
  find("message").focus();
});
find("more").addEventListener("click", () => {
  loadSessions({ more: true }).catch((error) => notify(explain(error)));
});
find("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
find("stop").addEventListener("click", () => {
  stop();
  find("message").focus();
});
find("message").addEventListener("keydown", onKey);
window.addEventListener("offline", () => notify(text("error_offline")));
window.addEventListener("online", () => notify(""));

if (setting("theme")) root.dataset.theme = setting("theme");
find("message").maxLength = Number(root.dataset.most);
find("list-box").open = !window.matchMedia("(max-width: 45rem)").matches;
chooseLanguage(firstLanguage());
showAll();
load();
