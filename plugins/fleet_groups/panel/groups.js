// The page of groups, tags and locations.
import { h, icon, setAttribute, setText, styleSheet } from "/static/dom.js";
import { explain } from "/static/words.js";
import { GroupEditor } from "./group_editor.js";
import { groupList } from "./group_list.js";
import { Index, picture, plural } from "./index.js";
import { locationView, newLocation } from "./locations.js";
import { newTag, tagView } from "./tags.js";

await styleSheet(new URL("groups.css", import.meta.url));

const VIEWS = { groups: "Groups", tags: "Tags", locations: "Locations" };
const NEW = { groups: "New group", tags: "New tag", locations: "New location" };
const READ_EVERY_MS = 500;

class Groups extends HTMLElement {
  #view = "groups";
  #data = { groups: [], tags: {}, locations: [] };
  #editor = null;
  #subscription = null;
  #timer = 0;
  #index = null;

  connectedCallback() {
    this.#index = new Index(this.fleet);
    this.sum = h("p", { class: "dim", role: "status" }, "Loading…");
    this.add = h("button", { type: "button", class: "primary", onclick: () => this.#new() }, icon(picture("plus.svg")), h("span"));
    this.tabs = Object.entries(VIEWS).map(([name, label]) =>
      h("button", { type: "button", dataset: { view: name }, onclick: () => this.#show(name) }, label),
    );
    this.head = h("div", { class: "bar" }, h("div", { class: "segments", role: "group", "aria-label": "Show" }, this.tabs));
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.place = h("div");
    this.replaceChildren(
      h("header", { class: "page-head" }, h("div", { class: "grow" }, h("h1", null, "Groups"), this.sum), this.add),
      this.head,
      this.problem,
      this.place,
    );
    this.#subscription = this.fleet.subscribe(["Group.*", "Tag.Changed", "Location.Changed"], () => this.#later(), {
      onResync: () => this.#read(),
    });
    this.#subscription.ready.then(
      () => this.#start(),
      (error) => this.#fail(error),
    );
  }

  disconnectedCallback() {
    this.#subscription.close();
    this.#editor?.close();
    clearTimeout(this.#timer);
  }

  async #start() {
    try {
      await this.#index.read();
    } catch (error) {
      this.#fail(error);
    }
    await this.#read();
  }

  #later() {
    this.#timer ||= setTimeout(() => this.#read(), READ_EVERY_MS);
  }

  async #read() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    try {
      const [groups, tags, locations] = await Promise.all([
        this.fleet.call("Group.List"),
        this.fleet.call("Tag.List"),
        this.fleet.call("Location.List"),
      ]);
      this.#data = { groups: Object.values(groups), tags, locations };
      this.problem.hidden = true;
      this.#draw();
    } catch (error) {
      this.#fail(error);
    }
  }

  #show(view) {
    this.#view = view;
    this.#draw();
  }

  // What somebody is writing stays; the list is drawn when they are done.
  #draw() {
    if (this.#editor) return;
    const { groups, tags, locations } = this.#data;
    for (const tab of this.tabs) setAttribute(tab, "aria-pressed", String(tab.dataset.view === this.#view));
    setText(this.add.lastChild, NEW[this.#view]);
    setText(
      this.sum,
      [plural(groups.length, "group"), plural(Object.keys(tags).length, "tag"), plural(locations.length, "location")].join(" · "),
    );
    const change = (work) => this.#change(work);
    const made = {
      groups: () => groupList(groups, (id) => this.#edit(groups.find((group) => group.id === id))),
      tags: () => tagView(this.fleet, this.#index, tags, change),
      locations: () => locationView(this.fleet, this.#index, locations, change),
    };
    this.place.replaceChildren(made[this.#view]());
  }

  #new() {
    const change = (work) => this.#change(work);
    if (this.#view === "groups") this.#edit(null);
    else if (this.#view === "tags") newTag(this.fleet, this.#index, change);
    else newLocation(this.fleet, change);
  }

  #edit(group) {
    this.#editor = new GroupEditor(this.fleet, this.#index, group, this.#data.groups, () => this.#close());
    this.head.hidden = this.add.hidden = true;
    this.place.replaceChildren(this.#editor.element);
    if (!group) this.#editor.name.focus();
    this.closest("main").scrollTop = 0;
  }

  #close() {
    this.#editor.close();
    this.#editor = null;
    this.head.hidden = this.add.hidden = false;
    this.#read();
  }

  async #change(work) {
    try {
      await work();
      this.problem.hidden = true;
    } catch (error) {
      this.#fail(error);
    }
    await this.#read();
  }

  #fail(error) {
    this.problem.hidden = false;
    setText(this.problem, explain(error));
  }
}

customElements.define("fleet-groups", Groups);
