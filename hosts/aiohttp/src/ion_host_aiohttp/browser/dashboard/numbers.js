// Numbers as people read them, in the page's language.

import { language } from "./language.js";
import { text } from "./texts.js";

const NONE = "–";
const KIB = 1024;
const BYTES = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
const SECOND_MS = 1000;
const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86400;

const formats = new Map();

function format(options) {
  const key = language() + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(language(), options));
  return formats.get(key);
}

const isNone = (value) => value === null || value === undefined;
const unit = (value, name, more = {}) => format({ style: "unit", unit: name, maximumSignificantDigits: 3, ...more }).format(value);

export const whole = (value) => (isNone(value) ? NONE : format({}).format(value));
export const short = (value) => (isNone(value) ? NONE : format({ notation: "compact", maximumSignificantDigits: 3 }).format(value));
export const perSecond = (value) => (isNone(value) ? NONE : text("rate", short(value)));
export const percent = (value) => (isNone(value) ? NONE : format({ style: "percent", maximumFractionDigits: 2 }).format(value));
export const times = (value) => (isNone(value) ? NONE : text("times", format({ maximumFractionDigits: 1 }).format(value)));
export const cores = (value) => (isNone(value) ? NONE : text("processors", format({ maximumFractionDigits: 2 }).format(value)));

export function milliseconds(value) {
  if (isNone(value)) return NONE;
  return value < SECOND_MS ? unit(value, "millisecond") : unit(value / SECOND_MS, "second");
}

export function bytes(value) {
  if (isNone(value)) return NONE;
  let size = value;
  let step = 0;
  while (size >= KIB && step < BYTES.length - 1) {
    size /= KIB;
    step += 1;
  }
  return unit(size, BYTES[step], { unitDisplay: "narrow" });
}

export function span(seconds) {
  const [count, name] =
    seconds < MINUTE_S ? [seconds, "second"] : seconds < HOUR_S ? [seconds / MINUTE_S, "minute"] : seconds < DAY_S ? [seconds / HOUR_S, "hour"] : [seconds / DAY_S, "day"];
  return format({ style: "unit", unit: name, unitDisplay: "long", maximumFractionDigits: name === "hour" || name === "day" ? 1 : 0 }).format(count);
}

// Seconds since 1970 as a time of day.
export function clock(at, { seconds = true } = {}) {
  return new Date(at * SECOND_MS).toLocaleTimeString(language(), { hour: "2-digit", minute: "2-digit", ...(seconds ? { second: "2-digit" } : {}), hour12: false });
}
