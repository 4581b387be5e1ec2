// Which controls a component gets, worked out from what its type can do. Pure.
//
// An action's parameter that mirrors a value of the component's status becomes a control that shows and sets that
// value. An action that needs nothing becomes a button, any other one a button that asks.

/** Parameter to the status value it sets. */
const MIRRORS = {
  on: "output",
  output: "output",
  brightness: "brightness",
  white: "white",
  ct: "ct",
  rgb: "rgb",
  pos: ["current_pos", "pos"],
  slat_pos: "slat_pos",
  target_C: "target_C",
  value: "value",
  enable: "enable",
};
const DANGEROUS = /reset|reboot|factory|delete|remove|calibrate|update|^cb\./i;
const isDangerous = ({ name, method }) => DANGEROUS.test(`${method} ${name}`) && !name.startsWith("check");

/**
 * @param {object} type as `Component.ListTypes` tells it
 * @param {{status: object, settings: object}} component
 * @returns {{controls: object[], buttons: object[]}} controls: `{kind, label, path, value, schema, action, params(v)}`;
 *   buttons: `{label, name, action, dangerous, leaves, params(values)}`
 */
export function plan(type, component) {
  const actions = (type.actions ?? []).map((action) => ({ ...action, ...parts(action.parameters ?? {}) }));
  const controls = [];
  for (const action of actions) {
    for (const leaf of action.leaves) {
      const control = mirror(action, leaf, component);
      if (control && !controls.some((other) => other.status === control.status)) controls.push(control);
    }
  }
  const switched = controls.some(({ kind }) => kind === "switch");
  const covered = new Set(controls.map(({ action }) => action.name));
  const buttons = actions
    .filter(({ name }) => !covered.has(name) && !(name === "toggle" && switched))
    .filter((action) => applies(action, component))
    .flatMap(asButtons);
  return { controls, buttons };
}

// ---- parameters ----

/** Parameters as leaves (what is asked) and constants (what is always sent), each with its path. */
function parts(parameters) {
  const leaves = [];
  const constants = [];
  const walk = (schema, path, label, required) => {
    if ("const" in schema) constants.push({ path, value: schema.const });
    else if (schema.properties) {
      const needed = new Set(schema.required ?? []);
      for (const [name, inner] of Object.entries(schema.properties)) {
        walk(inner, [...path, name], inner.title || name, required && needed.has(name));
      }
    } else leaves.push({ path, name: path.at(-1), schema, label: schema.title || label, required });
  };
  for (const [name, { schema, label, required }] of Object.entries(parameters))
    walk(schema ?? {}, [name], label || name, Boolean(required));
  return { leaves, constants };
}

/** Builds `params` from constants and values. */
function build(constants, values) {
  const params = {};
  for (const { path, value } of [...constants, ...values]) {
    let place = params;
    for (const part of path.slice(0, -1)) place = place[part] ??= {};
    place[path.at(-1)] = value;
  }
  return params;
}

// ---- controls ----

function mirror(action, leaf, { status, settings }) {
  const candidates = [MIRRORS[leaf.name] ?? []].flat();
  const path =
    candidates.find((name) => status[name] !== undefined && status[name] !== null) ?? emptyValue(leaf, status);
  if (!path || action.leaves.some((other) => other.required && other !== leaf)) return null;
  const schema = refine(leaf, settings);
  const kind = kindOf(leaf.name, schema);
  if (!kind) return null;
  return {
    kind,
    schema,
    status: path,
    label: leaf.label,
    action,
    dangerous: isDangerous(action),
    params: (value) => build(action.constants, [{ path: leaf.path, value }]),
  };
}

// A virtual component that was never set has the value null, and can be set nevertheless.
const emptyValue = (leaf, status) => (leaf.name === "value" && status.value === null ? "value" : null);

/** Limits and choices that a component's own settings narrow. */
function refine({ name, schema }, settings) {
  const ui = settings.meta?.ui ?? {};
  if (name === "ct" && Array.isArray(settings.ct_range))
    return { ...schema, minimum: settings.ct_range[0], maximum: settings.ct_range[1] };
  if (name === "ct") return { ...schema, minimum: schema.minimum || 2700, maximum: schema.maximum ?? 6500 };
  if (name !== "value") return schema;
  if (Array.isArray(settings.options)) return { ...schema, enum: settings.options, titles: ui.titles ?? {} };
  const narrowed = { ...schema };
  if (typeof settings.min === "number") narrowed.minimum = settings.min;
  if (typeof settings.max === "number") narrowed.maximum = settings.max;
  if (typeof ui.step === "number") narrowed.multipleOf = ui.step;
  if (typeof settings.max_len === "number") narrowed.maxLength = settings.max_len;
  if (ui.unit) narrowed.unit = ui.unit;
  return narrowed;
}

function kindOf(name, schema) {
  const types = [schema.type].flat();
  if (name === "rgb") return "colour";
  if (schema.enum) return "choice";
  if (types.includes("boolean")) return "switch";
  if (types.includes("integer") || types.includes("number")) {
    return typeof schema.minimum === "number" && typeof schema.maximum === "number" ? "slider" : "number";
  }
  return types.includes("string") ? "text" : null;
}

// ---- buttons ----

/** Whether an action makes sense for this very component, as far as its status tells. */
function applies({ name, leaves }, { status }) {
  if (/reset_?counters/i.test(name)) return Boolean(status.aenergy || status.ret_aenergy || status.counts);
  return !leaves.some((leaf) => leaf.required && MIRRORS[leaf.name]);
}

/** `Single push` speaks for itself, `stable` needs the verb: `Update: stable`. */
function optionLabel(verb, value) {
  const option = String(value).replaceAll("_", " ");
  return option.toLowerCase().includes(verb.toLowerCase()) ? option : `${verb}: ${option}`;
}

function asButtons(action) {
  const dangerous = isDangerous(action);
  const needed = action.leaves.filter(({ required }) => required);
  const [only] = needed;
  if (needed.length === 1 && only.schema.enum?.length <= 5) {
    return only.schema.enum.map((value) => ({
      label: optionLabel(action.label, value),
      name: `${action.name}:${value}`,
      action,
      dangerous,
      leaves: [],
      params: () => build(action.constants, [{ path: only.path, value }]),
    }));
  }
  return [
    {
      label: action.label,
      name: action.name,
      action,
      dangerous,
      leaves: needed,
      params: (values) => build(action.constants, values),
    },
  ];
}
