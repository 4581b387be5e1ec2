// Locations: a tree of places, and which devices are there.
import { ask, confirm } from "/static/dialogs.js";
import { h, icon } from "/static/dom.js";
import { picture, plural } from "./index.js";
import { choose } from "./picker.js";
import { button, each } from "./tags.js";

/** @param {(work: () => Promise) => void} change does something and reads everything anew */
export function locationView(fleet, index, places, change) {
  if (!places.length)
    return h(
      "div",
      { class: "card empty" },
      icon("home"),
      h("h2", null, "No locations yet"),
      h("p", { class: "dim" }, "Sites, floors, rooms: a tree of places. Queries ask for one with all that is in it: location = 1."),
    );
  return h("ul", { class: "card flush tree", "aria-label": "Locations" }, branch(null));

  function branch(parent) {
    return places
      .filter((place) => place.parent === parent)
      .map((place) => {
        const inner = branch(place.id);
        return h("li", null, line(place), inner.length > 0 && h("ul", null, inner));
      });
  }

  function line(place) {
    const { id, name, kind, devices } = place;
    const names = devices.slice(0, 6).map((device) => index.of(device).name);
    const more = devices.length > names.length ? ` and ${devices.length - names.length} more` : "";
    return h(
      "div",
      { class: "plain-line" },
      h(
        "span",
        { class: "grow" },
        h("span", null, h("b", null, name), " ", kind && h("span", { class: "chip" }, kind), " ", h("code", { class: "dim" }, `location:${id}`)),
        devices.length > 0 && h("small", { class: "dim" }, `${plural(devices.length, "device")}: ${names.join(", ")}${more}`),
      ),
      h(
        "span",
        { class: "line-buttons" },
        button("devices", `Devices in ${name}`, () => assign(place)),
        button(picture("plus.svg"), `New location in ${name}`, () => newLocation(fleet, change, place)),
        button(picture("pencil.svg"), `Rename ${name}`, () => rename(place)),
        button("right", `Move ${name}`, () => move(place)),
        button("bin", `Delete ${name}`, () => remove(place)),
      ),
    );
  }

  async function assign({ id, name, devices }) {
    const chosen = await choose(index, { title: `Devices in ${name}`, action: "Done", ids: devices });
    if (!chosen) return;
    const before = new Set(devices);
    const after = new Set(chosen.ids);
    change(async () => {
      await each(chosen.ids.filter((each) => !before.has(each)), (shellyID) => fleet.call("Location.Assign", { id, shellyID }));
      await each(devices.filter((each) => !after.has(each)), (shellyID) => fleet.call("Location.Unassign", { shellyID }));
    });
  }

  async function rename({ id, name, kind }) {
    const answer = await ask({ title: `Rename ${name}`, action: "Save", content: fields(name, kind) });
    if (answer) change(() => fleet.call("Location.Rename", { id, newName: answer.get("name"), kind: answer.get("kind") }));
  }

  async function move({ id, name, parent }) {
    const select = h("select", { name: "parent" }, h("option", { value: "" }, "At the top"), options(null, 0, id));
    select.value = parent ?? "";
    const answer = await ask({ title: `Move ${name}`, action: "Move", content: [h("label", null, "Into", select)] });
    if (answer) change(() => fleet.call("Location.Move", { id, parent: Number(answer.get("parent")) || null }));
  }

  function options(parent, depth, without) {
    return places
      .filter((place) => place.parent === parent && place.id !== without)
      .flatMap(({ id, name }) => [
        h("option", { value: id }, `${"\u2003".repeat(depth)}${name}`),
        ...options(id, depth + 1, without),
      ]);
  }

  async function remove({ id, name, parent }) {
    const outer = places.find((place) => place.id === parent);
    const text = `What it holds goes to ${outer ? outer.name : "the top; devices then have no location"}.`;
    if (await confirm({ title: `Delete ${name}?`, text, action: "Delete" }))
      change(() => fleet.call("Location.Delete", { id }));
  }
}

/** Asks for a new location. */
export async function newLocation(fleet, change, outer = null) {
  const title = outer ? `New location in ${outer.name}` : "New location";
  const answer = await ask({ title, action: "Create", content: fields("", "") });
  if (!answer) return;
  const params = { name: answer.get("name"), kind: answer.get("kind"), parent: outer?.id ?? null };
  change(() => fleet.call("Location.Create", params));
}

function fields(name, kind) {
  const kinds = ["site", "building", "floor", "room"].map((value) => h("option", { value }));
  return [
    h("label", null, "Name", h("input", { name: "name", required: true, maxlength: 100, value: name, autocomplete: "off" })),
    h("label", null, "Kind", h("input", { name: "kind", maxlength: 50, value: kind, list: "location-kinds", autocomplete: "off" })),
    h("datalist", { id: "location-kinds" }, kinds),
  ];
}
