// All groups as lines; each opens its editor.
import { h, icon } from "/static/dom.js";
import { plural } from "./index.js";

/** @param {(id: number) => void} open called with the group that was clicked */
export function groupList(groups, open) {
  if (!groups.length)
    return h(
      "div",
      { class: "card empty" },
      icon("sliders"),
      h("h2", null, "No groups yet"),
      h("p", { class: "dim" }, "Put devices together by hand, or describe them with a query: the group follows by itself."),
    );
  const names = new Map(groups.map(({ id, name }) => [id, name]));
  return h("ul", { class: "card flush group-lines", "aria-label": "Groups" }, groups.map((group) => line(group, names, open)));
}

function line({ id, name, devices, groups, query, size }, names, open) {
  const parts = [];
  if (devices.length) parts.push(`${plural(devices.length, "chosen device")}`);
  if (groups.length) parts.push(`with ${groups.map((inner) => names.get(inner) ?? inner).join(", ")}`);
  return h(
    "li",
    null,
    h(
      "button",
      { type: "button", class: "group-line", onclick: () => open(id) },
      h("span", { class: "size number", "aria-label": plural(size, "member") }, size),
      h(
        "span",
        { class: "grow" },
        h("b", null, name),
        query && h("code", null, query),
        parts.length > 0 && h("small", { class: "dim" }, parts.join(" · ")),
        !query && !parts.length && h("small", { class: "dim" }, "empty"),
      ),
      icon("right", "dim"),
    ),
  );
}
