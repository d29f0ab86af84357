// A password can be read while it is typed (U-060); it is hidden again before the form leaves, so that no browser keeps it
// among the words it offers.

for (const box of document.querySelectorAll("[data-password]")) {
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
