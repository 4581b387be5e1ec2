// Device tab: what a device measured over a day, a week, a month or a year, and the energy it used.
import { h, setText, styleSheet } from "/static/dom.js";
import { quantity } from "/static/format.js";
import { explain } from "/static/words.js";
import "./chart.js";

await styleSheet(new URL("history.css", import.meta.url));

const DAY_S = 86_400;
const RANGES = {
  day: { label: "Day", seconds: DAY_S, period: "hour" },
  week: { label: "Week", seconds: 7 * DAY_S, period: "day" },
  month: { label: "Month", seconds: 30 * DAY_S, period: "day" },
  year: { label: "Year", seconds: 365 * DAY_S, period: "month" },
};
const READ_EVERY_MS = 60_000;
const FIRST = ["apower", "total_act_power", "act_power", "tC", "rh", "battery"]; // what people look for first
const MAX_POINTS = 400;

class History extends HTMLElement {
  #range = "day";
  #fields = [];
  #timer = 0;
  #asked = 0;

  connectedCallback() {
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.select = h("select", { "aria-label": "What was measured", onchange: () => this.#read() });
    this.buttons = Object.entries(RANGES).map(([name, { label }]) =>
      h("button", { type: "button", dataset: { range: name }, onclick: () => this.#show(name) }, label),
    );
    this.download = h("a", { class: "button quiet", download: true }, "CSV");
    this.line = h("fleet-line-chart");
    this.figures = h("dl", { class: "figures" });
    this.bars = h("fleet-bar-chart");
    this.used = h("span", { class: "dim" });
    this.energy = h(
      "section",
      { class: "card", hidden: true },
      h("header", null, h("h2", null, "Energy"), this.used),
      this.bars,
    );
    this.measured = h(
      "section",
      { class: "card" },
      h(
        "header",
        null,
        this.select,
        h("div", { class: "ranges", role: "group", "aria-label": "Time shown" }, this.buttons),
        this.download,
      ),
      this.line,
      this.figures,
    );
    this.empty = h("p", { class: "card dim", hidden: true }, "Nothing that this device measures has been kept yet.");
    this.replaceChildren(this.problem, this.empty, this.measured, this.energy);
    this.#drawRanges();
    this.#readFields();
    this.#timer = setInterval(() => this.#read(), READ_EVERY_MS);
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
  }

  async #readFields() {
    try {
      const found = await this.fleet.call("History.Fields", { shellyID: this.device });
      this.#fields = Object.values(found)[0] ?? [];
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.empty.hidden = this.#fields.length > 0;
    this.measured.hidden = this.#fields.length === 0;
    const groups = Map.groupBy(this.#fields, ({ component }) => component);
    this.select.replaceChildren(
      ...[...groups].map(([component, fields]) =>
        h("optgroup", { label: component }, fields.map((field) => h("option", { value: this.#fields.indexOf(field) }, field.label))),
      ),
    );
    const places = FIRST.map((name) => this.#fields.findIndex(({ field }) => field === name)).filter((at) => at >= 0);
    if (this.#fields.length > 0) this.select.value = String(places[0] ?? 0);
    this.#read();
  }

  #show(name) {
    this.#range = name;
    this.#drawRanges();
    this.#read();
  }

  #drawRanges() {
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(button.dataset.range === this.#range));
  }

  async #read() {
    const field = this.#fields[Number(this.select.value)];
    if (!field) return;
    const asked = ++this.#asked;
    const to = Math.floor(Date.now() / 1000);
    const from = to - RANGES[this.#range].seconds;
    const time = { from, to, timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone };
    this.#link(field, time);
    try {
      const [measured, energy] = await Promise.all([this.#measured(field, time), this.#energy(time)]);
      if (asked !== this.#asked) return; // something else was chosen meanwhile
      this.problem.hidden = true;
      this.#drawLine(field, measured, time);
      this.#drawBars(energy, time);
    } catch (error) {
      this.#fail(error);
    }
  }

  #measured({ component, field, kind }, time) {
    const aggregate = kind === "gauge" ? ["avg", "min", "max"] : kind === "counter" ? ["delta"] : ["last"];
    const fill = kind === "state" ? "previous" : "null";
    const what = { shellyID: this.device, component, field, aggregate, fill, max_points: MAX_POINTS };
    return this.fleet.call("History.Query", { ...what, ...time });
  }

  // Who may not ask for energy sees the rest.
  async #energy(time) {
    try {
      const { period } = RANGES[this.#range];
      return await this.fleet.call("Energy.GetConsumption", { shellyID: this.device, period, ...time });
    } catch {
      return { devices: [] };
    }
  }

  #link({ component, field }, { from, to, timeZone }) {
    const query = new URLSearchParams({ shellyID: this.device, component, field, from, to, timeZone });
    if (RANGES[this.#range].seconds > 7 * DAY_S) query.set("bucket", "PT15M");
    this.download.href = `/plugin/history/export.csv?${query}`;
  }

  #drawLine(field, { series }, time) {
    const { unit, kind, words } = field;
    const points = bridged(series[0]?.points ?? [], kind);
    const word = (value) => words?.[value] ?? (value ? "on" : "off");
    const value = kind === "state" ? word : (number) => quantity(number, unit);
    const last = words ? words.length - 1 : 1;
    this.line.show({
      ...time,
      ...axis(this.#range, time),
      points,
      value,
      tick: value,
      label: `${field.label}, ${RANGES[this.#range].label.toLowerCase()}`,
      steps: kind === "state",
      ticks: kind === "state" ? [...Array(Math.max(1, last) + 1).keys()] : null,
    });
    const known = points.filter((point) => point[1] !== null);
    const figures = kind === "gauge" && known.length > 0 ? extremes(known) : kind === "counter" ? total(known) : {};
    this.figures.replaceChildren(
      ...Object.entries(figures).map(([name, number]) => h("div", null, h("dt", null, name), h("dd", null, value(number)))),
    );
  }

  #drawBars({ devices, periods, total: sums }, time) {
    this.energy.hidden = devices.length === 0;
    if (this.energy.hidden) return;
    const { period } = RANGES[this.#range];
    setText(this.used, `${quantity(sums.used, "Wh")} in all`);
    this.bars.show({
      ...time,
      ...axis(this.#range, time),
      from: periods[0],
      marks: periods,
      points: periods.map((ts, at) => [ts, sums.energy[at]]),
      value: (number) => quantity(number, "Wh"),
      tick: (number) => quantity(number, "Wh"),
      label: `By the ${period}`,
      time: (ts) => TIMES[period].format(ts * 1000),
    });
  }

  #fail(error) {
    this.problem.hidden = false;
    setText(this.problem, explain(error));
  }
}

const format = (options) => new Intl.DateTimeFormat(undefined, options);
const TIMES = {
  hour: format({ weekday: "short", hour: "2-digit", minute: "2-digit" }),
  day: format({ weekday: "short", day: "numeric", month: "short" }),
  month: format({ month: "long", year: "numeric" }),
};
const BELOW = {
  day: format({ hour: "2-digit", minute: "2-digit" }),
  week: format({ weekday: "short", day: "numeric" }),
  month: format({ day: "numeric", month: "short" }),
  year: format({ month: "short" }),
};
const MOMENT = format({ weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/** Labels below a chart: whole hours, days or months of the clock on the wall. */
function axis(range, { from, to }) {
  const at = new Date(from * 1000);
  const marks = [];
  if (range === "day") at.setMinutes(0, 0, 0);
  else at.setHours(0, 0, 0, 0);
  if (range === "year") at.setDate(1);
  while (at.getTime() / 1000 < to) {
    if (at.getTime() / 1000 >= from) marks.push(at.getTime() / 1000);
    if (range === "day") at.setHours(at.getHours() + 2);
    else if (range === "year") at.setMonth(at.getMonth() + 1);
    else at.setDate(at.getDate() + 1);
  }
  return { marks, below: (ts) => BELOW[range].format(ts * 1000), time: (ts) => MOMENT.format(ts * 1000) };
}

/** A device tells what changes: an empty bucket or two between values of one that is there is no gap. */
function bridged(points, kind) {
  if (kind !== "gauge") return points;
  let known = -1;
  const found = [];
  points.forEach((point, at) => {
    if (point[1] === null) return;
    if (at - known > 12 && known >= 0) found.push([point[0], null]);
    found.push(point);
    known = at;
  });
  return found;
}

function extremes(points) {
  const sum = points.reduce((all, point) => all + point[1], 0);
  return {
    Lowest: points.reduce((low, point) => Math.min(low, point[2]), Infinity),
    Mean: sum / points.length,
    Highest: points.reduce((high, point) => Math.max(high, point[3]), -Infinity),
  };
}

const total = (points) => ({ "In all": points.reduce((all, point) => all + point[1], 0) });

customElements.define("fleet-history", History);
