// Puts the page together.

import { call } from "./api.js";
import { open, setWays, showChoice, showEarlier, showTurns } from "./chat.js";
import { showBusy, showCount, suggest, watchComposer } from "./composer.js";
import { find } from "./dom.js";
import { tellError } from "./errors.js";
import { asksForKey, keepsConversations } from "./host.js";
import { askForKey, watchKeyForm } from "./key-form.js";
import { clearNotice, notify, retract, watchNotice, writeNotice } from "./notice.js";
import { setPersonas } from "./picker.js";
import { goOn, loadSessions, showSessions } from "./sessions.js";
import { apiKey } from "./storage.js";
import { chooseLanguage, firstLanguage, toggleLanguage } from "./language.js";
import { text, writeTexts } from "./texts.js";
import { showTheme, watchTheme } from "./theme.js";

function showAll() {
  writeTexts();
  find("language").textContent = text("other_language");
  find("language").lang = document.documentElement.lang === "ko" ? "en" : "ko";
  showTheme();
  showChoice();
  showSessions();
  showTurns();
  showCount();
  writeNotice();
}

async function load() {
  clearNotice();
  if (asksForKey && !apiKey()) {
    notify(() => text("key_needed"), { label: () => text("key_enter"), run: askForKey });
    askForKey();
    return;
  }
  try {
    const found = await call("GET", "/api/v2/personas");
    setPersonas(found.personas.map((persona) => persona.name));
    showChoice();
    await loadSessions();
    await goOn();
  } catch (error) {
    tellError(error, { key: askForKey, retry: load });
    if (error.status === 401) askForKey();
  }
}

function anew() {
  open();
  showSessions();
  find("message").focus();
}

const tellOffline = () => text("error_offline");

setWays({ suggest, busy: showBusy, anew });
watchComposer({ askForKey, anew, answered: loadSessions });
watchNotice();
watchKeyForm(load, "message");
watchTheme();
find("language").addEventListener("click", () => {
  toggleLanguage();
  showAll();
});
find("new").addEventListener("click", anew);
find("more").addEventListener("click", () => loadSessions({ more: true }).catch((error) => tellError(error, {})));
find("earlier").addEventListener("click", () => showEarlier().catch((error) => tellError(error, {})));
window.addEventListener("offline", () => notify(tellOffline));
window.addEventListener("online", () => retract(tellOffline));

find("unkept").hidden = keepsConversations;
find("list-box").open = !window.matchMedia("(max-width: 45rem)").matches;
chooseLanguage(firstLanguage());
showAll();
load();
