// Answers are written in Markdown: its blocks as elements. Whatever is no Markdown stays text.
//
// Elements are made one by one and filled with text nodes, so that nothing an answer says becomes
// markup. A piece of an answer is drawn like a whole one: what is not closed yet runs to the end.

import { make, movable } from "./dom.js";
import { isDelimiter, tableOf } from "./markdown-tables.js";
import { words } from "./markdown-words.js";

// Quotes and lists inside each other are drawn so deep; what is deeper stays text.
const DEEPEST = 6;
// A longer answer is shown as it is.
const MOST_CHARACTERS = 200_000;

const FENCE = /^ {0,3}(`{3,}|~{3,})([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})[ \t]+(.*)$/;
const HEADING_END = /[ \t]#+$/;
const RULE = /^ {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])([ \t]+|$)(.*)$/;
const BLANK = /^[ \t]*$/;
// `#` and `##` stand below the headings of the page, which ends with the second level.
const HIGHEST = 3;
const LOWEST = 6;

// Draw an answer into an element; blocks that are as they were before stay where they are, with
// whatever somebody has selected in them.
export function showMarkdown(element, source) {
  const found = source.length > MOST_CHARACTERS ? [plain(source)] : blocksOf(source.split("\n"), 0);
  const before = element.drawn ?? [];
  let same = 0;
  while (same < before.length && same < found.length && before[same] === found[same].source) same += 1;
  while (element.childNodes.length > same) element.lastChild.remove();
  element.append(...found.slice(same).map((block) => block.draw()));
  element.drawn = found.map((block) => block.source);
}

// A drawn answer as it is read out.
export function spoken(element) {
  return Array.from(element.children, (block) => block.textContent).join("\n");
}

function plain(source) {
  return { source, draw: () => make("p", {}, source) };
}

// The blocks of some lines: each knows the text that it is made of.
function blocksOf(lines, depth) {
  const found = [];
  let at = 0;
  while (at < lines.length) {
    if (BLANK.test(lines[at])) {
      at += 1;
      continue;
    }
    const [end, draw] = blockAt(lines, at, depth);
    found.push({ source: lines.slice(at, end).join("\n"), draw });
    at = end;
  }
  return found;
}

// Where the block that begins here ends, and what draws it.
function blockAt(lines, at, depth) {
  const line = lines[at];
  if (FENCE.test(line)) return fence(lines, at);
  if (HEADING.test(line)) return [at + 1, () => drawHeading(line)];
  if (RULE.test(line)) return [at + 1, () => make("hr")];
  if (depth < DEEPEST && QUOTE.test(line)) return quote(lines, at, depth);
  if (depth < DEEPEST && ITEM.test(line)) return list(lines, at, depth);
  if (isTable(lines, at)) return table(lines, at);
  return paragraph(lines, at, depth);
}

function drawHeading(line) {
  const [, marks, title] = HEADING.exec(line);
  const level = Math.min(LOWEST, Math.max(HIGHEST, marks.length + 1));
  return make(`h${level}`, {}, ...words(title.trim().replace(HEADING_END, "")));
}

function fence(lines, at) {
  const mark = FENCE.exec(lines[at])[1];
  const isEnd = (line) => line.trim().startsWith(mark) && line.trim() === mark[0].repeat(line.trim().length);
  let end = at + 1;
  while (end < lines.length && !isEnd(lines[end])) end += 1;
  const code = lines.slice(at + 1, end).join("\n");
  return [end + 1, () => movable(make("pre", {}, make("code", {}, code)))];
}

function quote(lines, at, depth) {
  let end = at;
  while (end < lines.length && QUOTE.test(lines[end])) end += 1;
  const inner = lines.slice(at, end).map((line) => line.replace(QUOTE, ""));
  return [end, () => make("blockquote", {}, ...drawn(inner, depth + 1))];
}

const drawn = (lines, depth) => blocksOf(lines, depth).map((block) => block.draw());
const isTable = (lines, at) => lines[at].includes("|") && at + 1 < lines.length && isDelimiter(lines[at + 1], lines[at]);

function table(lines, at) {
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|") && !BLANK.test(lines[end])) end += 1;
  return [end, () => tableOf(lines.slice(at, end))];
}

function beginsBlock(lines, at, depth) {
  const line = lines[at];
  return FENCE.test(line) || HEADING.test(line) || RULE.test(line) || (depth < DEEPEST && (QUOTE.test(line) || ITEM.test(line))) || isTable(lines, at);
}

function paragraph(lines, at, depth) {
  let end = at + 1;
  while (end < lines.length && !BLANK.test(lines[end]) && !beginsBlock(lines, end, depth)) end += 1;
  const said = lines.slice(at, end).join("\n").trim();
  return [end, () => make("p", {}, ...words(said))];
}

const isOrdered = (line) => /\d/.test(ITEM.exec(line)[2]);
const marker = (line) => ITEM.exec(line)[2].at(-1);

function list(lines, at, depth) {
  const items = [];
  let end = at;
  while (end < lines.length && ITEM.test(lines[end]) && !RULE.test(lines[end]) && marker(lines[end]) === marker(lines[at])) {
    const [next, item] = itemAt(lines, end);
    items.push(item);
    end = next;
  }
  const start = isOrdered(lines[at]) ? Number.parseInt(ITEM.exec(lines[at])[2], 10) : null;
  return [end, () => drawList(items, start, depth)];
}

// The lines of one item, without what they are indented by, and where the next one begins.
function itemAt(lines, at) {
  const [, indent, mark, space, first] = ITEM.exec(lines[at]);
  const width = indent.length + mark.length + Math.min(4, Math.max(1, space.length));
  const inside = (line) => line.startsWith(" ".repeat(Math.min(width, indent.length + 2)));
  const own = [first];
  let end = at + 1;
  while (end < lines.length) {
    const line = lines[end];
    const follows = end + 1 < lines.length && inside(lines[end + 1]);
    const ends = BLANK.test(line) ? !follows && !isNextItem(lines, end + 1, mark) : !inside(line) && (BLANK.test(lines[end - 1]) || beginsBlock(lines, end, 0));
    if (ends) break;
    own.push(line.slice(Math.min(width, line.length - line.trimStart().length)));
    end += 1;
  }
  return [end, own];
}

// Whether an empty line only stands between two items of one list.
function isNextItem(lines, at, mark) {
  const found = at < lines.length ? ITEM.exec(lines[at]) : null;
  return found !== null && found[2].at(-1) === mark.at(-1);
}

function drawList(items, start, depth) {
  const drawItem = (own) => {
    const parts = drawn(own, depth + 1);
    // What is a single sentence needs no paragraph of its own.
    const [head, ...rest] = parts;
    return make("li", {}, ...(head?.localName === "p" ? [...head.childNodes, ...rest] : parts));
  };
  return start === null ? make("ul", {}, ...items.map(drawItem)) : make("ol", { start }, ...items.map(drawItem));
}
