// Puts a plugin's panel into the page: loads its module, makes its element, and says so plainly if that fails.
import { h, icon } from "./dom.js";

/**
 * @param {{module: string, element: string, title: string, plugin: string}} panel
 * @param {object} properties given to the element before it becomes part of the page
 */
export function mount(panel, properties) {
  const place = h("div", { class: "panel", "aria-busy": "true" });
  load(panel, properties)
    .then(
      (element) => place.append(element),
      (error) => {
        console.error(error);
        place.append(failure(panel));
      },
    )
    .finally(() => place.removeAttribute("aria-busy"));
  return place;
}

async function load(panel, properties) {
  await import(panel.module);
  if (!customElements.get(panel.element)) throw new Error(`${panel.module} does not define <${panel.element}>`);
  return Object.assign(document.createElement(panel.element), properties);
}

function failure(panel) {
  return h(
    "div",
    { class: "card problem-card", role: "alert" },
    icon("warning"),
    h(
      "div",
      null,
      h("h2", null, `“${panel.title}” could not be shown`),
      h(
        "p",
        { class: "dim" },
        `The plugin “${panel.plugin}” brought it; the browser's console says more. Everything else goes on working.`,
      ),
    ),
  );
}
