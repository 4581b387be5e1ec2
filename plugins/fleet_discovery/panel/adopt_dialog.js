// The dialog that adopts a device: what is needed for it, and each step as it is done.
import { h, icon, setText } from "/static/dom.js";
import { explain } from "/static/words.js";

const PATIENCE_S = 900;
export const STEPS = {
  ask: "Ask it",
  find: "Find it",
  identify: "See who it is",
  read: "Read its settings",
  configure: "Set its websocket",
  restart: "Restart it",
  arrive: "Wait for it",
};

/**
 * Shows the dialog until it is closed.
 * @param {object} fleet
 * @param {{id?: string, done: () => void}} options without an id the address is asked for; `done` is called when something
 *   may have changed
 */
export function askToAdopt(fleet, { id = null, done }) {
  const field = (name, label, props) => h("label", null, label, h("input", { name, autocomplete: "off", ...props }));
  const host = id === null && field("host", "Address", { required: true, placeholder: "192.168.1.50", maxlength: 260 });
  const password = field("password", "Password, if it has one", { type: "password", autocomplete: "new-password" });
  const replace = h("input", { type: "checkbox", name: "replace" });
  const steps = h("ol", { class: "steps", "aria-live": "polite" });
  const result = h("p", { role: "status", hidden: true });
  const act = h("button", { class: "primary" }, "Adopt");
  const close = h("button", { type: "button", onclick: () => dialog.close() }, "Cancel");
  const form = h(
    "form",
    null,
    h("h2", { id: "adopt-title" }, id === null ? "Adopt a device" : `Adopt ${id}?`),
    h("p", { class: "dim" }, "It is told to connect here, and restarts. Whether it is let in is decided as for any other device."),
    host,
    password,
    h("label", { class: "tick" }, replace, "Take it away from another server"),
    steps,
    result,
    h("div", { class: "actions" }, close, act),
  );
  const dialog = h("dialog", { class: "adopt", "aria-labelledby": "adopt-title" }, form);

  const show = ({ step, ok, detail }) => {
    const mark = h("span", { class: ok ? "mark good" : "mark bad" }, icon(ok ? "check" : "warning"));
    steps.append(h("li", null, mark, h("div", null, h("strong", null, STEPS[step] ?? step), h("p", { class: "dim" }, detail))));
  };
  const say = (text, kind) => {
    result.hidden = false;
    result.className = kind;
    setText(result, text);
  };

  const adopt = async () => {
    const target = id === null ? { host: host.querySelector("input").value.trim() } : { id };
    const name = (target.id ?? target.host).toLowerCase();
    const given = password.querySelector("input").value;
    const params = { ...target, replace: replace.checked, ...(given && { password: given }) };
    steps.replaceChildren();
    say("Under way…", "dim");
    act.disabled = true;
    setText(close, "Close");
    const live = fleet.subscribe(["Discovery.Adopting"], (_name, step) => {
      if (String(step.host).toLowerCase() === name) show(step);
    });
    await live.ready.catch(() => {});
    try {
      const { outcome, steps: all } = await fleet.call("Discovery.Adopt", params, { timeout_s: PATIENCE_S });
      finish(all);
      if (outcome === "timeout") say("It did not arrive in time.", "problem");
      else say(outcome === "connected" ? "It is connected." : "It is in the waiting room.", "arrived");
      act.hidden = outcome !== "timeout";
    } catch (error) {
      const told = error.data?.steps ?? [];
      finish(told);
      // A step that failed says why.
      if (told.length === 0) say(error.data?.errors?.[0]?.message ?? explain(error), "problem");
      else result.hidden = true;
    }
    live.close();
    act.disabled = false;
    setText(act, "Try again");
    done();
  };
  // Events may come later than the answer, or not at all to whoever may not subscribe: the answer has every step.
  const finish = (all) => {
    if (all.length === 0) return;
    steps.replaceChildren();
    all.forEach(show);
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    adopt();
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
