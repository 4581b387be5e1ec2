// A section of the settings: the mail server, whether it works, and a mail to try it.
import { ask, say } from "/static/dialogs.js";
import { h, setText, styleSheet } from "/static/dom.js";
import { explain } from "/static/words.js";

await styleSheet(new URL("mail.css", import.meta.url));

const PORTS = { starttls: 587, tls: 465, none: 25 };

class Mail extends HTMLElement {
  connectedCallback() {
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.state = h("p", { class: "state dim", role: "status" });
    this.replaceChildren(h("p", { class: "dim" }, "Loading…"));
    this.#read();
  }

  async #read() {
    try {
      this.#draw(await this.fleet.call("Mail.GetConfig"));
    } catch (error) {
      this.replaceChildren(this.problem);
      return this.#fail(error);
    }
    try {
      const { verify, verifyError } = await this.fleet.call("Mail.GetStatus");
      if (verify) this.#tell("The server answers.");
      else if (verify === false) this.#fail({ code: 0, data: { detail: verifyError } });
    } catch {
      // whoever may not ask is not told
    }
    return undefined;
  }

  #draw({ enable, from, transport = {} }) {
    const tls = transport.secure ? "tls" : transport.ignoreTLS ? "none" : "starttls";
    const hasLogin = Boolean(transport.auth?.user);
    const option = (value, text) => h("option", { value, selected: value === tls }, text);
    this.form = h(
      "form",
      { onsubmit: (event) => this.#save(event) },
      h(
        "label",
        { class: "line" },
        h("input", { type: "checkbox", class: "switch", role: "switch", name: "enable", checked: enable || !transport.host }),
        "Send mail",
      ),
      h(
        "div",
        { class: "pair" },
        field("Server", "host", transport.host, { required: true, placeholder: "smtp.example.org", maxlength: 255 }),
        field("Port", "port", transport.port ?? PORTS[tls], { type: "number", min: 1, max: 65535, required: true }),
      ),
      h(
        "label",
        null,
        "Encryption",
        h(
          "select",
          { name: "tls", onchange: ({ target }) => (this.form.elements.port.value = PORTS[target.value]) },
          option("starttls", "STARTTLS"),
          option("tls", "TLS from the start"),
          option("none", "none"),
        ),
      ),
      field("User name", "user", transport.auth?.user, { placeholder: "without a login", maxlength: 320, autocomplete: "off" }),
      field("Password", "pass", "", {
        type: "password",
        maxlength: 1024,
        autocomplete: "new-password",
        placeholder: hasLogin ? "as it is" : null,
      }),
      field("Sender", "from", from, { placeholder: "Fleet <fleet@example.org>", maxlength: 320 }),
      h(
        "label",
        { class: "line" },
        h("input", {
          type: "checkbox",
          class: "switch",
          role: "switch",
          name: "strict",
          checked: transport.tls?.rejectUnauthorized ?? true,
        }),
        "Check the server's certificate",
      ),
      this.problem,
      this.state,
      h(
        "div",
        { class: "buttons" },
        h("button", { class: "primary" }, "Save"),
        h("button", { type: "button", onclick: () => this.#verify() }, "Check"),
        h("button", { type: "button", onclick: () => this.#try() }, "Send a test mail"),
      ),
    );
    this.replaceChildren(this.form);
  }

  async #save(event) {
    event.preventDefault();
    const form = new FormData(this.form);
    const [user, pass] = [form.get("user").trim(), form.get("pass")];
    const transport = {
      host: form.get("host").trim(),
      port: Number(form.get("port")),
      secure: form.get("tls") === "tls",
      ignoreTLS: form.get("tls") === "none",
      tls: { rejectUnauthorized: form.has("strict") },
    };
    if (user) transport.auth = pass ? { user, pass } : { user };
    const config = { enable: form.has("enable"), from: form.get("from").trim(), transport };
    await this.#busy("Saving…", async () => {
      await this.fleet.call("Mail.SetConfig", { config });
      this.form.elements.pass.value = "";
      if (!config.enable) return "Saved. Mail is switched off.";
      await this.fleet.call("Mail.Verify", {}, { timeout_s: 90 });
      return "Saved. The server answers.";
    });
  }

  #verify() {
    return this.#busy("Asking the server…", async () => {
      await this.fleet.call("Mail.Verify", {}, { timeout_s: 90 });
      return "The server answers.";
    });
  }

  async #try() {
    const content = [field("To", "to", "", { type: "email", required: true })];
    const form = await ask({ title: "Send a test mail", action: "Send", content });
    if (form === null) return;
    await this.#busy("Sending…", async () => {
      const letter = { to: form.get("to"), subject: "Test mail", text: "The mail server of the fleet platform works." };
      const { accepted } = await this.fleet.call("Mail.Send", letter, { timeout_s: 90 });
      say(`The mail to ${accepted.join(", ")} is on its way.`);
      return "The server took the mail.";
    });
  }

  // One thing at a time, and what was told before is gone.
  async #busy(text, work) {
    const buttons = this.form.querySelectorAll("button");
    for (const button of buttons) button.disabled = true;
    this.problem.hidden = true;
    setText(this.state, text);
    try {
      this.#tell(await work());
    } catch (error) {
      this.#fail(error);
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  }

  #tell(text) {
    this.problem.hidden = true;
    setText(this.state, text);
  }

  #fail(error) {
    setText(this.state, "");
    this.problem.hidden = false;
    setText(this.problem, explain(error));
  }
}

function field(label, name, value, attributes) {
  return h("label", null, label, h("input", { name, value: value ?? "", ...attributes }));
}

customElements.define("fleet-mail", Mail);
