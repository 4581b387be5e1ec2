// One group: its name, its query, the devices and groups put into it.
import { confirm, say } from "/static/dialogs.js";
import { h, icon, setText } from "/static/dom.js";
import { explain } from "/static/words.js";
import { plural } from "./index.js";
import { choose } from "./picker.js";
import { QueryField } from "./query_field.js";

export class GroupEditor {
  #fleet;
  #index;
  #group;
  #devices;
  #inner;
  #done;

  /**
   * @param {object|null} group as `Group.Get` tells it, or null for a new one
   * @param {object[]} groups all groups
   * @param {() => void} done called when the editor is to be closed
   */
  constructor(fleet, index, group, groups, done) {
    this.#fleet = fleet;
    this.#index = index;
    this.#group = group;
    this.#devices = new Set(group?.devices);
    this.#inner = new Set(group?.groups);
    this.#done = done;
    this.name = h("input", { name: "name", required: true, maxlength: 100, autocomplete: "off" });
    this.name.value = group?.name ?? "";
    this.query = new QueryField(fleet, index, group?.query ?? "");
    this.members = h("ul", { class: "members", "aria-label": "Chosen devices" });
    this.count = h("span", { class: "dim" });
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.element = h(
      "form",
      { class: "editor", onsubmit: (event) => this.#save(event) },
      h(
        "div",
        { class: "editor-head" },
        h("button", { type: "button", class: "quiet", onclick: done }, icon("back"), "All groups"),
        group && h("button", { type: "button", onclick: () => this.#delete() }, icon("bin"), "Delete"),
      ),
      this.problem,
      h("section", { class: "card" }, h("label", null, "Name", this.name), this.#address()),
      h(
        "section",
        { class: "card" },
        h("h2", null, "Devices that fit a query"),
        h("p", { class: "dim small" }, "They join and leave by themselves as they change."),
        this.query.element,
      ),
      h(
        "section",
        { class: "card" },
        h(
          "div",
          { class: "section-head" },
          h("h2", null, "Chosen devices ", this.count),
          h("button", { type: "button", onclick: () => this.#choose() }, icon("sliders"), "Choose"),
        ),
        this.members,
      ),
      this.#innerGroups(groups),
      h("div", { class: "editor-foot" }, h("button", { class: "primary" }, icon("check"), group ? "Save" : "Create")),
    );
    this.#drawMembers();
  }

  close() {
    this.query.close();
  }

  #address() {
    if (!this.#group) return null;
    const { id, size } = this.#group;
    return h(
      "p",
      { class: "dim small address" },
      `${plural(size, "member")} · calls to all of them go to `,
      h("code", null, `group:${id}`),
    );
  }

  #drawMembers() {
    setText(this.count, this.#devices.size ? String(this.#devices.size) : "");
    const lines = [...this.#devices].map((id) => {
      const { name, detail } = this.#index.of(id);
      const remove = () => (this.#devices.delete(id), this.#drawMembers());
      return h(
        "li",
        null,
        h("span", { class: "grow" }, h("b", null, name), h("small", { class: "dim" }, detail)),
        h("button", { type: "button", class: "quiet round", "aria-label": `Remove ${name}`, onclick: remove }, icon("close")),
      );
    });
    this.members.replaceChildren(...(lines.length ? lines : [h("li", { class: "dim small" }, "None")]));
  }

  #innerGroups(groups) {
    const others = groups.filter(({ id }) => id !== this.#group?.id);
    if (!others.length) return null;
    const boxes = others.map(({ id, name, size }) => {
      const tick = () => (box.checked ? this.#inner.add(id) : this.#inner.delete(id));
      const box = h("input", { type: "checkbox", onchange: tick });
      box.checked = this.#inner.has(id);
      return h("label", { class: "inner-group" }, box, name, h("span", { class: "dim" }, size));
    });
    return h(
      "section",
      { class: "card" },
      h("h2", null, "Groups within this one"),
      h("p", { class: "dim small" }, "All their members belong to this group too."),
      h("div", { class: "inner-groups" }, boxes),
    );
  }

  async #choose() {
    const known = [...this.#devices].filter((id) => this.#index.of(id).detail !== "not known yet");
    const chosen = await choose(this.#index, { title: "Devices of this group", action: "Done", ids: known });
    if (!chosen) return;
    const kept = [...this.#devices].filter((id) => !known.includes(id));
    this.#devices = new Set([...kept, ...chosen.ids]);
    this.#drawMembers();
  }

  async #save(event) {
    event.preventDefault();
    const wish = {
      name: this.name.value,
      query: this.query.text,
      devices: [...this.#devices],
      groups: [...this.#inner],
    };
    try {
      const method = this.#group ? "Group.Set" : "Group.Create";
      const { name, size } = await this.#fleet.call(method, this.#group ? { id: this.#group.id, ...wish } : wish);
      say(`${name} has ${plural(size, "member")}.`);
      this.#done();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #delete() {
    const text = "Its devices stay where they are; only the group goes.";
    if (!(await confirm({ title: `Delete ${this.#group.name}?`, text, action: "Delete" }))) return;
    try {
      await this.#fleet.call("Group.Delete", { id: this.#group.id });
      this.#done();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error) {
    const ofQuery = this.query.show(error);
    this.problem.hidden = ofQuery;
    setText(this.problem, ofQuery ? "" : explain(error));
    (ofQuery ? this.query.input : this.problem).scrollIntoView({ block: "center" });
  }
}
