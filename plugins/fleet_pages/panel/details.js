// Device tab: everything that is known of a device, as it is.
import { h, icon, setText, styleSheet } from "/static/dom.js";
import { JsonTree } from "./json_tree.js";

await styleSheet(new URL("details.css", import.meta.url));

const PARTS = { status: "Status", settings: "Settings", info: "Device info" };

class DeviceDetails extends HTMLElement {
  #stop = () => {};
  #device = null;

  connectedCallback() {
    const trees = Object.keys(PARTS).map((part) => [part, new JsonTree()]);
    this.replaceChildren(
      ...trees.map(([part, tree]) =>
        h(
          "section",
          { class: "card", "aria-label": PARTS[part] },
          h("header", null, h("h2", { class: "grow" }, PARTS[part]), this.#copyButton(part)),
          tree.element,
        ),
      ),
    );
    this.#stop = this.fleet.watch(this.device, (device) => {
      if (!device) return;
      this.#device = device;
      for (const [part, tree] of trees) tree.update(device[part] ?? {});
    });
  }

  disconnectedCallback() {
    this.#stop();
  }

  #copyButton(part) {
    const label = h("span", null, "Copy");
    const copy = async () => {
      const done = await toClipboard(JSON.stringify(this.#device?.[part] ?? {}, null, 2));
      setText(label, done ? "Copied" : "Not allowed");
      setTimeout(() => setText(label, "Copy"), 2000);
    };
    return h(
      "button",
      { type: "button", class: "quiet", "aria-label": `Copy ${PARTS[part].toLowerCase()} as JSON`, onclick: copy },
      icon("copy"),
      label,
    );
  }
}

async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Browsers keep the clipboard from pages without TLS.
    return false;
  }
}

customElements.define("fleet-device-details", DeviceDetails);
