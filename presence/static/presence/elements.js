/**
 * elements.js: <presence-dot> and <presence-list>, the drawing side of presence.js.
 *
 * Flow: presence.js (views) -> **element** -> shape, words, live region
 *
 * Each status has a shape of its own, so that nobody needs to tell colours apart. Nothing here uses inline styles or
 * markup from strings: both elements work under a strict Content-Security-Policy. Style them from outside with
 * ::part(dot | text | list | item | avatar | name | message | empty) and the --presence-* variables below.
 */

import { connect } from "./presence.js";

/** Every word that the elements show. Assign to translate: `Object.assign(words, { online: "en ligne" })`. */
export const words = {
  online: "online",
  away: "away",
  busy: "busy",
  offline: "offline",
  unknown: "unknown",
  was: (word) => `was ${word}`,
  seen: (ago) => `last seen ${ago}`,
  is: (name, word) => `${name} is ${word}`,
  person: (user) => `person ${user}`,
  nobody: "Nobody here yet.",
  now: "just now",
  minutes: (n) => `${n} min ago`,
  hours: (n) => `${n} h ago`,
  days: (n) => (n === 1 ? "yesterday" : `${n} days ago`),
  date: (instant) => `on ${new Date(instant).toLocaleDateString(document.documentElement.lang || undefined)}`,
};

/** "3 min ago": `instant` in milliseconds or RFC 3339, `now` in milliseconds. */
export function ago(instant, now) {
  const minutes = Math.floor(Math.max(0, now - new Date(instant)) / 60_000);
  if (minutes < 1) return words.now;
  if (minutes < 60) return words.minutes(minutes);
  if (minutes < 24 * 60) return words.hours(Math.floor(minutes / 60));
  const days = Math.floor(minutes / (24 * 60));
  return days < 30 ? words.days(days) : words.date(instant);
}

/** A record in words: "online", "last seen 3 min ago", "was busy". */
export function describe(record, now) {
  if (!record) return words.unknown;
  if (record.status === "offline") return record.last_seen ? words.seen(ago(record.last_seen, now)) : words.offline;
  return record.stale ? words.was(words[record.status]) : words[record.status];
}

const SHAPES = {
  online: "M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1Z", // a full disc
  away: "M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1ZM6.8 3.6v5l3.7 2.5 1.2-1.8-2.7-1.8V3.6Z", // a clock
  busy: "M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1ZM3.8 6.7v2.6h8.4V6.7Z", // a disc with a bar
  offline: "M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1ZM8 3.6a4.4 4.4 0 1 0 0 8.8 4.4 4.4 0 0 0 0-8.8Z", // a ring
  unknown: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2Z", // drawn as a dashed line
};

// Colours reach 3 : 1 against both backgrounds, as non-text contrast asks (WCAG 1.4.11).
const COLOURS = `
  :host {
    --_online: var(--presence-online, #1a7f37);
    --_away: var(--presence-away, #9a6700);
    --_busy: var(--presence-busy, #cf222e);
    --_offline: var(--presence-offline, #656d76);
    --_unknown: var(--presence-unknown, #6e7781);
  }
  @media (prefers-color-scheme: dark) {
    :host {
      --_online: var(--presence-online, #3fb950);
      --_away: var(--presence-away, #d29922);
      --_busy: var(--presence-busy, #f85149);
      --_offline: var(--presence-offline, #9198a1);
      --_unknown: var(--presence-unknown, #848d97);
    }
  }
  :host([hidden]) { display: none; }
  svg { inline-size: var(--presence-size, 0.75em); block-size: var(--presence-size, 0.75em); flex: none; display: block; }
  path { fill: currentColor; fill-rule: evenodd; }
  svg[data-status="online"] { color: var(--_online); }
  svg[data-status="away"] { color: var(--_away); }
  svg[data-status="busy"] { color: var(--_busy); }
  svg[data-status="offline"] { color: var(--_offline); }
  svg[data-status="unknown"] { color: var(--_unknown); }
  svg[data-status="unknown"] path { fill: none; stroke: currentColor; stroke-width: 2; stroke-dasharray: 3.3 2.9; }
  .unseen { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  @media (prefers-reduced-motion: no-preference) { svg, .avatar { transition: color 0.25s, filter 0.25s; } }
`;

const DOT = `
  :host { display: inline-flex; align-items: center; gap: 0.4em; vertical-align: middle; line-height: 1; }
`;

const LIST = `
  :host { display: block; position: relative; }
  ul { list-style: none; margin: 0; padding: 0; }
  .item { display: flex; align-items: center; gap: 0.75em; padding-block: var(--presence-gap, 0.45em); }
  .face { position: relative; flex: none; }
  .avatar {
    inline-size: 2.4em; block-size: 2.4em; border-radius: 50%; display: grid; place-items: center; font-weight: 600;
    text-transform: uppercase; background: oklch(0.9 0.05 var(--hue)); color: oklch(0.38 0.1 var(--hue));
  }
  .face svg {
    position: absolute; inset-inline-end: -0.15em; inset-block-end: -0.15em; --presence-size: 0.95em; border-radius: 50%;
    background: var(--presence-background, Canvas); box-shadow: 0 0 0 0.14em var(--presence-background, Canvas);
  }
  .words { min-inline-size: 0; display: grid; gap: 0.1em; }
  .name { font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .line { font-size: 0.875em; color: var(--presence-muted, #57606a); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  [data-status="unknown"] .avatar { filter: grayscale(1); }
  p { margin: 0; color: var(--presence-muted, #57606a); }
  @media (prefers-color-scheme: dark) {
    .avatar { background: oklch(0.35 0.06 var(--hue)); color: oklch(0.88 0.07 var(--hue)); }
    .line, p { color: var(--presence-muted, #9198a1); }
  }
`;

const sheets = new Map();

/** A constructed style sheet is no inline style, and is shared by all elements. */
function sheet(css) {
  if (!sheets.has(css)) {
    sheets.set(css, new CSSStyleSheet());
    sheets.get(css).replaceSync(css);
  }
  return sheets.get(css);
}

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function makeShape() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("part", "dot");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS(svg.namespaceURI, "path"));
  return svg;
}

/** What is drawn: a stale record is not known any more, whatever it says. */
const shapeOf = (record) => (record && !record.stale ? record.status : "unknown");

function drawShape(svg, record) {
  const shape = shapeOf(record);
  if (svg.dataset.status === shape) return;
  svg.dataset.status = shape;
  svg.firstChild.setAttribute("d", SHAPES[shape]);
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text; // unchanged text must not wake a live region
}

const drawn = new Set();
// One clock for all: "3 min ago" is right to within 15 s, and a hidden page draws nothing.
setInterval(() => document.hidden || drawn.forEach((element) => element.draw()), 15_000);

class PresenceElement extends HTMLElement {
  #offs = [];

  connectedCallback() {
    drawn.add(this);
    // After the page's own modules, so that options which they give to connect() count.
    queueMicrotask(() => this.isConnected && this.follow());
  }

  disconnectedCallback() {
    drawn.delete(this);
    this.unfollow();
  }

  attributeChangedCallback(name, before, after) {
    if (!this.isConnected || before === after) return;
    if (name === "user" || name === "users" || name === "contacts") this.follow();
    else this.draw();
  }

  follow() {
    this.unfollow();
    this.presence = connect();
    this.#offs = this.listen(this.presence);
    this.draw();
  }

  unfollow() {
    for (const off of this.#offs.splice(0)) off();
  }
}

/**
 * `<presence-dot user="42" name="Ana" text live>`: one person's status. `text` shows the words, `live` speaks changes.
 * `<presence-dot status="busy">` is a legend: it shows a status and follows nobody.
 */
export class PresenceDot extends PresenceElement {
  static observedAttributes = ["user", "status", "name", "text", "live"];

  #root = this.attachShadow({ mode: "open" });
  #shape = makeShape();
  #text = make("span", { part: "text" });

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [sheet(COLOURS), sheet(DOT)];
    this.#root.append(this.#shape, this.#text);
  }

  follow() {
    if (this.hasAttribute("status")) this.draw();
    else super.follow();
  }

  listen(presence) {
    return this.getAttribute("user") ? [presence.subscribe(this.getAttribute("user"), () => this.draw())] : [];
  }

  draw() {
    const status = this.getAttribute("status");
    const record = status ? { status } : this.presence?.get(this.getAttribute("user"));
    const name = this.getAttribute("name");
    const text = describe(record, this.presence?.now() ?? Date.now());
    drawShape(this.#shape, record);
    this.#text.className = this.hasAttribute("text") ? "" : "unseen";
    if (this.hasAttribute("live")) this.#text.setAttribute("aria-live", "polite");
    else this.#text.removeAttribute("aria-live");
    setText(this.#text, name && !this.hasAttribute("text") ? words.is(name, text) : text);
    this.title = text;
  }
}

const RANK = { online: 0, busy: 1, away: 2, offline: 3 };

/**
 * `<presence-list>`: one's contacts, or `<presence-list users="1,2">`. Names come from the contacts and from the property
 * `names` ({ "42": "Ana" }). Changes are spoken politely, several at once.
 */
export class PresenceList extends PresenceElement {
  static observedAttributes = ["users"];

  #root = this.attachShadow({ mode: "open" });
  #list = make("ul", { part: "list", role: "list" });
  #empty = make("p", { part: "empty" });
  #live = make("div", { class: "unseen", role: "status", "aria-live": "polite" });
  #items = new Map(); // user -> its nodes
  #names = {};
  #contacts = [];
  #asked = [];
  #reading;
  #news = new Map();
  #timer = 0;

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [sheet(COLOURS), sheet(LIST)];
    this.#root.append(this.#list, this.#empty, this.#live);
  }

  get names() {
    return this.#names;
  }

  set names(names) {
    this.#names = { ...this.#names, ...names };
    this.draw();
  }

  get #users() {
    const users = this.getAttribute("users");
    return users === null ? this.#contacts : users.split(",").map((user) => user.trim()).filter(Boolean);
  }

  listen(presence) {
    if (this.hasAttribute("users")) presence.watch({ users: this.#users });
    else {
      presence.watch({ contacts: true });
      this.refresh();
    }
    return [
      presence.on("change", ({ user, record, previous }) => {
        if (record && previous && record.status !== previous.status && !record.stale) this.#tell(user, record);
        this.#drawSoon();
      }),
      presence.on("sync", () => this.hasAttribute("users") || this.#meetStrangers()),
    ];
  }

  /** Somebody who is not in our list: a contact was added, here or elsewhere. Others whom the page shows are asked for once. */
  async #meetStrangers() {
    await this.#reading;
    const known = new Set(this.#contacts.concat(this.#asked));
    const strangers = [...this.presence.users].flatMap(([user, { me }]) => (me || known.has(user) ? [] : user));
    this.#asked.push(...strangers);
    if (strangers.length) this.refresh();
  }

  /** Ask for the contacts and their names again. */
  refresh() {
    return (this.#reading = this.#read());
  }

  async #read() {
    try {
      const { contacts } = await this.presence.request("GET", "/me/contacts/");
      // Whoever was only asked, or asks, is not visible yet.
      this.#contacts = contacts.filter(({ state }) => state === "accepted").map(({ user }) => user);
      this.names = Object.fromEntries(contacts.map(({ user, name }) => [user, name]));
      this.dispatchEvent(new CustomEvent("contacts", { detail: contacts }));
    } catch (error) {
      console.warn(`presence: the contacts cannot be read: ${error.message}`);
    }
  }

  #tell(user, record) {
    this.#news.set(user, words.is(this.#nameOf(user), words[record.status]));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      setText(this.#live, [...this.#news.values()].join(", "));
      this.#news.clear();
    }, 1500);
  }

  #nameOf(user) {
    return this.#names[user] || words.person(user);
  }

  #drawSoon() {
    this.drawing ??= requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.drawing = undefined;
    const { presence } = this;
    if (!presence) return;
    const now = presence.now();
    const rank = (user) => RANK[presence.get(user)?.status] ?? 4;
    const users = this.#users.sort((a, b) => rank(a) - rank(b) || this.#nameOf(a).localeCompare(this.#nameOf(b)));
    for (const [user, item] of this.#items) if (!users.includes(user)) item.li.remove(), this.#items.delete(user);
    users.forEach((user, place) => {
      const item = this.#items.get(user) ?? this.#makeItem(user);
      const record = presence.get(user);
      const { text, emoji } = record?.message ?? {};
      drawShape(item.shape, record);
      item.li.dataset.status = shapeOf(record);
      setText(item.avatar, [...this.#nameOf(user)][0]);
      setText(item.name, this.#nameOf(user));
      setText(item.text, describe(record, now));
      const said = [emoji, text].filter(Boolean).join(" ");
      setText(item.message, said && ` · ${said}`);
      if (this.#list.children[place] !== item.li) this.#list.insertBefore(item.li, this.#list.children[place] ?? null);
    });
    setText(this.#empty, users.length ? "" : words.nobody);
  }

  #makeItem(user) {
    const avatar = make("span", { class: "avatar", part: "avatar", "aria-hidden": "true" });
    const shape = makeShape();
    const name = make("span", { class: "name", part: "name" });
    const text = make("span", { part: "text" });
    const message = make("span", { class: "message", part: "message" });
    const line = make("span", { class: "line" }, text, message);
    const li = make(
      "li",
      { class: "item", part: "item", "data-user": user },
      make("span", { class: "face" }, avatar, shape),
      make("span", { class: "words" }, name, line),
    );
    const hue = [...user].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 47);
    avatar.style.setProperty("--hue", (hue * 67) % 360);
    const item = { li, avatar, shape, name, text, message };
    this.#items.set(user, item);
    return item;
  }
}

customElements.get("presence-dot") ?? customElements.define("presence-dot", PresenceDot);
customElements.get("presence-list") ?? customElements.define("presence-list", PresenceList);
