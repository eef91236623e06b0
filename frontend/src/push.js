// Loaded by the snippet when a visitor is asked whether messages may be pushed to them.

/** Ask; what a push service needs to reach this browser, as text, or nothing. `worker` stands on the shop's own site. */
export async function subscribe(worker = "/habitue-worker.js") {
  if (!("PushManager" in window) || (await Notification.requestPermission()) !== "granted") return;
  const answer = await fetch(new URL("push.json", import.meta.url), { credentials: "omit" });
  if (!answer.ok) return;
  const { key } = await answer.json();
  const { pushManager } = await navigator.serviceWorker.register(worker);
  await navigator.serviceWorker.ready;
  const last = await pushManager.getSubscription();
  if (last && encoded(last.options.applicationServerKey) !== key) await last.unsubscribe(); // of another key
  const made = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { endpoint, keys } = made.toJSON();
  return JSON.stringify({ endpoint, keys });
}

function encoded(buffer) {
  const text = btoa(String.fromCharCode(...new Uint8Array(buffer)));
  return text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
