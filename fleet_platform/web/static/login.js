// Whoever follows a link from elsewhere arrives without the strict cookie; asked for from here, it is sent.
const next = document.querySelector("input[name=next]").value;
if (next !== "/" && !document.getElementById("problem")) {
  // Who is signed in is sent on from the form.
  const answer = await fetch("/login", { redirect: "manual" });
  if (answer.type === "opaqueredirect") location.replace(next);
}
