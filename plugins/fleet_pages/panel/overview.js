// Device tab: all components with live values and controls.
import { h, setText, styleSheet } from "/static/dom.js";
import { explain } from "/static/words.js";
import { ComponentCard } from "./component_card.js";
import { at } from "./readings.js";

await styleSheet(new URL("overview.css", import.meta.url));

// Components that people look for first come first; those that only concern the device itself come last.
const FIRST = [
  "thermostat",
  "switch",
  "cb",
  "light",
  "rgb",
  "rgbw",
  "cct",
  "rgbcct",
  "cover",
  "blutrv",
  "smoke",
  "flood",
  "temperature",
  "humidity",
  "em",
  "em1",
  "pm1",
];
const LAST = ["bthomedevice", "bthomesensor", "script", "devicepower", "emdata", "em1data"];

const FEW_READINGS = 3;
/** Numbers from here on belong to components that come and go. */
const DYNAMIC = 200;

class DeviceOverview extends HTMLElement {
  #types = null;
  #entities = new Map();
  #asked = new Set();
  #pushes = null;
  #cards = new Map();
  #stop = () => {};
  #device = null;

  async connectedCallback() {
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.notice = h("p", { class: "offline-note dim", hidden: true });
    this.things = h("div", { class: "components" });
    this.sensors = h("div", { class: "components small" });
    this.system = h("div", { class: "components" });
    this.rest = h("details", { class: "system", hidden: true }, h("summary", null, "Device and network"), this.system);
    this.replaceChildren(this.problem, this.notice, this.things, this.sensors, this.rest);
    this.#stop = this.fleet.watch(this.device, (device) => {
      this.#device = device;
      this.#draw();
      this.#askNames();
    });
    this.#pushes = this.fleet.subscribe(["Entity.Event"], (_name, params) => this.#pushed(params), {
      devices: [this.device],
    });
    try {
      this.#types = await this.fleet.call("Component.ListTypes");
      this.#draw();
    } catch (error) {
      this.problem.hidden = false;
      setText(this.problem, `What the components can do could not be read. ${explain(error)}`);
    }
  }

  disconnectedCallback() {
    this.#stop();
    this.#pushes.close();
  }

  // What a BLU sensor measures, and in which unit, is known to the platform alone.
  #askNames() {
    for (const id of this.#device?.entities ?? []) {
      const [, number] = parsed(id);
      if (number < DYNAMIC || this.#asked.has(id)) continue;
      this.#asked.add(id);
      this.fleet.call("Entity.GetInfo", { id }).then(
        (entity) => {
          this.#entities.set(`${entity.type}:${number}`, entity);
          this.#draw();
        },
        () => this.#asked.delete(id),
      );
    }
  }

  #pushed({ entityId, event }) {
    const [, number, suffix] = parsed(entityId);
    this.#cards.get(`${suffix}:${number}`)?.happened(event);
  }

  #draw() {
    const device = this.#device;
    if (!device || !this.#types) return;
    const usable = device.presence === "online";
    this.notice.hidden = usable;
    setText(this.notice, "Offline: these are the last values the platform heard.");
    const keys = Object.keys(device.status)
      .filter((key) => this.#shows(key, device.status[key]))
      .sort(order);
    for (const key of this.#cards.keys()) if (!keys.includes(key)) this.#drop(key);
    for (const key of keys) this.#card(key).update(this.#component(key, device, keys, usable));
    this.#place(keys);
  }

  #shows(key, status) {
    const type = this.#types[typeOf(key)];
    return type && status && (type.fields.length || type.actions.length);
  }

  #component(key, device, keys, usable) {
    const settings = device.settings?.[key] ?? {};
    const type = typeOf(key);
    const several = keys.filter((each) => typeOf(each) === type).length > 1;
    const title = this.#types[type].title;
    const entity = this.#entities.get(key);
    const name = settings.name || entity?.name || (several ? `${title} ${key.split(":")[1]}` : title);
    return { name, status: device.status[key], settings, unit: entity?.properties?.unit, usable };
  }

  #card(key) {
    if (!this.#cards.has(key)) {
      this.#cards.set(
        key,
        new ComponentCard(this.fleet, this.device, key, { ...this.#types[typeOf(key)], type: typeOf(key) }),
      );
    }
    return this.#cards.get(key);
  }

  #drop(key) {
    this.#cards.get(key).element.remove();
    this.#cards.delete(key);
  }

  // Cards are moved only when components came or went: moving one would take the focus from it.
  #place(keys) {
    const shown = [...this.querySelectorAll(".component")].map((each) => each.dataset.key);
    if (shown.length === keys.length && keys.every((key) => shown.includes(key))) return;
    for (const key of keys) this.#groupOf(key).append(this.#cards.get(key).element);
    this.rest.hidden = !keys.some(isSystem);
  }

  #groupOf(key) {
    if (isSystem(key)) return this.system;
    const type = this.#types[typeOf(key)];
    const acts = type.actions.some(({ name }) => name !== "reset_counters");
    const measured = type.fields.filter(({ path }) => at(this.#device.status[key], path) != null);
    return acts || measured.length > FEW_READINGS ? this.things : this.sensors;
  }
}

/** Parts of an entity id: device, number, suffix. */
const parsed = (id) => /^(.*)_(\d+):(.*)$/.exec(id)?.slice(1) ?? [];
const typeOf = (key) => key.split(":")[0];
const isSystem = (key) => !key.includes(":");

function rank(type) {
  const first = FIRST.indexOf(type);
  if (first >= 0) return first;
  const last = LAST.indexOf(type);
  return last >= 0 ? 200 + last : 100;
}

function order(a, b) {
  const [typeA, idA = 0] = a.split(":");
  const [typeB, idB = 0] = b.split(":");
  return rank(typeA) - rank(typeB) || (typeA < typeB ? -1 : typeA > typeB ? 1 : idA - idB);
}

customElements.define("fleet-device-overview", DeviceOverview);
