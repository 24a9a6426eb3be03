// The page's colours for what is drawn, which knows no style sheet.

import { make } from "./dom.js";

const probe = make("span", { hidden: true });
let known = new Map();

// The colour that a custom property stands for now.
export function colour(name) {
  if (!known.has(name)) {
    if (!probe.isConnected) document.body.append(probe);
    probe.style.color = `var(--${name})`;
    known.set(name, getComputedStyle(probe).color);
  }
  return known.get(name);
}

// `changed` is called whenever colours have become others.
export function watchColours(changed) {
  const forget = () => {
    known = new Map();
    changed();
  };
  new MutationObserver(forget).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", forget);
}
