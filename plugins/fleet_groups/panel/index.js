// Names of all devices, read once for each visit of the page.
const PAGE_SIZE = 250;
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

export class Index {
  devices = [];
  #byId = new Map();
  #fleet;

  constructor(fleet) {
    this.#fleet = fleet;
  }

  async read() {
    const found = [];
    let cursor;
    do {
      const page = await this.#fleet.call("Device.List", cursor ? { limit: PAGE_SIZE, cursor } : { limit: PAGE_SIZE });
      found.push(...page.items.map(summarise));
      cursor = page.cursor;
    } while (cursor);
    this.devices = found.sort((a, b) => collator.compare(a.name, b.name));
    this.#byId = new Map(found.map((device) => [device.id.toLowerCase(), device]));
  }

  /** What is known of a device; of one that is not there just its id. */
  of(id) {
    return this.#byId.get(id.toLowerCase()) ?? { id, name: id, detail: "not known yet", search: id };
  }

  /** Devices by what somebody typed. */
  find(text) {
    const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
    return this.devices.filter(({ search }) => words.every((word) => search.includes(word)));
  }
}

function summarise({ shellyID: id, info, settings }) {
  const name = info?.name || settings?.sys?.device?.name || id;
  const model = info?.app || info?.model || "";
  const detail = [model, name === id ? "" : id].filter(Boolean).join(" · ");
  return { id, name, detail, search: `${name} ${id} ${model} ${info?.model ?? ""}`.toLowerCase() };
}

/** Address of a picture beside this module. */
export const picture = (name) => new URL(name, import.meta.url).pathname;

export const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
