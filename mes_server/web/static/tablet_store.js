// What the tablet remembers, in IndexedDB: the queue of scans in order, and where the worker was.
//
// An item is written before anything is said of it: closing the tab loses nothing.

const NAME = "lodestone-tablet";
const KEPT_MS = 7 * 86400000; // of what the server has: for a restored backup
let opened = null;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      const items = request.result.createObjectStore("items", { keyPath: "seq", autoIncrement: true });
      items.createIndex("state", "state");
      request.result.createObjectStore("state");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  opened.catch(() => { opened = null; });
  return opened;
}

async function within(name, mode, act) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(name, mode, { durability: mode === "readwrite" ? "strict" : "default" });
    const request = act(transaction.objectStore(name));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error ?? request.error);
  });
}

// States of an item: waiting → done | refused (told at once) | review (told later) → seen.
export const addItem = (item) => within("items", "readwrite", (items) => items.add({ ...item, state: "waiting" }));
export const itemsThatAre = (state) => within("items", "readonly", (items) => items.index("state").getAll(state));
export const loadItem = (seq) => within("items", "readonly", (items) => items.get(seq));

// `change`: from the row as it is now to the fields that are to be others.
export function changeItem(seq, change) {
  return within("items", "readwrite", (items) => {
    const request = items.get(seq);
    request.onsuccess = () => {
      if (request.result) items.put({ ...request.result, ...change(request.result) });
    };
    return request;
  });
}

export async function forgetOld(now) {
  for (const state of ["done", "refused", "seen"]) {
    for (const item of await itemsThatAre(state)) {
      if (item.at + KEPT_MS < now) await within("items", "readwrite", (items) => items.delete(item.seq));
    }
  }
}

export const remember = (key, value) => within("state", "readwrite", (state) => state.put(value, key));
export const recall = (key) => within("state", "readonly", (state) => state.get(key));
