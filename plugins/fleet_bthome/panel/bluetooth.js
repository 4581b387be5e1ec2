// Device tab: Bluetooth devices of a gateway, those it finds, and beacons that its scripts forward.
import { ask, confirm, say } from "/static/dialogs.js";
import { h, icon, setText, styleSheet } from "/static/dom.js";
import { explain } from "/static/words.js";
import { Rows } from "./rows.js";

await styleSheet(new URL("bluetooth.css", import.meta.url));

const SECONDS = 30;
const AGES_MS = 15_000;
// What is mistyped is to be mended in the dialog, where all else that was filled in still stands.
const ADDRESS = { pattern: "\\s*([0-9A-Fa-f]{2}[:.\\-]?){5}[0-9A-Fa-f]{2}\\s*", title: "Six pairs of digits, such as aa:bb:cc:dd:ee:ff" };
const KEY = { pattern: "\\s*[0-9A-Fa-f]{32}\\s*", title: "32 hexadecimal digits", autocomplete: "off", spellcheck: "false" };

class Bluetooth extends HTMLElement {
  #stop = () => {};
  #events = null;
  #device = null;
  #found = [];
  #labels = new Map();
  #timer = 0;
  #ages = 0;

  connectedCallback() {
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.counting = h("span", null, "Look for devices");
    this.look = h("button", { type: "button", class: "primary", onclick: () => this.#look() }, icon("search"), this.counting);
    const byAddress = h("button", { type: "button", onclick: () => this.#addByAddress() }, "Add by address…");
    this.own = new Rows("Devices", "No Bluetooth device was taken in. Look for some, and add those that are yours.");
    this.near = new Rows("Found nearby", "Nothing new was heard yet. Press a button of a device to make it speak.");
    this.beacons = new Rows(
      "Beacons",
      "No script on this device forwards what it hears. The documentation of Bluetooth has one that does.",
    );
    this.buttons = h("div", { class: "buttons" }, this.look, byAddress);
    this.own.head.append(this.buttons);
    this.replaceChildren(this.problem, this.own.element, this.near.element, this.beacons.element);
    this.near.element.hidden = true;
    this.#stop = this.fleet.watch(this.device, (device) => {
      this.#device = device;
      this.#draw();
    });
    this.#events = this.fleet.subscribe(["BTHome.*"], (name) => this.#heard(name), {
      devices: [this.device],
      onResync: () => this.#readFound(),
    });
    this.#events.ready.catch(() => {}); // without the right to subscribe the page shows what it read
    this.#ages = setInterval(() => this.#draw(), AGES_MS);
    this.#readFound();
    this.#readLabels();
  }

  disconnectedCallback() {
    this.#stop();
    this.#events.close();
    clearInterval(this.#timer);
    clearInterval(this.#ages);
  }

  async #readLabels() {
    try {
      const { bluadv } = await this.fleet.call("Component.ListTypes");
      this.#labels = new Map(bluadv.fields.map((field) => [field.path, field]));
      this.#draw();
    } catch {
      // Names and units are a courtesy; values are shown without them.
    }
  }

  async #readFound() {
    try {
      this.#found = await this.fleet.call("BTHome.ListDiscovered", { shellyID: this.device });
      this.#draw();
    } catch (error) {
      this.#fail(error);
    }
  }

  #heard(name) {
    this.#readFound();
    if (name === "BTHome.DiscoveryDone") say("The search has ended.");
  }

  #draw() {
    const device = this.#device;
    if (!device) return;
    const listens = Boolean(device.status.bthome);
    const own = of(device, "bthomedevice");
    this.own.element.hidden = !listens && own.length === 0;
    this.buttons.hidden = !listens;
    this.own.draw(own.map(([key, status, settings]) => this.#ownRow(key, status, settings)));
    const added = new Set(own.map(([, , settings]) => String(settings.addr).toLowerCase()));
    const fresh = this.#found.filter(({ mac }) => !added.has(mac));
    this.near.draw(fresh.map((found) => this.#foundRow(found)));
    this.#drawSearch(device.status.bthome?.discovery, device.presence === "online");
    this.near.element.hidden = !this.look.dataset.busy && fresh.length === 0;
    this.beacons.draw(of(device, "bluadv").map(([key, status]) => this.#beaconRow(key, status)));
  }

  // The gateway itself tells how long it looks: so the page counts for whoever started it.
  #drawSearch(discovery, online) {
    const ends = discovery ? (discovery.started_at + discovery.duration) * 1000 : 0;
    // Never more than it was asked for, as its clock may be wrong.
    const left = () => Math.min(discovery.duration, Math.max(0, Math.ceil((ends - Date.now()) / 1000)));
    const busy = Boolean(discovery) && left() > 0;
    this.look.disabled = busy || !online;
    if (busy) this.look.dataset.busy = "";
    else delete this.look.dataset.busy;
    setText(this.counting, busy ? `Looking, ${left()} s left` : "Look for devices");
    clearInterval(this.#timer);
    if (busy) this.#timer = setInterval(() => this.#drawSearch(discovery, online), 1000);
  }

  #ownRow(key, status, settings) {
    const name = settings.name || settings.meta?.ui?.local_name || "BLE device";
    return {
      key,
      picture: "radio",
      title: name,
      text: [settings.addr, status.fw_ver].filter(Boolean).join(" · "),
      seen: status.last_updated_ts,
      chips: this.#chips(status),
      buttons: [["Remove", "bin", () => this.#remove(key, name)]],
    };
  }

  #foundRow({ mac, type, model, rssi, encryption, ts }) {
    return {
      key: mac,
      picture: "radio",
      title: model ?? (type === "unknown" ? "BLE device" : type),
      text: mac,
      seen: ts,
      chips: this.#chips({ rssi, encrypted: encryption }),
      buttons: [["Add", "check", (button) => this.#add({ mac, type }, encryption, button)]],
    };
  }

  #beaconRow(key, status) {
    const values = Object.entries(status).filter(([name, value]) => this.#labels.has(name) && value !== null);
    const hidden = new Set(["rssi", "battery"]);
    const locked = status.errors?.includes("key_missing_or_bad");
    return {
      key,
      picture: "sensor",
      title: status.model || status.name || "BLE beacon",
      text: status.addr,
      seen: status.last_updated_ts,
      readings: values.filter(([name]) => !hidden.has(name)).map(([name, value]) => [this.#labels.get(name), value]),
      chips: this.#chips(status),
      buttons: [
        ...(status.encrypted ? [[locked ? "Enter key…" : "Change key…", "sliders", () => this.#askKey(status.addr)]] : []),
        ["Forget", "bin", () => this.#try("BTHome.Forget", { addr: status.addr })],
      ],
    };
  }

  #chips({ rssi, battery, encrypted, errors }) {
    return [
      typeof battery === "number" && ["battery", `${battery} %`, battery <= 15 ? "warn" : ""],
      typeof rssi === "number" && ["wave", `${rssi} dBm`, ""],
      encrypted && ["", "encrypted", ""],
      ...(errors ?? []).map((error) => ["warning", error.replaceAll("_", " "), "bad"]),
    ].filter(Boolean);
  }

  async #look() {
    const answer = await this.#try("Device.StartDeviceDiscovery", { shellyIDs: [this.device], duration: SECONDS });
    const error = answer?.[this.#device?.shellyID ?? this.device]?.error;
    if (error) this.#fail(error);
  }

  async #add(device, encrypts, button) {
    const key = encrypts ? await this.#key("Add", "This device encrypts: its bind key is needed to understand it.") : null;
    if (encrypts && key === undefined) return;
    button.disabled = true;
    const wish = { ...device, shellyID: this.device, ...(key ? { key } : {}) };
    const [added] = (await this.#try("Device.AddBTHomeDevices", { devices: [wish] })) ?? [{}];
    button.disabled = false;
    if (added.error) this.#fail(added.error);
    else this.#tellAdded(added);
    this.#readFound();
  }

  async #addByAddress() {
    const filled = await ask({
      title: "Add by address",
      action: "Add",
      content: [
        h("label", null, "Bluetooth address", h("input", { name: "mac", required: true, placeholder: "aa:bb:cc:dd:ee:ff", ...ADDRESS })),
        h("label", null, "Name", h("input", { name: "name", maxlength: 64, placeholder: "as its model is called" })),
        h("label", null, "Bind key, if it encrypts", h("input", { name: "key", ...KEY })),
      ],
    });
    if (!filled) return;
    const wish = { shellyID: this.device, mac: filled.get("mac").trim() };
    for (const name of ["name", "key"]) if (filled.get(name).trim()) wish[name] = filled.get(name).trim();
    const added = await this.#try("Device.AddBTHomeDeviceManual", wish);
    if (added) this.#tellAdded(added);
  }

  #tellAdded({ name, sensors = [], failed = [] }) {
    if (!name) return;
    say(`${name} was added, with ${several(sensors.length, "sensor")}.`);
    if (failed.length > 0) this.#complain(`${name} was added, but not all that it measures: ${explain(failed[0].error)}`);
  }

  async #remove(key, name) {
    const text = `${name} and its sensors are removed from the gateway. It can be added again.`;
    if (!(await confirm({ title: "Remove device?", text, action: "Remove" }))) return;
    await this.#try("Device.RemoveBTHomeDevice", { shellyID: this.device, id: Number(key.split(":")[1]) });
  }

  async #askKey(addr) {
    const key = await this.#key("Keep key", "32 hexadecimal digits, as the maker’s app shows them. Empty: forget the key.");
    if (key === undefined) return;
    await this.#try("BTHome.SetKey", { addr, ...(key ? { key } : {}) });
  }

  async #key(action, text) {
    const field = h("input", { name: "key", ...KEY });
    const filled = await ask({ title: "Bind key", action, content: [h("p", null, text), h("label", null, "Key", field)] });
    return filled ? filled.get("key").trim() : undefined;
  }

  async #try(method, params) {
    this.problem.hidden = true;
    try {
      return (await this.fleet.call(method, params, { timeout_s: 120 })) ?? {};
    } catch (error) {
      this.#fail(error);
      return null;
    }
  }

  #fail(error) {
    this.#complain(explain(error));
  }

  #complain(text) {
    this.problem.hidden = false;
    setText(this.problem, text);
    this.problem.scrollIntoView({ block: "nearest" }); // the button may be far below
  }
}

const several = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

/** Components of a type: key, status and settings, by number. */
function of(device, type) {
  return Object.entries(device.status)
    .filter(([key, status]) => key.startsWith(`${type}:`) && status)
    .map(([key, status]) => [key, status, device.settings?.[key] ?? {}])
    .sort(([a], [b]) => Number(a.split(":")[1]) - Number(b.split(":")[1]));
}

customElements.define("fleet-bluetooth", Bluetooth);
