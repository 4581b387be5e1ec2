// How a job is shown: its state in a word, its figures in a bar and a line.
import { h, setAttribute, setText } from "/static/dom.js";

const STATES = {
  queued: ["Queued", ""],
  running: ["Running", "on"],
  paused: ["Paused", "warn"],
  done: ["Done", "good"],
  failed: ["Failed", "bad"],
  cancelled: ["Cancelled", ""],
};
const DEVICE_STATES = {
  pending: ["Waiting", ""],
  running: ["Running", "on"],
  done: ["Done", "good"],
  failed: ["Failed", "bad"],
  skipped: ["Skipped", ""],
  interrupted: ["Interrupted", "warn"],
};

export const isFinished = ({ state }) => ["done", "failed", "cancelled"].includes(state);

/** Shows a state as a chip. */
export function drawChip(chip, state, of = STATES) {
  const [word, kind] = of[state] ?? [state, ""];
  setText(chip, word);
  setAttribute(chip, "class", `chip ${kind}`);
}

export const drawDeviceChip = (chip, state) => drawChip(chip, state, DEVICE_STATES);

/** The bar and the figures of a job; `draw(job)` shows how far it is. */
export function progressBar() {
  const parts = ["done", "skipped", "failed"].map((name) => [name, h("span", { class: name })]);
  const bar = h(
    "div",
    { class: "job-bar", role: "progressbar", "aria-label": "Progress", "aria-valuemin": 0 },
    parts.map(([, part]) => part),
  );
  const figures = h("p", { class: "job-figures dim number" });
  return {
    element: h("div", { class: "job-progress" }, bar, figures),
    draw(job) {
      setAttribute(bar, "aria-valuemax", job.total);
      setAttribute(bar, "aria-valuenow", job.total - job.left);
      for (const [name, part] of parts) part.style.width = `${(100 * job[name]) / job.total}%`;
      setText(figures, sentence(job));
    },
  };
}

function sentence({ total, done, failed, skipped, running, waiting }) {
  return [
    `${done} of ${total} done`,
    failed && `${failed} failed`,
    skipped && `${skipped} skipped`,
    running && `${running} running`,
    waiting && `${waiting} awaited`,
  ]
    .filter(Boolean)
    .join(" · ");
}
