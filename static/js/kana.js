// The reading of a name, overheard from the input method while the name is typed (U-008): a proposal in the field for it,
// left alone as soon as the buyer writes there.

const KANA = /^[\u3041-\u3096\u30a1-\u30fa\u30fc]+$/;
const katakana = (text) => text.replace(/[\u3041-\u3096]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0x60));

export function overhear(name, reading) {
  let heard = ""; // the last kana before the input method turned them into other letters
  let proposed = "";
  let gap = "";
  name.addEventListener("compositionstart", () => {
    heard = "";
    gap = /\s$/.test(name.value) ? " " : "";
  });
  name.addEventListener("compositionupdate", ({ data }) => {
    if (KANA.test(data)) heard = katakana(data);
  });
  name.addEventListener("compositionend", ({ data }) => {
    if (data && heard) propose(proposed + (proposed && gap) + heard);
  });
  name.addEventListener("input", () => {
    if (!name.value) propose("");
  });

  function propose(text) {
    if (reading.value !== proposed) return; // the buyer's own words
    reading.value = proposed = text;
  }
}
