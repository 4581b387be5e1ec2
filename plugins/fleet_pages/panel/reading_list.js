// What a component measures, shown: single values as a list, those of phases as a table.
import { h, setAttribute, setText } from "/static/dom.js";
import { byPhase, drawPhases } from "./phases.js";

export class ReadingList {
  #single = h("dl", { class: "readings" });
  #phases = h("table", { class: "phases number", hidden: true });
  #rows = new Map();
  element = h("div", { class: "measured" }, this.#single, this.#phases);

  /** @param {object[]} found as `readings` tells them; what was drawn before stays where it is */
  draw(found) {
    const { single, phases } = byPhase(found);
    for (const [path, { row }] of this.#rows) {
      if (single.some((each) => each.path === path)) continue;
      row.remove();
      this.#rows.delete(path);
    }
    for (const reading of single) this.#draw(reading);
    drawPhases(this.#phases, phases);
    this.element.hidden = found.length === 0;
  }

  #draw({ path, label, text, alarming }) {
    if (!this.#rows.has(path)) {
      const value = h("dd", { class: "number" });
      const row = h("div", null, h("dt", null, label), value);
      this.#rows.set(path, { row, value });
      this.#single.append(row);
    }
    const { row, value } = this.#rows.get(path);
    setText(value, text);
    setAttribute(row, "class", alarming ? "alarming" : null);
  }
}
