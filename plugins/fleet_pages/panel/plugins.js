// The page of plugins: what each is doing, and switching it on and off.
import { confirm } from "/static/dialogs.js";
import { h, icon, setAttribute, setText, styleSheet } from "/static/dom.js";
import { ago } from "/static/format.js";
import { explain } from "/static/words.js";

await styleSheet(new URL("lists.css", import.meta.url));

const STATES = {
  running: ["Running", "good"],
  starting: ["Starting", ""],
  degraded: ["Degraded", "warn"],
  failed: ["Failed", "bad"],
  quarantined: ["Quarantined", "bad"],
  unavailable: ["Unavailable", "warn"],
  disabled: ["Disabled", ""],
};
const REFRESH_MS = 5000;

class Plugins extends HTMLElement {
  #timer = 0;
  #rows = new Map();

  connectedCallback() {
    this.count = h("p", { class: "dim", role: "status" }, "Loading…");
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.list = h("ul", { class: "card flush lines", "aria-label": "Plugins" });
    this.replaceChildren(
      h("header", { class: "page-head" }, h("div", { class: "grow" }, h("h1", null, "Plugins"), this.count)),
      this.problem,
      this.list,
    );
    this.#read();
    this.#timer = setInterval(() => document.hidden || this.#read(), REFRESH_MS);
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
    this.#rows.clear();
  }

  async #read() {
    try {
      const listed = await this.fleet.call("Plugin.List");
      const plugins = Array.isArray(listed)
        ? listed
        : Object.entries(listed).map(([name, plugin]) => ({ name, ...plugin }));
      this.problem.hidden = true;
      this.#draw(plugins.sort((a, b) => (a.name < b.name ? -1 : 1)));
    } catch (error) {
      this.problem.hidden = false;
      setText(this.problem, explain(error));
    }
  }

  #draw(plugins) {
    const ill = plugins.filter(({ state }) => !["running", "disabled"].includes(state)).length;
    setText(this.count, `${plugins.length} plugins${ill ? `, ${ill} with a problem` : ", all well"}`);
    for (const plugin of plugins) {
      if (!this.#rows.has(plugin.name)) this.#rows.set(plugin.name, this.#row(plugin.name));
      this.#rows.get(plugin.name)(plugin);
    }
  }

  #row(name) {
    const version = h("span", { class: "dim number" });
    const chip = h("span");
    const about = h("p", { class: "dim" });
    const reason = h("p", { class: "reason" });
    const trace = h("pre");
    const details = h("details", { hidden: true }, h("summary", null, "Traceback"), trace);
    const problem = h("p", { class: "problem", role: "alert", hidden: true });
    const toggle = h("input", {
      type: "checkbox",
      class: "switch",
      role: "switch",
      "aria-label": `${name} enabled`,
      onchange: () => change(toggle.checked),
    });
    this.list.append(
      h(
        "li",
        { class: "plugin" },
        h("span", { class: "tile" }, icon("puzzle")),
        h("div", { class: "grow" }, h("h2", null, name, " ", version), about, reason, details, problem),
        chip,
        toggle,
      ),
    );
    let busy = false;

    const change = async (enable) => {
      problem.hidden = true;
      toggle.checked = !enable;
      if (
        !enable &&
        !(await confirm({
          title: `Disable ${name}?`,
          text: `All that “${name}” brings is gone until it is enabled again: methods, pages, connections. If this page depends on it, you may have to enable it from the command line.`,
          action: "Disable",
        }))
      )
        return;
      toggle.checked = enable;
      busy = toggle.disabled = true;
      try {
        await this.fleet.call(`plugin:${name}.SetConfig`, { config: { enable } }, { timeout_s: 60 });
      } catch (error) {
        problem.hidden = false;
        setText(problem, explain(error));
      }
      busy = toggle.disabled = false;
      this.#read();
    };

    return (plugin) => {
      const [word, kind] = STATES[plugin.state] ?? [plugin.state, ""];
      setText(version, plugin.version ?? "");
      setText(chip, word);
      setAttribute(chip, "class", `chip ${kind}`);
      setText(
        about,
        [plugin.distribution, plugin.since && `since ${ago(toMs(plugin.since))}`].filter(Boolean).join(" · "),
      );
      setText(reason, plugin.reason ?? "");
      setText(trace, plugin.traceback ?? "");
      details.hidden = !plugin.traceback;
      if (!busy) toggle.checked = !["disabled", "unavailable"].includes(plugin.state);
      toggle.disabled = busy || plugin.state === "unavailable";
    };
  }
}

/** A moment as the platform tells it: seconds, milliseconds or text. */
const toMs = (moment) => (typeof moment === "string" ? Date.parse(moment) : moment < 1e11 ? moment * 1000 : moment);

customElements.define("fleet-plugins", Plugins);
