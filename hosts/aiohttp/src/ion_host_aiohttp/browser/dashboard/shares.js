// What the requests and turns of the last 15 minutes were: codes, personas, tiers of the cache.

import { find, make } from "./dom.js";
import { percent, whole } from "./numbers.js";
import { counted, lookups } from "./state.js";
import { text } from "./texts.js";

export function showShares() {
  find("shares").replaceChildren(
    card("codes", counts("code", counted("codes"))),
    card("personas", counts("persona", counted("personas"))),
    card("tiers", tiers(lookups())),
  );
}

function card(name, content) {
  return make("section", { class: "card", "data-share": name }, make("h3", {}, text(name)), content ?? make("p", { class: "quiet" }, text("nothing")));
}

function counts(what, found) {
  const sum = found.reduce((total, [, count]) => total + count, 0);
  const rows = found.map(([name, count]) => [name, [whole(count), percent(count / sum)], count / sum]);
  return found.length ? table([what, "count", "share"], rows) : null;
}

function tiers(found) {
  const rows = found.map(({ name, hits, misses }) => {
    const share = hits + misses ? hits / (hits + misses) : null;
    return [name, [whole(hits), whole(misses), percent(share)], share ?? 0];
  });
  return found.length ? table(["tier", "hits", "misses", "hit_share"], rows) : null;
}

// `rows` are [name, figures, share]; the share is drawn as a bar.
function table([first, ...heads], rows) {
  const headRow = [make("th", { scope: "col" }, text(first)), ...heads.map((name) => make("th", { scope: "col", class: "number" }, text(name))), make("td", { class: "wide" })];
  return make(
    "table",
    {},
    make("thead", {}, make("tr", {}, ...headRow)),
    make(
      "tbody",
      {},
      ...rows.map(([name, figures, share]) =>
        make("tr", {}, make("th", { scope: "row" }, name), ...figures.map((figure) => make("td", { class: "number" }, figure)), make("td", { class: "wide" }, make("meter", { min: 0, max: 1, value: share, "aria-hidden": "true" }))),
      ),
    ),
  );
}
