// The form of an action that needs to know something first, made from the schemas of its parameters.
import { ask } from "/static/dialogs.js";
import { h } from "/static/dom.js";

/**
 * Asks for what an action needs.
 * @returns {Promise<{path: string[], value: any}[]|null>} null if the user thought better of it
 * @throws {SyntaxError} something had to be JSON and is not
 */
export async function askFor({ label, leaves, dangerous }) {
  const answer = await ask({ title: label, action: label, danger: dangerous, content: leaves.map(field) });
  if (!answer) return null;
  return leaves.map((leaf, index) => ({ path: leaf.path, value: convert(leaf.schema, answer.get(String(index))) }));
}

function field({ label, schema }, index) {
  const text = schema.unit ? `${label} (${schema.unit})` : label;
  const name = String(index);
  if (schema.enum)
    return h(
      "label",
      null,
      text,
      h(
        "select",
        { name },
        schema.enum.map((value) => h("option", { value: String(value) }, String(value))),
      ),
    );
  if ([schema.type].flat().includes("boolean"))
    return h("label", { class: "row" }, text, h("input", { name, type: "checkbox", class: "switch" }));
  const number = isNumber(schema);
  if (isNested(schema)) return h("label", null, `${text}, as JSON`, h("textarea", { name, rows: 4, required: true }));
  return h(
    "label",
    null,
    text,
    h("input", {
      name,
      type: number ? "number" : "text",
      step: number ? "any" : null,
      min: schema.minimum,
      max: schema.maximum,
      maxlength: schema.maxLength,
      required: true,
    }),
  );
}

const isNested = (schema) => [schema.type].flat().some((type) => type === "array" || type === "object");
const isNumber = (schema) => [schema.type].flat().some((type) => type === "integer" || type === "number");

function convert(schema, text) {
  if (schema.enum) return schema.enum.find((value) => String(value) === text);
  if ([schema.type].flat().includes("boolean")) return text !== null;
  if (isNested(schema)) return JSON.parse(text);
  return isNumber(schema) ? Number(text) : text;
}
