// What an error means for the user, and what can be done about it.

import { notify } from "./notice.js";
import { apiKey } from "./storage.js";
import { language } from "./language.js";
import { text } from "./texts.js";

const MINUTE_S = 60;
const HOUR_S = 3600;
const UNTIL_MINUTES_S = 90;

// What a conversation answers that can never go on.
const OVER = new Set(["CONVERSATION_COMPLETED", "CONVERSATION_FULL", "CONVERSATION_EXPIRED", "CONVERSATION_NOT_FOUND"]);

export function span(seconds) {
  const [count, unit] =
    seconds < UNTIL_MINUTES_S ? [seconds, "second"] : seconds < UNTIL_MINUTES_S * MINUTE_S ? [seconds / MINUTE_S, "minute"] : [seconds / HOUR_S, "hour"];
  return new Intl.NumberFormat(language(), { style: "unit", unit, unitDisplay: "long" }).format(Math.ceil(count));
}

const later = (error) => (error.seconds ? ` ${text("error_retry", span(error.seconds))}` : "");

export function explain(error) {
  if (error.code === "OFFLINE") return text(navigator.onLine ? "error_lost" : "error_offline");
  if (error.status === 401) return apiKey() ? text("key_refused") : text("key_needed");
  if (error.status === 403) return text("error_forbidden", error.message);
  if (error.status === 429) return text("error_limit", span(error.seconds || 1));
  if (OVER.has(error.code)) return `${error.message} ${text("error_over")}`;
  if (error.status === 409) return `${error.message}${later(error) || ` ${text("error_again")}`}`;
  if (error.code === "ANSWER_BROKEN_OFF") return error.message;
  if (error.status === 503) return text("error_busy", error.message) + later(error);
  if (error.status) return text("error_other", error.status, error.message);
  return text("error_page", error.message);
}

// What helps: "key", "anew", "again", or "" where only other words do.
export function remedy(error) {
  if (error.status === 401 || error.status === 403) return "key";
  if (OVER.has(error.code)) return "anew";
  return [400, 404, 413, 422].includes(error.status) ? "" : "again";
}

const LABELS = { key: "key_enter", anew: "new", again: "again", retry: "retry" };

// Tell of an error, with a button for what helps. `ways` maps remedies to functions; `retry` is
// `again` where no message is sent.
export function tellError(error, ways) {
  const helpful = remedy(error);
  const found = helpful === "again" && ways.retry ? "retry" : helpful;
  const run = ways[found];
  notify(() => explain(error), run ? { label: () => text(LABELS[found]), run } : null);
}
