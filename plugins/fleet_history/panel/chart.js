// Two small charts as SVG: a line with the range of its values, and bars. Both tell the value under the pointer, or the one
// that the arrow keys have come to.
import { h } from "/static/dom.js";

const NS = "http://www.w3.org/2000/svg";
const HEIGHT = 240;
const SIDE = { left: 58, right: 12, top: 12, bottom: 26 };
const TEXT_PX = 82; // so far are labels below the chart apart, at least

function s(tag, attributes, ...children) {
  const element = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Even numbers from below the lowest to above the highest value. */
export function scale(low, high, wanted = 4) {
  if (low === high) [low, high] = low === 0 ? [0, 1] : [low - Math.abs(low) * 0.1, high + Math.abs(high) * 0.1];
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough * 0.999) ?? power * 10;
  const ticks = [];
  for (let at = Math.floor(low / step); at <= Math.ceil(high / step); at += 1) ticks.push(Number((at * step).toPrecision(12)));
  return ticks;
}

/** What both charts share: size, axes, the pointer. */
class Chart extends HTMLElement {
  #observer = new ResizeObserver(() => this.#draw());
  #data = null;
  #at = -1;
  #width = 0;

  connectedCallback() {
    if (!this.told) {
      this.told = h("p", { class: "told", role: "status" });
      this.picture = h("div", { class: "picture", tabindex: 0, role: "img" });
      this.append(this.told, this.picture);
      this.picture.addEventListener("pointermove", (event) => this.#point(event.clientX));
      this.picture.addEventListener("pointerdown", (event) => this.#point(event.clientX));
      this.picture.addEventListener("pointerleave", () => this.#mark(-1));
      this.picture.addEventListener("keydown", (event) => this.#key(event));
      this.picture.addEventListener("blur", () => this.#mark(-1));
    }
    this.#observer.observe(this);
  }

  disconnectedCallback() {
    this.#observer.disconnect();
  }

  /**
   * Shows something else.
   * @param data `{from, to, points: [[ts, value, low?, high?]], label, value: number => text, tick: number => text, time: ts
   *   => text, below: ts => text, steps?, ticks?, marks: [ts]}` with times in seconds.
   */
  show(data) {
    this.#data = data;
    this.#at = -1;
    this.#draw(true);
  }

  #draw(again = false) {
    const width = Math.round(this.clientWidth);
    if (!this.#data || !width || (!again && width === this.#width)) return;
    this.#width = width;
    const { points, label } = this.#data;
    this.picture.setAttribute("aria-label", label);
    const values = points.flatMap((point) => point.slice(1)).filter((value) => value !== null);
    if (values.length === 0) {
      this.picture.replaceChildren(h("p", { class: "dim nothing" }, "Nothing was measured in this time."));
      this.told.textContent = "";
      return;
    }
    const ticks = this.#data.ticks ?? scale(this.lowest(values), values.reduce((high, value) => Math.max(high, value)));
    const [low, high] = [ticks[0], ticks.at(-1)];
    const inner = { width: width - SIDE.left - SIDE.right, height: HEIGHT - SIDE.top - SIDE.bottom };
    this.x = (ts) => SIDE.left + ((ts - this.#data.from) / (this.#data.to - this.#data.from)) * inner.width;
    this.y = (value) => SIDE.top + (1 - (value - low) / (high - low || 1)) * inner.height;
    const svg = s("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, "aria-hidden": "true" });
    for (const tick of ticks) {
      const y = this.y(tick);
      svg.append(s("line", { class: "grid", x1: SIDE.left, x2: width - SIDE.right, y1: y, y2: y }));
      svg.append(s("text", { class: "left", x: SIDE.left - 8, y: y + 4 }, this.#data.tick(tick)));
    }
    let free = SIDE.left;
    for (const ts of this.#data.marks) {
      const x = this.x(ts);
      if (x < free || x > width - SIDE.right - TEXT_PX * 0.6) continue;
      free = x + TEXT_PX;
      svg.append(s("text", { class: "below", x, y: HEIGHT - 6 }, this.#data.below(ts)));
    }
    this.plot(svg, this.#data, inner);
    this.cursor = s("line", { class: "cursor", y1: SIDE.top, y2: HEIGHT - SIDE.bottom, visibility: "hidden" });
    this.dot = s("circle", { class: "dot", r: 4.5, visibility: "hidden" });
    svg.append(this.cursor, this.dot);
    this.picture.replaceChildren(svg);
    this.#mark(this.#at);
  }

  #point(clientX) {
    if (!this.#data?.points.length || !this.x) return;
    const x = clientX - this.picture.getBoundingClientRect().left;
    let best = 0;
    this.#data.points.forEach((point, at) => {
      const known = point[1] !== null;
      if (known && Math.abs(this.middle(point) - x) < Math.abs(this.middle(this.#data.points[best]) - x)) best = at;
    });
    this.#mark(best);
  }

  #key(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || !this.#data?.points.length) return;
    event.preventDefault();
    const last = this.#data.points.length - 1;
    let at = this.#at < 0 ? (by > 0 ? 0 : last) : this.#at + by;
    while (at >= 0 && at <= last && this.#data.points[at][1] === null) at += by;
    this.#mark(Math.min(last, Math.max(0, at)));
  }

  #mark(at) {
    this.#at = at;
    const point = this.#data?.points[at];
    const shown = point && point[1] !== null && this.cursor;
    for (const part of [this.cursor, this.dot]) part?.setAttribute("visibility", shown ? "visible" : "hidden");
    this.told.textContent = shown ? this.#told(point) : (this.#data?.label ?? "");
    this.told.classList.toggle("dim", !shown);
    if (!shown) return;
    const x = this.middle(point);
    for (const name of ["x1", "x2"]) this.cursor.setAttribute(name, x);
    this.dot.setAttribute("cx", x);
    this.dot.setAttribute("cy", this.y(point[1]));
  }

  #told([ts, value, low, high]) {
    const range = typeof low === "number" && low !== high ? ` (${this.#data.value(low)} to ${this.#data.value(high)})` : "";
    return `${this.#data.time(ts)}: ${this.#data.value(value)}${range}`;
  }
}

class Line extends Chart {
  lowest(values) {
    return values.reduce((low, value) => Math.min(low, value));
  }

  middle([ts]) {
    return this.x(ts);
  }

  plot(svg, { points, steps }) {
    for (const run of runs(points)) {
      if (run[0].length > 2) {
        const there = run.map(([ts, , , high]) => `${this.x(ts).toFixed(1)},${this.y(high).toFixed(1)}`);
        const back = run.map(([ts, , low]) => `${this.x(ts).toFixed(1)},${this.y(low).toFixed(1)}`).reverse();
        svg.append(s("polygon", { class: "range", points: [...there, ...back].join(" ") }));
      }
      if (run.length === 1) {
        svg.append(s("circle", { class: "alone", r: 2, cx: this.x(run[0][0]), cy: this.y(run[0][1]) }));
        continue;
      }
      let path = "";
      for (const [ts, value] of run) {
        const [x, y] = [this.x(ts).toFixed(1), this.y(value).toFixed(1)];
        path += path === "" ? `M${x} ${y}` : steps ? `H${x}V${y}` : `L${x} ${y}`;
      }
      svg.append(s("path", { class: "line", d: path }));
    }
  }
}

/** Points without a gap between them. */
function runs(points) {
  const found = [];
  let run = [];
  for (const point of points) {
    if (point[1] !== null) run.push(point);
    else if (run.length > 0) found.push(run), (run = []);
  }
  return run.length > 0 ? [...found, run] : found;
}

class Bars extends Chart {
  lowest() {
    return 0;
  }

  middle([ts]) {
    return this.x(ts) + this.#width(ts) / 2;
  }

  #ends = new Map();

  #width(ts) {
    return this.x(this.#ends.get(ts)) - this.x(ts);
  }

  plot(svg, { points, to }) {
    this.#ends = new Map(points.map(([ts], at) => [ts, points[at + 1]?.[0] ?? to]));
    for (const [ts, value] of points) {
      if (value === null) continue;
      const width = this.#width(ts);
      const gap = Math.min(4, width * 0.2);
      const [top, bottom] = [this.y(Math.max(value, 0)), this.y(0)];
      const place = { x: this.x(ts) + gap / 2, width: Math.max(1, width - gap), y: top, height: Math.max(0, bottom - top) };
      svg.append(s("rect", { class: "bar", rx: Math.min(3, width / 4), ...place }));
    }
  }
}

customElements.define("fleet-line-chart", Line);
customElements.define("fleet-bar-chart", Bars);
