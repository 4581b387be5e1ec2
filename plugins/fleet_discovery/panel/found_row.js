// One device that announces itself: what is known of it, and having it come here.
import { h, icon, setAttribute, setText } from "/static/dom.js";
import { explain } from "/static/words.js";
import { askToAdopt, STEPS } from "./adopt_dialog.js";

const STATES = {
  connected: ["Connected", "chip good"],
  offline: ["Offline", "chip warn"],
  waiting: ["In the waiting room", "chip warn"],
  denied: ["Rejected", "chip bad"],
  new: ["Not here", "chip"],
};

export class FoundRow {
  #fleet;
  #id;
  #changed;

  constructor(fleet, { id }, changed) {
    [this.#fleet, this.#id, this.#changed] = [fleet, id, changed];
    this.name = h("h2", null, id);
    this.about = h("p", { class: "dim" });
    this.points = h("p", { class: "dim" });
    this.progress = h("p", { class: "progress", role: "status" });
    this.chip = h("span", { class: "chip" });
    this.ask = h(
      "button",
      {
        type: "button",
        class: "quiet",
        "aria-label": `Ask ${id} where it connects to`,
        title: "Ask where it connects to",
        onclick: () => this.#probe(),
      },
      "Ask",
    );
    this.adopt = h(
      "button",
      { type: "button", class: "primary", "aria-label": `Adopt ${id}`, onclick: () => this.#adopt() },
      "Adopt…",
    );
    this.element = h(
      "li",
      null,
      h("span", { class: "tile" }, icon("chip")),
      h("div", { class: "grow" }, this.name, this.about, this.points, this.progress),
      this.chip,
      h("div", { class: "buttons" }, this.ask, this.adopt),
    );
  }

  draw({ id, name, app, model, gen, ver, address, port, state, ws }) {
    const place = port === 80 ? address : `${address}:${port}`;
    setText(this.name, name || id);
    const parts = [name && id, model ?? app, `generation ${gen}`, ver, place];
    setText(this.about, parts.filter(Boolean).join(" · "));
    setText(this.points, whereTo(ws));
    const [text, kind] = STATES[state] ?? STATES.new;
    setText(this.chip, text);
    setAttribute(this.chip, "class", kind);
    this.adopt.hidden = this.ask.hidden = state === "connected" || state === "waiting" || state === "denied";
  }

  step({ step, ok, detail }) {
    setAttribute(this.progress, "data-ok", String(ok));
    setText(this.progress, `${STEPS[step] ?? step}: ${detail}`);
  }

  async #probe() {
    this.ask.disabled = true;
    try {
      const { password_needed } = await this.#fleet.call("Discovery.Probe", { id: this.#id }, { timeout_s: 60 });
      if (password_needed) this.step({ step: "ask", ok: true, detail: "it tells only whoever knows its password" });
    } catch (error) {
      this.step({ step: "ask", ok: false, detail: error.data?.errors?.[0]?.message ?? explain(error) });
    }
    this.ask.disabled = false;
    this.#changed();
  }

  #adopt() {
    return askToAdopt(this.#fleet, { id: this.#id, done: this.#changed });
  }
}

function whereTo(ws) {
  if (!ws) return "";
  if (ws.here) return "Connects to this platform";
  return ws.server ? `Connects to ${ws.server}` : "Connects to no server";
}
