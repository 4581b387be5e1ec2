// Tags: which there are, on which devices, and giving one to devices.
import { ask, confirm } from "/static/dialogs.js";
import { h, icon } from "/static/dom.js";
import { picture, plural } from "./index.js";
import { choose } from "./picker.js";

/** @param {(work: () => Promise) => void} change does something and reads everything anew */
export function tagView(fleet, index, tags, change) {
  const names = Object.keys(tags);
  if (!names.length)
    return h(
      "div",
      { class: "card empty" },
      icon("check"),
      h("h2", null, "No tags yet"),
      h("p", { class: "dim" }, "A tag is a short word on devices: critical, spare, guest. Queries ask for it: tag = spare."),
    );
  return h(
    "ul",
    { class: "card flush group-lines", "aria-label": "Tags" },
    names.map((tag) => line(fleet, index, tag, tags[tag], change)),
  );
}

function line(fleet, index, tag, devices, change) {
  const shown = devices.slice(0, 8).map((id) => index.of(id).name);
  const more = devices.length > shown.length ? ` and ${devices.length - shown.length} more` : "";
  return h(
    "li",
    { class: "plain-line" },
    h("span", { class: "size number", "aria-label": plural(devices.length, "device") }, devices.length),
    h("span", { class: "grow" }, h("b", null, tag), h("small", { class: "dim" }, shown.join(", ") + more)),
    h(
      "span",
      { class: "line-buttons" },
      button("sliders", `Devices with ${tag}`, () => assign(fleet, index, tag, devices, change)),
      button(picture("pencil.svg"), `Rename ${tag}`, () => rename(fleet, tag, change)),
      button("bin", `Delete ${tag}`, () => remove(fleet, tag, devices.length, change)),
    ),
  );
}

/** A round button with an icon, of the shell or by its address. */
export function button(name, label, onclick) {
  return h("button", { type: "button", class: "quiet round", "aria-label": label, title: label, onclick }, icon(name));
}

/** Asks for a new tag and its devices. */
export async function newTag(fleet, index, change) {
  const field = h("label", null, "Tag", h("input", { name: "tag", required: true, maxlength: 50, autocomplete: "off" }));
  const chosen = await choose(index, { title: "New tag", action: "Give it to these devices", content: [field] });
  const tag = chosen?.answer.get("tag").trim().toLowerCase();
  if (tag) change(() => each(chosen.ids, (shellyID) => fleet.call("Tag.Add", { shellyID, tag })));
}

async function assign(fleet, index, tag, devices, change) {
  const chosen = await choose(index, { title: `Devices with the tag ${tag}`, action: "Done", ids: devices });
  if (!chosen) return;
  const before = new Set(devices);
  const after = new Set(chosen.ids);
  change(async () => {
    await each(chosen.ids.filter((id) => !before.has(id)), (shellyID) => fleet.call("Tag.Add", { shellyID, tag }));
    await each(devices.filter((id) => !after.has(id)), (shellyID) => fleet.call("Tag.Remove", { shellyID, tag }));
  });
}

async function rename(fleet, tag, change) {
  const input = h("input", { name: "name", required: true, maxlength: 50, value: tag, autocomplete: "off" });
  const answer = await ask({ title: `Rename ${tag}`, action: "Rename", content: [h("label", null, "Tag", input)] });
  if (answer) change(() => fleet.call("Tag.Rename", { tag, newName: answer.get("name") }));
}

async function remove(fleet, tag, count, change) {
  const text = `It is taken from ${plural(count, "device")}. Groups that ask for it lose them.`;
  if (await confirm({ title: `Delete the tag ${tag}?`, text, action: "Delete" }))
    change(() => fleet.call("Tag.Delete", { tag }));
}

/** One call after the other: a platform has other things to do as well. */
export async function each(ids, call) {
  for (const id of ids) await call(id);
}
