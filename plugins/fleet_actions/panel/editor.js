// Making or changing an action: its name, its steps, values for its variables.
import { h, icon, setText } from "/static/dom.js";
import { explain } from "/static/words.js";

const NEW = { id: null, name: "", variables: {}, steps: [{ method: "", params: {}, dst: ["$targets"], on_error: "stop", wait_s: 0 }] };

/** @returns {{element: Node}} a form; `done()` is called when it is saved or given up */
export function editor(fleet, action, done) {
  const { id, name, variables, steps } = action ?? NEW;
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const list = h("div", { class: "action-form" });
  const nameField = h("input", { required: true, maxlength: 200, value: name });
  const variablesField = json(variables, 3);
  const parts = steps.map(stepForm);

  const draw = () => {
    list.replaceChildren(...parts.map((part) => part.element));
    parts.forEach((part, number) => {
      setText(part.legend, `Step ${number + 1}`);
      part.up.hidden = number === 0;
      part.remove.hidden = parts.length === 1;
      part.up.onclick = () => {
        [parts[number - 1], parts[number]] = [parts[number], parts[number - 1]];
        draw();
      };
      part.remove.onclick = () => {
        parts.splice(number, 1);
        draw();
      };
    });
  };
  const add = () => {
    parts.push(stepForm(NEW.steps[0]));
    draw();
  };
  const save = async (event) => {
    event.preventDefault();
    problem.hidden = true;
    try {
      const whole = { name: nameField.value, variables: JSON.parse(variablesField.value || "{}"), steps: parts.map((part) => part.read()) };
      await fleet.call(id ? "Action.Update" : "Action.Create", id ? { id, ...whole } : whole);
      done();
    } catch (error) {
      problem.hidden = false;
      setText(problem, error instanceof SyntaxError ? `That is no JSON: ${error.message}` : explain(error));
    }
  };
  draw();

  return {
    element: h(
      "form",
      { class: "action-form", onsubmit: save },
      h(
        "header",
        { class: "page-head" },
        h("button", { type: "button", class: "quiet round", "aria-label": "All actions", onclick: done }, icon("back")),
        h("div", { class: "grow" }, h("h1", null, id ? "Edit action" : "New action")),
        h("button", { class: "primary" }, "Save"),
      ),
      problem,
      h(
        "section",
        { class: "card action-form" },
        h("label", null, "Name", nameField),
        h(
          "label",
          null,
          "Values of variables, as JSON",
          variablesField,
          h("small", null, "Write ${name} in parameters or devices; a run may give other values."),
        ),
      ),
      list,
      h("div", { class: "action-buttons" }, h("button", { type: "button", onclick: add }, "Add a step")),
    ),
  };
}

function stepForm({ method, params, dst, on_error, wait_s }) {
  const fields = {
    method: h("input", { class: "code", required: true, value: method, placeholder: "Switch.Set", spellcheck: "false" }),
    params: json(params, 4),
    dst: h("textarea", { rows: 2, required: true, spellcheck: "false" }, dst.join("\n")),
    on_error: h(
      "select",
      null,
      [["stop", "Stop"], ["continue", "Go on"]].map(([value, text]) => h("option", { value, selected: value === on_error }, text)),
    ),
    wait_s: h("input", { type: "number", min: 0, max: 300, step: "any", value: String(wait_s) }),
  };
  const legend = h("legend");
  const up = h("button", { type: "button", class: "quiet" }, icon("arrow-up"), "Earlier");
  const remove = h("button", { type: "button", class: "quiet" }, icon("bin"), "Remove");
  return {
    legend,
    up,
    remove,
    element: h(
      "fieldset",
      { class: "action-step card" },
      legend,
      h("label", { class: "wide" }, "Method", fields.method),
      h("label", { class: "wide" }, "Parameters, as JSON", fields.params),
      h("label", { class: "wide" }, "Devices", fields.dst, h("small", null, "One per line: ids, sets (group:1), or $targets for those that the run names.")),
      h("label", null, "After an error", fields.on_error),
      h("label", null, "Then wait, in seconds", fields.wait_s),
      h("div", { class: "action-buttons" }, up, remove),
    ),
    read: () => ({
      method: fields.method.value.trim(),
      params: JSON.parse(fields.params.value || "{}"),
      dst: fields.dst.value.split(/[\s,]+/).filter(Boolean),
      on_error: fields.on_error.value,
      wait_s: Number(fields.wait_s.value),
    }),
  };
}

const json = (value, rows) => h("textarea", { rows, spellcheck: "false" }, JSON.stringify(value, null, 2));
