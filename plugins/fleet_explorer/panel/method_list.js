// All methods by noun, with a search that hides what does not fit.
import { h } from "/static/dom.js";

export class MethodList {
  #nouns = [];

  /** @param {object[]} methods @param {(method: object) => void} choose */
  constructor(methods, choose) {
    const byNoun = new Map();
    for (const method of methods) {
      const noun = method.tags[0].name;
      byNoun.set(noun, [...(byNoun.get(noun) ?? []), method]);
    }
    for (const [noun, own] of byNoun) this.#nouns.push(group(noun, own, choose));
    this.search = h("input", {
      type: "search",
      placeholder: "Search methods",
      "aria-label": "Search methods",
      oninput: () => this.#filter(),
    });
    this.nothing = h("p", { class: "dim nothing", hidden: true }, "No method has that in its name or summary.");
    this.element = h(
      "nav",
      { class: "methods", "aria-label": "Methods" },
      this.search,
      h("div", { class: "nouns" }, this.nothing, ...this.#nouns.map(({ element }) => element)),
    );
  }

  /** Marks the method that is shown. */
  mark(name) {
    for (const { rows, element } of this.#nouns)
      for (const row of rows) {
        const isCurrent = row.method.name === name;
        row.button.toggleAttribute("aria-current", isCurrent);
        if (isCurrent) element.open = true;
      }
  }

  #filter() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const { element, rows } of this.#nouns) {
      let shown = 0;
      for (const { button, text } of rows) {
        const fits = words.every((word) => text.includes(word));
        button.hidden = !fits;
        shown += fits;
      }
      element.hidden = shown === 0;
      element.open = words.length > 0 && shown > 0;
      found += shown;
    }
    this.nothing.hidden = found > 0;
  }
}

function group(noun, methods, choose) {
  const rows = methods.map((method) => ({
    method,
    text: `${method.name} ${method.summary} ${method["x-permission"] ?? ""}`.toLowerCase(),
    button: h(
      "button",
      {
        type: "button",
        class: `quiet method${method.deprecated ? " old" : ""}`,
        "aria-label": method.name,
        onclick: () => choose(method),
      },
      method.name.slice(noun.length + 1),
    ),
  }));
  const element = h(
    "details",
    { class: "noun" },
    h("summary", null, h("span", null, noun), h("span", { class: "dim number" }, String(methods.length))),
    rows.map(({ button }) => button),
  );
  return { element, rows };
}
