// The editor of a query: what fits is shown while somebody types, and where it cannot be read.
import { h, setText } from "/static/dom.js";
import { explain } from "/static/words.js";
import { plural } from "./index.js";

const WAIT_MS = 300;
const SHOWN = 12;
const EXAMPLES = [
  "status.wifi.rssi < -75",
  "presence = offline",
  "component = cover",
  "firmware < 1.7",
  "tag = critical and not location = 1",
];

export class QueryField {
  #fleet;
  #index;
  #timer = 0;
  #asked = 0;

  constructor(fleet, index, text) {
    this.#fleet = fleet;
    this.#index = index;
    this.input = h("textarea", {
      rows: 2,
      spellcheck: "false",
      autocapitalize: "off",
      "aria-label": "Query",
      "aria-describedby": "query-answer",
      placeholder: "status.wifi.rssi < -75 and not tag = spare",
      oninput: () => this.#later(),
    });
    this.input.value = text;
    this.place = h("code", { class: "query-place", hidden: true });
    this.answer = h("p", { id: "query-answer", class: "small", role: "status" });
    this.found = h("div", { class: "chips-wrap" });
    const examples = EXAMPLES.map((example) =>
      h("button", { type: "button", class: "quiet example", onclick: () => this.#take(example) }, h("code", null, example)),
    );
    this.element = h(
      "div",
      { class: "query-field" },
      this.input,
      this.place,
      this.answer,
      this.found,
      h("details", null, h("summary", null, "Examples"), h("div", { class: "examples" }, examples)),
    );
    this.#ask();
  }

  get text() {
    return this.input.value.trim();
  }

  close() {
    clearTimeout(this.#timer);
    this.#asked += 1;
  }

  /** Shows an error of the platform at its place; returns whether it was one of the query's. */
  show(error) {
    const fault = error.data?.errors?.find(({ path }) => path === "query");
    if (!fault) return false;
    const [, at, reason] = /^at (\d+): (.*)$/s.exec(fault.message) ?? [null, null, fault.message];
    this.input.setAttribute("aria-invalid", "true");
    this.answer.className = "problem small";
    setText(this.answer, at ? `Character ${at}: ${reason}` : reason);
    this.found.replaceChildren();
    this.place.hidden = !at;
    if (at) this.#mark(Number(at) - 1);
    return true;
  }

  #take(example) {
    this.input.value = this.text ? `${this.text} and ${example}` : example;
    this.input.focus();
    this.#ask();
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), WAIT_MS);
  }

  async #ask() {
    const asked = (this.#asked += 1);
    if (!this.text) return this.#say("Without a query only the devices and groups chosen below belong to the group.");
    try {
      const { total, devices } = await this.#fleet.call("Group.Match", { query: this.text, limit: SHOWN });
      if (asked !== this.#asked) return;
      this.#say(total ? `Fits ${plural(total, "device")} now` : "Fits no device now");
      const more = total > devices.length ? h("span", { class: "dim small" }, `and ${total - devices.length} more`) : null;
      this.found.replaceChildren(...devices.map((id) => h("span", { class: "chip", title: id }, this.#index.of(id).name)));
      if (more) this.found.append(more);
    } catch (error) {
      if (asked === this.#asked && !this.show(error)) this.#say(explain(error));
    }
  }

  #say(text) {
    this.input.removeAttribute("aria-invalid");
    this.answer.className = "dim small";
    this.place.hidden = true;
    this.found.replaceChildren();
    setText(this.answer, text);
  }

  // The platform counts code points after trimming; a place past the end is shown as a blank.
  #mark(at) {
    const letters = [...this.text];
    this.place.replaceChildren(
      letters.slice(0, at).join(""),
      h("mark", null, letters[at] ?? "\u00a0"),
      letters.slice(at + 1).join(""),
    );
  }
}
