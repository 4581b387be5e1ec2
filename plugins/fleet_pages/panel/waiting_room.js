// The page of devices that knock: an operator lets them in or turns them away.
import { confirm } from "/static/dialogs.js";
import { h, icon, setText, styleSheet } from "/static/dom.js";
import { explain } from "/static/words.js";
import { WaitingRow } from "./waiting_row.js";

await styleSheet(new URL("lists.css", import.meta.url));

class WaitingRoom extends HTMLElement {
  #subscription = null;
  #rows = { pending: new Map(), denied: new Map() };
  #reading = false;
  #again = false;

  connectedCallback() {
    this.count = h("p", { class: "dim", role: "status" }, "Loading…");
    this.all = h(
      "button",
      { type: "button", class: "primary", hidden: true, onclick: () => this.#acceptAll() },
      icon("check"),
      "Accept all",
    );
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.pending = h("ul", { class: "card flush lines", "aria-label": "Waiting devices", hidden: true });
    this.empty = h(
      "div",
      { class: "card empty", hidden: true },
      icon("door"),
      h("h2", null, "Nobody is waiting"),
      h(
        "p",
        { class: "dim" },
        "A new device appears here the moment it connects to this server's address with the path /shelly.",
      ),
    );
    this.denied = h("ul", { class: "card flush lines", "aria-label": "Rejected devices" });
    this.rejected = h(
      "details",
      { class: "more-lines", hidden: true },
      h("summary", null, "Rejected devices"),
      this.denied,
    );
    this.replaceChildren(
      h(
        "header",
        { class: "page-head" },
        h("div", { class: "grow" }, h("h1", null, "Waiting room"), this.count),
        this.all,
      ),
      this.problem,
      this.pending,
      this.empty,
      this.rejected,
    );
    this.#subscription = this.fleet.subscribe(["NotifyEvent"], (_name, params) => isOurs(params) && this.#read(), {
      onResync: () => this.#read(),
    });
    this.#subscription.ready.then(
      () => this.#read(),
      (error) => this.#fail(error),
    );
  }

  disconnectedCallback() {
    this.#subscription.close();
    for (const rows of Object.values(this.#rows)) rows.clear();
  }

  // One reading at a time; what changes meanwhile is read once more afterwards.
  async #read() {
    this.#again = this.#reading;
    if (this.#reading) return;
    this.#reading = true;
    try {
      const [pending, denied] = await Promise.all([
        this.fleet.call("Device.GetPending"),
        this.fleet.call("Device.GetDenied"),
      ]);
      this.problem.hidden = true;
      this.#draw("pending", pending);
      this.#draw("denied", denied);
      this.#say();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#reading = false;
      if (this.#again) this.#read();
    }
  }

  #draw(kind, devices) {
    const rows = this.#rows[kind];
    for (const [id, row] of rows) {
      if (id in devices) continue;
      row.element.remove();
      rows.delete(id);
    }
    for (const [id, device] of Object.entries(devices)) {
      if (!rows.has(id)) {
        const row = new WaitingRow(id, (method, ids) => this.#decide(method, ids), { rejected: kind === "denied" });
        rows.set(id, row);
        this[kind].append(row.element);
      }
      rows.get(id).draw(device);
    }
  }

  #say() {
    const waiting = this.#rows.pending.size;
    setText(this.count, asking(waiting));
    this.pending.hidden = waiting === 0;
    this.empty.hidden = waiting > 0;
    this.all.hidden = waiting < 2;
    this.rejected.hidden = this.#rows.denied.size === 0;
  }

  async #acceptAll() {
    const ids = [...this.#rows.pending.keys()];
    const text = "Each of them becomes part of the fleet and can be controlled from here.";
    if (!(await confirm({ title: `Accept all ${ids.length} devices?`, text, action: "Accept all", danger: false })))
      return;
    try {
      await this.#decide("Device.AcceptPending", ids);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #decide(method, shellyIDs) {
    const { error } = await this.fleet.call(method, { shellyIDs });
    await this.#read();
    if (error.length)
      throw Object.assign(new Error(), {
        code: 0,
        data: { detail: "that was not possible; perhaps somebody else decided meanwhile" },
      });
  }

  #fail(error) {
    this.problem.hidden = false;
    setText(this.problem, explain(error));
  }
}

function asking(count) {
  if (count === 0) return "New devices wait here until somebody decides";
  return count === 1 ? "1 device asks to be let in" : `${count} devices ask to be let in`;
}

const isOurs = (params) => params.events?.some(({ event }) => String(event).startsWith("waiting_room"));

customElements.define("fleet-waiting-room", WaitingRoom);
