// One turn as the page knows it, from the events of its answer or from a kept conversation.

export const newTurn = (message) => ({ user: message, answer: "", making: true });

export function keptTurn(view) {
  const turn = { user: view.user_message, answer: view.ai_response, requestId: view.turn_id, suggestion: view.next_suggestion ?? "" };
  learn(turn, view);
  return turn;
}

export function finish(turn, done) {
  turn.answer = done.response_text ?? done.content;
  turn.requestId = done.request_id;
  turn.suggestion = done.next_suggestion ?? "";
  turn.making = false;
  learn(turn, { ...done, ...done.metadata });
}

// Live and kept turns name what stands behind an answer alike.
function learn(turn, behind) {
  turn.persona = behind.persona_used;
  turn.key = behind.resonance_key;
  turn.handedOver = behind.handed_over_from ?? "";
  turn.degraded = behind.degraded ? behind.degraded_reason : "";
  turn.ending = behind.finish_reason ?? "";
  turn.receipt = behind.receipt;
}
