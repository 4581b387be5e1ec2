// What a component measures, as its type describes it, ready to be shown. Pure.
import { duration, quantity } from "/static/format.js";

const WORDS = {
  true: "Yes",
  false: "No",
  output: { true: "On", false: "Off" },
  alarm: { true: "Alarm!", false: "None" },
  state: { true: "On", false: "Off" },
};

/** The value at a dotted path, or undefined. */
export const at = (value, path) => path.split(".").reduce((place, part) => place?.[part], value);

/**
 * @param {object} type as `Component.ListTypes` tells it
 * @param {object} component `{status, settings, unit}`; a unit of its own beats the type's
 * @param {Set<string>} shown paths that a control shows already
 * @returns {{path: string, label: string, text: string, alarming: boolean}[]}
 */
export function readings(type, { status, settings, unit }, shown) {
  return (type.fields ?? [])
    .filter(({ path }) => !shown.has(path) && at(status, path) !== undefined && at(status, path) !== null)
    .map(({ path, unit: usual, label }) => ({
      path,
      label,
      text: text(at(status, path), unit || usual || settings?.meta?.ui?.unit || "", path),
      alarming: path === "alarm" && status.alarm === true,
    }));
}

function text(value, unit, path) {
  if (typeof value === "number") return unit === "s" ? duration(value) : quantity(value, unit);
  if (typeof value === "boolean") return WORDS[path]?.[value] ?? WORDS[value];
  if (typeof value === "object") return JSON.stringify(value);
  const words = String(value).replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
