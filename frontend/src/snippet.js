// What a shop's own pages load: it sends visits, acts and names to the Habitué that serves this file.
//
//   <script async src="https://habitue.example/habitue.js" data-key="WRITE_KEY" data-consent="required"></script>
//
// Until the visitor agrees nothing is kept and nothing leaves: no cookie, no storage, no request. Who takes it
// back is heard once more, to say so.

const { src, dataset } = document.currentScript;
const NAME = "habitue"; // of the global, of the cookie and of the entry in localStorage
const DOOR = new URL("v1/b", src); // beside this file, also under a path of somebody else's host
const MEMORY = 395 * 86_400_000; // how long a visitor is known: the 13 months that the CNIL grants
const HELD = 100; // events that wait; the oldest go first
const EVENT = 32_000; // bytes of one event; the server's limit
const BATCH = 30_000; // bytes: a browser lets 64 KiB be on their way when a page goes, so two fit
const CAMPAIGN = {
  utm_source: "source",
  utm_medium: "medium",
  utm_campaign: "name",
  utm_term: "term",
  utm_content: "content",
  gclid: "gclid",
  fbclid: "fbclid",
};

const opposed = navigator.doNotTrack === "1" || navigator.globalPrivacyControl === true;
const queue = []; // events as JSON text, in the order they happened
const goodbyes = new Set(); // those of them that take an agreement back
let visitor = recall();
let allowed = !opposed && (dataset.consent === "granted" || visitor.consent?.analytics || undefined);
let timer, sending, news, failures = 0; // `news`: choices that no event carries yet
let viewed, proof; // a page since it was last asked for messages; the shop's word for who is looking

/** 128 random bits; crypto.randomUUID is missing from pages without TLS. */
function random() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function recall() {
  let kept;
  try {
    kept = JSON.parse(localStorage.getItem(NAME));
  } catch {} // the browser keeps nothing, or what it keeps is not ours
  const id = baked();
  if (!(kept?.until > Date.now())) return stranger(id);
  return !id || id === kept.id ? kept : { ...stranger(id), consent: kept.consent }; // another host of the shop renamed them
}

function stranger(id) {
  return { id: id || random(), until: Date.now() + MEMORY };
}

function remember() {
  if (!allowed) return;
  try {
    localStorage.setItem(NAME, JSON.stringify(visitor));
  } catch {}
  bake(visitor.id, Math.round((visitor.until - Date.now()) / 1000));
}

/** Throw away all that is known and what waits, but for goodbyes; who had agreed gets one, as a last call. */
function refuse(choices) {
  const last = visitor.consent?.analytics && signed("identify");
  if (last) last.context = told({ ...visitor.consent, ...choices, analytics: false });
  for (const events of [queue, sending ?? []]) events.splice(0, events.length, ...events.filter((text) => goodbyes.has(text)));
  visitor = stranger();
  try {
    localStorage.removeItem(NAME);
  } catch {}
  if (baked()) bake("", 0);
  if (last) goodbyes.add(put(last));
}

function baked() {
  return document.cookie.match(`(?:^|; )${NAME}=(\\w+)`)?.[1];
}

/** The cookie on the widest domain that takes it, so that www. and pay. know one visitor; `age` 0 removes it. */
function bake(id, age) {
  const labels = location.hostname.split(".");
  const secure = location.protocol === "https:" ? "; Secure" : "";
  for (let n = 1; n <= labels.length && (!age || baked() !== id); n++)
    document.cookie = `${NAME}=${id}; Domain=${labels.slice(-n).join(".")}; Path=/; Max-Age=${age}; SameSite=Lax${secure}`;
}

function context() {
  const query = new URLSearchParams(location.search);
  const campaign = Object.entries(CAMPAIGN).map(([from, to]) => [to, query.get(from)]).filter(([, value]) => value);
  return {
    library: { name: "habitue.js", version: "1" },
    page: here(),
    campaign: campaign.length ? Object.fromEntries(campaign) : undefined,
    locale: navigator.language,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    screen: { width: screen.width, height: screen.height, density: devicePixelRatio },
    ...told(visitor.consent),
  };
}

const told = (choices) => choices && { consent: { categoryPreferences: choices } };

function here() {
  const { href, pathname, search } = location;
  return { url: href.split("#")[0], path: pathname, search, title: document.title, referrer: document.referrer };
}

function signed(type) {
  return { type, messageId: random(), timestamp: new Date(), anonymousId: visitor.id, userId: visitor.user };
}

/** Put one event, with what is true now, behind the others. */
function record(type, fields) {
  if (allowed === false) return;
  const event = { ...signed(type), ...fields, context: context() };
  if (size(JSON.stringify(event)) > EVENT) return console.warn("habitue: an event of more than 32 KB was not sent");
  put(event, 200);
  if (allowed) news = false;
}

function put(event, milliseconds) {
  const text = JSON.stringify(event);
  hold(queue.push, [text]);
  later(milliseconds);
  return text;
}

/** Say the choices at once, if no event has by now: with the latest of those that `waited` for a yes, or alone. */
function tell(waited) {
  if (!news || !allowed) return;
  const event = waited && queue.length ? JSON.parse(queue.pop()) : signed("identify");
  event.context = { ...event.context, ...told(visitor.consent) };
  put(event);
  news = false;
}

const size = (text) => new Blob([text]).size;

function hold(place, events) {
  place.apply(queue, events);
  queue.splice(0, queue.length - HELD);
}

function later(milliseconds) {
  timer ??= setTimeout(flush, milliseconds);
}

async function flush() {
  timer = undefined;
  if (allowed === undefined || sending || !queue.length) return;
  sending = take();
  const pause = await post(sending);
  failures = pause ? failures + 1 : 0;
  if (pause) hold(queue.unshift, sending);
  sending = undefined;
  later(pause);
  if (!pause && viewed && allowed && "messages" in dataset) greet().catch(() => {}); // no network: the next page asks
}

const ask = (fields) =>
  fetch(new URL("messages", DOOR), {
    method: "POST",
    body: JSON.stringify({ writeKey: dataset.key, ...fields }),
    keepalive: true,
    credentials: "omit",
  });

/** Show what waits for this visitor, if anything does: what shows it is loaded only then. */
async function greet() {
  viewed = false;
  const { id, user } = visitor;
  const answer = await ask({ anonymousId: id, userId: user, signature: proof });
  if (answer.status !== 200) return;
  const { show } = await import(new URL("habitue-inapp.js", src));
  const message = await answer.json();
  if (allowed && id === visitor.id) show(message, ask);
}

/** The first events that go into one request, at least one. */
function take() {
  let bytes = 0;
  const end = queue.findIndex((text, n) => (bytes += size(text)) > BATCH && n);
  return queue.splice(0, end < 0 ? HELD : end);
}

const body = (events) =>
  `{"writeKey":${JSON.stringify(dataset.key)},"sentAt":"${new Date().toISOString()}","batch":[${events}]}`;

/** Send, as text/plain so that no browser asks first; the milliseconds to wait before the next try, 0 for none. */
async function post(events) {
  let after;
  try {
    const answer = await fetch(DOOR, { method: "POST", body: body(events), keepalive: true, credentials: "omit" });
    if (answer.status !== 429 && answer.status < 500) return 0; // taken, or refused for good
    after = Number(answer.headers.get("Retry-After"));
  } catch {} // no network
  return 1000 * Math.min(after || 2 ** failures * (1 + Math.random()), 300);
}

/** The page may be gone in an instant: what can't wait for an answer goes without. */
function leave() {
  while (allowed !== undefined && queue.length) {
    const events = take();
    if (!navigator.sendBeacon(DOOR, body(events))) return hold(queue.unshift, events);
  }
}

const api = {
  page(name, properties) {
    viewed = true;
    record("page", { name, properties: { ...here(), ...properties } });
  },

  track(event, properties) {
    record("track", { event, properties });
  },

  /**
   * Traits alone leave open who it is; `identify(null)` is a logout, and another name another visitor. A shop
   * that signs who its customers are says so each time.
   */
  identify(user, traits, signature) {
    if (user && typeof user === "object") return record("identify", { traits: user });
    proof = signature;
    const id = user == null ? undefined : String(user);
    if (visitor.user && visitor.user !== id) visitor = { ...stranger(), consent: visitor.consent };
    visitor.user = id;
    remember();
    if (id) record("identify", { traits });
  },

  consent(choices) {
    if (opposed) return;
    const waited = allowed === undefined;
    const known = JSON.stringify(visitor.consent);
    if ("analytics" in choices) allowed = Boolean(choices.analytics);
    if (allowed === false) return refuse(choices);
    visitor.consent = { ...visitor.consent, ...choices };
    news ||= JSON.stringify(visitor.consent) !== known;
    remember();
    queueMicrotask(() => tell(waited)); // after what the page tells in the same breath, which carries them
    later(0);
  },

  /** Ask whether messages may be pushed here: at a click of theirs, or browsers ask nothing. */
  async notify(worker) {
    const { subscribe } = await import(new URL("habitue-push.js", src));
    const found = await subscribe(worker);
    const granted = Boolean(found);
    record("identify", { traits: { ...(found && { push_subscription: found }), consent: { push: granted } } });
    return granted;
  },

  push(...commands) {
    for (const [name, ...given] of commands) api[name](...given);
  },
};

const early = window[NAME];
if (!early?.track) {
  window[NAME] = api;
  allowed === false ? refuse() : remember();
  if (Array.isArray(early)) api.push(...early);
  api.page();
  addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => document.hidden && !failures && leave());
}
