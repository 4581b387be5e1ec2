// A card with a list of Bluetooth devices. Rows keep their elements, so that nothing that is focused is lost.
import { h, icon, setText } from "/static/dom.js";
import { ago, moment, quantity } from "/static/format.js";

export class Rows {
  #rows = new Map();

  constructor(title, nothing) {
    this.count = h("span", { class: "dim" });
    this.head = h("header", null, h("h2", { class: "grow" }, `${title} `, this.count));
    this.list = h("ul");
    this.nothing = h("p", { class: "dim nothing" }, nothing);
    this.element = h("section", { class: "card bluetooth", "aria-label": title }, this.head, this.nothing, this.list);
  }

  /**
   * @param {{key: string, picture: string, title: string, text: string, seen: number,
   *   chips: [string, string, string][], readings?: [object, any][], buttons: [string, string, Function][]}[]} rows
   */
  draw(rows) {
    const keys = new Set(rows.map(({ key }) => key));
    for (const [key, row] of this.#rows) {
      if (keys.has(key)) continue;
      row.element.remove();
      this.#rows.delete(key);
    }
    for (const each of rows) {
      if (!this.#rows.has(each.key)) {
        this.#rows.set(each.key, new Row());
        this.list.append(this.#rows.get(each.key).element);
      }
      this.#rows.get(each.key).draw(each);
    }
    setText(this.count, rows.length ? String(rows.length) : "");
    this.nothing.hidden = rows.length > 0;
    this.list.hidden = rows.length === 0;
  }
}

class Row {
  #drawn = "";
  #acts = [];

  constructor() {
    this.tile = h("span", { class: "tile" });
    this.title = h("h3");
    this.text = h("span");
    this.seen = h("span");
    this.readings = h("dl", { class: "values" });
    this.chips = h("div", { class: "chips" });
    this.buttons = h("div", { class: "buttons" });
    this.element = h(
      "li",
      null,
      this.tile,
      h("div", { class: "grow" }, this.title, h("p", { class: "dim" }, this.text, this.seen), this.readings, this.chips),
      this.buttons,
    );
  }

  draw({ picture, title, text, seen, chips, readings = [], buttons }) {
    setText(this.title, title);
    setText(this.text, `${text} · `);
    setText(this.seen, seen ? `heard ${ago(seen * 1000)}` : "not heard yet");
    this.seen.title = seen ? moment(seen * 1000) : "";
    this.#acts = buttons.map(([, , act]) => act);
    const drawn = JSON.stringify([picture, chips, readings, buttons.map(([label]) => label)]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.tile.replaceChildren(icon(picture));
    this.chips.replaceChildren(...chips.map(([name, label, kind]) => h("span", { class: `chip ${kind}` }, name && icon(name), label)));
    this.readings.replaceChildren(
      ...readings.map(([field, value]) => h("div", null, h("dt", null, field.label), h("dd", null, shown(field, value)))),
    );
    if (this.buttons.children.length === buttons.length && buttons.every(([label], at) => this.#labelAt(at) === label)) return;
    this.buttons.replaceChildren(
      ...buttons.map(([label, name], at) =>
        h("button", { type: "button", onclick: (event) => this.#acts[at](event.currentTarget) }, icon(name), label),
      ),
    );
  }

  #labelAt(at) {
    return this.buttons.children[at].textContent;
  }
}

function shown({ unit, kind }, value) {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return kind === "state" ? String(value) : quantity(value, unit);
}
