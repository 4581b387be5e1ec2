// The dialog that starts a job; its fields come from what the type says of its parameters.
import { ask, say } from "/static/dialogs.js";
import { h } from "/static/dom.js";
import { explain } from "/static/words.js";

const PREFIX = "param:";

/**
 * Asks what is to be done, and starts it.
 * @returns {Promise<object|null>} the job, or null if the user thought better of it
 */
export async function startJob(fleet, types) {
  const actions = "action" in types ? await savedActions(fleet) : [];
  const form = new Form(fleet, types, actions);
  for (;;) {
    const answer = await ask({ title: "New job", action: "Start", content: [form.element] });
    if (!answer) return null;
    try {
      return await fleet.call("Job.Start", form.read(answer), { timeout_s: 120 });
    } catch (error) {
      say(error instanceof SyntaxError ? `That is no JSON: ${error.message}` : explain(error), { kind: "error" });
    }
  }
}

async function savedActions(fleet) {
  try {
    return (await fleet.call("Action.List")).items;
  } catch {
    return [];
  }
}

class Form {
  #fleet;
  #types;
  #actions;

  constructor(fleet, types, actions) {
    [this.#fleet, this.#types, this.#actions] = [fleet, types, actions];
    const order = Object.entries(types).sort(([, a], [, b]) => (a.title < b.title ? -1 : 1));
    this.type = h(
      "select",
      { name: "type", onchange: () => this.#change() },
      order.map(([name, { title }]) => h("option", { value: name }, title)),
    );
    this.devices = h("textarea", { name: "devices", rows: 4, required: true, spellcheck: "false" });
    this.hint = h("small");
    this.fields = h("div", { class: "fields" });
    this.element = h(
      "div",
      { class: "job-form" },
      h("label", null, "What", this.type),
      this.fields,
      h("label", null, "Devices", this.devices, this.hint),
      h(
        "div",
        { class: "pair" },
        h("label", null, "At a time", h("input", { name: "concurrency", type: "number", min: 1, max: 1000, placeholder: "usual" })),
        h("label", null, "Per second", h("input", { name: "rate_per_s", type: "number", min: 0.01, max: 1000, step: "any", placeholder: "no limit" })),
      ),
      h("label", null, "Name", h("input", { name: "name", maxlength: 200, placeholder: "optional" })),
    );
    this.#change();
  }

  read(answer) {
    const kind = this.#types[answer.get("type")];
    const params = {};
    for (const [name, { schema }] of Object.entries(kind.parameters)) {
      const text = answer.get(PREFIX + name);
      if (text) params[name] = convert(schema, text);
    }
    const job = { type: answer.get("type"), devices: words(answer.get("devices")), params, name: answer.get("name") };
    for (const name of ["concurrency", "rate_per_s"]) if (answer.get(name)) job[name] = Number(answer.get(name));
    return job;
  }

  #change() {
    const kind = this.#types[this.type.value];
    this.fields.replaceChildren(...Object.entries(kind.parameters).map(([name, about]) => this.#field(name, about)));
    this.hint.textContent = kind.known ? "One per line: ids, sets (group:1), or * for all." : "One per line: ids of waiting devices.";
    this.devices.value = kind.known ? "*" : "";
    if (!kind.known) this.#fillWaiting();
  }

  async #fillWaiting() {
    try {
      const waiting = Object.keys(await this.#fleet.call("Device.GetPending"));
      if (!this.devices.value) this.devices.value = waiting.join("\n");
    } catch {
      // whoever may not see them types their ids
    }
  }

  #field(name, { schema, label, required }) {
    const props = { name: PREFIX + name, required };
    if (this.type.value === "action" && name === "action" && this.#actions.length)
      return labelled(label, choice(props, this.#actions.map(({ id, name: text }) => [id, text])));
    if (schema.enum) return labelled(label, choice(props, [...(required ? [] : [["", "–"]]), ...schema.enum.map((each) => [each, each])]));
    if (isNested(schema)) return labelled(`${label}, as JSON`, h("textarea", { ...props, rows: 3, spellcheck: "false" }));
    return labelled(label, h("input", { ...props, type: isNumber(schema) ? "number" : "text", step: isNumber(schema) ? "any" : null }));
  }
}

const labelled = (label, field) => h("label", null, label, field);
const choice = (props, options) => h("select", props, options.map(([value, text]) => h("option", { value }, text)));
const isNested = ({ type }) => type === "object" || type === "array";
const isNumber = ({ type }) => type === "integer" || type === "number";
const words = (text) => text.split(/[\s,]+/).filter(Boolean);

function convert(schema, text) {
  if (isNested(schema)) return JSON.parse(text);
  return isNumber(schema) ? Number(text) : text;
}
