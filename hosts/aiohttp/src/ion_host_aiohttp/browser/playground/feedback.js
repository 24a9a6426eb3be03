// Ratings and corrections of one answer.

import { call } from "./api.js";
import { make } from "./dom.js";
import { INTENTS, TONES, text, word } from "./texts.js";

const GOOD = 5;
const BAD = 1;

// The controls; `explain` words an error, `names` are the personas.
export function feedbackView(turn, names, explain) {
  const status = make("span", { role: "status", class: "quiet" });
  const given = {};
  const form = correction();

  async function send(opinion) {
    Object.assign(given, opinion);
    try {
      await call("POST", "/api/v2/feedback", { request_id: turn.requestId, message: turn.user, ...given });
      status.textContent = text("thanks");
    } catch (error) {
      status.textContent = explain(error);
    }
    up.setAttribute("aria-pressed", String(given.rating === GOOD));
    down.setAttribute("aria-pressed", String(given.rating === BAD));
  }

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
    if (!Object.keys({ ...given, ...opinion }).length) {
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

  const up = make("button", { type: "button", "aria-pressed": "false", onclick: () => send({ rating: GOOD }) }, text("good"));
  const down = make("button", { type: "button", "aria-pressed": "false", onclick: () => send({ rating: BAD }) }, text("bad"));
  const open = make("button", { type: "button", "aria-expanded": "false", onclick: toggle }, text("correct"));
  return [make("div", { class: "feedback", role: "group", "aria-label": text("feedback") }, up, down, open, status), form];
}
