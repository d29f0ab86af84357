// The address of a postal code (U-006), in every group of fields marked data-postal: asked for as the seventh digit is
// typed, and by 住所を検索. The only place of a code goes into fields that are empty or still hold what was put there from
// here; what the buyer wrote stays until an offered place is pressed. The focus stays where it is, and out of reach the
// code is as good as unknown: everything can be typed.

const digits = (text) => text.normalize("NFKC").replace(/\D/g, "");

export function followPostal(root) {
  for (const group of root.querySelectorAll("[data-postal]")) follow(group);
}

function follow(group) {
  const words = JSON.parse(group.dataset.words);
  const [code, prefecture, address] = ["postal_code", "prefecture", "address1"].map((name) =>
    group.querySelector(`.control[name$="${name}"]`),
  );
  const search = group.querySelector("[name=lookup]");
  const offered = group.querySelector("[data-postal-places]");
  const ours = { prefecture: "", address1: "" };
  let asking = new AbortController();

  search.type = "button";
  search.addEventListener("click", ask);
  code.addEventListener("input", () => {
    asking.abort();
    tell("");
    if (digits(code.value).length === 7) ask();
  });

  async function ask() {
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    const wanted = digits(code.value);
    if (wanted.length !== 7) return tell(words.incomplete);
    const places = await fetchPlaces(group.dataset.postal + wanted, signal);
    if (!signal.aborted) arrive(places);
  }

  function arrive(places) {
    const place = fitting(places);
    if (place) return put(place);
    const own = !["", ours.address1].includes(address.value) || places.length === 1;
    tell(places.length === 0 ? words.none : own ? words.other : words.several, places);
  }

  /** The place that goes with what is there already, as the server sees it (shop/web/postal.py). */
  function fitting(places) {
    const open = places.filter((place) => ["", ours.prefecture, place.prefecture].includes(prefecture.value));
    const there = open.find((place) => address.value.startsWith(place.address1));
    const replaceable = (place) => address.value === ours.address1 || place.address1.startsWith(address.value);
    return there ?? (places.length === 1 ? open.find(replaceable) : undefined);
  }

  function put(place) {
    if (!address.value.startsWith(place.address1)) {
      address.value = ours.address1 = place.address1;
      address.dispatchEvent(new Event("input", { bubbles: true }));
    }
    if (prefecture.value !== place.prefecture) {
      prefecture.value = ours.prefecture = place.prefecture;
      prefecture.dispatchEvent(new Event("change", { bubbles: true }));
    }
    tell(words.one);
  }

  function tell(text, places = []) {
    group.querySelector("[data-postal-found]").textContent = text;
    offered.hidden = places.length === 0;
    offered.replaceChildren(...places.map(button));
  }

  function button(place) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = search.className;
    made.textContent = place.prefecture + place.address1;
    made.addEventListener("click", () => {
      put(place);
      address.focus();
      address.setSelectionRange(address.value.length, address.value.length);
    });
    return made;
  }
}

async function fetchPlaces(url, signal) {
  try {
    const answer = await fetch(url, { signal });
    return answer.ok ? (await answer.json()).places : [];
  } catch {
    return [];
  }
}
