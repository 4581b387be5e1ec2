// The page of events: all that happens, as it happens.
import { h, icon, setAttribute, setText, styleSheet } from "/static/dom.js";
import { clock } from "/static/format.js";
import { explain } from "/static/words.js";
import { JsonTree } from "./json_tree.js";

await styleSheet(new URL("details.css", import.meta.url));
await styleSheet(new URL("events.css", import.meta.url));

const KEPT = 2000;
const SHOWN = 300;
/** Raw device messages repeat what the other events say. */
const NOISY = "Shelly.Message";

class Events extends HTMLElement {
  #subscription = null;
  #kept = [];
  #seen = new Set();
  #arrived = 0;
  #paused = false;
  #frame = 0;
  #clock = 0;

  connectedCallback() {
    this.rate = h("p", { class: "dim number", role: "status" }, "Listening…");
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.pause = h(
      "button",
      { type: "button", "aria-pressed": "false", onclick: () => this.#setPaused(!this.#paused) },
      icon("pause"),
      h("span", null, "Pause"),
    );
    this.kind = h(
      "select",
      { "aria-label": "Event", onchange: () => this.#redraw() },
      h("option", { value: "" }, "All events"),
    );
    this.text = h("input", {
      type: "search",
      placeholder: "Filter by device or text",
      "aria-label": "Filter events",
      oninput: () => this.#redraw(),
    });
    this.raw = h("input", { type: "checkbox", onchange: () => this.#redraw() });
    this.list = h("ol", { class: "card flush tail", "aria-label": "Events, newest first" });
    this.empty = h("p", { class: "dim nothing" }, "Nothing yet.");
    this.replaceChildren(
      h(
        "header",
        { class: "page-head" },
        h("div", { class: "grow" }, h("h1", null, "Events"), this.rate),
        this.pause,
        h("button", { type: "button", onclick: () => this.#clear() }, icon("bin"), "Clear"),
      ),
      h("div", { class: "event-bar" }, this.text, this.kind, h("label", { class: "check" }, this.raw, "Raw messages")),
      this.problem,
      this.list,
      this.empty,
    );
    this.#subscription = this.fleet.subscribe(["*"], (name, params, seq) =>
      this.#take({ name, params, seq, at: Date.now() }),
    );
    this.#subscription.ready.then(
      () => (this.#clock = setInterval(() => this.#tick(), 1000)),
      (error) => this.#fail(error),
    );
  }

  disconnectedCallback() {
    this.#subscription.close();
    clearInterval(this.#clock);
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#clear();
  }

  #fail(error) {
    this.problem.hidden = false;
    setText(this.problem, explain(error));
  }

  #take(event) {
    // After a lost connection some events are told twice.
    if (this.#seen.has(event.seq)) return;
    this.#seen.add(event.seq);
    this.#arrived++;
    event.id = event.params.shellyID ?? event.params.entityId ?? event.params.events?.[0]?.component ?? "";
    this.#kept.push(event);
    if (this.#kept.length > KEPT * 1.2) {
      for (const old of this.#kept.splice(0, this.#kept.length - KEPT)) this.#seen.delete(old.seq);
    }
    if (!this.#paused) this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  #tick() {
    this.#offer(new Set(this.#kept.map(({ name }) => name)));
    setText(this.rate, this.#paused ? `Paused · ${this.#kept.length} kept` : `${this.#arrived} per second`);
    this.#arrived = 0;
  }

  #offer(names) {
    const offered = new Set([...this.kind.options].map(({ value }) => value));
    for (const name of [...names].sort()) if (!offered.has(name)) this.kind.append(h("option", { value: name }, name));
  }

  #setPaused(paused) {
    this.#paused = paused;
    setAttribute(this.pause, "aria-pressed", String(paused));
    this.pause.replaceChildren(icon(paused ? "play" : "pause"), h("span", null, paused ? "Resume" : "Pause"));
    if (!paused) this.#redraw();
  }

  #clear() {
    this.#kept = [];
    this.#seen.clear();
    this.#redraw();
  }

  #wants({ name, params }) {
    const kind = this.kind.value;
    if (kind ? name !== kind : name === NOISY && !this.raw.checked) return false;
    const text = this.text.value.trim().toLowerCase();
    return !text || `${name} ${JSON.stringify(params)}`.toLowerCase().includes(text);
  }

  #redraw() {
    this.list.replaceChildren();
    this.#draw();
  }

  // Lines that are there stay as they are, so that an opened one stays open.
  #draw() {
    this.#frame = 0;
    const newest = Number(this.list.firstChild?.dataset.seq ?? -1);
    const fresh = [];
    for (let index = this.#kept.length - 1; index >= 0 && fresh.length < SHOWN; index--) {
      const event = this.#kept[index];
      if (event.seq <= newest) break;
      if (this.#wants(event)) fresh.push(line(event));
    }
    this.list.prepend(...fresh);
    while (this.list.children.length > SHOWN) this.list.lastChild.remove();
    this.empty.hidden = this.list.children.length > 0;
    this.list.hidden = !this.empty.hidden;
  }
}

function line({ name, params, seq, id, at }) {
  const rest = { ...params };
  delete rest.metadata;
  const place = h("div", { class: "body" });
  const open = () => {
    if (!details.open || place.firstChild) return;
    const tree = new JsonTree();
    tree.update(rest);
    place.append(tree.element);
  };
  const details = h(
    "details",
    { ontoggle: open },
    h(
      "summary",
      null,
      h("time", { class: "dim number" }, clock(at)),
      h("span", { class: `chip ${tone(name)}` }, name),
      h("span", { class: "about" }, id),
      h("span", { class: "dim gist" }, gist(rest)),
    ),
    place,
  );
  return h("li", { dataset: { seq } }, details);
}

function tone(name) {
  if (/Disconnect|Removed|Delete|Denied/.test(name)) return "warn";
  if (/Connect$|Added|Accepted/.test(name)) return "good";
  return /^Entity\.Event|Notify/.test(name) ? "on" : "";
}

/** The heart of an event in one line. */
function gist({ shellyID, status, ...rest }) {
  if (status && shellyID) return Object.keys(status).join(", ");
  delete rest.entityId;
  return JSON.stringify(status ?? rest).slice(0, 300);
}

customElements.define("fleet-events", Events);
