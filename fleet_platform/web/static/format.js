// Numbers and times as people read them, in the browser's language.
// Panels of any plugin may import this as "/static/format.js".

const LARGER = { W: "kW", Wh: "kWh", VA: "kVA", VAr: "kVAr", B: "kB" };
const DIGITS = {
  W: 1,
  Wh: 1,
  V: 1,
  A: 2,
  "°C": 1,
  "°F": 1,
  "%": 0,
  Hz: 1,
  kW: 2,
  kWh: 2,
  kVA: 2,
  kB: 0,
  lx: 0,
  dBm: 0,
};
const numbers = new Map();

function numberFormat(digits) {
  if (!numbers.has(digits)) numbers.set(digits, new Intl.NumberFormat(undefined, { maximumFractionDigits: digits }));
  return numbers.get(digits);
}

/** A number with its unit: `1.24 kW`; a dash if there is none. */
export function quantity(value, unit = "") {
  if (typeof value !== "number" || !Number.isFinite(value)) return "–";
  if (LARGER[unit] && Math.abs(value) >= 1000) [value, unit] = [value / 1000, LARGER[unit]];
  const size = Math.abs(value);
  const digits = size >= 1000 ? 0 : Math.min(DIGITS[unit] ?? 2, size >= 100 ? 1 : 2);
  const text = numberFormat(digits).format(value);
  return unit ? `${text}\u00a0${unit}` : text;
}

const STEPS = [
  [60, "second", 1],
  [3600, "minute", 60],
  [86400, "hour", 3600],
  [30 * 86400, "day", 86400],
  [Infinity, "month", 30 * 86400],
];
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });

/** How long ago a moment was, in milliseconds since 1970: `5 min ago`; "never" for nothing. */
export function ago(ms, now = Date.now()) {
  if (!ms) return "never";
  const seconds = (ms - now) / 1000;
  if (Math.abs(seconds) < 10) return "just now";
  const [, unit, size] = STEPS.find(([limit]) => Math.abs(seconds) < limit);
  return relative.format(Math.round(seconds / size), unit);
}

/** A span of time in seconds: `3 d 4 h`. */
export function duration(seconds) {
  if (typeof seconds !== "number") return "–";
  const parts = [
    [Math.floor(seconds / 86400), "d"],
    [Math.floor((seconds % 86400) / 3600), "h"],
    [Math.floor((seconds % 3600) / 60), "min"],
    [Math.floor(seconds % 60), "s"],
  ];
  const first = parts.findIndex(([amount]) => amount > 0);
  if (first < 0) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(" ");
}

const clocks = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const moments = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Time of day of a moment. */
export const clock = (ms) => clocks.format(new Date(ms));

/** Date and time of a moment. */
export const moment = (ms) => moments.format(new Date(ms));

/** Wi-Fi signal: how many of four bars, and the word for it. */
export function signal(rssi) {
  if (typeof rssi !== "number" || rssi === 0) return { bars: 0, word: "unknown" };
  if (rssi >= -60) return { bars: 4, word: "excellent" };
  if (rssi >= -70) return { bars: 3, word: "good" };
  if (rssi >= -80) return { bars: 2, word: "fair" };
  return { bars: 1, word: "weak" };
}
