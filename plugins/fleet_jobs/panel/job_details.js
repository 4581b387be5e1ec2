// One job: how far it is, what can be done with it, and what came of each device.
import { confirm } from "/static/dialogs.js";
import { h, icon, setText } from "/static/dom.js";
import { duration, moment } from "/static/format.js";
import { explain } from "/static/words.js";
import { drawChip, drawDeviceChip, isFinished, progressBar } from "./progress.js";

const PAGE = 100;
const REFRESH_MS = 1000;
const MOST_PAGES = 20;
const LONG = new Set(["Reason", "Parameters"]);

export class JobDetails {
  #fleet;
  #id;
  #gone;
  #job = null;
  #rows = new Map();
  #cursor = 0;
  #timer = 0;

  constructor(fleet, id, { back, gone }) {
    [this.#fleet, this.#id, this.#gone] = [fleet, id, gone];
    this.title = h("h1");
    this.chip = h("span");
    this.buttons = h("div", { class: "job-buttons" });
    this.bar = progressBar();
    this.facts = h("dl");
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.filter = h(
      "select",
      { "aria-label": "Devices", onchange: () => this.#readResults() },
      [
        ["", "All devices"],
        ["failed", "Failed"],
        ["interrupted", "Interrupted"],
        ["done", "Done"],
        ["skipped", "Skipped"],
        ["running", "Running"],
        ["pending", "Waiting"],
      ].map(([value, text]) => h("option", { value }, text)),
    );
    this.table = h("ul", { class: "card flush job-table", "aria-label": "Devices of the job" });
    this.more = h("button", { type: "button", class: "job-more", hidden: true, onclick: () => this.#page() }, "More");
    this.element = h(
      "div",
      null,
      h(
        "header",
        { class: "page-head" },
        h("button", { type: "button", class: "quiet round", "aria-label": "All jobs", onclick: back }, icon("back")),
        h("div", { class: "grow" }, this.title),
        this.chip,
      ),
      this.problem,
      h("section", { class: "card job-head" }, this.bar.element, this.facts),
      h(
        "div",
        { class: "job-filter" },
        this.filter,
        h("div", { class: "grow" }),
        h("a", { class: "button", href: `/plugin/jobs/results.csv?id=${id}`, download: `job-${id}.csv` }, "CSV"),
      ),
      this.table,
      this.more,
    );
    this.element.querySelector(".page-head").append(this.buttons);
  }

  close() {
    clearTimeout(this.#timer);
    this.#fleet = null;
  }

  async read() {
    try {
      this.#draw(await this.#fleet.call("Job.Get", { id: this.#id }));
      await this.#readResults();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** An event about some job. */
  hear(name, params) {
    if (params.id !== this.#id || !this.#job) return;
    if (name === "Job.DeviceProgress") {
      const row = this.#rows.get(params.shellyID);
      if (row) setText(row.what, step(params));
      return;
    }
    this.#draw({ ...this.#job, ...params });
    // At most one reading of results a second, and the last one when all is over.
    if (!this.#timer) this.#timer = setTimeout(() => this.#refresh(), REFRESH_MS);
  }

  async #refresh() {
    this.#timer = 0;
    if (!this.#fleet) return;
    try {
      await this.#reread();
      this.#draw(await this.#fleet.call("Job.Get", { id: this.#id }));
    } catch (error) {
      this.#fail(error);
    }
  }

  // As many as are shown; those that the filter leaves out by now go.
  async #reread() {
    const wanted = Math.max(this.#rows.size, PAGE);
    const items = [];
    let cursor = 0;
    for (let pages = 0; pages < MOST_PAGES && cursor !== null && items.length < wanted; pages++) {
      const page = await this.#results({ limit: Math.min(wanted - items.length, 1000), cursor });
      items.push(...page.items);
      cursor = page.cursor;
    }
    const left = new Set(items.map((item) => item.device));
    for (const [device, row] of this.#rows) {
      if (left.has(device)) continue;
      row.element.remove();
      this.#rows.delete(device);
    }
    for (const item of items) this.#drawRow(item);
    this.#reached(cursor);
  }

  #reached(cursor) {
    this.#cursor = cursor;
    this.more.hidden = cursor === null;
    if (this.#rows.size === 0) this.table.replaceChildren(h("li", { class: "dim" }, "No such devices"));
  }

  async #readResults() {
    this.#rows.clear();
    this.table.replaceChildren();
    this.#cursor = 0;
    await this.#page();
  }

  async #page() {
    try {
      const page = await this.#results({ limit: PAGE, cursor: this.#cursor });
      for (const item of page.items) this.#drawRow(item);
      this.#reached(page.cursor);
    } catch (error) {
      this.#fail(error);
    }
  }

  #results(params) {
    const state = this.filter.value ? { state: this.filter.value } : {};
    return this.#fleet.call("Job.GetResults", { id: this.#id, ...state, ...params });
  }

  #draw(job) {
    const changed = !this.#job || this.#job.state !== job.state || this.#job.failed !== job.failed;
    this.#job = job;
    setText(this.title, job.name);
    drawChip(this.chip, job.state);
    this.bar.draw(job);
    const facts = {
      Type: job.type,
      Owner: job.owner,
      Started: job.started && moment(job.started * 1000),
      Took: job.started && job.ended && duration(Math.max(1, Math.round(job.ended - job.started))),
      "Not before": job.not_before && moment(job.not_before * 1000),
      "At a time": job.concurrency,
      "Per second": job.rate_per_s,
      Reason: job.reason,
      Parameters: Object.keys(job.params ?? {}).length ? JSON.stringify(job.params) : null,
    };
    this.facts.replaceChildren(
      ...Object.entries(facts)
        .filter(([, value]) => value)
        .map(([name, value]) =>
          h("div", { class: LONG.has(name) ? "wide" : "" }, h("dt", null, name), h("dd", null, String(value))),
        ),
    );
    if (changed) this.buttons.replaceChildren(...this.#actions(job).map(([label, run]) => button(label, run)));
  }

  #actions(job) {
    const act = (verb) => () => this.#act(verb);
    if (isFinished(job))
      return [...(job.failed ? [["Retry failed", act("Retry")]] : []), ["Delete…", () => this.#delete()]];
    const pausing = job.state === "paused" ? ["Resume", act("Resume")] : ["Pause", act("Pause")];
    return [pausing, ["Cancel…", () => this.#cancel()]];
  }

  async #cancel() {
    const text = "Devices that have their turn now are finished; the others are skipped.";
    if (await confirm({ title: "Cancel this job?", text, action: "Cancel job" })) await this.#act("Cancel");
  }

  async #delete() {
    const text = "Its results are gone, too.";
    if (!(await confirm({ title: "Delete this job?", text, action: "Delete" }))) return;
    if (await this.#act("Delete")) this.#gone();
  }

  async #act(verb) {
    this.problem.hidden = true;
    try {
      const told = await this.#fleet.call(`Job.${verb}`, { id: this.#id });
      if (told.state) this.#draw(told);
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  #drawRow(item) {
    if (!this.#rows.has(item.device)) {
      const row = { chip: h("span"), what: h("p", { class: "dim" }), json: h("pre"), attempts: h("span", { class: "dim" }) };
      row.details = h("details", { hidden: true }, h("summary", null, "Result"), row.json);
      const name = h("a", { href: `/device/${encodeURIComponent(item.device)}` }, item.device);
      const what = h("div", { class: "what" }, row.what, row.details);
      row.element = h("li", null, h("p", null, name, " ", row.attempts), row.chip, what);
      if (this.#rows.size === 0) this.table.replaceChildren();
      this.table.append(row.element);
      this.#rows.set(item.device, row);
    }
    const row = this.#rows.get(item.device);
    drawDeviceChip(row.chip, item.state);
    setText(row.attempts, item.attempts > 1 ? `${item.attempts} attempts` : "");
    const live = this.#job?.steps?.[item.device];
    const problem = item.message && (item.code ? `${item.message} (${item.code})` : item.message);
    setText(row.what, item.state === "running" && live ? step(live) : problem ?? "");
    row.details.hidden = item.result === null;
    if (item.result !== null) {
      const cut = item.truncated ? "\n… cut off: it was too long" : "";
      setText(row.json, (item.truncated ? item.result : JSON.stringify(item.result, null, 2)) + cut);
    }
  }

  #fail(error) {
    if (!this.#fleet) return;
    this.problem.hidden = false;
    setText(this.problem, explain(error));
  }
}

const button = (label, onclick) => h("button", { type: "button", onclick }, label);

const step = ({ percent, text }) =>
  [text, typeof percent === "number" && `${Math.round(percent)} %`].filter(Boolean).join(" ");
