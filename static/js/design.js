// The sample on a design form follows what is typed and chosen. Its colours come from the server's sheet, as they will for
// buyers; texts are plain text.

const sheet = document.getElementById("design-sheet");
const typed = [...document.querySelectorAll("[data-standard]")];
const form = document.querySelector("form.settings");
const { standard } = form.elements;
const image = document.querySelector("[data-sample-image]");

const picker = (field) => form.elements[`${field.name}_picker`];

// The address of the sheet names its colours in this order; those of other forms stay as they are.
function followColours() {
  const names = sheet.dataset.colours.split(" ");
  const colours = sheet.href.match(/([^/]*)\.css$/)[1].split("-");
  for (const field of typed) {
    const written = standard?.checked ? "" : field.value.trim().toLowerCase();
    const colour = written || field.dataset.standard;
    if (!/^#[0-9a-f]{6}$/.test(colour)) continue;
    picker(field).value = colour;
    colours[names.indexOf(field.name)] = colour.slice(1);
  }
  const address = sheet.href.replace(/[^/]*$/, `${colours.join("-")}.css`);
  if (address !== sheet.href) sheet.href = address;
}

// The language last written in; what is not translated is shown in Japanese, as to buyers.
function followTexts(language) {
  for (const slot of document.querySelectorAll("[data-sample]")) {
    const said = (code) => form.elements[`${slot.dataset.sample}_${code}`].value.trim();
    slot.textContent = said(language) || said("ja") || slot.dataset.standardWords;
    slot.hidden = !slot.textContent;
  }
}

// An image that is chosen shows at once; one that is taken away leaves its place to what stands there without it.
function followImage() {
  image.hidden = !image.getAttribute("src") || Boolean(form.elements.remove_logo?.checked);
  const instead = document.getElementById(image.dataset.standsFor);
  if (instead) instead.hidden = !image.hidden;
}

function show(address) {
  image.src = address;
  image.removeAttribute("width");
  image.removeAttribute("height");
  followImage();
}

for (const field of typed) {
  picker(field).addEventListener("input", () => {
    field.value = picker(field).value;
    if (standard) standard.checked = false;
  });
  picker(field).parentElement.hidden = false;
}

form.addEventListener("input", ({ target }) => {
  followColours();
  if (target.lang) followTexts(target.lang);
});

form.elements.logo?.addEventListener("change", ({ target }) => {
  const [file] = target.files;
  if (!file || !image) return;
  const reader = new FileReader();
  reader.addEventListener("load", () => show(reader.result));
  reader.readAsDataURL(file);
});
form.elements.remove_logo?.addEventListener("change", () => image && followImage());
