// Puts the page together.

import { showAlerts, watchAlerts } from "./alerts.js";
import { makeCharts, showCharts } from "./charts.js";
import { announce, find } from "./dom.js";
import { follow } from "./following.js";
import { askForKey, watchKeyForm } from "./key-form.js";
import { clock } from "./numbers.js";
import { showPlugins } from "./plugins.js";
import { showShares } from "./shares.js";
import { keepHistory, keepPlugins, keepPoint, latest } from "./state.js";
import { apiKey } from "./storage.js";
import { chooseLanguage, firstLanguage, toggleLanguage } from "./language.js";
import { text, writeTexts } from "./texts.js";
import { showTheme, watchTheme } from "./theme.js";
import { showTiles } from "./tiles.js";

const root = document.documentElement;
// Who wants less motion gets charts that move less often.
const EVERY_S = window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 5 : 1;

let isPaused = false;
let status = { name: "connecting", tell: () => text("connecting") };
let notice = null;
let lookForAlerts = () => {};

function showFigures() {
  if (isPaused) return;
  showTiles();
  showCharts();
  showShares();
}

function showStatus() {
  root.dataset.state = status.name;
  find("state-text").textContent = isPaused && status.name === "live" ? text("paused") : status.tell();
  const told = notice?.() ?? "";
  if (find("notice").textContent !== told) find("notice").textContent = told;
  find("notice-box").hidden = !told;
}

function become(name, tell, warn = null) {
  const wasLost = status.name === "lost";
  status = { name, tell };
  notice = warn;
  showStatus();
  if (wasLost && name === "live") announce(text("back"));
}

function showAll() {
  writeTexts();
  find("language").textContent = text("other_language");
  find("language").lang = root.lang === "ko" ? "en" : "ko";
  showTheme();
  showStatus();
  showPlugins();
  showAlerts();
  showTiles();
  showCharts();
  showShares();
}

const isLive = () => {
  if (status.name === "live") return;
  become("live", () => text("live"));
  lookForAlerts();
};

const told = {
  history(history) {
    keepHistory(history);
    isLive();
    showFigures();
  },
  plugins(found) {
    keepPlugins(found);
    showPlugins();
  },
  point(point) {
    keepPoint(point);
    isLive();
    showFigures();
  },
  lost(error) {
    const at = latest()?.at;
    const isStopping = error === null || error.code === "DRAINING";
    const [empty, since] = isStopping ? ["stopping_empty", "stopping"] : ["lost_empty", "lost"];
    const tell = at === undefined ? () => text(empty) : () => text(since, clock(at));
    const warn = error?.status && !isStopping ? () => text("refused", error.message || `HTTP ${error.status}.`) : tell;
    become("lost", () => text("state_lost"), warn);
  },
  refused(error) {
    const why = error.status === 403 ? () => text("key_lacks", error.message) : () => text(apiKey() ? "key_refused" : "key_needed");
    become("refused", () => text("no_access"), why);
    askForKey();
  },
};

function begin() {
  become("connecting", () => text("connecting"));
  if (root.dataset.key === "yes" && !apiKey()) {
    become("refused", () => text("no_access"), () => text("key_needed"));
    askForKey();
    return;
  }
  follow(told, EVERY_S);
}

// Where a file is missing, boot.js says so and has the page loaded again.
if (window.uPlot) find("boot").hidden = true;
window.addEventListener("error", (event) => become("lost", () => text("state_lost"), () => text("page_failed", event.message)));
watchKeyForm(begin, "key-open");
watchTheme();
find("language").addEventListener("click", () => {
  toggleLanguage();
  showAll();
  // Why plugins have their status is told in the language of who asks.
  if (status.name === "live") follow(told, EVERY_S);
});
find("pause").addEventListener("click", () => {
  isPaused = !isPaused;
  find("pause").setAttribute("aria-pressed", String(isPaused));
  showStatus();
  showFigures();
});
lookForAlerts = watchAlerts(() => status.name === "live") ?? lookForAlerts;

makeCharts();
chooseLanguage(firstLanguage());
showAll();
begin();
