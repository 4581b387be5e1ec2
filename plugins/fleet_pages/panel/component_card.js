// One component of a device: what it is, what it measures, what it can be told to do.
import { confirm } from "/static/dialogs.js";
import { h, icon, setAttribute, setText } from "/static/dom.js";
import { explain } from "/static/words.js";
import { askFor } from "./action_form.js";
import { plan } from "./bindings.js";
import { makeControl } from "./controls.js";
import { ACTION_ICONS, COMPONENT_ICONS } from "./icons.js";
import { JsonTree } from "./json_tree.js";
import { ReadingList } from "./reading_list.js";
import { readings } from "./readings.js";

const FEW_BUTTONS = 4;
const EVENT_MS = 4000;

export class ComponentCard {
  #fleet;
  #device;
  #key;
  #type;
  #controls = new Map();
  #readings = new ReadingList();
  #shape = "";
  #timer = 0;

  constructor(fleet, device, key, type) {
    [this.#fleet, this.#device, this.#key, this.#type] = [fleet, device, key, type];
    this.title = h("h2");
    this.head = h("span", { class: "head-control" });
    this.body = h("div", { class: "controls" });
    this.buttons = h("div", { class: "buttons" });
    this.more = h("details", { class: "more-actions" }, h("summary", null, "More"), h("div", { class: "buttons" }));
    this.event = h("p", { class: "event", role: "status" });
    this.faults = h("p", { class: "faults", hidden: true });
    this.answer = h("div", { class: "answer", role: "status" });
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.element = h(
      "section",
      { class: "card component", dataset: { key } },
      h(
        "header",
        null,
        h("span", { class: "tile" }, icon(COMPONENT_ICONS[type.type] ?? "chip")),
        h("div", { class: "grow" }, this.title, h("p", { class: "dim mono" }, key)),
        this.head,
      ),
      this.faults,
      this.event,
      this.body,
      this.buttons,
      this.#readings.element,
      this.more,
      this.answer,
      this.problem,
    );
    this.title.id = `component-${key}`;
    this.element.setAttribute("aria-labelledby", this.title.id);
  }

  /** @param {{name: string, status: object, settings: object, unit?: string, usable: boolean}} component */
  update({ name, status, settings, unit, usable }) {
    setText(this.title, name);
    const { controls, buttons } = plan(this.#type, { status, settings });
    this.#build(controls, buttons);
    for (const [path, { control }] of this.#controls) control.update(status[path], usable);
    for (const button of this.element.querySelectorAll(".buttons button")) button.disabled = !usable;
    const found = readings(this.#type, { status, settings, unit }, new Set(this.#controls.keys()));
    this.#readings.draw(found);
    this.element.hidden = !controls.length && !buttons.length && !found.length && !this.#type.events.length;
    const on = status.output ?? status.state ?? status.value;
    setAttribute(this.element, "data-active", on === true || on === "opening" || on === "closing");
    const faults = Array.isArray(status.errors) ? status.errors.map((error) => String(error).replaceAll("_", " ")) : [];
    this.faults.hidden = faults.length === 0;
    setText(this.faults, `Reports: ${faults.join(", ")}`);
  }

  // Controls are made once and live on, so that a slider in the user's hand is not replaced under it.
  #build(controls, buttons) {
    const shape = JSON.stringify([
      controls.map(({ kind, status, schema }) => [kind, status, schema]),
      buttons.map(({ name }) => name),
    ]);
    if (shape === this.#shape) return;
    this.#shape = shape;
    this.#controls.clear();
    this.head.replaceChildren();
    this.body.replaceChildren();
    for (const each of controls) {
      const control = makeControl(each, (value) => this.#act(each.action, each.params(value), each));
      this.#controls.set(each.status, { control });
      const leads = each.kind === "switch" && !this.head.firstChild;
      (leads ? this.head : this.body).append(control.element);
    }
    this.#placeButtons(buttons, controls.length);
  }

  // A component that is set by sliders and switches needs its buttons seldom.
  #placeButtons(buttons, controls) {
    const safe = buttons.filter(({ dangerous }) => !dangerous);
    const shown = safe.length <= FEW_BUTTONS && controls < 2 ? safe : [];
    const rest = buttons.filter((each) => !shown.includes(each));
    this.buttons.replaceChildren(...shown.map((each) => this.#button(each)));
    this.more.lastChild.replaceChildren(...rest.map((each) => this.#button(each)));
    this.more.hidden = rest.length === 0;
  }

  /** Shows for some seconds what just happened to the component, such as a push of a button. */
  happened(event) {
    setText(this.event, sentence(String(event).replaceAll("_", " ")));
    this.element.dataset.event = "true";
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      setText(this.event, "");
      delete this.element.dataset.event;
    }, EVENT_MS);
  }

  #button(button) {
    const { label, action, dangerous, leaves } = button;
    const sign = ACTION_ICONS[action.name];
    return h(
      "button",
      { type: "button", onclick: () => this.#press(button) },
      sign && icon(sign),
      sentence(label) + (dangerous || leaves.length ? "…" : ""),
    );
  }

  async #press(button) {
    this.problem.hidden = true;
    try {
      const values = button.leaves.length ? await askFor(button) : [];
      if (values) this.#answer(await this.#act(button.action, button.params(values), button));
    } catch (error) {
      // Other errors are told where they happened.
      if (error instanceof SyntaxError) this.#tell("That is not JSON.");
    }
  }

  /** What the device answered, where it said more than "done". */
  #answer(result) {
    if (!result || typeof result !== "object" || Object.keys(result).length === 0) {
      this.answer.replaceChildren(h("p", { class: "dim" }, "Done."));
      setTimeout(() => this.answer.replaceChildren(), 4000);
      return;
    }
    const tree = new JsonTree();
    tree.update(result);
    const dismiss = h(
      "button",
      {
        type: "button",
        class: "quiet",
        "aria-label": "Dismiss the answer",
        onclick: () => this.answer.replaceChildren(),
      },
      icon("close"),
    );
    this.answer.replaceChildren(h("header", null, h("h3", { class: "grow" }, "Answer"), dismiss), tree.element);
  }

  async #act(action, params, { dangerous, leaves, label }) {
    this.problem.hidden = true;
    if (dangerous && !leaves?.length) {
      const text = `“${label}” on ${this.title.textContent} (${this.#key}). This takes effect on the device at once.`;
      if (!(await confirm({ title: `${label}?`, text, action: label }))) throw new Error("declined");
    }
    const index = this.#key.split(":")[1];
    try {
      return await this.#fleet.call(action.method, index === undefined ? params : { id: Number(index), ...params }, {
        device: this.#device,
        timeout_s: 65,
      });
    } catch (error) {
      this.#tell(explain(error));
      throw error;
    }
  }

  #tell(problem) {
    this.problem.hidden = false;
    setText(this.problem, problem);
  }
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);
