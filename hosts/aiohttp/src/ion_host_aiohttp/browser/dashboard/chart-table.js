// A chart as a table: the last point of every minute, the latest first.

import { make } from "./dom.js";
import { clock } from "./numbers.js";
import { text } from "./texts.js";

const MINUTE_S = 60;

export function tableOf(points, lines, plan) {
  const minutes = new Map();
  for (const point of points) minutes.set(Math.floor(point.at / MINUTE_S), point);
  const rows = [...minutes.values()].reverse();
  const names = lines.map((line) => line.label?.() ?? text(line.name));
  return make(
    "table",
    {},
    make("caption", { class: "unseen" }, text(plan.name)),
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, text("time")), ...names.map((name) => make("th", { scope: "col", class: "number" }, name)))),
    make(
      "tbody",
      {},
      ...rows.map((point) => make("tr", {}, make("th", { scope: "row" }, clock(point.at)), ...lines.map((line) => make("td", { class: "number" }, plan.format(line.of(point)))))),
    ),
  );
}
