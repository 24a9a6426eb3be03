// What the browser keeps: settings for good, the API key for this tab alone.
// A browser may refuse to keep anything; then it lasts as long as the page.

const inMemory = new Map();

function kept(place, name) {
  try {
    return place().getItem(`ion.${name}`) ?? inMemory.get(name) ?? "";
  } catch {
    return inMemory.get(name) ?? "";
  }
}

function keep(place, name, value) {
  inMemory.set(name, value);
  try {
    if (value) place().setItem(`ion.${name}`, value);
    else place().removeItem(`ion.${name}`);
  } catch {
    // The memory has it.
  }
}

const local = () => window.localStorage;
const session = () => window.sessionStorage;

export const setting = (name) => kept(local, name);
export const keepSetting = (name, value) => keep(local, name, value);
export const apiKey = () => kept(session, "key");
export const keepApiKey = (value) => keep(session, "key", value);

export function randomName() {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("");
}

export function userId() {
  if (!setting("user")) {
    keepSetting("user", `playground-${randomName()}`);
  }
  return setting("user");
}
