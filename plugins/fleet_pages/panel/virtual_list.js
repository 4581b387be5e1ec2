// A list of any length of which only what is on the screen exists.
//
// Rows keep their element for as long as they are near the screen, so focus and selection survive updates.
import { h } from "/static/dom.js";

const SPARE_ROWS = 8;

export class VirtualList {
  #scroller = null;
  #items = [];
  #rows = new Map();
  #height = 0;
  #frame = 0;
  #make;
  #update;

  /**
   * @param {{label: string, make: () => Element, update: (element: Element, item: {id: string}) => void}} options
   *   all rows have the height of the CSS property `--row-height`
   */
  constructor({ label, make, update }) {
    this.#make = make;
    this.#update = update;
    this.element = h("ul", { class: "virtual", "aria-label": label, onkeydown: (event) => this.#move(event) });
  }

  /** Begins to follow the nearest scrolling ancestor; call it when the list is in the page. */
  attach() {
    this.#scroller = this.element.closest("main");
    this.#scroller.addEventListener("scroll", this.#schedule, { passive: true });
    addEventListener("resize", this.#measure);
    this.#measure();
  }

  detach() {
    this.#scroller.removeEventListener("scroll", this.#schedule);
    removeEventListener("resize", this.#measure);
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  /** Shows these items, in this order. */
  show(items) {
    this.#items = items;
    this.element.style.height = `${items.length * this.#height}px`;
    this.#schedule();
  }

  /** Draws anew what is on the screen. */
  refresh() {
    this.#schedule();
  }

  #measure = () => {
    this.#height = Number.parseFloat(getComputedStyle(this.element).getPropertyValue("--row-height")) || 64;
    this.show(this.#items);
  };

  #schedule = () => {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      // A page that is kept hidden has no size; it is drawn when it is shown and scrolled again.
      if (this.element.isConnected && this.element.offsetParent) this.#draw();
    });
  };

  #draw() {
    const above = this.#scroller.getBoundingClientRect().top - this.element.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(above / this.#height) - SPARE_ROWS);
    const last = Math.min(
      this.#items.length,
      Math.ceil((above + this.#scroller.clientHeight) / this.#height) + SPARE_ROWS,
    );
    const wanted = this.#items.slice(first, last);
    const ids = new Set(wanted.map((item) => item.id));
    const free = [...this.#rows].filter(([id]) => !ids.has(id));
    for (const [id, row] of free) {
      this.#rows.delete(id);
      if (row.contains(document.activeElement)) this.#scroller.focus({ preventScroll: true });
    }
    wanted.forEach((item, index) => {
      const row = this.#rows.get(item.id) ?? free.pop()?.[1] ?? this.element.appendChild(h("li", null, this.#make()));
      this.#rows.set(item.id, row);
      row.style.transform = `translateY(${(first + index) * this.#height}px)`;
      row.setAttribute("aria-posinset", first + index + 1);
      row.setAttribute("aria-setsize", this.#items.length);
      row.dataset.index = first + index;
      this.#update(row.firstChild, item);
    });
    for (const [, row] of free) row.remove();
  }

  #move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const row = event.target.closest("li");
    if (!step || !row) return;
    const next = this.element.querySelector(`li[data-index="${Number(row.dataset.index) + step}"]`);
    if (!next) return;
    event.preventDefault();
    next.firstChild.focus();
    next.scrollIntoView({ block: "nearest" });
  }
}
