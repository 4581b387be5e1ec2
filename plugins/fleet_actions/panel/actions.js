// The page of actions: saved commands, to be run, changed and made.
import { confirm, say } from "/static/dialogs.js";
import { h, icon, setText, styleSheet } from "/static/dom.js";
import { explain } from "/static/words.js";
import { editor } from "./editor.js";
import { runner } from "./runner.js";

await styleSheet(new URL("actions.css", import.meta.url));

class Actions extends HTMLElement {
  #subscription = null;
  #shown = null;

  connectedCallback() {
    this.count = h("p", { class: "dim", role: "status" }, "Loading…");
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.items = h("ul", { class: "card flush action-list", "aria-label": "Actions", hidden: true });
    this.empty = h(
      "div",
      { class: "card empty", hidden: true },
      icon("play"),
      h("h2", null, "No actions yet"),
      h("p", { class: "dim" }, "An action is a command of one or several steps, saved to be run again on any devices."),
    );
    this.overview = h(
      "div",
      null,
      h(
        "header",
        { class: "page-head" },
        h("div", { class: "grow" }, h("h1", null, "Actions"), this.count),
        h("button", { type: "button", onclick: () => this.#import() }, "Import"),
        h("button", { type: "button", class: "primary", onclick: () => this.#edit(null) }, "New action"),
      ),
      this.problem,
      this.items,
      this.empty,
    );
    this.replaceChildren(this.overview);
    this.#subscription = this.fleet.subscribe(["Action.Changed"], () => this.#read(), { onResync: () => this.#read() });
    this.#subscription.ready.then(
      () => this.#read(),
      (error) => this.#fail(error),
    );
  }

  disconnectedCallback() {
    this.#subscription.close();
    this.#shown?.close?.();
  }

  async #read() {
    try {
      const { items } = await this.fleet.call("Action.List");
      this.problem.hidden = true;
      this.items.replaceChildren(...items.map((action) => this.#row(action)));
      this.items.hidden = items.length === 0;
      this.empty.hidden = items.length > 0;
      setText(this.count, items.length === 1 ? "1 saved action" : `${items.length} saved actions`);
    } catch (error) {
      this.#fail(error);
    }
  }

  #row(action) {
    const steps = action.steps.map(({ method }) => method).join(", then ");
    const named = (verb) => ({ type: "button", "aria-label": `${verb} ${action.name}` });
    return h(
      "li",
      null,
      h("div", { class: "grow" }, h("h2", null, action.name), h("p", { class: "dim" }, steps)),
      h(
        "div",
        { class: "action-buttons" },
        h("button", { ...named("Delete"), class: "quiet round", onclick: () => this.#delete(action) }, icon("bin")),
        h("button", { ...named("Duplicate"), class: "quiet round", onclick: () => this.#edit({ ...action, id: null, name: `${action.name} (copy)` }) }, icon("copy")),
        h("button", { ...named("Edit"), onclick: () => this.#edit(action) }, "Edit"),
        h("button", { ...named("Run"), class: "primary", onclick: () => this.#run(action) }, icon("play"), "Run"),
      ),
    );
  }

  #run(action) {
    this.#show(runner(this.fleet, action, () => this.#back()));
  }

  #edit(action) {
    this.#show(editor(this.fleet, action, () => this.#back()));
  }

  #show(part) {
    this.#shown = part;
    this.replaceChildren(part.element);
    window.scrollTo(0, 0);
  }

  #back() {
    this.#shown?.close?.();
    this.#shown = null;
    this.replaceChildren(this.overview);
  }

  async #delete({ id, name }) {
    if (!(await confirm({ title: `Delete “${name}”?`, text: "It cannot be brought back.", action: "Delete" }))) return;
    try {
      await this.fleet.call("Action.Delete", { id });
    } catch (error) {
      this.#fail(error);
    }
  }

  async #import() {
    try {
      const { imported, skipped, failed } = await this.fleet.call("Action.Import");
      const found = imported.length + skipped.length + failed.length;
      say(
        found
          ? `${imported.length} imported, ${skipped.length} were here already, ${failed.length} cannot be read.`
          : "There is nothing to import: the registry “actions” is empty.",
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error) {
    this.problem.hidden = false;
    setText(this.problem, explain(error));
  }
}

customElements.define("fleet-actions", Actions);
