// The turns of the open conversation: shown, sent, streamed.

import { call, stream } from "./api.js";
import { announce, find, make, notify } from "./dom.js";
import { feedbackView } from "./feedback.js";
import { marked, receiptView } from "./receipt.js";
import { keepSetting, randomName, userId } from "./storage.js";
import { explain, text, word } from "./texts.js";

const root = document.documentElement;
export const hasStore = root.dataset.conversations === "yes";
const HISTORY = 20;
const NEAR_PX = 80;

const state = { turns: [], session: "", persona: "", personas: [], making: null, generation: 0, unanswered: null };

export const session = () => state.session;

export function setPersonas(names) {
  state.personas = names;
  showPersonas();
}

const shown = (name) => state.personas.find((known) => known.toLowerCase() === name) ?? name;

export function showPersonas() {
  const select = find("persona");
  const chosen = state.session ? state.persona : select.value;
  select.replaceChildren(make("option", { value: "" }, text("auto")), ...state.personas.map((name) => make("option", { value: name }, name)));
  select.value = state.personas.includes(chosen) ? chosen : "";
  select.disabled = !hasStore || Boolean(state.session);
  find("persona-hint").textContent = !hasStore ? text("persona_none") : state.session ? text("persona_fixed") : "";
}

function details(turn, isLast) {
  const found = [];
  if (turn.degraded) found.push(make("p", { class: "warn" }, text("degraded", turn.degraded)));
  if (turn.receipt) found.push(receiptView(turn.receipt, turn.persona, shown, isLast));
  else if (turn.key) found.push(make("p", { class: "quiet" }, `${text("reading")}: ${turn.key.split("-").map(word).join(" · ")}`));
  if (hasStore && turn.requestId) found.push(...feedbackView(turn, state.personas, explain));
  return found;
}

function turnView(turn, isLast) {
  const said = make("p", { class: "said" }, make("span", { class: "unseen" }, `${text("you")}: `), ...marked(turn.user, turn.receipt));
  const who = make("p", { class: "who" }, turn.persona || text("answering"));
  const body = make("p", { class: "text" }, turn.answer);
  const handed = turn.handedOver ? make("p", { class: "quiet" }, text("handed_over", turn.persona, turn.handedOver)) : null;
  const label = { class: "answer", "aria-label": turn.persona || text("answering"), "aria-busy": String(Boolean(turn.making)) };
  const answer = make("article", label, who, handed, body, ...(turn.making ? [] : details(turn, isLast)));
  turn.parts = { who, body };
  return make("li", {}, said, answer);
}

export function showTurns() {
  find("empty").hidden = state.turns.length > 0;
  find("turns").replaceChildren(...state.turns.map((turn, index) => turnView(turn, index === state.turns.length - 1)));
}

export function stop() {
  state.making?.abort();
}

// Leave what is open for nothing, or for the conversation of a report.
export function open(report) {
  stop();
  state.generation += 1;
  state.session = report?.session_id ?? "";
  state.persona = report?.pinned ? report.persona_id : "";
  state.turns = (report?.messages ?? []).map((turn) => ({
    user: turn.user_message,
    answer: turn.ai_response,
    persona: turn.persona_used,
    key: turn.resonance_key,
    requestId: turn.turn_id,
  }));
  keepSetting("session", state.session);
  notify("");
  showPersonas();
  showTurns();
}

async function begin() {
  if (!hasStore || state.session) return;
  const { generation } = state;
  const persona = find("persona").value;
  const started = await call("POST", "/api/v2/conversations/start", { user_id: userId(), ...(persona ? { persona_id: persona } : {}) });
  if (generation !== state.generation) throw new DOMException("left meanwhile", "AbortError");
  state.session = started.session_id;
  state.persona = persona;
  keepSetting("session", state.session);
  showPersonas();
}

function question(message) {
  if (hasStore) {
    return [`/api/v2/conversations/${encodeURIComponent(state.session)}/turn`, { user_message: message }];
  }
  const history = state.turns.slice(0, -1).slice(-HISTORY).flatMap((turn) => [
    { role: "user", content: turn.user },
    { role: "assistant", content: turn.answer },
  ]);
  return ["/api/v2/process", { user_input: message, context: { user_id: userId(), message_history: history } }];
}

function take(turn, { event, data }) {
  if (event === "receipt") {
    turn.persona = data.persona;
    turn.parts.who.textContent = data.persona;
  } else if (event === "delta") {
    const isAtEnd = window.innerHeight + window.scrollY >= root.scrollHeight - NEAR_PX;
    turn.answer += data.text;
    turn.parts.body.append(data.text);
    if (isAtEnd) toEnd();
  } else if (event === "done") {
    const metadata = data.metadata ?? {};
    turn.answer = data.response_text ?? data.content;
    turn.persona = metadata.persona_used ?? data.persona_used;
    turn.receipt = metadata.receipt;
    turn.degraded = metadata.degraded ? metadata.degraded_reason : "";
    turn.handedOver = metadata.handed_over_from ?? "";
    turn.requestId = data.request_id;
  }
}

const toEnd = () => window.scrollTo(0, root.scrollHeight);

function setBusy(isBusy) {
  find("send").hidden = isBusy;
  find("stop").hidden = !isBusy;
}

// The name of a turn: that of the last attempt where the same message is sent again.
function nameOf(message) {
  const last = state.unanswered;
  if (last?.message !== message || last.session !== state.session) {
    state.unanswered = { message, session: state.session, name: randomName() };
  }
  return state.unanswered.name;
}

// Send a message; gives whether it was answered. What was not is taken back, to be sent again.
export async function send(message) {
  const turn = { user: message, answer: "", making: true };
  const making = new AbortController();
  const { generation } = state;
  state.making = making;
  state.turns.push(turn);
  notify("");
  setBusy(true);
  showTurns();
  toEnd();
  try {
    await begin();
    for await (const event of stream(...question(message), { signal: making.signal, name: nameOf(message) })) take(turn, event);
    state.unanswered = null;
    if (generation === state.generation) announce(text("answered", turn.persona, turn.answer));
    return true;
  } catch (error) {
    if (generation !== state.generation) return true;
    state.turns = state.turns.filter((other) => other !== turn);
    notify(error.name === "AbortError" ? text("stopped") : explain(error));
    return false;
  } finally {
    turn.making = false;
    if (state.making === making) {
      state.making = null;
      setBusy(false);
    }
    if (generation === state.generation) showTurns();
  }
}

export const isMaking = () => state.making !== null;
