// One line of the list of devices. It is drawn often, so only what differs is touched.
import { h, icon, setAttribute, setText } from "/static/dom.js";
import { ago, signal } from "/static/format.js";

const PRESENCE = { online: "Online", offline: "Offline", asleep: "Asleep", pending: "Waiting" };

/** An empty line; any device can be drawn into it. */
export function makeRow() {
  const parts = {
    tile: h("span", { class: "tile" }),
    name: h("span", { class: "name" }),
    model: h("span", { class: "dim model" }),
    state: h("span", { class: "state" }),
    chips: h("span", { class: "chips" }),
    bars: h(
      "span",
      { class: "bars", role: "img" },
      [1, 2, 3, 4].map(() => h("i")),
    ),
    version: h("span", { class: "version-cell dim number" }),
    seen: h("span", { class: "seen dim number" }),
  };
  const row = h(
    "a",
    { class: "device-row" },
    parts.tile,
    h("span", { class: "who" }, parts.name, parts.model),
    parts.state,
    parts.chips,
    parts.bars,
    parts.version,
    parts.seen,
  );
  row.parts = parts;
  return row;
}

/** Draws a device, as `summarise` tells it. */
export function drawRow(row, device) {
  if (!device) return;
  const { parts } = row;
  setAttribute(row, "href", `/device/${encodeURIComponent(device.id)}`);
  setAttribute(row, "data-presence", device.presence);
  setAttribute(parts.tile, "data-active", device.active);
  if (parts.tile.dataset.icon !== device.icon) {
    parts.tile.dataset.icon = device.icon;
    parts.tile.replaceChildren(icon(device.icon));
  }
  setText(parts.name, device.name);
  setText(
    parts.model,
    device.name === device.id ? device.model : [device.model, device.id].filter(Boolean).join(" · "),
  );
  setText(parts.state, PRESENCE[device.presence] ?? device.presence);
  drawChips(parts.chips, device.chips);
  const { bars, word } = signal(device.rssi);
  setAttribute(parts.bars, "data-bars", bars);
  setAttribute(parts.bars, "aria-label", device.rssi ? `Signal ${word}` : device.wired ? "Wired" : "Signal unknown");
  setAttribute(parts.bars, "title", device.rssi ? `${device.rssi} dBm` : device.wired ? "Wired" : null);
  setText(parts.version, device.update ? `${device.version} ↑` : device.version);
  setAttribute(parts.version, "title", device.update ? `${device.update} is available` : null);
  setText(parts.seen, ago(device.reportedAt));
}

// Most updates change a number in a chip; then the chip stays and only its text is set.
function drawChips(place, chips) {
  while (place.children.length > chips.length) place.lastChild.remove();
  chips.forEach(({ text, kind }, index) => {
    const chip = place.children[index] ?? place.appendChild(h("span"));
    setAttribute(chip, "class", `chip ${kind}`);
    setText(chip, text);
  });
}
