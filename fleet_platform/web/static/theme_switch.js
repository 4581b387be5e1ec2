// The button that goes round light, dark and whatever the system says.
import { h, icon } from "./dom.js";

const NEXT = { auto: "light", light: "dark", dark: "auto" };
const LOOKS = { auto: ["contrast", "System theme"], light: ["sun", "Light theme"], dark: ["moon", "Dark theme"] };

export function themeSwitch() {
  const root = document.documentElement;
  const button = h("button", { type: "button", class: "quiet", id: "theme", onclick: turn });
  draw();
  return button;

  function turn() {
    root.dataset.theme = NEXT[root.dataset.theme] ?? "auto";
    try {
      localStorage.setItem("fleet-theme", root.dataset.theme);
    } catch {
      // Then it lasts until the page is closed.
    }
    draw();
  }

  function draw() {
    const [name, label] = LOOKS[root.dataset.theme] ?? LOOKS.auto;
    button.replaceChildren(icon(name), h("span", { class: "grow" }, label));
  }
}
