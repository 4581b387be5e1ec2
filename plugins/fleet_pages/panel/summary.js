// What a device is and does now, short enough for one line of a list. Pure.
import { chipsOf, OUTPUTS, outputsOf, problemsOf } from "./chips.js";
import { MODELS } from "./models.js";

const METERS = {
  switch: "apower",
  light: "apower",
  rgb: "apower",
  rgbw: "apower",
  cct: "apower",
  rgbcct: "apower",
  cover: "apower",
  pm1: "apower",
  em: "total_act_power",
  em1: "act_power",
};
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

/** Component types of a status that a summary looks at; a list of thousands keeps no others. */
export const WATCHED = new Set([
  ...OUTPUTS,
  ...Object.keys(METERS),
  ...ICONS.map(([type]) => type),
  "humidity",
  "devicepower",
  "wifi",
  "sys",
  "bthomedevice",
  "illuminance",
  "voltmeter",
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
  const attention = problemsOf(components, sys, device.status?.wifi);
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
    chips: chipsOf(components, power, attention),
    rssi: device.status?.wifi?.rssi ?? null,
    wired: Boolean(device.status?.eth?.ip),
    version: device.info?.ver ?? "",
    update: sys.available_updates?.stable?.version ?? null,
    reportedAt: device.meta?.lastReportTs ?? 0,
    search: [name, device.shellyID, model, device.info?.app, device.info?.model, device.status?.wifi?.sta_ip]
      .join(" ")
      .toLowerCase(),
  };
}

function byType(status) {
  const found = {};
  for (const [key, value] of Object.entries(status)) {
    if (value && typeof value === "object") (found[key.split(":")[0]] ??= []).push(value);
  }
  return found;
}

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
