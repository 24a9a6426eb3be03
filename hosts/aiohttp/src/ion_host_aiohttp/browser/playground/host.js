// What the page was told of the host when it was made.

const { conversations, key, most } = document.documentElement.dataset;

export const keepsConversations = conversations === "yes";
export const asksForKey = key === "yes";
export const mostCharacters = Number(most);
