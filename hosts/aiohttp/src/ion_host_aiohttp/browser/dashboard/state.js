// What the host has told: the points of the last 15 minutes, and its plugins.

const KEPT_S = 900;
const NOTHING = { requests: 0, errors: 0, throttled: 0, turns: 0, codes: {}, personas: {}, tiers: {} };

let points = [];
let base = NOTHING;
let startedAt = null;
let plugins = [];

export const allPoints = () => points;
export const latest = () => points.at(-1) ?? null;
export const allPlugins = () => plugins;
export const uptime = () => (startedAt === null || !latest() ? null : Math.max(0, latest().at - startedAt));

export function keepHistory(history) {
  points = history.points;
  base = history.before ?? NOTHING;
  startedAt = history.at - history.uptime_s;
}

export function keepPoint(point) {
  points.push(point);
  while (points[0].at < point.at - KEPT_S) base = points.shift().totals;
}

export function keepPlugins(told) {
  plugins = told.plugins;
}

// How often each thing was counted within the time that is kept, the most frequent first.
export function counted(name) {
  const totals = latest()?.totals ?? NOTHING;
  return Object.entries(totals[name])
    .map(([key, count]) => [key, grown(base[name][key], count)])
    .filter(([, count]) => count > 0)
    .sort(([a, first], [b, second]) => second - first || a.localeCompare(b));
}

// The look-ups of each tier of the cache within that time: {name, hits, misses}.
export function lookups() {
  const { tiers } = latest()?.totals ?? NOTHING;
  return Object.entries(tiers).map(([name, now]) => ({
    name,
    hits: grown(base.tiers[name]?.hits, now.hits),
    misses: grown(base.tiers[name]?.misses, now.misses),
  }));
}

// A count that is smaller than before was begun anew.
const grown = (then = 0, now) => (now >= then ? now - then : now);
