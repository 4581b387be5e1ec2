// The page around the panels: navigation, addresses, theme, the state of the connection.
import { board } from "./board.js";
import { Connection } from "./connection.js";
import { say } from "./dialogs.js";
import { h, icon, setAttribute, setText } from "./dom.js";
import { DevicePage } from "./device_page.js";
import { LiveDevices } from "./live_devices.js";
import { mount } from "./panels.js";
import { themeSwitch } from "./theme_switch.js";

const KEEP_ALIVE_MS = 6 * 3600 * 1000;
const NAV_ON_PHONE = 4;

let boot = JSON.parse(document.getElementById("boot").textContent);
const main = document.getElementById("main");
const connection = new Connection(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/`);
const live = new LiveDevices(connection);

/** What every panel gets as its property `fleet`. */
const fleet = Object.freeze({
  call: (...call) => connection.call(...call),
  subscribe: (...subscription) => connection.subscribe(...subscription),
  watch: (...watch) => live.watch(...watch),
  navigate,
  get user() {
    return boot.user;
  },
});

// ---- navigation ----

const pageAddress = (panel) => `/p/${encodeURIComponent(panel.plugin)}/${encodeURIComponent(panel.name)}`;
const panelsOf = (kind) => boot.panels.filter((panel) => panel.kind === kind);

function entries() {
  const pages = panelsOf("page").map((panel) => ({
    title: panel.title,
    icon: panel.icon,
    address: pageAddress(panel),
  }));
  if (panelsOf("widget").length) pages.unshift({ title: "Home", icon: "home", address: "/home" });
  if (panelsOf("settings").length) pages.push({ title: "Settings", icon: "sliders", address: "/settings" });
  return pages;
}

function drawNavigation() {
  const links = entries().map((entry, index) =>
    h("li", { class: index >= NAV_ON_PHONE ? "later" : null }, link(entry)),
  );
  const more = h(
    "li",
    { class: "more" },
    h(
      "button",
      { type: "button", "aria-expanded": "false", "aria-controls": "nav", onclick: toggleMore },
      icon("more"),
      h("span", null, "More"),
    ),
  );
  document.getElementById("pages").replaceChildren(...links, more);
  markCurrent();
}

const link = ({ title, icon: name, address }) => h("a", { href: address }, icon(name), h("span", null, title));

function markCurrent() {
  const here = location.pathname === "/" ? entries()[0]?.address : location.pathname;
  const home = here.startsWith("/device/") ? kept?.address : here;
  for (const anchor of document.querySelectorAll("#pages a")) {
    setAttribute(anchor, "aria-current", anchor.getAttribute("href") === home ? "page" : null);
  }
}

function toggleMore(event) {
  const open = document.getElementById("nav").classList.toggle("open");
  event.currentTarget.setAttribute("aria-expanded", open);
}

function closeMore() {
  document.getElementById("nav").classList.remove("open");
  document.querySelector(".more button")?.setAttribute("aria-expanded", "false");
}

// ---- addresses ----

// The page that a device was opened from stays alive behind it, so that going back is instant.
let kept = null;
let device = null;

function navigate(address) {
  if (address === location.pathname + location.search) return;
  history.pushState(null, "", address);
  show({ focus: true });
}

function show({ focus = false } = {}) {
  closeMore();
  const [area, ...rest] = location.pathname.split("/").slice(1).map(decoded);
  if (area === "device") showDevice(...rest);
  else showPage(area, rest);
  markCurrent();
  if (focus) main.focus({ preventScroll: true });
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function showDevice(id, plugin, tab) {
  if (device?.deviceId === id) return device.showTab({ plugin, tab });
  device?.remove();
  if (kept) {
    kept.top ??= main.scrollTop;
    kept.element.hidden = true;
  }
  device = new DevicePage({ fleet, id, tabs: panelsOf("device_tab"), back: kept?.address ?? "/" });
  device.showTab({ plugin, tab });
  main.append(device);
  main.scrollTop = 0;
  return undefined;
}

function showPage(area, [plugin, name]) {
  device?.remove();
  device = null;
  const address = area ? location.pathname : (entries()[0]?.address ?? "/");
  if (kept?.address === address) {
    kept.element.hidden = false;
    main.scrollTop = kept.top ?? 0;
    kept.top = undefined;
  } else {
    kept?.element.remove();
    kept = { address, element: page(address, plugin, name) };
    main.append(kept.element);
    main.scrollTop = 0;
  }
  document.title = `${kept.element.dataset.title} · Fleet Platform`;
}

function page(address, plugin, name) {
  if (address === "/home") return board("Home", panelsOf("widget"), fleet);
  if (address === "/settings") return board("Settings", panelsOf("settings"), fleet);
  const panel = panelsOf("page").find((each) => pageAddress(each) === address);
  if (panel) return h("div", { class: "page", dataset: { title: panel.title } }, mount(panel, { fleet }));
  return h(
    "div",
    { class: "page empty", dataset: { title: "Not found" } },
    h("h1", null, "There is no such page"),
    h(
      "p",
      { class: "dim" },
      plugin
        ? `Perhaps the plugin “${plugin}” is switched off, or you may not see “${name}”.`
        : "No plugin shows anything here.",
    ),
  );
}

document.addEventListener("click", (event) => {
  const anchor = event.target.closest?.("a[href]");
  if (!anchor || event.defaultPrevented || event.button !== 0 || anchor.target || anchor.hasAttribute("download"))
    return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (anchor.origin !== location.origin || !/^\/($|home$|settings$|p\/|device\/)/.test(anchor.pathname)) return;
  event.preventDefault();
  navigate(anchor.pathname + anchor.search);
});
addEventListener("popstate", () => show());
addEventListener("keydown", (event) => event.key === "Escape" && closeMore());

// ---- connection and session ----

const WORDS = { connecting: "Connecting…", online: "Live", offline: "Connection lost, trying again…" };

function showState() {
  const status = document.getElementById("link");
  status.dataset.state = connection.state;
  document.documentElement.dataset.link = connection.state;
  setText(status, WORDS[connection.state]);
}

const isAboutPlugin = ({ component }) => String(component).startsWith("plugin:");

/** Asks who we are: keeps the session alive, and learns of panels that came or went and of a new version. */
async function renew() {
  let answer;
  try {
    answer = await fetch("/boot.json", { credentials: "same-origin" });
  } catch {
    return;
  }
  if (answer.status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
  if (!answer.ok) return;
  const fresh = await answer.json();
  if (fresh.assets !== boot.assets) {
    say("This page was updated on the server.", { action: { label: "Reload", run: () => location.reload() } });
  }
  boot = { ...fresh, assets: boot.assets };
  drawNavigation();
}

connection.addEventListener("state", showState);
connection.addEventListener("state", () => connection.state === "online" && reconnected && renew());
connection.addEventListener("state", () => (reconnected ||= connection.state === "offline"));
connection.addEventListener("refused", renew);
connection.subscribe(["NotifyEvent"], (_name, { events }) => events.some(isAboutPlugin) && renew());
setInterval(renew, KEEP_ALIVE_MS);
let reconnected = false;

document.getElementById("theme").replaceWith(themeSwitch());
showState();
drawNavigation();
show();
