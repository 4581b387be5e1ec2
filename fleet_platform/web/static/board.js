// A page of several panels side by side: widgets, or sections of settings.
import { h } from "./dom.js";
import { mount } from "./panels.js";

/** A page that shows each panel under its own heading. */
export function board(title, panels, fleet) {
  const cards = panels.map((panel) =>
    h("section", { class: "card", "aria-label": panel.title }, h("h2", null, panel.title), mount(panel, { fleet })),
  );
  return h(
    "div",
    { class: "page", dataset: { title } },
    h("header", { class: "page-head" }, h("h1", null, title)),
    h("div", { class: "board" }, cards),
  );
}
