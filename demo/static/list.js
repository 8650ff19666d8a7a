/* The list of acts follows its filters by itself; without scripts the form does the same with a button. */

const form = document.getElementById("filters");
const list = document.getElementById("acts");
const LOADING_MS = 300;

let newest = 0;

async function load(address) {
  newest += 1;
  const mine = newest;
  const timer = setTimeout(() => {
    list.setAttribute("aria-busy", "true");
    list.prepend(document.getElementById("list-loading").content.cloneNode(true));
  }, LOADING_MS);
  try {
    const response = await fetch(address, { headers: { "X-Part": "rows" } });
    if (response.status === 401) location.assign("/login");
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const rows = await response.text();
    // A slower answer to an older question must not win.
    if (mine !== newest) return;
    list.replaceChildren(...new DOMParser().parseFromString(rows, "text/html").body.childNodes);
    history.replaceState(null, "", address);
  } catch {
    if (mine !== newest) return;
    list.replaceChildren(document.getElementById("list-failed").content.cloneNode(true));
    list.querySelector("[data-retry]").addEventListener("click", () => load(address));
  } finally {
    clearTimeout(timer);
    if (mine === newest) list.removeAttribute("aria-busy");
  }
}

function follow() {
  load(`/acts?${new URLSearchParams(new FormData(form))}`);
}

form.addEventListener("change", follow);
form.addEventListener("submit", (event) => event.preventDefault());
list.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-page]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  load(link.getAttribute("href"));
});

// On a slow line a filter can be chosen before this script listens.
const shown = (select) => select.querySelector("option[selected]") ?? select.options[0];
if ([...form.querySelectorAll("select")].some((select) => select.selectedOptions[0] !== shown(select))) follow();
