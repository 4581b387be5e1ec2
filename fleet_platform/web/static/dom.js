// Building DOM from text that nobody trusts: strings become text nodes and attributes, never markup.
// Panels of any plugin may import this as "/static/dom.js".

/**
 * Makes an element.
 * @param {string} tag
 * @param {object} [props] `onclick: fn` adds a listener, `class`, `dataset: {…}`; true sets a bare attribute,
 *   null, undefined and false leave it out.
 * @param {...(Node|string|number|null|false|Array)} children
 */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children) {
    if (Array.isArray(child)) append(element, child);
    else if (child !== null && child !== undefined && child !== false) element.append(child);
  }
}

/** An icon of the shell by its name, or a plugin's own picture by its address. Decoration: hidden from readers. */
export function icon(name, extra = "") {
  if (name.endsWith(".svg")) {
    const picture = h("span", { class: `icon picture ${extra}`, "aria-hidden": "true" });
    picture.style.setProperty("--picture", `url("${encodeURI(name)}")`);
    return picture;
  }
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", `icon ${extra}`);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${document.documentElement.dataset.assets}icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** Sets an element's text, touching the page only if it differs. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Sets or removes an attribute, touching the page only if it differs. */
export function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

const sheets = new Map();

/** Adds a style sheet to the page once; resolves when it is in force. */
export function styleSheet(address) {
  const href = String(address);
  if (!sheets.has(href)) {
    sheets.set(
      href,
      new Promise((resolve) => {
        const link = h("link", { rel: "stylesheet", href, onload: resolve, onerror: resolve });
        document.head.append(link);
      }),
    );
  }
  return sheets.get(href);
}
