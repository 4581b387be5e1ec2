// The page of jobs: what is under way, what came of it, and starting a new one.
import { h, icon, setText, styleSheet } from "/static/dom.js";
import { ago } from "/static/format.js";
import { explain } from "/static/words.js";
import { JobDetails } from "./job_details.js";
import { startJob } from "./new_job.js";
import { drawChip, progressBar } from "./progress.js";

await styleSheet(new URL("jobs.css", import.meta.url));

const PAGE = 50;

class Jobs extends HTMLElement {
  #subscription = null;
  #rows = new Map();
  #types = {};
  #details = null;
  #cursor = null;

  connectedCallback() {
    this.count = h("p", { class: "dim", role: "status" }, "Loading…");
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.items = h("ul", { class: "card flush job-list", "aria-label": "Jobs", hidden: true });
    this.more = h("button", { type: "button", class: "job-more", hidden: true, onclick: () => this.#page() }, "Older jobs");
    this.empty = h(
      "div",
      { class: "card empty", hidden: true },
      icon("update"),
      h("h2", null, "No jobs yet"),
      h("p", { class: "dim" }, "A job does one thing on many devices: update their firmware, change a setting, let them in."),
    );
    this.overview = h(
      "div",
      null,
      h(
        "header",
        { class: "page-head" },
        h("div", { class: "grow" }, h("h1", null, "Jobs"), this.count),
        h("button", { type: "button", class: "primary", onclick: () => this.#start() }, "New job"),
      ),
      this.problem,
      this.items,
      this.empty,
      this.more,
    );
    this.replaceChildren(this.overview);
    this.#subscription = this.fleet.subscribe(
      ["Job.Progress", "Job.DeviceProgress"],
      (name, params) => this.#hear(name, params),
      { onResync: () => this.#read() },
    );
    this.#subscription.ready.then(
      () => this.#read(),
      (error) => this.#fail(error),
    );
  }

  disconnectedCallback() {
    this.#subscription.close();
    this.#details?.close();
    this.#rows.clear();
  }

  async #read() {
    try {
      this.#types = await this.fleet.call("Job.ListTypes");
      this.#rows.clear();
      this.items.replaceChildren();
      this.#cursor = null;
      await this.#page();
      this.#details?.read();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #page() {
    try {
      const params = this.#cursor === null ? { limit: PAGE } : { limit: PAGE, cursor: this.#cursor };
      const { items, cursor } = await this.fleet.call("Job.List", params);
      for (const job of items) this.#draw(job, false);
      this.#cursor = cursor;
      this.more.hidden = cursor === null;
      this.problem.hidden = true;
      this.#say();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #hear(name, params) {
    this.#details?.hear(name, params);
    if (name !== "Job.Progress") return;
    const row = this.#rows.get(params.id);
    if (row) this.#draw({ ...row.job, ...params }, false);
    else await this.#meet(params.id);
  }

  // A job that somebody started elsewhere; others' jobs may be none of ours.
  async #meet(id) {
    if (this.#rows.size && id < Math.max(...this.#rows.keys())) return;
    try {
      this.#draw(await this.fleet.call("Job.Get", { id }), true);
      this.#say();
    } catch {
      // not ours to see
    }
  }

  #draw(job, first) {
    if (!this.#rows.has(job.id)) {
      const row = this.#row(job.id);
      this.#rows.set(job.id, row);
      this.items[first ? "prepend" : "append"](row.element);
    }
    const row = this.#rows.get(job.id);
    row.job = job;
    setText(row.title, job.name);
    setText(row.about, this.#about(job));
    drawChip(row.chip, job.state);
    row.bar.draw(job);
    this.#say();
  }

  #row(id) {
    const [title, about, chip, bar] = [h("h2"), h("p", { class: "dim" }), h("span"), progressBar()];
    const open = h(
      "button",
      { type: "button", class: "job-row", onclick: () => this.#open(id) },
      h("div", null, title, about),
      bar.element,
      chip,
    );
    return { element: h("li", null, open), title, about, chip, bar, job: null };
  }

  #about(job) {
    const kind = this.#types[job.type]?.title ?? job.type;
    return [kind !== job.name && kind, job.owner, ago(job.created * 1000), job.reason].filter(Boolean).join(" · ");
  }

  #open(id) {
    this.#details?.close();
    this.#details = new JobDetails(this.fleet, id, { back: () => this.#close(), gone: () => this.#forget(id) });
    this.replaceChildren(this.#details.element);
    this.#details.read();
    window.scrollTo(0, 0);
  }

  #close() {
    this.#details.close();
    this.#details = null;
    this.replaceChildren(this.overview);
  }

  #forget(id) {
    this.#rows.get(id)?.element.remove();
    this.#rows.delete(id);
    this.#close();
    this.#say();
  }

  async #start() {
    try {
      const job = await startJob(this.fleet, this.#types);
      if (!job) return;
      this.#draw(job, true);
      this.#open(job.id);
    } catch (error) {
      this.#fail(error);
    }
  }

  #say() {
    const going = [...this.#rows.values()].filter(({ job }) => ["queued", "running"].includes(job?.state)).length;
    setText(this.count, going ? `${going} under way` : "Long work on many devices");
    this.items.hidden = this.#rows.size === 0;
    this.empty.hidden = this.#rows.size > 0;
  }

  #fail(error) {
    this.problem.hidden = false;
    setText(this.problem, explain(error));
  }
}

customElements.define("fleet-jobs", Jobs);
