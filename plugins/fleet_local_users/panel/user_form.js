// The form of one user, and what it says as parameters of User.Create and User.Update.
import { h } from "/static/dom.js";

const ADMINISTRATORS = "admin";

/**
 * @param {object} user as User.List tells it, or what was filled in before
 * @param {{isNew: boolean, problem: string}} options
 * @returns {Node[]} content of a dialog
 */
export function userForm(user, { isNew, problem }) {
  const others = (user.groups ?? []).filter((group) => group !== ADMINISTRATORS);
  return [
    h(
      "div",
      { class: "user-form" },
      problem && h("p", { class: "problem", role: "alert" }, problem),
      isNew && field("Name", "username", user.username, { required: true, maxlength: 100, autocomplete: "off" }),
      field("Full name", "fullName", user.fullName, { maxlength: 200 }),
      field("E-mail", "email", user.email, { maxlength: 200 }),
      field(isNew ? "Password" : "New password", "password", "", {
        type: "password",
        required: isNew,
        minlength: 5,
        maxlength: 1024,
        autocomplete: "new-password",
        placeholder: isNew ? null : "as it is",
      }),
      toggle("Administrator: may do everything", "admin", user.groups?.includes(ADMINISTRATORS)),
      field("Other groups", "groups", others.join(", "), { placeholder: "none" }),
      h(
        "label",
        null,
        "Permissions",
        h("textarea", { name: "permissions", spellcheck: "false" }, (user.permissions ?? []).join("\n")),
        h("small", null, "One a line: device.list, switch.*, device.get.<device>, or * for all."),
      ),
      toggle("May sign in", "enabled", user.enabled ?? true),
    ),
  ];
}

/** What was filled in; a password only if there is one. */
export function filledIn(form) {
  const text = (name) => String(form.get(name) ?? "").trim();
  const names = (name, separator) => text(name).split(separator).map((each) => each.trim()).filter(Boolean);
  const user = {
    fullName: text("fullName"),
    email: text("email"),
    groups: [...(form.has("admin") ? [ADMINISTRATORS] : []), ...names("groups", ",")],
    permissions: names("permissions", /\s+/),
    enabled: form.has("enabled"),
  };
  const password = String(form.get("password") ?? "");
  return password ? { ...user, password } : user;
}

function field(label, name, value, attributes) {
  return h("label", null, label, h("input", { name, value: value ?? "", ...attributes }));
}

function toggle(label, name, checked) {
  return h(
    "label",
    { class: "line" },
    h("input", { type: "checkbox", class: "switch", role: "switch", name, checked: Boolean(checked) }),
    label,
  );
}
