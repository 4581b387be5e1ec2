// The page of methods: what the platform and its plugins can do, to be read and tried.
import { h, setText, styleSheet } from "/static/dom.js";
import { explain } from "/static/words.js";
import { MethodList } from "./method_list.js";
import { MethodView } from "./method_view.js";

await styleSheet(new URL("explorer.css", import.meta.url));

class Explorer extends HTMLElement {
  #document = null;
  #list = null;

  async connectedCallback() {
    this.count = h("p", { class: "dim", role: "status" }, "Loading…");
    this.place = h("div", { class: "explorer" });
    this.replaceChildren(
      h("header", { class: "page-head" }, h("div", { class: "grow" }, h("h1", null, "Methods"), this.count)),
      this.place,
    );
    try {
      this.#document = await this.fleet.call("rpc.discover", {});
    } catch (error) {
      setText(this.count, "");
      this.place.replaceChildren(h("p", { class: "problem", role: "alert" }, explain(error)));
      return;
    }
    if (this.isConnected) this.#draw();
  }

  #draw() {
    const { methods } = this.#document;
    this.#list = new MethodList(methods, (method) => this.#choose(method));
    this.view = h(
      "div",
      { class: "view" },
      h("p", { class: "dim nothing" }, "Choose a method to read about it and to try it."),
    );
    this.place.replaceChildren(this.#list.element, this.view);
    const nouns = new Set(methods.map(({ tags }) => tags[0].name)).size;
    setText(this.count, `${methods.length} methods of ${nouns} nouns`);
    const wanted = location.hash.slice(1);
    const first = methods.find(({ name }) => encodeURIComponent(name) === wanted || name === wanted);
    if (first) this.#choose(first);
  }

  #choose(method) {
    this.view.replaceChildren(new MethodView(method, this.#document, this.fleet).element);
    this.#list.mark(method.name);
    history.replaceState(history.state, "", `#${encodeURIComponent(method.name)}`);
    if (matchMedia("(max-width: 900px)").matches) this.view.scrollIntoView({ block: "start" });
  }
}

customElements.define("fleet-explorer", Explorer);
