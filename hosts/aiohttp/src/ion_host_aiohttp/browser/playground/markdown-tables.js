// A table of an answer: a line of heads, one of dashes, and lines of cells.

import { make, movable } from "./dom.js";
import { words } from "./markdown-words.js";

const DASHES = /^:?-+:?$/;
const MOST_COLUMNS = 32;

function cellsOf(line) {
  const inner = line.trim().replace(/^\|/, "").replace(/\|$/, "");
  // A bar behind a backslash is a sign of the text.
  return inner.replaceAll("\\|", "\0").split("|").map((cell) => cell.trim().replaceAll("\0", "|"));
}

// Whether a line is that of the dashes under these heads.
export function isDelimiter(line, heads) {
  if (!line.includes("-")) return false;
  const cells = cellsOf(line);
  return cells.length === cellsOf(heads).length && cells.length <= MOST_COLUMNS && cells.every((cell) => DASHES.test(cell));
}

function sideOf(dashes) {
  if (!dashes.endsWith(":")) return null;
  return dashes.startsWith(":") ? "middle" : "right";
}

export function tableOf([heads, dashes, ...lines]) {
  const sides = cellsOf(dashes).map(sideOf);
  const row = (tag, line) => {
    const cells = cellsOf(line);
    return make("tr", {}, ...sides.map((side, index) => make(tag, { class: side }, ...words(cells[index] ?? ""))));
  };
  const head = make("thead", {}, row("th", heads));
  const body = make("tbody", {}, ...lines.map((line) => row("td", line)));
  return movable(make("div", { class: "wider" }, make("table", {}, head, body)));
}
