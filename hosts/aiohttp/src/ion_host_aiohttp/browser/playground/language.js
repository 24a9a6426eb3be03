// The language of the page, Korean or English.

import { keepSetting, setting } from "./storage.js";

let column = 0;

export const inLanguage = (pair) => pair[column];

export function chooseLanguage(name) {
  column = name === "ko" ? 1 : 0;
  document.documentElement.lang = language();
}

export function firstLanguage() {
  return setting("language") || (navigator.language.toLowerCase().startsWith("ko") ? "ko" : "en");
}

export const language = () => (column ? "ko" : "en");

export function toggleLanguage() {
  chooseLanguage(column ? "en" : "ko");
  keepSetting("language", language());
}

// A sentence with what stands in its gaps: {0}, {1} and so on.
export const filled = (pair, values) => inLanguage(pair).replace(/\{(\d)\}/g, (_, number) => values[number]);
