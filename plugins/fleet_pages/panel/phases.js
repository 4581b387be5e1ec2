// Values of a three-phase meter, as the table that electricians expect: one row a quantity, one column a phase.
import { h, setText } from "/static/dom.js";

const PHASE = /^([abc])_(.+)$/;

/** Splits readings into those of phases, by quantity, and the others. */
export function byPhase(readings) {
  const rows = new Map();
  const single = [];
  for (const reading of readings) {
    const [, phase, quantity] = PHASE.exec(reading.path) ?? [];
    if (!phase) {
      single.push(reading);
      continue;
    }
    const label = reading.label.replace(/,?\s*(of |on )?phase [abc]$/i, "");
    if (!rows.has(quantity)) rows.set(quantity, { quantity, label, values: {} });
    rows.get(quantity).values[phase] = reading.text;
  }
  return { single, phases: [...rows.values()] };
}

/** Fills a table; its cells stay while the quantities are the same. */
export function drawPhases(table, rows) {
  table.hidden = rows.length === 0;
  const shape = rows.map(({ quantity }) => quantity).join();
  if (table.dataset.shape !== shape) {
    table.dataset.shape = shape;
    const cells = () => ["a", "b", "c"].map((phase) => h("td", { dataset: { phase } }));
    table.replaceChildren(
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          h("td"),
          ["A", "B", "C"].map((phase) => h("th", { scope: "col" }, phase)),
        ),
      ),
      h(
        "tbody",
        null,
        rows.map(({ label }) => h("tr", null, h("th", { scope: "row" }, label), cells())),
      ),
    );
  }
  rows.forEach(({ values }, index) => {
    for (const cell of table.tBodies[0].rows[index].querySelectorAll("td"))
      setText(cell, values[cell.dataset.phase] ?? "–");
  });
}
