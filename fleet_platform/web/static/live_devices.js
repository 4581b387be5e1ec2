// Devices as they are now: each that somebody watches is read once and kept up to date by events.

const EVENTS = ["Shelly.*", "Entity.Added", "Entity.Removed"];

export class LiveDevices {
  #connection;
  #watched = new Map();

  constructor(connection) {
    this.#connection = connection;
  }

  /**
   * Watches a device.
   * @param {string} id
   * @param {(device: object|null, error: Error|null) => void} listener called at once if the device is known,
   *   and after every change; the device is shared: read it, do not change it
   * @returns {() => void} stops watching
   */
  watch(id, listener) {
    const key = id.toLowerCase();
    if (!this.#watched.has(key)) this.#watched.set(key, new LiveDevice(this.#connection, id));
    const live = this.#watched.get(key);
    live.listeners.add(listener);
    if (live.device || live.error) listener(live.device, live.error);
    return () => {
      live.listeners.delete(listener);
      if (live.listeners.size > 0) return;
      live.close();
      this.#watched.delete(key);
    };
  }
}

class LiveDevice {
  listeners = new Set();
  device = null;
  error = null;
  #connection;
  #id;
  #subscription;
  #missed = null;

  constructor(connection, id) {
    this.#connection = connection;
    this.#id = id;
    this.#subscription = connection.subscribe(EVENTS, (name, params) => this.#event(name, params), {
      devices: [id],
      onResync: () => this.#read(),
    });
    this.#subscription.ready.then(
      () => this.#read(),
      (error) => this.#fail(error),
    );
  }

  close() {
    this.#subscription.close();
  }

  async #read() {
    if (this.#missed) return;
    this.#missed = [];
    try {
      this.device = await this.#connection.call("Device.Get", { id: this.#id });
      this.error = null;
      // What happened while the answer was on its way is newer than the answer, or the same.
      for (const [name, params] of this.#missed) this.#apply(name, params);
      this.#tell();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#missed = null;
    }
  }

  #event(name, params) {
    if (this.#missed) this.#missed.push([name, params]);
    else if (name.startsWith("Entity.")) this.#read();
    else if (this.device && this.#apply(name, params)) this.#tell();
    else if (name === "Shelly.Connect") this.#read();
  }

  #apply(name, params) {
    const device = this.device;
    if (name === "Shelly.Status") Object.assign(device.status, params.status);
    else if (name === "Shelly.Settings") device.settings = params.settings;
    else if (name === "Shelly.Info") device.info = params.info;
    else if (name === "Shelly.Presence") device.presence = params.presence;
    else if (name === "Shelly.Connect") this.device = params.device;
    else if (name === "Shelly.Disconnect") return true;
    else return false;
    if (name !== "Shelly.Presence" && this.device.meta) this.device.meta.lastReportTs = Date.now();
    return true;
  }

  #fail(error) {
    this.error = error;
    this.#tell();
  }

  #tell() {
    for (const listener of [...this.listeners]) listener(this.device, this.error);
  }
}
