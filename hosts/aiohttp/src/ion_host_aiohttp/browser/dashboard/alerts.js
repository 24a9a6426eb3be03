// The alerts that are active, where the host evaluates any.

import { call } from "./api.js";
import { find, make } from "./dom.js";
import { clock, milliseconds, percent, times } from "./numbers.js";
import { text, word } from "./texts.js";

const EVERY_MS = 15_000;
const MS = 1000;
// Of what takes longer than this a host knows no more than that.
const LONGEST_S = 10;
const FORMATS = {
  error_rate: percent,
  hit_rate: percent,
  unanswered_rate: percent,
  burn_rate: times,
  latency_p95: (seconds) => (seconds >= LONGEST_S ? text("more_than", milliseconds(LONGEST_S * MS)) : milliseconds(seconds === null ? null : seconds * MS)),
};
const SENTENCES = {
  error_rate: "alert_error_rate",
  latency_p95: "alert_latency_p95",
  unanswered_rate: "alert_unanswered_rate",
  hit_rate: "alert_hit_rate",
  burn_rate: "alert_burn_rate",
};
const ACTIVE = new Set(["firing", "pending"]);

const isServed = document.documentElement.dataset.alerts === "yes";
let alerts = null;
let knownAt = null;
let isStale = false;

export function showAlerts() {
  find("alerts").hidden = alerts === null;
  if (alerts === null) return;
  find("alerts-stale").textContent = isStale ? text("alerts_stale", clock(knownAt / MS)) : "";
  find("alert-list").classList.toggle("stale", isStale);
  const items = alerts.map(item);
  find("alert-list").replaceChildren(...(items.length ? items : [make("li", { class: "quiet" }, text("no_alerts"))]));
}

function item(alert) {
  const told = FORMATS[alert.measure] ?? String;
  const since = alert.since ? ` · ${text("alert_since", clock(Date.parse(alert.since) / MS))}` : "";
  const figures = `${word(alert.state)} · ${text("alert_value", told(alert.value), told(alert.threshold))}${since}`;
  const said = SENTENCES[alert.measure];
  return make("li", { class: alert.state }, make("strong", {}, alert.rule), said ? make("span", { class: "sentence" }, text(said)) : "", figures);
}

// Look from now on, as long as `isWanted` says so.
export function watchAlerts(isWanted) {
  if (!isServed) return;
  const look = async () => {
    if (!isWanted()) return;
    try {
      const found = await call("GET", "/api/v2/slo");
      alerts = (found.alerts ?? []).filter((alert) => ACTIVE.has(alert.state));
      [knownAt, isStale] = [Date.now(), false];
    } catch {
      // The stream of figures tells what is wrong with the host; what was known stays, with its age.
      isStale = true;
    }
    showAlerts();
  };
  setInterval(look, EVERY_MS);
  return look;
}
