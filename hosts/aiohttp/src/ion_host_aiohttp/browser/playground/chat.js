// The open conversation: its turns, and the answer that is being made.

import { asked } from "./asking.js";
import { announce, find } from "./dom.js";
import { shelf } from "./shelf.js";
import { clearNotice, notify } from "./notice.js";
import { chosen, showPicker } from "./picker.js";
import { keepSetting, randomName } from "./storage.js";
import { text } from "./texts.js";
import { drawTurn, putAhead, putBehind, showAnswer, showPersona, showState, spokenAnswer } from "./turn-view.js";
import { finish, newTurn } from "./turn.js";

const root = document.documentElement;
const NEAR_PX = 80;

const blank = () => ({ name: "", pinned: "", turns: [], before: null, isOver: false });
const state = { conversation: blank(), making: null, ways: {} };

export const openName = () => state.conversation.name;
export const isMaking = () => state.making !== null;
export const stop = () => state.making?.abort();

// What the page does elsewhere: `suggest` fills the input, `busy` is told when an answer begins or ends.
export function setWays(ways) {
  state.ways = ways;
}

function draw(turn) {
  const isNewest = turn === state.conversation.turns.at(-1);
  const isChosen = Boolean(state.conversation.pinned || turn.wanted);
  const suggest = state.conversation.isOver ? null : state.ways.suggest;
  return drawTurn(turn, { isChosen, isNewest, suggest });
}

export function showTurns() {
  find("turns").replaceChildren(...state.conversation.turns.map(draw));
  showAround();
}

function showAround() {
  const { turns, before } = state.conversation;
  find("empty").hidden = turns.length > 0;
  find("earlier").hidden = !before;
}

const isAtEnd = () => window.innerHeight + window.scrollY >= root.scrollHeight - NEAR_PX;
const toEnd = () => window.scrollTo(0, root.scrollHeight);

// Leave what is open for another conversation, or for a new one.
export function open(conversation = blank()) {
  stop();
  state.conversation = conversation;
  keepSetting("session", conversation.name);
  if (conversation.isOver) notify(() => text("over"), { label: () => text("new"), run: state.ways.anew });
  else clearNotice();
  announce("");
  showPicker(conversation);
  showTurns();
  toEnd();
}

// Put the turns before the first one on the page, which stays where it is.
export async function showEarlier() {
  const { conversation } = state;
  const found = await shelf.readEarlier(conversation);
  if (conversation !== state.conversation) return;
  const height = root.scrollHeight;
  find("turns").prepend(...found.map(draw));
  showAround();
  window.scrollBy(0, root.scrollHeight - height);
}

export const showChoice = () => showPicker(state.conversation);

function take(turn, { event, data }) {
  if (event === "lost") {
    showState(turn, text("reconnecting"));
    announce(text("reconnecting"));
    return;
  }
  showState(turn, "");
  if (event === "again") {
    turn.answer = "";
    draw(turn);
  } else if (event === "receipt") {
    turn.persona = data.persona;
    showPersona(turn);
  } else if (event === "delta") {
    const follows = isAtEnd();
    turn.answer += data.text;
    showAnswer(turn);
    if (follows) toEnd();
  } else if (event === "done") {
    finish(turn, data);
  }
}

// The name of a turn: that of the last attempt where the same message is sent again.
function nameOf(conversation, message) {
  if (conversation.unanswered?.message !== message) conversation.unanswered = { message, name: randomName() };
  return conversation.unanswered.name;
}

async function begin(conversation) {
  if (conversation.name) return;
  await shelf.begin(conversation, chosen());
  if (conversation !== state.conversation) return;
  keepSetting("session", conversation.name);
  showPicker(conversation);
}

function add(conversation, message) {
  const turn = newTurn(message);
  if (conversation.turns.length) putBehind(conversation.turns.at(-1));
  conversation.turns.push(turn);
  find("turns").append(draw(turn));
  showAround();
  toEnd();
  announce(text("answering"));
  return turn;
}

function takeBack(conversation, turn) {
  conversation.turns.splice(conversation.turns.indexOf(turn), 1);
  turn.element.remove();
  if (conversation.turns.length) putAhead(conversation.turns.at(-1));
}

// Send a message; the error that kept it from being answered is thrown. Of a conversation that was
// left meanwhile nothing is told.
export async function send(message) {
  const { conversation } = state;
  const making = new AbortController();
  state.making = making;
  state.ways.busy(true);
  clearNotice();
  const turn = add(conversation, message);
  turn.wanted = conversation.pinned ? "" : chosen();
  const isOpen = () => conversation === state.conversation;
  try {
    await begin(conversation);
    const options = { signal: making.signal, name: nameOf(conversation, message) };
    for await (const event of asked(conversation, message, turn.wanted, options)) take(turn, event);
    conversation.unanswered = null;
    if (isOpen()) announce(text("answered", turn.persona, spokenAnswer(turn)));
  } catch (error) {
    takeBack(conversation, turn);
    if (isOpen()) {
      announce("");
      throw error;
    }
  } finally {
    if (state.making === making) {
      state.making = null;
      state.ways.busy(false);
    }
    if (isOpen()) end(turn);
  }
}

// Who reads along sees the end of the answer, and that there is a receipt below.
function end(turn) {
  const follows = isAtEnd();
  if (!turn.making) draw(turn);
  showAround();
  if (follows) turn.parts.receipt?.querySelector("summary").scrollIntoView({ block: "nearest" });
}
