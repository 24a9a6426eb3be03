// The charts of the page.

import { Chart } from "./chart.js";
import { watchColours } from "./colours.js";
import { find } from "./dom.js";
import { bytes, cores, milliseconds, percent, perSecond, whole } from "./numbers.js";
import { allPoints } from "./state.js";

const MEBIBYTE = 1024 * 1024;
// Steps of the axis in the unit that bytes are told in: 1, 2, 4 … 512 MiB, 1 GiB …
const BYTE_STEPS = Array.from({ length: 24 }, (_, power) => MEBIBYTE * 2 ** power);

const WHOLE_STEPS = [1, 2, 5, 10, 20, 50, 100];

const tiersOf = (point) => Object.keys(point?.hit_shares ?? {}).map((name) => ({ label: () => name, of: (each) => each.hit_shares[name] }));

const PLANS = [
  { name: "requests", lines: [{ name: "requests", of: (point) => point.requests_s }], format: perSecond, least: 1 },
  { name: "error_rate", lines: [{ name: "error_rate", of: (point) => point.error_share }], format: percent, least: 0.01 },
  {
    name: "latency",
    lines: [
      { name: "p50", of: (point) => point.p50_ms },
      { name: "p95", of: (point) => point.p95_ms },
      { name: "p99", of: (point) => point.p99_ms },
    ],
    format: milliseconds,
    least: 1,
  },
  { name: "throttled", lines: [{ name: "throttled", of: (point) => point.throttled_s }], format: perSecond, least: 1 },
  { name: "hit_rate", lines: tiersOf, format: percent, least: 1 },
  { name: "processes", lines: [{ name: "processes", of: (point) => point.processes }], format: whole, least: 2, steps: WHOLE_STEPS },
  { name: "memory", lines: [{ name: "memory", of: (point) => point.memory_bytes }], format: bytes, least: MEBIBYTE, steps: BYTE_STEPS },
  { name: "cpu", lines: [{ name: "cpu", of: (point) => point.cpu }], format: cores, least: 1 },
];

const charts = PLANS.map((plan) => new Chart(plan));

export function makeCharts() {
  find("charts").append(...charts.map((chart) => chart.card));
  watchColours(() => charts.forEach((chart) => chart.redraw()));
}

export function showCharts() {
  for (const chart of charts) chart.show(allPoints());
}
