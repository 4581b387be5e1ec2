// The page's one websocket: calls, subscriptions, and coming back after it was lost.
//
// A call is sent once or not at all: what was under way when the connection broke is reported as lost, never
// repeated, because it may have switched something. Subscriptions are renewed and resumed where they were.

const RETRY_S = [0.3, 0.7, 1.5, 3, 6, 12];
const CALL_TIMEOUT_S = 20;
const CONNECT_WAIT_S = 5;
const SILENCE_S = 30;
const LOST = -1;

/** An error of the platform or of a device: `code`, `message`, `data` as they came. */
export class RpcError extends Error {
  constructor({ code, message, data }) {
    super(message);
    this.name = "RpcError";
    this.code = code;
    this.data = data ?? {};
  }
}

const lost = (detail) => new RpcError({ code: LOST, message: "Connection lost", data: { detail } });

/**
 * Dispatches `state` when `state` ("connecting", "online", "offline") changes, and `refused` when the server is
 * there but will not have us.
 */
export class Connection extends EventTarget {
  state = "connecting";
  #address;
  #socket = null;
  #calls = new Map();
  #subscriptions = new Set();
  #nextId = 1;
  #failures = 0;
  #timer = 0;
  #heardAt = 0;
  #epoch = null;
  #seq = 0;

  constructor(address) {
    super();
    this.#address = address;
    addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.#hurry());
    setInterval(() => this.#listen(), (SILENCE_S * 1000) / 3);
    this.#connect();
  }

  /**
   * Calls a method of the platform, or of a device.
   * @param {string} method
   * @param {object} [params]
   * @param {{device?: string, timeout_s?: number}} [options]
   * @returns {Promise<any>} the result
   * @throws {RpcError}
   */
  async call(method, params = {}, { device, timeout_s = CALL_TIMEOUT_S } = {}) {
    await this.#ready();
    const id = this.#nextId++;
    const request = { jsonrpc: "2.0", id, src: "FLEET_MANAGER_UI", method, params };
    if (device) request.dst = device;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#calls.delete(id);
        reject(new RpcError({ code: -32800, message: "Time out" }));
      }, timeout_s * 1000);
      this.#calls.set(id, { resolve, reject, timer });
      this.#socket.send(JSON.stringify(request));
    });
  }

  /**
   * Receives events from now on. Status events carry the components that changed, each complete.
   * @param {string[]} events names; a `*` at the end stands for any rest
   * @param {(name: string, params: object, seq: number) => void} onEvent
   * @param {{devices?: string[], onResync?: () => void}} [options] `onResync` is called when events may have been
   *   missed, so that what was read before has to be read again
   * @returns {{ready: Promise<void>, close: () => void}} `ready` rejects if the platform refuses
   */
  subscribe(events, onEvent, { devices, onResync = () => {} } = {}) {
    const subscription = { events, onEvent, onResync, devices: devices?.map((id) => id.toLowerCase()), ids: [] };
    const ready = new Promise((resolve, reject) => Object.assign(subscription, { resolve, reject }));
    ready.then(() => (subscription.resolve = null)).catch(() => {});
    this.#subscriptions.add(subscription);
    if (this.state === "online") this.#begin(subscription);
    return { ready, close: () => this.#end(subscription) };
  }

  // ---- subscriptions ----

  async #begin(subscription, since) {
    const resumed = since !== undefined && subscription.ids.length > 0;
    const options = { status: "changed" };
    if (subscription.devices) options.shellyIDs = subscription.devices;
    const params = { events: subscription.events, options };
    if (resumed) params.since = since;
    subscription.ids = [];
    try {
      const { ids, epoch, seq, resync } = await this.call("FleetManager.Subscribe", params);
      subscription.ids = ids;
      this.#seq = epoch === this.#epoch ? Math.max(this.#seq, seq) : seq;
      this.#epoch = epoch;
      if (!this.#subscriptions.has(subscription)) this.#end(subscription);
      else if (subscription.resolve) subscription.resolve();
      else if (!resumed || resync) subscription.onResync();
    } catch (error) {
      // A lost one is begun again with the next connection.
      if (error.code !== LOST) subscription.reject(error);
    }
  }

  #end(subscription) {
    this.#subscriptions.delete(subscription);
    if (this.state !== "online" || subscription.ids.length === 0) return;
    this.call("FleetManager.Unsubscribe", { ids: subscription.ids }).catch(() => {});
    subscription.ids = [];
  }

  #resume() {
    const since = this.#epoch === null ? undefined : { epoch: this.#epoch, seq: this.#seq };
    for (const subscription of this.#subscriptions) this.#begin(subscription, since);
  }

  #deliver({ method, params, seq }) {
    if (seq > this.#seq) this.#seq = seq;
    for (const subscription of [...this.#subscriptions]) {
      if (!subscription.events.some((name) => matches(name, method))) continue;
      if (subscription.devices && !concerns(params, subscription.devices)) continue;
      try {
        subscription.onEvent(method, params, seq);
      } catch (error) {
        // One panel's mistake must not cost the others their events.
        console.error(error);
      }
    }
  }

  // ---- the socket ----

  #connect() {
    clearTimeout(this.#timer);
    const socket = new WebSocket(this.#address);
    this.#socket = socket;
    socket.onopen = () => {
      this.#failures = 0;
      this.#heardAt = performance.now();
      this.#become("online");
      this.#resume();
    };
    socket.onmessage = ({ data }) => socket === this.#socket && this.#receive(data);
    socket.onclose = () => socket === this.#socket && this.#retry();
  }

  #receive(data) {
    this.#heardAt = performance.now();
    const frame = JSON.parse(data);
    if (frame.method) return this.#deliver(frame);
    const call = this.#calls.get(frame.id);
    if (!call) return undefined;
    this.#calls.delete(frame.id);
    clearTimeout(call.timer);
    return frame.error ? call.reject(new RpcError(frame.error)) : call.resolve(frame.result);
  }

  #retry() {
    const refused = this.state !== "online";
    for (const call of this.#calls.values()) {
      clearTimeout(call.timer);
      call.reject(lost("the connection was lost, and nobody knows whether this was done"));
    }
    this.#calls.clear();
    const wait_s = RETRY_S[Math.min(this.#failures++, RETRY_S.length - 1)] * (0.5 + Math.random());
    this.#timer = setTimeout(() => this.#connect(), wait_s * 1000);
    this.#become("offline");
    if (refused) this.dispatchEvent(new Event("refused"));
  }

  #hurry() {
    if (this.state === "offline" && this.#socket?.readyState !== WebSocket.CONNECTING) this.#connect();
  }

  // A connection can die without a word (a phone that changes networks); silence is broken by asking something.
  async #listen() {
    const silent_s = (performance.now() - this.#heardAt) / 1000;
    if (this.state !== "online" || silent_s < SILENCE_S) return;
    const socket = this.#socket;
    try {
      await this.call("FleetManager.ListCommands", {}, { timeout_s: 10 });
    } catch (error) {
      if (error.code !== -32800 || socket !== this.#socket) return;
      this.#socket = null;
      socket.close();
      this.#retry();
    }
  }

  #ready() {
    if (this.state === "online") return Promise.resolve();
    return new Promise((resolve, reject) => {
      const done = () => {
        if (this.state !== "online") return;
        clearTimeout(timer);
        this.removeEventListener("state", done);
        resolve();
      };
      const timer = setTimeout(() => {
        this.removeEventListener("state", done);
        reject(lost("there is no connection to the platform"));
      }, CONNECT_WAIT_S * 1000);
      this.addEventListener("state", done);
    });
  }

  #become(state) {
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}

function matches(name, method) {
  return name.endsWith("*") ? method.startsWith(name.slice(0, -1)) : name === method;
}

function concerns(params, devices) {
  const id = (params.shellyID ?? params.entityId ?? "").toLowerCase();
  return devices.some((device) => id === device || id.startsWith(`${device}_`));
}
