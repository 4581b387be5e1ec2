// The page of devices in the local network: which announce themselves, and having them come here.
import { h, icon, setText, styleSheet } from "/static/dom.js";
import { explain } from "/static/words.js";
import { askToAdopt } from "./adopt_dialog.js";
import { FoundRow } from "./found_row.js";

await styleSheet(new URL("discovery.css", import.meta.url));

const EVENTS = ["Discovery.*", "Shelly.Connect", "Shelly.Disconnect", "NotifyEvent"];
const PAUSE_MS = 500;

class Discovery extends HTMLElement {
  #subscription = null;
  #rows = new Map();
  #timer = null;

  connectedCallback() {
    this.count = h("p", { class: "dim", role: "status" }, "Loading…");
    this.toggle = h("input", {
      type: "checkbox",
      class: "switch",
      role: "switch",
      id: "discovery-enabled",
      onchange: () => this.#enable(this.toggle.checked),
    });
    this.look = h("label", { class: "look", for: "discovery-enabled" }, "Look for devices", this.toggle);
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.list = h("ul", { class: "card found", "aria-label": "Devices in the local network", hidden: true });
    this.empty = h("div", { class: "card empty", hidden: true }, icon("search"), h("h2", null), h("p", { class: "dim" }));
    this.replaceChildren(
      h(
        "header",
        { class: "page-head" },
        h("div", { class: "grow" }, h("h1", null, "Discovery"), this.count),
        this.look,
        h("button", { type: "button", onclick: () => this.#adoptByAddress() }, "Adopt by address…"),
      ),
      this.problem,
      this.empty,
      this.list,
    );
    this.#subscription = this.fleet.subscribe(EVENTS, (name, params) => this.#hear(name, params), {
      onResync: () => this.#soon(),
    });
    this.#subscription.ready.catch(() => {}); // without the right to subscribe the page shows what it read
    this.#read();
  }

  disconnectedCallback() {
    this.#subscription.close();
    clearTimeout(this.#timer);
    this.#rows.clear();
  }

  #hear(name, params) {
    if (name === "Discovery.Adopting") this.#rowOf(params)?.step(params);
    else this.#soon();
  }

  #rowOf({ host, id }) {
    return this.#rows.get(String(id ?? host).toLowerCase()) ?? this.#rows.get(String(host).toLowerCase());
  }

  // Many events come at once: they are one reason to read.
  #soon() {
    this.#timer ??= setTimeout(() => this.#read(), PAUSE_MS);
  }

  async #read() {
    this.#timer = null;
    try {
      const unknown = () => null; // to whoever may see the list and not the settings
      const [devices, config, status] = await Promise.all([
        this.fleet.call("Discovery.List"),
        this.fleet.call("Mdns.GetConfig").catch(unknown),
        this.fleet.call("Mdns.GetStatus").catch(unknown),
      ]);
      this.problem.hidden = true;
      this.look.hidden = config === null;
      this.toggle.checked = config?.enable ?? false;
      this.#draw(devices);
      this.#say(devices, config?.enable ?? true, status?.running ?? true);
    } catch (error) {
      this.#fail(error);
    }
  }

  #draw(devices) {
    const present = new Set(devices.map(({ id }) => id.toLowerCase()));
    for (const [key, row] of this.#rows) {
      if (present.has(key)) continue;
      row.element.remove();
      this.#rows.delete(key);
    }
    for (const device of devices) {
      const key = device.id.toLowerCase();
      if (!this.#rows.has(key)) {
        const row = new FoundRow(this.fleet, device, () => this.#soon());
        this.#rows.set(key, row);
        this.list.append(row.element);
      }
      this.#rows.get(key).draw(device);
    }
    this.list.hidden = devices.length === 0;
  }

  #say(devices, enable, running) {
    const fresh = devices.filter(({ state }) => state === "new").length;
    const found = devices.length === 1 ? "1 device found" : `${devices.length} devices found`;
    setText(this.count, enable ? `${found}${fresh ? `, ${fresh} not here yet` : ""}` : "Switched off");
    this.empty.hidden = devices.length > 0;
    const [, title, text] = this.empty.children;
    setText(title, enable ? (running ? "Nobody has answered yet" : "The network cannot be listened to") : "Devices are not looked for");
    setText(
      text,
      enable
        ? running
          ? "Devices of generation 2 and later in the same network appear here by themselves. In another network they can be adopted by their address."
          : "The page of plugins says what is wrong with “discovery”."
        : "Switched on, devices that announce themselves in the local network appear here. Nothing is changed on them until you adopt one.",
    );
  }

  async #enable(enable) {
    this.toggle.disabled = true;
    try {
      await this.fleet.call("Mdns.SetConfig", { config: { enable } });
    } catch (error) {
      this.toggle.checked = !enable;
      this.#fail(error);
    }
    this.toggle.disabled = false;
    this.#soon();
  }

  #adoptByAddress() {
    return askToAdopt(this.fleet, { done: () => this.#soon() });
  }

  #fail(error) {
    this.problem.hidden = false;
    setText(this.problem, explain(error));
  }
}

customElements.define("fleet-discovery", Discovery);
