// The form of a method, made from the schemas of its parameters.
import { h } from "/static/dom.js";
import { describe, kindOf, resolve, sample } from "./schema.js";

export class Form {
  #fields;

  /**
   * @param {object} method as in the OpenRPC document
   * @param {object} schemas the document's definitions
   * @param {() => void} changed called after each change
   */
  constructor(method, schemas, changed) {
    this.#fields = method.params.map((param) => field(param, schemas));
    this.element = h("div", { class: "fields", oninput: changed, onchange: changed }, [
      this.#fields.map(({ element }) => element),
    ]);
  }

  /**
   * What is filled in; what is left empty is left out.
   * @throws {SyntaxError} something had to be JSON and is not; `field` names it
   */
  values() {
    const values = {};
    for (const { name, read } of this.#fields) {
      const value = read();
      if (value !== undefined) values[name] = value;
    }
    return values;
  }

  /** Shows what the platform found wrong, each at its field; returns what belongs to no field. */
  tell(errors) {
    const left = [];
    for (const each of this.#fields) each.tell("");
    for (const { path, message } of errors) {
      const found = this.#fields.find(({ name }) => path === name || path.startsWith(`${name}.`));
      if (found) found.tell(path === found.name ? message : `${path}: ${message}`);
      else left.push(path ? `${path}: ${message}` : message);
    }
    return left;
  }
}

function field({ name, required, schema }, schemas) {
  const plain = resolve(schema, schemas);
  const kind = kindOf(plain);
  const control = CONTROLS[kind]({ name, required, schema: plain, start: sample(plain, schemas) });
  const fault = h("p", { class: "problem", role: "alert", hidden: true });
  const element = h(
    "div",
    { class: "field" },
    h(
      "label",
      null,
      h("span", null, h("code", null, name), required && h("span", { class: "chip" }, "required")),
      control,
      h("span", { class: "dim hint" }, describe(schema, schemas), plain.description && ` · ${plain.description}`),
    ),
    fault,
  );
  return {
    name,
    element,
    read: () => READERS[kind](control, { name, required, schema: plain }),
    tell: (text) => {
      fault.textContent = text;
      fault.hidden = !text;
    },
  };
}

const options = (values, required) => [
  !required && h("option", { value: "" }, "—"),
  values.map((value) => h("option", { value: JSON.stringify(value) }, String(value))),
];

const placeholder = ({ default: value }) => (value === undefined || value === null ? null : String(value));

const CONTROLS = {
  boolean: ({ required }) => h("select", null, options([true, false], required)),
  choice: ({ required, schema }) => h("select", null, options(schema.enum, required)),
  number: ({ schema }) =>
    h("input", {
      type: "number",
      step: schema.type === "integer" ? "1" : "any",
      min: schema.minimum,
      max: schema.maximum,
      placeholder: placeholder(schema),
    }),
  text: ({ schema }) =>
    h("input", { type: "text", maxlength: schema.maxLength, placeholder: placeholder(schema), autocomplete: "off" }),
  secret: () => h("input", { type: "password", autocomplete: "off" }),
  json: ({ required, start }) =>
    h(
      "textarea",
      { rows: 3, spellcheck: "false", placeholder: start === null ? "JSON" : JSON.stringify(start) },
      required && start !== null ? JSON.stringify(start) : "",
    ),
};

const parsed = (control) => (control.value === "" ? undefined : JSON.parse(control.value));

const READERS = {
  boolean: parsed,
  choice: parsed,
  number: (control) => (control.value === "" ? undefined : Number(control.value)),
  text: (control, { required }) => (control.value === "" && !required ? undefined : control.value),
  secret: (control) => control.value || undefined,
  json: (control, { name, required, schema }) => {
    const text = control.value.trim();
    if (text === "") return undefined;
    try {
      return JSON.parse(text);
    } catch (error) {
      // A list of names or a single one needs no quotes around it.
      const types = (schema.anyOf ?? schema.oneOf ?? [schema]).map(({ type }) => type);
      if (types.includes("string") && !/^[[{"]/.test(text)) return text;
      error.field = name;
      error.required = required;
      throw error;
    }
  },
};
