// Light or dark: as the system prefers, until somebody chooses.

import { find } from "./dom.js";
import { keepSetting, setting } from "./storage.js";
import { text } from "./texts.js";

const root = document.documentElement;
const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");

const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches);

export function showTheme() {
  find("theme").textContent = text(isDark() ? "theme_light" : "theme_dark");
}

export function watchTheme() {
  if (setting("theme")) root.dataset.theme = setting("theme");
  prefersDark.addEventListener("change", showTheme);
  find("theme").addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    keepSetting("theme", root.dataset.theme);
    showTheme();
  });
}
