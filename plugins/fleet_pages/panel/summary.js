// What a device is and does now, short enough for one line of a list. Pure.
import { quantity } from "/static/format.js";
import { MODELS } from "./models.js";

const OUTPUTS = ["switch", "light", "rgb", "rgbw", "cct", "rgbcct", "cb"];
const METERS = { switch: "apower", light: "apower", rgb: "apower", rgbw: "apower", cct: "apower", rgbcct: "apower", cover: "apower", pm1: "apower", em: "total_act_power", em1: "act_power" };
const COVER = { open: "Open", closed: "Closed", opening: "Opening…", closing: "Closing…", stopped: "Stopped", calibrating: "Calibrating…" };
const ICONS = [
  ["cover", "cover"],
  ["thermostat", "thermometer"],
  ["rgbw", "bulb"],
  ["rgbcct", "bulb"],
  ["rgb", "bulb"],
  ["cct", "bulb"],
  ["light", "bulb"],
  ["smoke", "flame"],
  ["flood", "drop"],
  ["em", "gauge"],
  ["em1", "gauge"],
  ["pm1", "gauge"],
  ["plugs_ui", "plug"],
  ["cb", "power"],
  ["switch", "power"],
  ["blugw", "radio"],
  ["input", "button"],
  ["temperature", "thermometer"],
];
const LOW_BATTERY = 20;
const HAS_CHIP = / alarm$|^battery/;
const WEAK_SIGNAL = -85;

/** Component types of a status that a summary looks at; a list of thousands keeps no others. */
export const WATCHED = new Set([
  ...OUTPUTS, ...Object.keys(METERS), ...ICONS.map(([type]) => type),
  "humidity", "devicepower", "wifi", "sys", "bthomedevice", "illuminance", "voltmeter",
]);

/** Name people gave a device, or its id. */
export const nameOf = (device) => device.info?.name || device.settings?.sys?.device?.name || device.shellyID;

/** What it is called in shops, as far as known. */
export const modelOf = (info) => MODELS[info?.model] ?? info?.app ?? "";

/**
 * @param {object} device as `Device.List` tells it; of the status only watched components are needed
 * @returns {object} `{id, name, model, icon, presence, active, chips: [{text, kind}], power, rssi, version, update,
 *   attention: [string], reportedAt, search}`
 */
export function summarise(device) {
  const components = byType(device.status ?? {});
  const sys = device.status?.sys ?? {};
  const presence = device.meta?.asleep && device.presence === "online" ? "asleep" : device.presence;
  const attention = problems(components, sys, device.status?.wifi);
  const power = powerOf(components);
  const name = nameOf(device);
  const model = modelOf(device.info);
  return {
    id: device.shellyID,
    name,
    model,
    presence,
    attention,
    power,
    icon: ICONS.find(([type]) => components[type])?.[1] ?? "chip",
    active: presence === "online" && isActive(components),
    chips: [...chips(components, power), ...attention.filter((text) => !HAS_CHIP.test(text)).map((text) => ({ text, kind: "warn" }))],
    rssi: device.status?.wifi?.rssi ?? null,
    wired: Boolean(device.status?.eth?.ip),
    version: device.info?.ver ?? "",
    update: sys.available_updates?.stable?.version ?? null,
    reportedAt: device.meta?.lastReportTs ?? 0,
    search: `${name} ${device.shellyID} ${model} ${device.info?.app ?? ""} ${device.info?.model ?? ""} ${device.status?.wifi?.sta_ip ?? ""}`.toLowerCase(),
  };
}

function byType(status) {
  const found = {};
  for (const [key, value] of Object.entries(status)) {
    if (value && typeof value === "object") (found[key.split(":")[0]] ??= []).push(value);
  }
  return found;
}

const outputsOf = (components) => OUTPUTS.flatMap((type) => components[type] ?? []).filter((each) => typeof each.output === "boolean");

function isActive(components) {
  return (
    outputsOf(components).some((each) => each.output) ||
    (components.cover ?? []).some((each) => each.state === "opening" || each.state === "closing") ||
    (components.thermostat ?? []).some((each) => each.output)
  );
}

function powerOf(components) {
  const values = Object.entries(METERS).flatMap(([type, field]) => (components[type] ?? []).map((each) => each[field]));
  const known = values.filter((value) => typeof value === "number");
  return known.length ? known.reduce((sum, value) => sum + value, 0) : null;
}

function chips(components, power) {
  const alarms = ["smoke", "flood"].filter((type) => components[type]?.some((each) => each.alarm));
  return [
    ...alarms.map((type) => ({ text: type === "smoke" ? "Smoke!" : "Water!", kind: "bad" })),
    ...["smoke", "flood"].filter((type) => components[type] && !alarms.includes(type)).map((type) => ({ text: type === "smoke" ? "No smoke" : "Dry", kind: "" })),
    outputChip(outputsOf(components)),
    ...(components.cover ?? []).map(coverChip),
    ...(components.thermostat ?? []).map((each) => ({ text: `${quantity(each.current_C)} → ${quantity(each.target_C, "°C")}`, kind: each.output ? "on" : "" })),
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
  (components[type] ?? []).filter((each) => typeof each[field] === "number").slice(0, 2).map((each) => ({ text: quantity(each[field], unit), kind: "" }));

function batteryChip({ battery }) {
  const percent = battery?.percent;
  if (typeof percent !== "number") return null;
  return { text: `Battery ${quantity(percent, "%")}`, kind: percent < LOW_BATTERY ? "warn" : "" };
}

function inputChip(components) {
  const inputs = components.input ?? [];
  if (!inputs.length || OUTPUTS.some((type) => components[type]) || components.cover) return null;
  const on = inputs.filter((each) => each.state === true).length;
  return { text: on ? `${on} of ${inputs.length} inputs on` : `${inputs.length} input${inputs.length > 1 ? "s" : ""}`, kind: on ? "on" : "" };
}

function problems(components, sys, wifi) {
  const found = [];
  for (const [type, members] of Object.entries(components)) {
    for (const { errors, alarm } of members) {
      if (alarm === true) found.push(`${type} alarm`);
      if (Array.isArray(errors)) found.push(...errors.map((error) => `${type}: ${String(error).replaceAll("_", " ")}`));
    }
  }
  if ((components.devicepower ?? []).some((each) => typeof each.battery?.percent === "number" && each.battery.percent < LOW_BATTERY)) found.push("battery low");
  if (sys.restart_required) found.push("restart required");
  if (wifi?.rssi && wifi.rssi < WEAK_SIGNAL) found.push("weak signal");
  return found;
}
