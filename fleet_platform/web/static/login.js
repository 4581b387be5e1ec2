// Whoever follows a link from elsewhere arrives without the strict cookie; asked for from here, it is sent.
const next = document.querySelector("input[name=next]").value;
if (next !== "/" && !document.getElementById("problem")) {
  const answer = await fetch("/boot.json", { credentials: "same-origin" });
  if (answer.ok) location.replace(next);
}
