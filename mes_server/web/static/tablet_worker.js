// Keeps the tablet's page and its files, so that it opens without the server. It queues nothing: the
// page does (tablet_queue.js), and what a page shows of lots it asks for itself.

const PAGE = /^\/station\/[^/]+\/tablet$/;
const PATIENCE_MS = 6000;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", (event) => event.waitUntil(keep(event)));

// The page with all its files, or neither; then those of older versions go.
async function keep({ data, source }) {
  const answer = await fetch(data.page);
  if (!answer.ok || answer.redirected) return; // nobody is signed in: it is another page
  const cache = await caches.open(data.stamp);
  await cache.addAll(data.kept);
  await cache.put(data.page, answer);
  for (const name of await caches.keys()) if (name !== data.stamp) await caches.delete(name);
  source.postMessage("kept");
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && PAGE.test(url.pathname)) event.respondWith(page(request, url));
  else if (url.pathname.startsWith("/static/")) event.respondWith(file(request));
});

const patience = () => new Promise((_, reject) => setTimeout(() => reject(new Error("slow")), PATIENCE_MS));

async function page(request, url) {
  const kept = await caches.match(url.pathname, { ignoreVary: true });
  if (!kept) return fetch(request);
  try {
    const answer = await Promise.race([fetch(request), patience()]);
    if (answer.status < 500) return answer;
  } catch {
    // No server: the page as it was, and it says so.
  }
  const html = (await kept.text()).replace("<html ", '<html data-kept="true" ');
  return new Response(html, { headers: kept.headers });
}

async function file(request) {
  return (await caches.match(request.url, { ignoreVary: true })) ?? fetch(request);
}
