// Ratings and corrections of one answer.

import { call } from "./api.js";
import { make } from "./dom.js";
import { explain } from "./errors.js";
import { text } from "./texts.js";
import { INTENTS, TONES, word } from "./words.js";

const GOOD = 5;
const BAD = 1;

// The controls; `names` are the personas. What was given stays with the turn.
export function feedbackView(turn, names) {
  const status = make("span", { role: "status", class: "quiet" });
  turn.opinion ??= {};
  const form = correction();

  async function send(opinion) {
    const whole = { ...turn.opinion, ...opinion };
    status.textContent = "";
    try {
      await call("POST", "/api/v2/feedback", { request_id: turn.requestId, message: turn.user, ...whole });
    } catch (error) {
      status.textContent = explain(error);
      return;
    }
    turn.opinion = whole;
    status.textContent = text("thanks");
    up.setAttribute("aria-pressed", pressed(GOOD));
    down.setAttribute("aria-pressed", pressed(BAD));
  }

  const pressed = (rating) => String(turn.opinion.rating === rating);

  function correction() {
    const choose = (name, values, label) =>
      make(
        "label",
        {},
        text(`right_${name}`),
        make("select", { name }, make("option", { value: "" }, text("as_it_was")), ...values.map((value) => make("option", { value }, label(value)))),
      );
    return make(
      "form",
      { class: "correct", hidden: true, onsubmit: onCorrect },
      choose("persona", names, (name) => name),
      choose("tone", TONES, word),
      choose("intent", INTENTS, word),
      make("label", { class: "full" }, text("comment"), make("input", { name: "comment", maxlength: 1000 })),
      make("button", { type: "submit", class: "main" }, text("send_correction")),
    );
  }

  function onCorrect(event) {
    event.preventDefault();
    const opinion = Object.fromEntries([...new FormData(form)].filter(([, value]) => value.trim()));
    if (!Object.keys(opinion).length) {
      status.textContent = text("nothing_corrected");
      return;
    }
    send(opinion);
  }

  function toggle() {
    form.hidden = !form.hidden;
    open.setAttribute("aria-expanded", String(!form.hidden));
    if (!form.hidden) form.elements[0].focus();
  }

  const up = make("button", { type: "button", "aria-pressed": pressed(GOOD), onclick: () => send({ rating: GOOD }) }, text("good"));
  const down = make("button", { type: "button", "aria-pressed": pressed(BAD), onclick: () => send({ rating: BAD }) }, text("bad"));
  const open = make("button", { type: "button", "aria-expanded": "false", onclick: toggle }, text("correct"));
  return [make("div", { class: "feedback", role: "group", "aria-label": text("feedback") }, up, down, open, status), form];
}
