// The few words in a line of the list that say what a device does now. Pure.
//
// `components` is a status by type: `{switch: [{output: true, …}], …}`.
import { quantity } from "/static/format.js";

/** Types of components that are on or off. */
export const OUTPUTS = ["switch", "light", "rgb", "rgbw", "cct", "rgbcct", "cb"];
const COVER = {
  open: "Open",
  closed: "Closed",
  opening: "Opening…",
  closing: "Closing…",
  stopped: "Stopped",
  calibrating: "Calibrating…",
};
const LOW_BATTERY = 20;
const WEAK_SIGNAL = -85;
/** Problems that a chip tells already. */
const HAS_CHIP = / alarm$|^battery/;

/** All components that are on or off. */
export const outputsOf = (components) =>
  OUTPUTS.flatMap((type) => components[type] ?? []).filter((each) => typeof each.output === "boolean");

/** What a device does now and what is wrong with it: `[{text, kind}]`. */
export function chipsOf(components, power, attention) {
  const alarms = ["smoke", "flood"].filter((type) => components[type]?.some((each) => each.alarm));
  return [
    ...alarms.map((type) => ({ text: type === "smoke" ? "Smoke!" : "Water!", kind: "bad" })),
    ...attention.filter((text) => !HAS_CHIP.test(text)).map((text) => ({ text, kind: "warn" })),
    ...["smoke", "flood"]
      .filter((type) => components[type] && !alarms.includes(type))
      .map((type) => ({ text: type === "smoke" ? "No smoke" : "Dry", kind: "" })),
    outputChip(outputsOf(components)),
    ...(components.cover ?? []).map(coverChip),
    ...(components.thermostat ?? []).map((each) => ({
      text: `${quantity(each.current_C)} → ${quantity(each.target_C, "°C")}`,
      kind: each.output ? "on" : "",
    })),
    ...(components.thermostat ? [] : readings(components, "temperature", "tC", "°C")),
    ...readings(components, "humidity", "rh", "%"),
    power === null ? null : { text: quantity(power, "W"), kind: "" },
    ...(components.devicepower ?? []).map(batteryChip),
    inputChip(components),
  ].filter(Boolean);
}

function outputChip(outputs) {
  if (outputs.length === 0) return null;
  const on = outputs.filter((each) => each.output);
  if (outputs.length > 1) return { text: `${on.length} of ${outputs.length} on`, kind: on.length ? "on" : "" };
  if (!on.length) return { text: "Off", kind: "" };
  const { brightness } = on[0];
  return { text: typeof brightness === "number" ? `On · ${quantity(brightness, "%")}` : "On", kind: "on" };
}

function coverChip({ state, current_pos: position }) {
  const moving = state === "opening" || state === "closing";
  const partly = typeof position === "number" && position > 0 && position < 100 && !moving;
  return { text: partly ? `${position}\u00a0% open` : (COVER[state] ?? state ?? "Unknown"), kind: moving ? "on" : "" };
}

const readings = (components, type, field, unit) =>
  (components[type] ?? [])
    .filter((each) => typeof each[field] === "number")
    .slice(0, 2)
    .map((each) => ({ text: quantity(each[field], unit), kind: "" }));

function batteryChip({ battery }) {
  const percent = battery?.percent;
  if (typeof percent !== "number") return null;
  return { text: `Battery ${quantity(percent, "%")}`, kind: percent < LOW_BATTERY ? "warn" : "" };
}

function inputChip(components) {
  const inputs = components.input ?? [];
  if (!inputs.length || OUTPUTS.some((type) => components[type]) || components.cover) return null;
  const on = inputs.filter((each) => each.state === true).length;
  return {
    text: on ? `${on} of ${inputs.length} inputs on` : `${inputs.length} input${inputs.length > 1 ? "s" : ""}`,
    kind: on ? "on" : "",
  };
}

/** What somebody should look at, in words. */
export function problemsOf(components, sys, wifi) {
  const found = [];
  for (const [type, members] of Object.entries(components)) {
    for (const { errors, alarm } of members) {
      if (alarm === true) found.push(`${type} alarm`);
      if (Array.isArray(errors)) found.push(...errors.map((error) => `${type}: ${String(error).replaceAll("_", " ")}`));
    }
  }
  if ((components.devicepower ?? []).some(({ battery }) => battery?.percent < LOW_BATTERY)) found.push("battery low");
  if (sys.restart_required) found.push("restart required");
  if (wifi?.rssi && wifi.rssi < WEAK_SIGNAL) found.push("weak signal");
  return found;
}
