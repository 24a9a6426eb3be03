// The figures of this moment.

import { find, make } from "./dom.js";
import { bytes, cores, milliseconds, percent, perSecond, span, whole } from "./numbers.js";
import { latest, uptime } from "./state.js";
import { text } from "./texts.js";

const TILES = [
  ["requests", (point) => perSecond(point?.requests_s)],
  ["error_rate", (point) => percent(point?.error_share)],
  ["p50", (point) => milliseconds(point?.p50_ms)],
  ["p95", (point) => milliseconds(point?.p95_ms)],
  ["p99", (point) => milliseconds(point?.p99_ms)],
  ["throttled", (point) => perSecond(point?.throttled_s)],
  ["in_flight", (point) => whole(point?.in_flight)],
  ["processes", (point) => whole(point?.processes)],
  ["memory", (point) => bytes(point?.memory_bytes)],
  ["cpu", (point) => cores(point?.cpu)],
];

export function showTiles() {
  const point = latest();
  find("tiles").replaceChildren(...TILES.map(([name, told]) => make("div", { "data-tile": name }, make("dt", {}, text(name)), make("dd", {}, told(point)))));
  const running = uptime();
  find("uptime").textContent = running === null ? "" : text("uptime", span(running), whole(point.totals.requests), whole(point.totals.turns));
}
