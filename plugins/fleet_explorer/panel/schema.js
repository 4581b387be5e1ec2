// What a JSON Schema of a parameter asks for, in the few words that a form needs. Pure.

/** Follows references into the document and takes the one kind that is not null. */
export function resolve(schema, schemas, depth = 0) {
  if (depth > 20) return {};
  if (schema.$ref) {
    const { $ref, ...own } = schema;
    return resolve({ ...schemas[$ref.split("/").at(-1)], ...own }, schemas, depth + 1);
  }
  const choices = (schema.anyOf ?? schema.oneOf)?.filter(({ type }) => type !== "null");
  if (choices?.length === 1) {
    const { anyOf: _a, oneOf: _o, ...own } = schema;
    return resolve({ ...choices[0], ...own }, schemas, depth + 1);
  }
  return schema;
}

/** `boolean`, `number`, `text`, `secret`, `choice`, or `json` for whatever has parts of its own or several kinds. */
export function kindOf(schema) {
  if (schema.enum) return "choice";
  if (schema.format === "password") return "secret";
  switch (schema.type) {
    case "boolean":
      return "boolean";
    case "integer":
    case "number":
      return "number";
    case "string":
      return "text";
    default:
      return "json";
  }
}

/** Kind and limits in words: `whole number, 1 to 1000`. */
export function describe(schema, schemas) {
  const plain = resolve(schema, schemas);
  const several = plain.anyOf ?? plain.oneOf;
  if (several) return [...new Set(several.filter(({ type }) => type !== "null").map((each) => describe(each, schemas)))].join(" or ");
  if (plain.enum) return plain.enum.map((value) => JSON.stringify(value)).join(" or ");
  const words = [NAMES[plain.type] ?? plain.type ?? "anything"];
  if (plain.type === "array" && plain.items) words[0] = `list of ${describe(plain.items, schemas)}`;
  const inner = plain.additionalProperties;
  if (plain.type === "object" && inner && inner !== true) words[0] = `object of ${describe(inner, schemas)}`;
  if (plain.type === "object" && plain.properties) words[0] = `{${Object.keys(plain.properties).join(", ")}}`;
  const [low, high] = [plain.minimum ?? plain.exclusiveMinimum, plain.maximum ?? plain.exclusiveMaximum];
  if (low !== undefined && high !== undefined) words.push(`${low} to ${high}`);
  else if (low !== undefined) words.push(`from ${low}`);
  else if (high !== undefined) words.push(`up to ${high}`);
  return words.join(", ");
}

const NAMES = { integer: "whole number", number: "number", string: "text", boolean: "yes or no", null: "nothing" };

/** A value to begin with, for a parameter that is written as JSON. */
export function sample(schema, schemas, depth = 0) {
  const plain = resolve(schema, schemas);
  if (plain.default !== undefined && plain.default !== null) return plain.default;
  if (plain.const !== undefined) return plain.const;
  if (plain.enum) return plain.enum[0];
  const type = plain.type ?? (plain.anyOf ?? plain.oneOf)?.[0]?.type;
  if (type === "array") return [];
  if (type === "object") {
    if (depth > 3) return {};
    const needed = (plain.required ?? []).map((name) => [name, sample(plain.properties[name], schemas, depth + 1)]);
    return Object.fromEntries(needed);
  }
  return { string: "", integer: 0, number: 0, boolean: false }[type] ?? null;
}
