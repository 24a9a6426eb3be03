// Conversations of a host that keeps none: they last as long as the page.

import { randomName } from "./storage.js";

const known = new Map();

export async function list() {
  const items = [...known.values()]
    .filter((found) => found.turns.length)
    .map(({ name, at, turns }) => ({ name, at, turns: turns.length, persona: turns.at(-1).persona ?? "" }));
  return { items: items.reverse(), cursor: null };
}

export const read = async (name) => known.get(name);

export async function begin(conversation) {
  conversation.name = randomName();
  conversation.at = new Date();
  known.set(conversation.name, conversation);
}

export async function remove(name) {
  known.delete(name);
}
