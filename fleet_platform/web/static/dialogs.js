// Questions and short messages. Panels of any plugin may import this as "/static/dialogs.js".
import { h, icon } from "./dom.js";

/**
 * Shows a dialog until it is answered.
 * @param {{title: string, action: string, danger?: boolean, content?: Node[]}} options
 * @returns {Promise<FormData|null>} what was filled in, or null if the user thought better of it
 */
export function ask({ title, action, danger = false, content = [] }) {
  return new Promise((resolve) => {
    const form = h(
      "form",
      { method: "dialog" },
      h("h2", { id: "dialog-title" }, title),
      content,
      h(
        "div",
        { class: "actions" },
        h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
        h("button", { class: danger ? "danger" : "primary", value: "done" }, action),
      ),
    );
    const dialog = h("dialog", { "aria-labelledby": "dialog-title" }, form);
    dialog.addEventListener("close", () => {
      const answer = dialog.returnValue === "done" ? new FormData(form) : null;
      dialog.remove();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Asks before something that is hard to undo; resolves to whether to go ahead. */
export async function confirm({ title, text, action, danger = true }) {
  return (await ask({ title, action, danger, content: [h("p", null, text)] })) !== null;
}

/** Says something in the corner for a few seconds; errors stay until they are dismissed. */
export function say(text, { kind = "info", action = null } = {}) {
  const toasts = document.getElementById("toasts");
  const toast = h("div", { class: `toast ${kind}` }, icon(kind === "error" ? "warning" : "info"), h("p", null, text));
  const dismiss = () => toast.remove();
  if (action) toast.append(h("button", { type: "button", onclick: action.run }, action.label));
  toast.append(
    h("button", { type: "button", class: "quiet", "aria-label": "Dismiss", onclick: dismiss }, icon("close")),
  );
  toasts.append(toast);
  while (toasts.children.length > 4) toasts.firstChild.remove();
  if (kind !== "error" && !action) setTimeout(dismiss, 5000);
}
