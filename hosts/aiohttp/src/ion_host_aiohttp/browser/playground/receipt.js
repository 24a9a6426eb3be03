// The receipt, drawn: scores as bars, the words that spoke, the path through the plugins.

import { make, movable } from "./dom.js";
import { text } from "./texts.js";
import { word } from "./words.js";

const EVIDENCE = /^(\w+) (\w+): "([\s\S]*)" \(([+-][\d.]+)\)$/;

// The evidence for the key that was chosen: component, value, cue, weight.
export function evidenceOf(receipt) {
  const [tone, pace, intent] = receipt.key.split("-");
  const chosen = { tone, pace, intent };
  return (receipt.evidence ?? [])
    .map((line) => EVIDENCE.exec(line))
    .filter((found) => found && chosen[found[1]] === found[2])
    .map(([, component, value, cue, weight]) => ({ component, value, cue, weight: Number(weight) }));
}

// A message with the words that spoke for its reading marked.
export function marked(message, receipt) {
  const spans = [];
  const lower = message.toLowerCase();
  for (const { cue, component, value, weight } of receipt ? evidenceOf(receipt) : []) {
    const start = weight > 0 && cue ? lower.indexOf(cue.toLowerCase()) : -1;
    if (start >= 0) spans.push({ start, end: start + cue.length, tell: `${word(component)}: ${word(value)}` });
  }
  spans.sort((a, b) => a.start - b.start || b.end - a.end);
  const parts = [];
  let at = 0;
  for (const { start, end, tell } of spans) {
    if (start < at) continue;
    parts.push(message.slice(at, start), make("mark", { title: tell }, message.slice(start, end)));
    at = end;
  }
  return [...parts, message.slice(at)];
}

const LEAST_MS = 0.1;
const milliseconds = (value) => (value < LEAST_MS ? text("briefly") : text("milliseconds", Number(value).toFixed(1)));

function table(head, rows) {
  const last = head.length - 1;
  const cells = head.map((key, index) => make("th", { scope: "col", class: index === last ? "number" : null }, text(key)));
  const found = make("table", {}, make("thead", {}, make("tr", {}, ...cells)), make("tbody", {}, ...rows));
  // Words are not broken: where they need more room than there is, the table is moved.
  return movable(make("div", { class: "moved" }, found));
}

function bar(value, most, label) {
  return make("meter", { min: 0, max: most, value, "aria-label": label });
}

// A weight from the middle on: what speaks against goes to the left.
function twoSided(value, most, label) {
  const half = (size, isTold) => make("meter", { min: 0, max: most, value: size, ...(isTold ? { "aria-label": label } : { "aria-hidden": "true" }) });
  const against = half(Math.max(0, -value), value < 0);
  against.setAttribute("dir", "rtl");
  return make("div", { class: "sides" }, against, half(Math.max(0, value), value >= 0));
}

function scoreRow([name, score], shown, persona) {
  const label = shown(name);
  return make(
    "tr",
    { class: label === persona ? "best" : null },
    make("th", { scope: "row" }, label),
    make("td", { class: "wide" }, bar(score, 1, `${label} ${text("score")}`)),
    make("td", { class: "number" }, Number(score).toFixed(2)),
  );
}

function evidenceRow(item, most, drawBar) {
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, item.cue),
    make("td", {}, `${word(item.component)}: ${word(item.value)}`),
    make("td", { class: "wide" }, drawBar(item.weight, most, `${item.cue} ${text("weight")}`)),
    make("td", { class: "number" }, `${item.weight > 0 ? "+" : ""}${item.weight.toFixed(2)}`),
  );
}

function stepRow(item) {
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, word(item.hook)),
    make("td", {}, item.plugin),
    make("td", {}, word(item.outcome)),
    make("td", { class: "number" }, milliseconds(item.duration_ms)),
  );
}

function cacheTold({ status, age_s: age, stored }) {
  const parts = [word(status)];
  if (age !== null && age !== undefined) parts.push(text("cache_age", Math.round(age)));
  if (stored) parts.push(text("cache_stored"));
  return parts.join(", ");
}

// How the persona came to answer: `isChosen` says that the user wanted it.
function lead({ margin, confidence }, isChosen) {
  const isBest = margin >= 0;
  const told = isChosen ? (isBest ? "asked_for_best" : "asked_for") : isBest ? "ahead" : "behind";
  return text(told, Number(confidence).toFixed(2), Math.abs(margin).toFixed(2));
}

// The drawing. `persona` answered; `shown` gives the name that a persona is shown under.
export function receiptView(receipt, { persona, isChosen, shown, open }) {
  const scores = Object.entries(receipt.scores);
  const evidence = evidenceOf(receipt);
  const most = Math.max(1, ...evidence.map((item) => Math.abs(item.weight)));
  const drawBar = evidence.some((item) => item.weight < 0) ? twoSided : bar;
  const key = receipt.key.split("-").map(word).join(" · ");
  return make(
    "details",
    { class: "receipt", open },
    make("summary", {}, text("receipt")),
    make("p", {}, `${text("reading")}: ${key}`),
    make("p", { class: "quiet" }, lead(receipt, isChosen)),
    make("h3", {}, text("scores")),
    table(["persona", "score", "figure"], scores.map((item) => scoreRow(item, shown, persona))),
    make("h3", {}, text("evidence")),
    evidence.length
      ? table(["cue", "speaks_for", "weight", "figure"], evidence.map((item) => evidenceRow(item, most, drawBar)))
      : make("p", { class: "quiet" }, text("no_evidence")),
    make("h3", {}, text("path")),
    table(["step", "plugin", "outcome", "time"], (receipt.plugins ?? []).map(stepRow)),
    make("p", { class: "quiet" }, `${text("cache")}: ${cacheTold(receipt.cache)}. ${text("spent", milliseconds(receipt.spent_ms))}`),
  );
}
