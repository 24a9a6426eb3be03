// The words of one block: strong, emphasised, code and links, as nodes.

import { make } from "./dom.js";

// Emphasis inside emphasis is drawn so deep.
const DEEPEST = 4;
const SPECIAL = /[\\`*_[<h]/g;
const ESCAPED = /[!-/:-@[-`{-~]/;
const LINK = /\[([^[\]]*)\]\(\s?<?([^\s<>()]*(?:\([^\s()]*\)[^\s<>()]*)*)>?(?:\s"[^"]*")?\s?\)/y;
const ANGLED = /<(https?:\/\/[^\s<>]+)>/y;
const BARE = /https?:\/\/[^\s<>"'`*|]+/y;
const SENTENCE_ENDS = ".,;:!?)]}";
const LETTER = /[\p{L}\p{N}]/u;
const SCHEMES = new Set(["http:", "https:"]);

// The nodes of a text. What is never closed is what it looks like: text.
export function words(source, depth = 0, canLink = true) {
  const nodes = [];
  const missing = new Set();
  let at = 0;
  let shown = 0;
  const text = (end) => end > shown && nodes.push(source.slice(shown, end));
  for (;;) {
    SPECIAL.lastIndex = at;
    const next = SPECIAL.exec(source);
    if (!next) break;
    const found = special(source, next.index, { depth, canLink, missing });
    at = next.index + 1;
    if (!found) continue;
    text(next.index);
    nodes.push(found.node);
    at = found.end;
    shown = at;
  }
  text(source.length);
  return nodes;
}

function special(source, at, ways) {
  const sign = source[at];
  if (sign === "\\") return ESCAPED.test(source[at + 1] ?? "") ? { node: source[at + 1], end: at + 2 } : null;
  if (sign === "`") return code(source, at, ways.missing);
  if (sign === "*" || sign === "_") return ways.depth < DEEPEST ? emphasis(source, at, ways) : null;
  return ways.canLink ? link(source, at, ways.depth) : null;
}

// What has no end once is not looked for again: `missing` keeps long nonsense cheap.
function endOf(source, mark, from, missing, fits) {
  if (missing.has(mark)) return -1;
  for (let end = source.indexOf(mark, from); end >= 0; end = source.indexOf(mark, end + 1)) {
    if (fits(end)) return end;
  }
  missing.add(mark);
  return -1;
}

function run(source, at) {
  let end = at;
  while (source[end] === source[at]) end += 1;
  return end - at;
}

function code(source, at, missing) {
  const length = run(source, at);
  const mark = "`".repeat(length);
  const from = at + length;
  const end = endOf(source, mark, from, missing, (found) => source[found - 1] !== "`" && source[found + length] !== "`");
  // Signs without an end are text, all of them at once.
  if (end < 0) return { node: mark, end: from };
  return { node: make("code", {}, source.slice(from, end).replaceAll("\n", " ").trim()), end: end + length };
}

const EMPHASES = { 1: ["em"], 2: ["strong"], 3: ["em", "strong"] };

function emphasis(source, at, { depth, canLink, missing }) {
  const sign = source[at];
  const length = run(source, at);
  const from = at + length;
  const signs = { node: sign.repeat(length), end: from };
  const opens = length <= 3 && /\S/.test(source[from] ?? "") && !(sign === "_" && LETTER.test(source[at - 1] ?? ""));
  if (!opens) return signs;
  const mark = sign.repeat(length);
  const end = endOf(source, mark, from + 1, missing, (found) => closes(source, found, sign, length));
  if (end < 0) return signs;
  let children = words(source.slice(from, end), depth + 1, canLink);
  for (const tag of EMPHASES[length]) children = [make(tag, {}, ...children)];
  return { node: children[0], end: end + length };
}

function closes(source, at, sign, length) {
  if (source[at - 1] === sign || source[at + length] === sign || /\s/.test(source[at - 1])) return false;
  return sign !== "_" || !LETTER.test(source[at + length] ?? "");
}

function link(source, at, depth) {
  const found = matched(LINK, source, at);
  if (found) return drawnLink(found[2], words(found[1], depth + 1, false), at + found[0].length);
  const angled = matched(ANGLED, source, at);
  if (angled) return drawnLink(angled[1], [angled[1]], at + angled[0].length);
  const bare = LETTER.test(source[at - 1] ?? "") ? null : matched(BARE, source, at);
  if (!bare) return null;
  let address = bare[0];
  while (SENTENCE_ENDS.includes(address.at(-1))) address = address.slice(0, -1);
  return drawnLink(address, [address], at + address.length);
}

function matched(pattern, source, at) {
  pattern.lastIndex = at;
  return pattern.exec(source);
}

// A link leads to a page of the web, in a window that knows nothing of this one; anything else is none.
function drawnLink(address, children, end) {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (!url || !SCHEMES.has(url.protocol) || !children.length) return null;
  return { node: make("a", { href: url.href, rel: "noopener noreferrer", target: "_blank" }, ...children), end };
}
