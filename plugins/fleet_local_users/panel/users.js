// The page of users: who there is, what each may do; adding, changing and deleting them.
import { ask, confirm, say } from "/static/dialogs.js";
import { h, icon, setText, styleSheet } from "/static/dom.js";
import { explain } from "/static/words.js";
import { filledIn, userForm } from "./user_form.js";

await styleSheet(new URL("users.css", import.meta.url));

class Users extends HTMLElement {
  #subscription = null;

  connectedCallback() {
    this.count = h("p", { class: "dim", role: "status" }, "Loading…");
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.list = h("ul", { class: "card", "aria-label": "Users", hidden: true });
    this.replaceChildren(
      h(
        "header",
        { class: "page-head" },
        h("div", { class: "grow" }, h("h1", null, "Users"), this.count),
        h("button", { type: "button", class: "primary", onclick: () => this.#add() }, "Add user"),
      ),
      this.problem,
      this.list,
    );
    this.#subscription = this.fleet.subscribe(["User.Changed"], () => this.#read(), { onResync: () => this.#read() });
    this.#subscription.ready.catch(() => {}); // without the right to subscribe the page shows what it read
    this.#read();
  }

  disconnectedCallback() {
    this.#subscription.close();
  }

  async #read() {
    try {
      const users = await this.fleet.call("User.List");
      this.problem.hidden = true;
      this.list.hidden = false;
      this.list.replaceChildren(...users.map((user) => this.#row(user)));
      setText(this.count, users.length === 1 ? "1 user" : `${users.length} users`);
    } catch (error) {
      this.problem.hidden = false;
      setText(this.problem, explain(error));
    }
  }

  #row(user) {
    const about = [user.fullName, user.email].filter(Boolean).join(" · ");
    const { name, provider } = this.fleet.user;
    const isOwn = provider === "local_users" && user.username === name;
    return h(
      "li",
      { dataset: user.enabled ? {} : { disabled: "true" } },
      h("span", { class: "initial", "aria-hidden": "true" }, user.username.slice(0, 1)),
      h("div", null, h("h2", null, user.username, isOwn && h("span", { class: "dim" }, " (you)")), about && h("p", { class: "dim" }, about)),
      h("div", { class: "chips" }, chips(user)),
      h(
        "div",
        { class: "buttons" },
        h("button", { type: "button", "aria-label": `Edit ${user.username}`, onclick: () => this.#edit(user) }, "Edit"),
        h(
          "button",
          { type: "button", class: "quiet", "aria-label": `Delete ${user.username}`, disabled: isOwn, onclick: () => this.#delete(user) },
          icon("bin"),
        ),
      ),
    );
  }

  #add() {
    return this.#fill({ permissions: ["fleetmanager.subscribe", "device.list"] }, "Add a user", "Add", true, (user) =>
      this.fleet.call("User.Create", user),
    );
  }

  #edit(user) {
    return this.#fill(user, `Edit ${user.username}`, "Save", false, (changed) =>
      this.fleet.call("User.Update", { id: user.id, ...changed }),
    );
  }

  // Asks until it is good, or the user thinks better of it: what was filled in is never lost.
  async #fill(user, title, action, isNew, save) {
    let problem = "";
    for (;;) {
      const form = await ask({ title, action, content: userForm(user, { isNew, problem }) });
      if (form === null) return;
      const given = filledIn(form);
      if (isNew) given.username = String(form.get("username")).trim();
      try {
        await save(given);
        await this.#read();
        return;
      } catch (error) {
        problem = explain(error);
        user = { ...user, ...given };
      }
    }
  }

  async #delete(user) {
    const text = "Its sessions end at once. What it has done stays in the records under its name.";
    if (!(await confirm({ title: `Delete ${user.username}?`, text, action: "Delete" }))) return;
    try {
      await this.fleet.call("User.Delete", { id: user.id });
      await this.#read();
    } catch (error) {
      say(explain(error), { kind: "error" });
    }
  }
}

function chips({ groups, permissions, enabled }) {
  const count = permissions.length;
  return [
    !enabled && h("span", { class: "chip warn" }, "Disabled"),
    ...groups.map((group) => h("span", { class: group === "admin" ? "chip on" : "chip" }, group)),
    count > 0 && h("span", { class: "chip", title: permissions.join("\n") }, count === 1 ? "1 permission" : `${count} permissions`),
  ];
}

customElements.define("fleet-users", Users);
