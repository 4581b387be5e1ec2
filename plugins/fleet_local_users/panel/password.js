// A section of the settings: everybody's own password.
import { h, setText, styleSheet } from "/static/dom.js";
import { explain } from "/static/words.js";

await styleSheet(new URL("password.css", import.meta.url));

class OwnPassword extends HTMLElement {
  connectedCallback() {
    const field = (label, name, autocomplete) =>
      h("label", null, label, h("input", { type: "password", name, required: true, maxlength: 1024, autocomplete }));
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.button = h("button", { class: "primary" }, "Change password");
    this.form = h(
      "form",
      { onsubmit: (event) => this.#change(event) },
      h("input", { type: "hidden", autocomplete: "username", value: this.fleet.user.name }),
      field("Present password", "old", "current-password"),
      field("New password", "new", "new-password"),
      field("New password again", "again", "new-password"),
      this.problem,
      this.button,
      h("p", { class: "dim" }, "You sign in again afterwards, here and wherever else you are signed in."),
    );
    this.replaceChildren(this.form);
  }

  async #change(event) {
    event.preventDefault();
    const form = new FormData(this.form);
    if (form.get("new") !== form.get("again")) return this.#fail("The new password is not the same both times.");
    this.button.disabled = true;
    try {
      await this.fleet.call("User.SetPassword", { old_password: form.get("old"), new_password: form.get("new") });
      location.assign("/login?next=/settings");
    } catch (error) {
      this.#fail(error.data?.reason === "not_signed_in" ? "The present password is wrong." : explain(error));
    } finally {
      this.button.disabled = false;
    }
    return undefined;
  }

  #fail(text) {
    this.problem.hidden = false;
    setText(this.problem, text);
  }
}

customElements.define("fleet-own-password", OwnPassword);
