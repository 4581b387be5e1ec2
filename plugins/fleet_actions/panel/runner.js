// Running an action: on which devices, with which values, and what each device answers, as it does.
import { h, icon, setAttribute, setText } from "/static/dom.js";
import { explain } from "/static/words.js";

const VARIABLE = /\$?\$\{([^{}]*)\}/g;

/** @returns {{element: Node, close(): void}} */
export function runner(fleet, action, back) {
  const names = variablesOf(action.steps);
  const needsTargets = action.steps.some(({ dst }) => dst.includes("$targets"));
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const chip = h("span", { class: "chip", hidden: true, role: "status" });
  const targets = h("textarea", { rows: 3, required: true, spellcheck: "false" });
  const values = names.map((name) => [name, h("input", { class: "code", value: written(action.variables[name]), placeholder: "as saved" })]);
  const results = h("div", { class: "action-results" });
  const start = h("button", { class: "primary" }, icon("play"), "Run");
  let rows = new Map();
  let going = false;

  const subscription = fleet.subscribe(["Action.Progress"], (_name, params) => hear(params), {});
  const hear = (params) => {
    // The answer that names the run comes last; until then whatever is told of this action is taken for ours.
    if (going && params.action === action.id) draw(params.step, params.shellyID, params.error ? { error: params.error } : {});
  };
  const draw = (step, device, outcome) => {
    const row = rows.get(`${step} ${device}`);
    if (!row) return;
    const failed = "error" in outcome;
    setText(row.chip, failed ? "Failed" : "Done");
    setAttribute(row.chip, "class", `chip ${failed ? "bad" : "good"}`);
    if (failed) setText(row.what, `${outcome.error.message}${outcome.error.data?.detail ? `: ${outcome.error.data.detail}` : ""} (${outcome.error.code})`);
    else if (outcome.truncated) setText(row.what, "too long to be shown");
    else if ("result" in outcome) setText(row.what, JSON.stringify(outcome.result));
  };
  const lay = (steps) => {
    rows = new Map();
    results.replaceChildren(
      ...steps.map(({ method, dst }, number) =>
        h(
          "section",
          { class: "card" },
          h("h2", null, `${number + 1}. ${method}`),
          h(
            "ul",
            null,
            dst.map((device) => {
              const row = { chip: h("span", { class: "chip" }, "…"), what: h("pre") };
              rows.set(`${number} ${device}`, row);
              return h("li", null, h("p", null, device), row.chip, h("div", { class: "what" }, row.what));
            }),
          ),
        ),
      ),
    );
  };
  const given = () => ({
    ...(needsTargets ? { targets: targets.value.split(/[\s,]+/).filter(Boolean) } : {}),
    variables: Object.fromEntries(values.filter(([, field]) => field.value !== "").map(([name, field]) => [name, read(field.value)])),
  });
  const run = async (event) => {
    event.preventDefault();
    [problem.hidden, start.disabled] = [true, true];
    try {
      const params = { id: action.id, ...given() };
      lay((await fleet.call("Action.Preview", params)).steps);
      say(chip, "Running", "on");
      going = true;
      const told = await fleet.call("Action.Run", params, { timeout_s: 600 });
      told.steps.forEach((step, number) => Object.entries(step.results).forEach(([device, outcome]) => draw(number, device, outcome)));
      skip(told.steps);
      say(chip, told.state === "done" ? "Done" : "Failed", told.state === "done" ? "good" : "bad");
    } catch (error) {
      [problem.hidden, chip.hidden] = [false, true];
      setText(problem, explain(error));
    }
    going = start.disabled = false;
  };
  const skip = (steps) => {
    for (const [key, row] of rows) if (steps[Number(key.split(" ")[0])].skipped) setText(row.chip, "Skipped");
  };

  return {
    close: () => subscription.close(),
    element: h(
      "form",
      { onsubmit: run },
      h(
        "header",
        { class: "page-head" },
        h("button", { type: "button", class: "quiet round", "aria-label": "All actions", onclick: back }, icon("back")),
        h("div", { class: "grow" }, h("h1", null, action.name)),
        chip,
        start,
      ),
      problem,
      (needsTargets || values.length > 0) &&
        h(
          "section",
          { class: "card action-form" },
          needsTargets && h("label", null, "Devices", targets, h("small", null, "One per line: ids, or sets (group:1).")),
          values.map(([name, field]) => h("label", null, name, field)),
          values.length > 0 && h("small", null, "A value that is JSON (true, 7, [1, 2]) keeps its type; anything else is text."),
        ),
      results,
    ),
  };
}

function variablesOf(steps) {
  const text = JSON.stringify(steps.map(({ params, dst }) => [params, dst]));
  const found = [...text.matchAll(VARIABLE)].filter(([whole]) => !whole.startsWith("$$")).map(([, name]) => name);
  return [...new Set(found)];
}

function say(chip, text, kind) {
  chip.hidden = false;
  setText(chip, text);
  setAttribute(chip, "class", `chip ${kind}`);
}

const written = (value) => (value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value));

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
