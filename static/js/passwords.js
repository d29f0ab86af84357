// A password can be read while it is typed (U-060); it is hidden again before the form leaves, so that no browser keeps it
// among the words it offers.

export function readable(root) {
  for (const box of root.querySelectorAll("[data-password]")) follow(box);
}

function follow(box) {
  const button = box.querySelector(".password-show");
  const control = box.querySelector(".control");
  const show = (shown) => {
    control.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  };
  button.hidden = false;
  button.addEventListener("click", () => show(control.type === "password"));
  control.form.addEventListener("submit", () => show(false));
}

readable(document);
