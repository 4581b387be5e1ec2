// All devices, summarised and kept up to date. Thousands of them, so of each only what a line needs is kept.
import { summarise, WATCHED } from "./summary.js";

const PAGE_SIZE = 250;
const EVENTS = [
  "Shelly.Status",
  "Shelly.Connect",
  "Shelly.Disconnect",
  "Shelly.Presence",
  "Shelly.Info",
  "Shelly.Settings",
  "Shelly.Delete",
];

export class FleetList {
  summaries = new Map();
  total = null;
  #devices = new Map();
  #dirty = new Set();
  #missed = null;
  #stale = new Set();
  #fleet;
  #onChange;
  #subscription;
  #frame = 0;
  #stopped = false;

  /** @param {(problem: Error|null) => void} onChange called at most once a frame, after anything changed */
  constructor(fleet, onChange) {
    this.#fleet = fleet;
    this.#onChange = onChange;
    this.#subscription = fleet.subscribe(EVENTS, (name, params) => this.#event(name, params), {
      onResync: () => this.#load(),
    });
    this.#subscription.ready.then(
      () => this.#load(),
      (error) => onChange(error),
    );
  }

  close() {
    this.#stopped = true;
    this.#subscription.close();
    cancelAnimationFrame(this.#frame);
  }

  async #load() {
    if (this.#missed) return;
    this.#missed = [];
    this.#stale = new Set(this.#devices.keys());
    try {
      let cursor;
      do {
        const page = await this.#fleet.call(
          "Device.List",
          cursor ? { limit: PAGE_SIZE, cursor } : { limit: PAGE_SIZE },
        );
        if (this.#stopped) return;
        this.total = page.total;
        for (const device of page.items) this.#keep(device);
        this.#replay();
        this.#schedule();
        cursor = page.cursor;
      } while (cursor);
      for (const id of this.#stale) this.#forget(id);
      this.#schedule();
    } catch (error) {
      this.#onChange(error);
    } finally {
      this.#missed = null;
    }
  }

  // What happened while a page was on its way is newer than the page, or the same.
  #replay() {
    for (const [name, params] of this.#missed) this.#apply(name, params);
    this.#missed.length = 0;
  }

  #event(name, params) {
    if (this.#missed) this.#missed.push([name, params]);
    else this.#apply(name, params);
  }

  #apply(name, params) {
    const device = this.#devices.get(params.shellyID);
    if (name === "Shelly.Connect") this.#keep(params.device);
    else if (name === "Shelly.Delete") this.#forget(params.shellyID);
    else if (device) this.#change(device, name, params);
    else return;
    this.#schedule();
  }

  #change(device, name, params) {
    if (name === "Shelly.Status") {
      for (const [key, value] of Object.entries(params.status)) if (isWatched(key)) device.status[key] = value;
      device.meta.lastReportTs = Date.now();
    } else if (name === "Shelly.Presence") device.presence = params.presence;
    else if (name === "Shelly.Info") device.info = params.info;
    else if (name === "Shelly.Settings") device.settings = named(params.settings);
    this.#dirty.add(device.shellyID);
  }

  #keep({ shellyID, info, status, settings, presence, meta }) {
    const watched = Object.fromEntries(Object.entries(status ?? {}).filter(([key]) => isWatched(key)));
    this.#stale.delete(shellyID);
    this.#devices.set(shellyID, {
      shellyID,
      info,
      presence,
      meta: { ...meta },
      status: watched,
      settings: named(settings),
    });
    this.#dirty.add(shellyID);
  }

  #forget(id) {
    this.#devices.delete(id);
    this.summaries.delete(id);
  }

  #schedule() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      for (const id of this.#dirty) {
        const device = this.#devices.get(id);
        if (device) this.summaries.set(id, summarise(device));
      }
      this.#dirty.clear();
      this.#onChange(null);
    });
  }
}

const isWatched = (key) => WATCHED.has(key.split(":")[0]) || key === "eth";
const named = (settings) => ({ sys: { device: { name: settings?.sys?.device?.name } } });
