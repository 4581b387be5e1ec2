// Icons of the shell for types of components and for actions.

/** By component type; any other has a chip. */
export const COMPONENT_ICONS = {
  switch: "power",
  cb: "power",
  light: "bulb",
  rgb: "bulb",
  rgbw: "bulb",
  cct: "bulb",
  rgbcct: "bulb",
  cover: "cover",
  input: "button",
  button: "button",
  thermostat: "thermometer",
  temperature: "thermometer",
  blutrv: "thermometer",
  humidity: "drop",
  flood: "drop",
  smoke: "flame",
  devicepower: "battery",
  pm1: "gauge",
  em: "gauge",
  em1: "gauge",
  emdata: "gauge",
  em1data: "gauge",
  voltmeter: "bolt",
  illuminance: "sun",
  script: "code",
  wifi: "radio",
  sys: "chip",
  bthomedevice: "radio",
  bthomesensor: "sensor",
  boolean: "sliders",
  number: "sliders",
  text: "sliders",
  enum: "sliders",
};

/** By action name; any other has none. */
export const ACTION_ICONS = { open: "arrow-up", close: "arrow-down", stop: "stop", start: "play" };
