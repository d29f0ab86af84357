// A part of the page whose news is still to come: looked up again in the background and put in its place, where it is a status that
// readers announce. Without script the page shows it when it is opened again.

const PAUSE = 2000;
const TIMES = 60;

async function look(part, left) {
  try {
    const answer = await fetch(location.href, { headers: { "X-Requested-With": "fetch" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const news = page.getElementById(part.id);
    if (news && !news.hasAttribute("data-live")) {
      part.removeAttribute("data-live");
      part.replaceChildren(...news.childNodes);
      return;
    }
  } catch {
    // Offline for a moment; the next look may get through.
  }
  if (left > 0) setTimeout(look, PAUSE, part, left - 1);
}

for (const part of document.querySelectorAll("[data-live]")) setTimeout(look, PAUSE, part, TIMES);
