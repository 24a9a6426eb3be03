// Every installed plugin: those that do not work first.

import { find, make, movable } from "./dom.js";
import { allPlugins } from "./state.js";
import { text, word } from "./texts.js";

// Somebody installed them, and they do not work.
const OUT = new Set(["failed", "quarantined", "invalid", "conflict", "incompatible", "untrusted"]);

const isOut = (plugin) => OUT.has(plugin.status) || plugin.elsewhere.length > 0;

export function showPlugins() {
  const plugins = [...allPlugins()].sort((a, b) => isOut(b) - isOut(a) || a.name.localeCompare(b.name));
  const sums = new Map();
  for (const { status } of plugins) sums.set(status, (sums.get(status) ?? 0) + 1);
  find("plugins-sum").textContent = [...sums].map(([status, count]) => `${word(status)} ${count}`).join(", ");
  const heads = ["plugin", "status", "reason"].map((name) => make("th", { scope: "col" }, text(name)));
  movable(find("plugins")).replaceChildren(make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...plugins.map(row))));
}

function row(plugin) {
  const others = plugin.elsewhere.map(({ worker, status }) => text("elsewhere", worker, word(status)));
  return make(
    "tr",
    { class: isOut(plugin) ? "out" : null },
    make("th", { scope: "row" }, plugin.name),
    make("td", { class: "status" }, word(plugin.status)),
    make("td", { class: "reason" }, [plugin.reason, ...others].filter(Boolean).join(" · ")),
  );
}
