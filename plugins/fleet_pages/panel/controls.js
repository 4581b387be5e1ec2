// Controls that show a value of a device and set it.
//
// A control shows at once what the user wants, and what the device reports as soon as that is known: after a
// failure, or when the device has not followed for some seconds, it falls back to the truth.
import { h, setAttribute, setText } from "/static/dom.js";
import { quantity } from "/static/format.js";

const FOLLOW_MS = 4000;

/**
 * @param {object} control one of `plan().controls`
 * @param {(value: any) => Promise<void>} send rejects if it was not done; the caller tells the user why
 * @returns {{element: HTMLElement, update: (value: any, usable: boolean) => void}}
 */
export function makeControl(control, send) {
  let truth;
  let wanted;
  let timer = 0;
  let usable = true;
  const face = FACES[control.kind](control, want);
  return { element: face.element, update };

  async function want(value) {
    wanted = value;
    clearTimeout(timer);
    draw();
    try {
      await send(value);
      timer = setTimeout(forget, FOLLOW_MS);
    } catch {
      forget();
    }
  }

  function update(value, canUse) {
    truth = value;
    usable = canUse;
    if (wanted !== undefined && same(wanted, truth)) wanted = undefined;
    draw();
  }

  function forget() {
    wanted = undefined;
    draw();
  }

  function draw() {
    face.draw(wanted === undefined ? truth : wanted, { busy: wanted !== undefined, usable });
  }
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

const FACES = {
  switch({ label }, want) {
    const input = h("input", {
      type: "checkbox",
      class: "switch",
      role: "switch",
      onchange: () => want(input.checked),
    });
    return {
      element: h("label", { class: "control row" }, h("span", null, label), input),
      draw(value, { busy, usable }) {
        input.checked = value === true;
        input.disabled = !usable;
        setAttribute(input, "aria-busy", busy || null);
      },
    };
  },

  slider({ label, schema }, want) {
    const output = h("span", { class: "number dim", "aria-hidden": "true" });
    const unit = schema.unit ?? "";
    const step = schema.multipleOf ?? ([schema.type].flat().includes("integer") ? 1 : 0.5);
    const input = h("input", { type: "range", min: schema.minimum, max: schema.maximum, step });
    let held = false;
    input.addEventListener("input", () => {
      held = true;
      setText(output, quantity(input.valueAsNumber, unit));
    });
    input.addEventListener("change", () => {
      held = false;
      want(input.valueAsNumber);
    });
    return {
      element: h("label", { class: "control" }, h("span", { class: "row" }, label, output), input),
      draw(value, { usable }) {
        input.disabled = !usable;
        if (held) return;
        if (typeof value === "number") input.value = value;
        setText(output, quantity(value, unit));
        setAttribute(input, "aria-valuetext", quantity(value, unit));
      },
    };
  },

  choice({ label, schema }, want) {
    const text = (value) => schema.titles?.[value] || String(value);
    const select = h(
      "select",
      { onchange: () => want(schema.enum[select.selectedIndex]) },
      schema.enum.map((value) => h("option", null, text(value))),
    );
    return {
      element: h("label", { class: "control" }, label, select),
      draw(value, { usable }) {
        select.disabled = !usable;
        select.selectedIndex = schema.enum.indexOf(value);
      },
    };
  },

  colour({ label }, want) {
    const input = h("input", { type: "color", onchange: () => want(fromHex(input.value)) });
    return {
      element: h("label", { class: "control row" }, h("span", null, label), input),
      draw(value, { usable }) {
        input.disabled = !usable;
        if (Array.isArray(value) && document.activeElement !== input) input.value = toHex(value);
      },
    };
  },

  number: (control, want) => typed(control, want, { type: "number", step: control.schema.multipleOf ?? "any" }, Number),
  text: (control, want) => typed(control, want, { type: "text", maxlength: control.schema.maxLength }, String),
};

/** A field that is sent when the user confirms it, and keeps what is being typed. */
function typed({ label, schema }, want, attributes, convert) {
  const input = h("input", { ...attributes, min: schema.minimum, max: schema.maximum });
  const button = h("button", { type: "submit" }, "Set");
  const submit = (event) => {
    event.preventDefault();
    if (input.value === "" && attributes.type === "number") return;
    edited = false;
    want(convert(input.value));
  };
  let edited = false;
  input.addEventListener("input", () => (edited = true));
  return {
    element: h(
      "form",
      { class: "control", onsubmit: submit },
      h("label", null, schema.unit ? `${label} (${schema.unit})` : label, h("span", { class: "row" }, input, button)),
    ),
    draw(value, { usable }) {
      input.disabled = button.disabled = !usable;
      if (!edited) input.value = value ?? "";
    },
  };
}

const toHex = (rgb) =>
  `#${rgb
    .slice(0, 3)
    .map((part) =>
      Math.max(0, Math.min(255, Math.round(part)))
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
const fromHex = (hex) => [1, 3, 5].map((start) => Number.parseInt(hex.slice(start, start + 2), 16));
