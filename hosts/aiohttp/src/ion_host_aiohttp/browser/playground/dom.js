// Small helpers. What the host or a model says becomes text nodes, never markup.

export const find = (id) => document.getElementById(id);

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// Said by screen readers, once and as a whole.
export function announce(text) {
  find("spoken").textContent = text;
}

// What is wider than its place can be moved with the keys as well; what is not is no stop of theirs.
const widths = new ResizeObserver((found) => {
  for (const { target } of found) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});

export function movable(element) {
  widths.observe(element);
  return element;
}
