// One device at the door, and the decision about it.
import { confirm } from "/static/dialogs.js";
import { h, icon, setAttribute, setText } from "/static/dom.js";
import { explain } from "/static/words.js";

const REJECT =
  "Its outbound websocket is switched off and it restarts. To bring it back, its settings have to be changed at the device itself.";

export class WaitingRow {
  #decide;
  #id;

  /** @param {(method: string, ids: string[]) => Promise<void>} decide rejects if it was not done */
  constructor(id, decide, { rejected = false } = {}) {
    [this.#id, this.#decide] = [id, decide];
    this.about = h("p", { class: "dim" });
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.accept = h(
      "button",
      {
        type: "button",
        class: rejected ? null : "primary",
        "aria-label": `Accept ${id}`,
        onclick: () => this.#press("Device.AcceptPending"),
      },
      "Accept",
    );
    this.reject = h(
      "button",
      { type: "button", hidden: rejected, "aria-label": `Reject ${id}`, onclick: () => this.#askToReject() },
      "Reject…",
    );
    this.element = h(
      "li",
      null,
      h("span", { class: "tile" }, icon("chip")),
      h("div", { class: "grow" }, h("h2", null, id), this.about, this.problem),
      h("div", { class: "buttons" }, this.reject, this.accept),
    );
  }

  draw({ status, reason, connected, presence }) {
    const address = status?.wifi?.sta_ip || status?.eth?.ip;
    const gone = connected === false && presence === "pending" && "left again";
    setText(this.about, [parts(status ?? {}), address, gone, reason].filter(Boolean).join(" · "));
    setAttribute(this.element, "data-gone", gone ? "true" : null);
  }

  async #askToReject() {
    if (await confirm({ title: `Reject ${this.#id}?`, text: REJECT, action: "Reject" }))
      this.#press("Device.RejectPending");
  }

  async #press(method) {
    this.problem.hidden = true;
    this.accept.disabled = this.reject.disabled = true;
    try {
      await this.#decide(method, [this.#id]);
    } catch (error) {
      this.problem.hidden = false;
      setText(this.problem, explain(error));
    }
    this.accept.disabled = this.reject.disabled = false;
  }
}

/** What the device is made of: `2 × switch, 2 × input`. */
function parts(status) {
  const counts = {};
  for (const key of Object.keys(status)) {
    const [type, number] = key.split(":");
    if (number !== undefined) counts[type] = (counts[type] ?? 0) + 1;
  }
  return Object.entries(counts)
    .map(([type, count]) => (count > 1 ? `${count} × ${type}` : type))
    .join(", ");
}
