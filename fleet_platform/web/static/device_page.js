// One device: who it is and how it is, above the tabs that plugins bring.
import { h, icon, setAttribute, setText } from "./dom.js";
import { ago, moment, signal } from "./format.js";
import { mount } from "./panels.js";
import { explain } from "./words.js";

const PRESENCE = { online: "Online", offline: "Offline", pending: "Waiting for approval" };

export class DevicePage extends HTMLElement {
  deviceId;
  #fleet;
  #tabs;
  #tab = null;
  #device = null;
  #facts = new Map();
  #stop = () => {};
  #timer = 0;

  constructor({ fleet, id, tabs, back }) {
    super();
    this.deviceId = id;
    this.#fleet = fleet;
    this.#tabs = tabs;
    this.className = "page device-page";
    this.heading = h("h1", null, id);
    this.model = h("span");
    this.presence = h("span", { class: "presence", role: "status" });
    this.facts = h("dl", { class: "facts" });
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.links = h("ul");
    this.place = h("div", { class: "tab" });
    this.append(
      h(
        "header",
        { class: "device-head" },
        h("a", { class: "button quiet round", href: back, "aria-label": "Back" }, icon("back")),
        h("div", { class: "grow" }, this.heading, h("p", { class: "dim" }, this.presence, this.model)),
      ),
      this.facts,
      this.problem,
      h("nav", { class: "tabs", "aria-label": "About this device" }, this.links),
      this.place,
    );
  }

  connectedCallback() {
    document.title = `${this.deviceId} · Fleet Platform`;
    this.#stop = this.#fleet.watch(this.deviceId, (device, error) => this.#draw(device, error));
    this.#timer = setInterval(() => this.#drawFacts(), 10_000);
  }

  disconnectedCallback() {
    this.#stop();
    clearInterval(this.#timer);
  }

  /** Shows one of the tabs, by default the first. */
  showTab({ plugin, tab }) {
    const chosen = this.#tabs.find((each) => each.plugin === plugin && each.name === tab) ?? this.#tabs[0];
    if (chosen === this.#tab) return;
    this.#tab = chosen;
    const address = (each) => ["", "device", this.deviceId, each.plugin, each.name].map(encodeURIComponent).join("/");
    this.links.replaceChildren(
      ...this.#tabs.map((each) =>
        h("li", null, h("a", { href: address(each), "aria-current": each === chosen ? "page" : null }, each.title)),
      ),
    );
    this.#drawTabs();
    this.place.replaceChildren(mount(chosen, { fleet: this.#fleet, device: this.deviceId }));
  }

  #draw(device, error) {
    this.problem.hidden = !error;
    setText(this.problem, error ? explain(error) : "");
    if (!device) return;
    this.#device = device;
    const name = device.settings?.sys?.device?.name || device.info?.name || device.shellyID;
    setText(this.heading, name);
    document.title = `${name} · Fleet Platform`;
    setText(this.model, [device.info?.app, device.info?.gen && `Gen ${device.info.gen}`].filter(Boolean).join(" · "));
    const asleep = device.meta?.asleep && device.presence === "online";
    setAttribute(this.presence, "data-presence", asleep ? "asleep" : device.presence);
    setText(this.presence, asleep ? "Asleep" : (PRESENCE[device.presence] ?? device.presence));
    this.#drawFacts();
    this.#drawTabs();
  }

  // Tabs about components that the device does not have are of no use; one that is open stays.
  #drawTabs() {
    const types = new Set(Object.keys(this.#device?.status ?? {}).map((key) => key.split(":")[0]));
    this.#tabs.forEach(({ components }, number) => {
      const useful = components.length === 0 || components.some((type) => types.has(type));
      this.links.children[number].hidden = !useful && this.#tabs[number] !== this.#tab;
    });
  }

  #drawFacts() {
    const device = this.#device;
    if (!device) return;
    const { sys, wifi, eth } = device.status ?? {};
    const update = sys?.available_updates?.stable?.version;
    const reported = device.meta?.lastReportTs;
    this.#fact("Id", device.shellyID);
    this.#fact("Address", wifi?.sta_ip || eth?.ip, (address) => `http://${encodeURIComponent(address)}/`);
    this.#fact("Signal", wifi?.rssi ? `${signal(wifi.rssi).word}, ${wifi.rssi} dBm` : null);
    this.#fact("Firmware", update ? `${device.info?.ver} (${update} available)` : device.info?.ver);
    this.#fact("Last report", ago(reported)).title = reported ? moment(reported) : "";
  }

  // Facts keep their elements, so that what a user has selected or focused stays so.
  #fact(label, text, address) {
    if (!this.#facts.has(label)) {
      const value = address ? h("a", { target: "_blank", rel: "noreferrer" }) : h("span");
      const row = h("div", null, h("dt", null, label), h("dd", null, value));
      this.#facts.set(label, { row, value });
      this.facts.append(row);
    }
    const { row, value } = this.#facts.get(label);
    row.hidden = !text;
    setText(value, text ?? "");
    if (address && text) setAttribute(value, "href", address(text));
    return value;
  }
}

customElements.define("fleet-device-page", DevicePage);
