// Choosing devices: a field to search in, and the devices that fit with a box each.
import { ask } from "/static/dialogs.js";
import { h, setText } from "/static/dom.js";
import { plural } from "./index.js";

const SHOWN = 60;

/** The field and the list; `chosen` is the set of ids, changed as boxes are ticked. */
export function picker(index, chosen) {
  const list = h("ul", { class: "picker-list", "aria-label": "Devices to choose from" });
  const note = h("p", { class: "dim small", role: "status" });
  const search = h("input", {
    type: "search",
    placeholder: "Search name, id, model",
    "aria-label": "Search devices",
    oninput: draw,
    // Enter would be taken for the answer to the whole dialog.
    onkeydown: (event) => event.key === "Enter" && event.preventDefault(),
  });
  function draw() {
    const found = index.find(search.value);
    list.replaceChildren(...found.slice(0, SHOWN).map(line));
    say(found.length);
  }
  function line({ id, name, detail }) {
    const box = h("input", { type: "checkbox", onchange: () => tick(id, box.checked) });
    box.checked = chosen.has(id);
    return h("li", null, h("label", null, box, h("span", null, h("b", null, name), h("small", null, detail))));
  }
  function tick(id, on) {
    if (on) chosen.add(id);
    else chosen.delete(id);
    say(index.find(search.value).length);
  }
  function say(found) {
    const rest = found > SHOWN ? ` · ${found - SHOWN} more fit; search to see them` : "";
    setText(note, `${plural(chosen.size, "device")} chosen${rest}`);
  }
  draw();
  return h("div", { class: "picker" }, search, list, note);
}

/** Asks for devices; resolves to their ids, or null. `content` may ask for more, whose answers come as FormData. */
export async function choose(index, { title, action, ids = [], content = [] }) {
  const chosen = new Set(ids);
  const answer = await ask({ title, action, content: [...content, picker(index, chosen)] });
  return answer && { ids: [...chosen], answer };
}
