// The sample on the design form follows what is chosen. Its colours come from the server's sheet, as they will for buyers.

const typed = document.querySelector("[data-standard]");
const { accent_picker: picker, standard } = typed.form.elements;
const sheet = document.getElementById("design-sheet");

function follow() {
  const written = standard?.checked ? "" : typed.value.trim().toLowerCase();
  const colour = written || typed.dataset.standard;
  if (!/^#[0-9a-f]{6}$/.test(colour)) return;
  picker.value = colour;
  sheet.href = sheet.href.replace(/[^/]*$/, `${colour.slice(1)}.css`);
}

picker.addEventListener("input", () => {
  typed.value = picker.value;
  if (standard) standard.checked = false;
});
typed.form.addEventListener("input", follow);
picker.parentElement.hidden = false;
