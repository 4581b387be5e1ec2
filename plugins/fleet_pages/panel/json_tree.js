// JSON as a tree that people can read, open, and watch: values that change light up for a moment.
import { h, setText } from "/static/dom.js";

const FLASH = [{ background: "var(--accent-soft)" }, { background: "transparent" }];

export class JsonTree {
  element = h("div", { class: "json" });
  #root = null;

  /** Shows a value; what is open stays open. */
  update(value) {
    this.#root = draw(this.#root, "", value, true);
    if (this.element.firstChild !== this.#root.element) this.element.replaceChildren(this.#root.element);
  }
}

const isBranch = (value) => value !== null && typeof value === "object" && Object.keys(value).length > 0;

/** The first plain values of a branch that is closed. */
function preview(value) {
  const plain = Object.entries(value).filter(([name, each]) => name !== "id" && !isBranch(each));
  return plain
    .slice(0, 4)
    .map(([name, each]) => `${name} ${JSON.stringify(each)}`)
    .join(", ");
}

function draw(node, name, value, open = false) {
  if (!isBranch(value)) return node?.kind === "leaf" ? node.update(value) : leaf(name, value);
  return node?.kind === "branch" ? node.update(value) : branch(name, value, open);
}

function leaf(name, value) {
  const text = h("span");
  const node = {
    kind: "leaf",
    element: h("div", { class: "leaf" }, name && h("span", { class: "key" }, name), text),
    update,
  };
  let known;
  write(value);
  return node;

  function update(next) {
    if (JSON.stringify(next) !== JSON.stringify(known)) {
      write(next);
      text.animate(FLASH, { duration: 1200 });
    }
    return node;
  }

  function write(next) {
    known = next;
    setText(text, JSON.stringify(next));
    text.className = next === null ? "null" : typeof next;
  }
}

// Children are made when a branch is opened for the first time.
function branch(name, value, open) {
  const children = new Map();
  const size = h("span", { class: "dim" });
  const gist = h("span", { class: "gist dim" });
  const place = h("div", { class: "children" });
  const element = name
    ? h(
        "details",
        { ontoggle: () => update(known) },
        h("summary", null, h("span", { class: "key" }, name), size, gist),
        place,
      )
    : place;
  if (name) element.open = open;
  let known = value;
  const node = { kind: "branch", element, update };
  return update(value);

  function update(next) {
    known = next;
    const count = Object.keys(next).length;
    setText(size, Array.isArray(next) ? `[${count}]` : `{${count}}`);
    setText(gist, element.open ? "" : preview(next));
    if (!name || element.open) fill();
    return node;
  }

  function fill() {
    for (const key of children.keys()) {
      if (key in known) continue;
      children.get(key).element.remove();
      children.delete(key);
    }
    for (const [key, each] of Object.entries(known)) {
      const before = children.get(key);
      const after = draw(before, key, each);
      if (after === before) continue;
      if (before) before.element.replaceWith(after.element);
      else place.append(after.element);
      children.set(key, after);
    }
  }
}
