// One method: what it does, a form for its parameters, what it answers, and how to call it from elsewhere.
import { confirm, say } from "/static/dialogs.js";
import { h, icon } from "/static/dom.js";
import { explain } from "/static/words.js";
import { Form } from "./form.js";
import { asCurl, asRequest } from "./requests.js";
import { describe } from "./schema.js";

const LONGEST = 200_000;
const DANGEROUS = /\.(delete|remove|reject|reset|disable|forget)/i;

export class MethodView {
  #method;
  #fleet;
  #form;

  constructor(method, document, fleet) {
    this.#method = method;
    this.#fleet = fleet;
    const { schemas } = document.components;
    this.#form = new Form(method, schemas, () => this.#show());
    this.request = h("pre", { tabindex: "0", "aria-label": "JSON-RPC request" });
    this.curl = h("pre", { tabindex: "0", "aria-label": "Shell command" });
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.took = h("span", { class: "dim number", role: "status" });
    this.answer = h("pre", { tabindex: "0", hidden: true });
    this.run = h("button", { type: "submit", class: "primary" }, icon("play"), "Call");
    const events = method["x-alias-of"] ? [] : eventsOf(document, method);
    this.element = h(
      "article",
      { class: "method-view" },
      h("header", null, h("h2", null, method.name), h("div", { class: "chips" }, chips(method))),
      h("p", null, plain(method.description || method.summary)),
      method["x-alias-of"] && h("p", { class: "dim" }, `An older name of ${method["x-alias-of"]}.`),
      h(
        "form",
        { class: "card", novalidate: true, onsubmit: (event) => this.#submit(event) },
        method.params.length ? this.#form.element : h("p", { class: "dim" }, "It takes no parameters."),
        this.problem,
        h("div", { class: "send" }, this.run, this.took),
        this.answer,
      ),
      result(method, schemas),
      example("JSON-RPC", "over the websocket, or to POST /rpc", this.request),
      example("curl", "with a token in FLEET_TOKEN", this.curl),
      events.length > 0 && h("p", { class: "dim" }, `Events of this noun: ${events.join(", ")}.`),
    );
    this.#show();
  }

  #show() {
    let params = {};
    try {
      params = this.#form.values();
    } catch {
      return; // half written; the examples show what was there before
    }
    this.request.textContent = asRequest(this.#method.name, params);
    this.curl.textContent = asCurl(location.origin, this.#method, params);
  }

  async #submit(event) {
    event.preventDefault();
    this.#say([]);
    let params;
    try {
      params = this.#form.values();
    } catch (error) {
      this.#form.tell([{ path: error.field, message: "This is not JSON." }]);
      return;
    }
    const { name } = this.#method;
    const title = `Call ${name}?`;
    if (DANGEROUS.test(name) && !(await confirm({ title, text: "It takes something away.", action: "Call" }))) return;
    await this.#call(name, params);
  }

  async #call(name, params) {
    this.run.disabled = true;
    this.answer.hidden = true;
    this.took.textContent = "Waiting…";
    const begun = performance.now();
    try {
      const value = await this.#fleet.call(name, params, { timeout_s: this.#method["x-timeout-s"] });
      this.#write(value, false);
    } catch (error) {
      const { code, message, data } = error;
      this.#write({ code, message, ...(data && { data }) }, true);
      this.#say(this.#form.tell(data?.errors ?? []), error);
    } finally {
      this.took.textContent = `${Math.round(performance.now() - begun)} ms`;
      this.run.disabled = false;
    }
  }

  #write(value, failed) {
    const text = JSON.stringify(value, null, 2) ?? "null";
    this.answer.textContent = text.length > LONGEST ? `${text.slice(0, LONGEST)}\n… ${text.length} characters` : text;
    this.answer.className = failed ? "failed" : "";
    this.answer.setAttribute("aria-label", failed ? "Error" : "Result");
    this.answer.hidden = false;
  }

  #say(left, error) {
    this.problem.textContent = left.length ? left.join("\n") : error && !error.data?.errors ? explain(error) : "";
    this.problem.hidden = !this.problem.textContent;
    if (!error) this.#form.tell([]);
  }
}

/** Text of a docstring: its backticks stand for code. */
const plain = (text) => text.split("`").map((part, at) => (at % 2 ? h("code", null, part) : part));

function chips(method) {
  const permission = method["x-permission"];
  return [
    permission ? h("span", { class: "chip" }, "needs ", h("code", null, permission)) : h("span", { class: "chip warn" }, "for anybody"),
    h("span", { class: `chip ${method["x-read-only"] ? "good" : ""}` }, method["x-read-only"] ? "changes nothing" : "may change something"),
    h("span", { class: "chip" }, method["x-plugin"] === "core" ? "platform" : `plugin ${method["x-plugin"]}`),
    method.deprecated && h("span", { class: "chip warn" }, "older name"),
  ];
}

function result(method, schemas) {
  const { schema } = method.result;
  return Object.keys(schema).length > 0 && h("p", { class: "dim" }, `It answers: ${describe(schema, schemas)}.`);
}

function example(title, when, block) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(block.textContent);
      say("Copied");
    } catch {
      getSelection().selectAllChildren(block); // without TLS a page may not touch the clipboard
    }
  };
  return h(
    "section",
    { class: "example" },
    h("header", null, h("h3", null, title), h("span", { class: "dim" }, when), h("button", { type: "button", class: "quiet", onclick: copy }, "Copy")),
    block,
  );
}

const eventsOf = (document, { tags }) =>
  (document["x-events"] ?? []).map(({ name }) => name).filter((name) => name.split(".")[0] === tags[0].name);
