// Runs before the first paint, so that the page never flashes in the other theme.
(() => {
  let theme = "auto";
  try {
    theme = localStorage.getItem("fleet-theme") ?? theme;
  } catch {
    // Storage may be forbidden; the system's theme is as good.
  }
  document.documentElement.dataset.theme = theme;
})();
