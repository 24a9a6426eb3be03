// A turn on the page: what was said, who answered, and what stands behind the answer.

import { make } from "./dom.js";
import { feedbackView } from "./feedback.js";
import { keepsConversations } from "./host.js";
import { showMarkdown, spoken } from "./markdown.js";
import { personas, shownName } from "./picker.js";
import { marked, receiptView } from "./receipt.js";
import { text } from "./texts.js";
import { word } from "./words.js";

const COMPLETE = "stop";
const ENDINGS = { length: "end_length", safety: "end_safety", truncated: "end_truncated" };

// `isChosen` says that the user wanted the persona, `isNewest` that nothing was said since;
// `suggest` takes what might be asked next, and is null where nothing can be asked.
export function drawTurn(turn, { isChosen, isNewest, suggest }) {
  const open = turn.parts?.receipt?.open ?? isNewest;
  turn.element ??= make("li");
  turn.parts = { who: make("p", { class: "who" }, turn.persona || text("answering")), body: make("div", { class: "text" }), state: make("p", { class: "quiet" }) };
  const { who, body, state } = turn.parts;
  showMarkdown(body, turn.answer);
  const handed = turn.handedOver ? make("p", { class: "quiet" }, text("handed_over", turn.persona, turn.handedOver)) : null;
  const label = { class: "answer", "aria-label": turn.persona || text("answering"), "aria-busy": String(Boolean(turn.making)) };
  turn.parts.suggestion = isNewest && suggest && turn.suggestion ? suggestion(turn.suggestion, suggest) : null;
  const answer = make("article", label, who, handed, body, state, turn.parts.suggestion, ...(turn.making ? [] : behind(turn, isChosen, open)));
  turn.parts.answer = answer;
  const said = make("p", { class: "said" }, make("span", { class: "unseen" }, `${text("you")}: `), ...marked(turn.user, turn.receipt));
  turn.element.replaceChildren(said, answer);
  return turn.element;
}

function behind(turn, isChosen, open) {
  const found = [];
  if (turn.degraded) found.push(make("p", { class: "warn" }, text("degraded", turn.degraded)));
  if (turn.ending && turn.ending !== COMPLETE) found.push(make("p", { class: "warn" }, text(ENDINGS[turn.ending] ?? "end_other")));
  if (turn.receipt) {
    turn.parts.receipt = receiptView(turn.receipt, { persona: turn.persona, isChosen, shown: shownName, open });
    found.push(turn.parts.receipt);
  } else if (turn.key) {
    found.push(make("p", { class: "quiet" }, `${text("reading")}: ${turn.key.split("-").map(word).join(" · ")}`));
  }
  if (keepsConversations && turn.requestId) found.push(...feedbackView(turn, personas()));
  return found;
}

function suggestion(words, suggest) {
  const button = make("button", { type: "button", onclick: () => suggest(words) }, words);
  return make("div", { class: "suggestion" }, make("span", { class: "quiet" }, text("suggested")), button);
}

// Something was said since: the receipt is folded, and the suggestion is of no use.
export function putBehind(turn) {
  if (turn.parts.suggestion) turn.parts.suggestion.hidden = true;
  if (turn.parts.receipt) turn.parts.receipt.open = false;
}

// What was said since is taken back.
export function putAhead(turn) {
  if (turn.parts.suggestion) turn.parts.suggestion.hidden = false;
}

// What a stream tells of a turn, piece by piece.
export function showPersona(turn) {
  turn.parts.who.textContent = turn.persona;
  turn.parts.answer.setAttribute("aria-label", turn.persona);
}

export function showAnswer(turn) {
  showMarkdown(turn.parts.body, turn.answer);
}

// The answer as it is read out.
export function spokenAnswer(turn) {
  showAnswer(turn);
  return spoken(turn.parts.body);
}

export function showState(turn, told) {
  turn.parts.state.textContent = told;
}
