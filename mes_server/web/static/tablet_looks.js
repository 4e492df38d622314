// The language, the theme, and the page itself: remembered here, so that all is as before without a server.

import { recall, remember } from "./tablet_store.js";
import { language, other, speak } from "./tablet_words.js";

const root = document.documentElement;

// The server remembers the choice, where it can be reached; the tablet does in any case.
function choose(name, value) {
  remember(name, value);
  fetch(`${location.pathname}?${name}=${value}`).catch(() => {});
}

export function switchLanguage(badge) {
  speak(other());
  if (badge) remember(`language:${badge}`, language());
  choose("lang", language());
}

// Somebody with this badge has come: in their language.
export async function speakTo(badge) {
  const wanted = await recall(`language:${badge}`);
  if (wanted && wanted !== language()) speak(wanted);
}

export function switchTheme(themes) {
  const theme = themes[(themes.indexOf(root.dataset.theme) + 1) % themes.length];
  wear(theme);
  choose("theme", theme);
}

function wear(theme) {
  root.dataset.theme = theme;
  document.getElementById("dark").media = { dark: "all", light: "not all" }[theme] ?? "(prefers-color-scheme: dark)";
}

// A page that was kept may be older than the last choice.
export async function wearAsBefore() {
  const [lang, theme] = [await recall("lang"), await recall("theme")];
  if (lang) speak(lang);
  if (theme) wear(theme);
}

export async function keepPage({ worker, stamp, kept }) {
  if (!navigator.serviceWorker) return;
  navigator.serviceWorker.addEventListener("message", () => { root.dataset.offline = "ready"; });
  await navigator.serviceWorker.register(worker);
  const { active } = await navigator.serviceWorker.ready;
  active.postMessage({ stamp, kept, page: location.pathname });
}
