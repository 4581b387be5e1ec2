// The page of all devices: a live, searchable list.
import { h, icon, setAttribute, setText, styleSheet } from "/static/dom.js";
import { quantity } from "/static/format.js";
import { explain } from "/static/words.js";
import { drawRow, makeRow } from "./device_row.js";
import { FleetList } from "./fleet_list.js";
import { VirtualList } from "./virtual_list.js";

await styleSheet(new URL("devices.css", import.meta.url));

const FILTERS = {
  all: { label: "All", test: () => true },
  online: { label: "Online", test: ({ presence }) => presence !== "offline" },
  offline: { label: "Offline", test: ({ presence }) => presence === "offline" },
  attention: { label: "Attention", test: ({ attention }) => attention.length > 0 },
};
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
const byName = (a, b) => collator.compare(a.name, b.name) || collator.compare(a.id, b.id);
const SORTS = {
  name: { label: "Name", compare: byName },
  power: { label: "Power", compare: (a, b) => (b.power ?? -1) - (a.power ?? -1) || byName(a, b) },
  signal: { label: "Weakest signal", compare: (a, b) => (a.rssi || 1) - (b.rssi || 1) || byName(a, b) },
  model: { label: "Model", compare: (a, b) => collator.compare(a.model, b.model) || byName(a, b) },
  reported: { label: "Last report", compare: (a, b) => b.reportedAt - a.reportedAt || byName(a, b) },
};
const ORDER_EVERY_MS = 1500;
const SMALL = 300;

class Devices extends HTMLElement {
  #known = null;
  #choice = { filter: "all", sort: "name", search: "" };
  #timer = 0;
  #clock = 0;

  connectedCallback() {
    this.#build();
    this.list.attach();
    this.#known = new FleetList(this.fleet, (problem) => (problem ? this.#fail(problem) : this.#changed()));
    this.#clock = setInterval(() => this.list.refresh(), 15_000);
  }

  disconnectedCallback() {
    this.#known.close();
    this.list.detach();
    clearInterval(this.#clock);
    clearTimeout(this.#timer);
    this.replaceChildren();
  }

  #build() {
    this.sum = h("p", { class: "dim number", role: "status" }, "Loading…");
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.search = h("input", {
      type: "search",
      placeholder: "Search name, id, model, address",
      "aria-label": "Search devices",
      oninput: () => this.#choose({ search: this.search.value.trim().toLowerCase() }),
    });
    this.filters = Object.entries(FILTERS).map(([name, { label }]) =>
      h(
        "button",
        {
          type: "button",
          "aria-pressed": String(name === this.#choice.filter),
          dataset: { filter: name },
          onclick: () => this.#choose({ filter: name }),
        },
        label,
        " ",
        h("span", { class: "count number" }),
      ),
    );
    this.sort = h(
      "select",
      { onchange: () => this.#choose({ sort: this.sort.value }) },
      Object.entries(SORTS).map(([name, { label }]) => h("option", { value: name }, label)),
    );
    this.list = new VirtualList({
      label: "Devices",
      make: makeRow,
      update: (row, { id }) => drawRow(row, this.#known.summaries.get(id)),
    });
    this.empty = h("div", { class: "empty", hidden: true }, icon("devices"), h("h2"), h("p", { class: "dim" }));
    this.append(
      h(
        "header",
        { class: "page-head" },
        h("div", { class: "grow" }, h("h1", null, "Devices"), this.sum),
        h("label", { class: "sort" }, h("span", { class: "dim" }, "Sort by"), this.sort),
      ),
      h(
        "div",
        { class: "bar" },
        h("div", { class: "search" }, icon("search"), this.search),
        h("div", { class: "segments", role: "group", "aria-label": "Show" }, this.filters),
      ),
      this.problem,
      h("div", { class: "card flush device-list" }, this.list.element, this.empty),
    );
  }

  #choose(choice) {
    Object.assign(this.#choice, choice);
    for (const button of this.filters)
      setAttribute(button, "aria-pressed", String(button.dataset.filter === this.#choice.filter));
    this.#order();
    this.closest("main").scrollTop = 0;
  }

  #changed() {
    this.problem.hidden = true;
    this.list.refresh();
    const wait = this.#known.summaries.size < SMALL ? 0 : ORDER_EVERY_MS;
    this.#timer ||= setTimeout(() => this.#order(), wait);
  }

  #order() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const all = [...this.#known.summaries.values()];
    const { filter, sort, search } = this.#choice;
    const words = search.split(/\s+/).filter(Boolean);
    const found = all.filter((each) => FILTERS[filter].test(each) && words.every((word) => each.search.includes(word)));
    this.list.show(found.sort(SORTS[sort].compare));
    for (const button of this.filters) {
      setText(button.querySelector(".count"), quantity(all.filter(FILTERS[button.dataset.filter].test).length));
    }
    this.#say(all, found);
  }

  #say(all, found) {
    const loading = this.#known.total !== null && all.length < this.#known.total;
    const power = all.reduce((sum, { presence, power: part }) => sum + (presence === "online" ? (part ?? 0) : 0), 0);
    const online = all.filter(FILTERS.online.test).length;
    setText(
      this.sum,
      loading
        ? `Loading ${quantity(all.length)} of ${quantity(this.#known.total)}…`
        : `${quantity(online)} of ${quantity(all.length)} online · ${quantity(power, "W")}`,
    );
    this.empty.hidden = found.length > 0 || loading;
    const [title, text] = all.length
      ? ["Nothing fits", "No device matches this search and filter."]
      : ["No devices yet", "Point a Shelly's outbound websocket at this server, then accept it in the waiting room."];
    setText(this.empty.querySelector("h2"), title);
    setText(this.empty.querySelector("p"), text);
  }

  #fail(error) {
    this.problem.hidden = false;
    setText(this.problem, `The devices could not be read. ${explain(error)}`);
  }
}

customElements.define("fleet-devices", Devices);
