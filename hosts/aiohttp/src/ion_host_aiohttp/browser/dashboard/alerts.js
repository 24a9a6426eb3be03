// The alerts that are active, where the host evaluates any.

import { call } from "./api.js";
import { find, make } from "./dom.js";
import { clock, milliseconds, percent, whole } from "./numbers.js";
import { text, word } from "./texts.js";

const EVERY_MS = 15_000;
const MS = 1000;
const FORMATS = { error_rate: percent, hit_rate: percent, latency_p95: (seconds) => milliseconds(seconds * MS) };
const ACTIVE = new Set(["firing", "pending"]);

const isServed = document.documentElement.dataset.alerts === "yes";
let alerts = null;

export function showAlerts() {
  find("alerts").hidden = alerts === null;
  if (alerts === null) return;
  const items = alerts.map(item);
  find("alert-list").replaceChildren(...(items.length ? items : [make("li", { class: "quiet" }, text("no_alerts"))]));
}

function item(alert) {
  const told = FORMATS[alert.measure] ?? whole;
  const since = alert.since ? ` · ${text("alert_since", clock(Date.parse(alert.since) / MS))}` : "";
  return make("li", { class: alert.state }, make("strong", {}, alert.rule), `${word(alert.state)} · ${text("alert_value", told(alert.value), told(alert.threshold))}${since}`);
}

// Look from now on, as long as `isWanted` says so.
export function watchAlerts(isWanted) {
  if (!isServed) return;
  const look = async () => {
    if (!isWanted()) return;
    try {
      const found = await call("GET", "/api/v2/slo");
      alerts = (found.alerts ?? []).filter((alert) => ACTIVE.has(alert.state));
    } catch {
      // The stream of figures tells what is wrong with the host.
      alerts = null;
    }
    showAlerts();
  };
  setInterval(look, EVERY_MS);
  return look;
}
