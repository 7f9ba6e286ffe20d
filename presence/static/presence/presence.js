/**
 * presence.js: the browser's side of Presence. One ES module, no dependencies, no build step.
 *
 * Flow: input, visibility -> **heartbeat** -> server -> stream -> **leader tab** -> **every tab** -> your page
 *
 * One tab of a browser holds the stream (HTTP/1.1 allows six connections per origin, all tabs together) and relays it
 * to the others; each tab beats for itself, as its own session. It keeps nothing in storage, draws nothing and decides
 * no status: what others see is decided on the server. elements.js draws; docs/javascript.md has the recipes.
 *
 * Five parts, each with its own state: http (asks, renews the token), beats (what this session does), tabs (who leads),
 * stream (the leader's EventSource), view (what is known). createPresence, at the end, joins them.
 */

const DEFAULTS = {
  base: "/presence", // heartbeat, leave, stream
  api: "/api/v1",
  me: "", // one's own user id: keeps two people who share a browser apart
  device: "web",
  beat: true, // false: watch only, never be seen
  idleAfter: 300_000,
  keepAlive: 15_000, // the stream's `ping`
  staleAfter: 45_000, // three of them; the server's `stale_after_ms` wins
  lostAfter: 10_000, // a connection known to be broken greys earlier than a silent one
};

const EVENTS = "snapshot presence room alert stale fresh ping goodbye".split(" ");
// Without "scroll": a page that scrolls by itself is nobody's doing.
const INPUT = "pointerdown pointermove keydown wheel touchstart";
const FIRST_EVENT_WITHIN = 12_000; // the snapshot comes at once; from behind a proxy that buffers, nothing does
const SETTLED_AFTER = 20_000; // a stream that lived so long was healthy: the back-off starts again from its foot
const LEADER_SILENT_FOR = 40_000; // a frozen leader keeps its lock and says nothing
const PEER_GONE_AFTER = 200_000; // hidden tabs say hello once a minute at best

const STREAM = "text/event-stream";
// What is watched is written as keys: "u42" a user, "rlobby" a room, "c" one's contacts.
const keysOf = ({ users = [], rooms = [], contacts }) => [
  ...[...users].map((user) => `u${user}`),
  ...[...rooms].map((room) => `r${room}`),
  ...(contacts ? ["c"] : []),
];
const idsIn = (keys, kind) => keys.filter((key) => key[0] === kind).map((key) => key.slice(1));
const isHidden = () => document.hidden;
const clock = () => performance.now(); // never Date: the wall clock jumps
const epochOf = (cursor) => cursor.slice(0, cursor.lastIndexOf("."));
const jitter = (failures, foot) => Math.random() * Math.min(30_000, foot * 2 ** failures);
// A 4xx is a mistake of somebody's that quick repetition does not mend; 408 and 429 pass, as do 5xx and no answer.
const isLasting = (status) => /^4(?!08|29)/.test(status);

// randomUUID and Web Locks exist in secure contexts only (https or localhost).
const mintId = () => crypto.randomUUID?.() ?? crypto.getRandomValues(new Uint32Array(4)).join("-");

// Static files with hashed names can load this module under two addresses: the connections live beside the modules.
const connections = (globalThis[Symbol.for("presence.connections")] ??= new Map());

/** What `{% presence_script %}` wrote into the page. */
function pageOptions() {
  try {
    return JSON.parse(document.getElementById("presence-config").textContent);
  } catch {
    return {};
  }
}

/** Connect, or add to what the page's connection already watches: a page has one session, however many ask for it. */
export function connect(options = {}) {
  const all = { ...DEFAULTS, ...pageOptions(), ...options };
  const name = `presence ${all.base} ${all.me}`;
  let presence = connections.get(name);
  if (presence) presence.watch(options);
  else connections.set(name, (presence = createPresence(name, all)));
  return presence;
}

// -------------------------------------------------------------------------------------------------------- http

/** Ask the server as this page's user; a 401 renews the token once. */
function createHttp(options, { after, say, onSignedOut }) {
  // For pages of another origin: a token, or an async function that fetches one. Otherwise the HttpOnly cookie serves.
  const given = options.token;
  let token;
  let renewing;

  /** fetch as this page's user. Answers { ok, status, type, wait, data }; never throws. */
  async function call(method, url, body, renewed, accept = "application/json") {
    const headers = { Accept: accept };
    if (body) headers["Content-Type"] = accept;
    if (given) headers.Authorization = `Bearer ${token}`;
    else if (method !== "GET") headers["X-CSRFToken"] = options.csrf ?? "";
    const answer = { ok: false, status: 0 };
    try {
      const response = await fetch(url, {
        method,
        headers,
        body: body && JSON.stringify(body),
        credentials: given ? "omit" : "include",
        keepalive: isHidden(), // a beat that says "hidden" may be the page's last word
        signal: AbortSignal.timeout(15_000),
      });
      answer.status = response.status;
      answer.wait = 1000 * response.headers.get("Retry-After") || 0;
      answer.type = response.headers.get("Content-Type");
      if (accept === STREAM) response.body?.cancel(); // only its status was wanted
      else if (response.status !== 204) answer.data = await response.json();
      answer.ok = response.ok;
    } catch {
      // Unreachable, or HTML where JSON was due (a captive portal, a proxy's own page): `ok` stays false.
    }
    return answer.status === 401 && !renewed && (await renew()) ? call(method, url, body, true, accept) : answer;
  }

  async function fetchToken() {
    if (given) return (token = await (given.call ? given() : given));
    const { ok, status, data } = await call("POST", `${options.api}/presence/token/`, undefined, true);
    if (status === 401 || status === 403) onSignedOut();
    if (!ok) return;
    // Renewed well before its end, and not by all tabs at the same moment.
    if (data.expires_in > 0) after("token", data.expires_in * (700 + Math.random() * 200), renew);
    return (token = data.token);
  }

  /** Callers at the same time share one renewal. */
  const renew = () =>
    (renewing ??= fetchToken()
      .catch((error) => say(`no token: ${error}`))
      .finally(() => (renewing = null)));

  return { call, renew, token: () => token };
}

// ------------------------------------------------------------------------------------------------------- beats

/** What this session does (active, idle, hidden), told at the server's pace and at once when it changes. */
function createBeats(options, session, entered, { after, say, call, onAnswer }) {
  let inputAt = clock();
  let told = "";
  let sentAt = -Infinity;
  let sending = false;
  let resting = false;
  let failures = 0;

  const activity = () => (isHidden() ? "hidden" : clock() - inputAt < options.idleAfter ? "active" : "idle");

  async function beat() {
    if (!options.beat || resting) return;
    // One at a time and one a second: switching tabs to and fro is not worth more; the delayed one tells the last.
    if (sending || clock() - sentAt < 1000) return after("beat", 1000, beat);
    sending = true;
    sentAt = clock();
    const now = activity();
    const body = { session, activity: now, device: options.device, rooms: [...new Set([...entered].flat())] };
    const { ok, status, data, wait } = await call("POST", `${options.base}/heartbeat`, body);
    sending = false;
    let next = data?.next_in_ms > 0 ? data.next_in_ms : 25_000;
    if (ok) {
      told = now;
      failures = 0;
      onAnswer(data);
    } else {
      say(status ? `heartbeats answer ${status}` : "server not reachable");
      next = isLasting(status) ? 60_000 * (1 + Math.random()) : wait + jitter(failures++, 1000);
    }
    after("beat", next, beat);
  }

  return {
    beat,
    /** The person did something. Coming back shows at once; going idle can wait for the tick. */
    input() {
      inputAt = clock();
      if (told === "idle") beat();
    },
    tick() {
      // Clicks inside embedded frames reach no listener of ours, but they do activate the page.
      if (navigator.userActivation?.isActive) inputAt = clock();
      if (told && activity() !== told && !sending) beat();
    },
    /** Say nothing (a page that goes is hidden *after* `pagehide`: a beat then would undo the leave), or speak again. */
    rest(yes) {
      resting = yes;
      told = "";
      after("beat");
    },
  };
}

// -------------------------------------------------------------------------------------------------------- tabs

/** Who leads, and the relay between the tabs. `wants()` is what this tab watches. */
function createTabs(name, session, { say, wants, onTurn, onMessage }) {
  const peers = new Map();
  let channel = null;
  let leading = false;
  let release;
  let queued;
  let leaderAt = clock();
  let askedAt = 0;

  const post = (message) => {
    try {
      channel?.postMessage({ ...message, from: session });
    } catch {
      // closed under us: the page is going away
    }
  };
  const hello = (ask) => {
    if (ask) askedAt = clock();
    post({ t: "hello", ask, keys: wants() });
  };

  function lead(delay) {
    leading = true;
    post({ t: "lead" }); // the others answer with what they watch
    onTurn(true, delay);
  }

  function follow() {
    if (!leading) return;
    leading = false;
    release?.();
    onTurn(false);
  }

  function alone(why) {
    say(`${why}: one stream per tab`);
    lead(0);
  }

  function queue(steal) {
    queued?.abort();
    queued = new AbortController();
    const { signal } = queued;
    leaderAt = clock();
    const hold = () =>
      new Promise((resolve) => {
        release = resolve;
        if (signal.aborted) resolve();
        else lead(60);
      });
    navigator.locks.request(name, steal ? { steal } : { signal }, hold).catch((error) => {
      if (signal.aborted) return; // withdrawn by ourselves
      if (error?.name !== "AbortError") return alone("Web Locks refused");
      follow(); // a visible tab took the lock, because this one was frozen
      queue();
    });
  }

  function receive({ data: message }) {
    const { t, from } = message;
    if (t === "hello") peers.set(from, { ...message, at: clock() });
    if (t === "bye") peers.delete(from);
    if (t === "lead") hello();
    if ("event lost stop lead".includes(t)) leaderAt = clock();
    onMessage(message);
  }

  return {
    post,
    hello,

    join() {
      if (channel || leading) return;
      try {
        if (!navigator.locks) throw 0;
        channel = new BroadcastChannel(name);
      } catch {
        return alone("no Web Locks or BroadcastChannel");
      }
      channel.onmessage = receive;
      hello(true);
      queue();
    },

    /** Let go of everything that would keep the page out of the back-forward cache, or block the others when frozen. */
    part() {
      post({ t: "bye" });
      queued?.abort();
      follow();
      channel?.close();
      channel = null;
    },

    /** A follower that hears nothing asks; a visible one that gets no answer takes over. */
    tick() {
      const silent = clock() - leaderAt;
      if (!channel || leading || silent < LEADER_SILENT_FOR / 2) return;
      if (clock() - askedAt > 5000) hello(true);
      if (silent > LEADER_SILENT_FOR && !isHidden()) queue(true);
    },

    /** All that the tabs of this browser watch together. */
    union() {
      const all = new Set(wants());
      for (const [id, { at, keys }] of peers) {
        if (clock() - at > PEER_GONE_AFTER) peers.delete(id);
        else keys.forEach(all.add, all);
      }
      return [...all].sort();
    },
  };
}

// ------------------------------------------------------------------------------------------------------ stream

/** The leader's EventSource: opened, watched, and opened again. `view` holds the cursor to resume from. */
function createStream(options, session, { after, say, http, view, union, mayOpen, onEvent, onMiss, onStop }) {
  let source = null;
  let openedAt = 0;
  let heardAt = 0;
  let failures = 0;
  let suspect = false; // refused with a status: the next attempt asks why
  let retryAt = Infinity;
  let asking = false;
  let page; // of a snapshot that comes in several
  let polledAt = -Infinity;

  function url() {
    const keys = union();
    const scope = JSON.stringify(keys);
    if (scope !== view.scope) view.cursor = ""; // "what changed since" would leave out the newly watched
    view.scope = scope;
    const query = new URLSearchParams();
    const more = {
      ping: 1,
      users: idsIn(keys, "u").join(),
      rooms: idsIn(keys, "r").join(),
      contacts: +keys.includes("c"),
      session: options.beat && session,
      cursor: view.cursor,
      token: options.token && http.token(),
    };
    for (const name in more) if (more[name]) query.set(name, more[name]);
    return `${options.base}/stream?${query}`;
  }

  function shut() {
    source?.close();
    source = null;
    heardAt = 0;
    page = undefined;
  }

  function open() {
    shut();
    if (!mayOpen()) return; // the lead may have gone while something was awaited, or the server wants no more
    retryAt = Infinity;
    const mine = (source = new EventSource(url(), { withCredentials: !options.token }));
    openedAt = clock();
    for (const type of EVENTS)
      mine.addEventListener(type, ({ lastEventId, data }) => mine === source && receive(type, lastEventId, data));
    // Closed for good means a wrong status or content type; EventSource does not say which. A lost network it would
    // retry by itself every 3 s, all clients in step. Both go through one jittered back-off of our own.
    mine.onerror = () => mine === source && lose("", mine.readyState === 2);
  }

  async function receive(type, id, text) {
    let data;
    try {
      data = JSON.parse(text);
    } catch {
      return say(`unreadable "${type}" event`);
    }
    heardAt = clock();
    suspect = false;
    if (type === "snapshot") {
      if (page) data = { ...data, users: [...page.users, ...data.users], partial: page.partial };
      page = data.more && data;
      if (page) return; // applied as one, so that nobody is missing for a moment
    }
    onEvent(type, id, data);
    if (type !== "goodbye") return;
    const wait = data.retry_ms ?? 1000;
    shut();
    failures = 0;
    if (data.reason === "revoked") await http.renew();
    miss(wait, wait);
  }

  /** No stream for now: try again after `delay`; it counts as lost after `grace`. */
  function miss(delay, grace = 0) {
    if (!mayOpen()) return;
    retryAt = clock() + delay;
    after("open", delay, attempt);
    onMiss(grace);
  }

  function fail(why, atLeast = 0) {
    if (why) say(why);
    miss(atLeast + jitter(failures++, 2000));
    if (failures > 1 || !view.heardAt) poll(); // one that failed may heal soon; a page that knows nobody cannot wait
  }

  function lose(why, refused = false) {
    if (heardAt && clock() - openedAt > SETTLED_AFTER) failures = 0;
    shut();
    suspect = refused;
    fail(why);
  }

  function attempt() {
    if (source || asking) return;
    retryAt = Infinity;
    if (!union().length) return; // nothing to watch: fit() comes back
    if (suspect) probe();
    else open();
  }

  /** Ask for the stream with fetch, which unlike EventSource tells why it is refused. */
  async function probe() {
    asking = true;
    const { status, type, wait } = await http.call("GET", url(), undefined, false, STREAM);
    asking = false;
    suspect = status > 0 && status !== 204;
    if (status === 204) return onStop();
    if (status === 200 && type?.startsWith(STREAM)) return open();
    const why = status === 200 ? type : status;
    // Every half minute is often enough to poll without turning stale in between.
    fail(status && `the stream answers ${why}; polling meanwhile`, isLasting(status) ? 30_000 : wait);
  }

  /** Without a stream, ask: at the pace of the back-off. */
  async function poll() {
    if (clock() - polledAt < 5000) return;
    polledAt = clock();
    const keys = union();
    const contacts = keys.includes("c") ? (await http.call("GET", `${options.api}/me/contacts/`)).data?.contacts : [];
    if (!contacts) return;
    const ids = [...new Set([...idsIn(keys, "u"), ...contacts.map(({ user }) => user)])];
    const data = { users: [], partial: false };
    while (ids.length) {
      const answer = await http.call("POST", `${options.api}/presence/query/`, { users: ids.splice(0, 1000) });
      if (!answer.ok) return;
      data.users.push(...answer.data.users);
      data.stale_after_ms = answer.data.stale_after_ms;
    }
    if (!heardAt) onEvent("snapshot", "", data, "polling");
  }

  return {
    attempt,
    stop() {
      shut();
      retryAt = Infinity;
      after("open");
    },
    due: () => clock() >= retryAt,
    /** The network changed: an open socket may be dead without knowing. */
    renew() {
      if (!source) return;
      shut();
      miss(0);
    },
    /** Open anew when more is wanted than the stream carries, or fewer rooms. */
    fit() {
      if (!source) return void (retryAt === Infinity && attempt());
      const had = JSON.parse(view.scope);
      const keys = union();
      // A room that nobody wants any more ends at once; a person, when the stream is next opened.
      if (keys.some((key) => !had.includes(key)) || `${idsIn(had, "r")}` !== `${idsIn(keys, "r")}`) after("open", 50, open);
    },
    tick() {
      const silent = clock() - (heardAt || openedAt);
      if (!source) clock() >= retryAt && attempt();
      else if (heardAt && silent > 2.7 * options.keepAlive) lose("the stream fell silent");
      else if (!heardAt && silent > FIRST_EVENT_WITHIN) lose("no events: does a proxy buffer them?");
    },
  };
}

// -------------------------------------------------------------------------------------------------------- view

/** What is known: the server's records, and the page's frozen views of them, which carry `stale`. */
function createView(options, { emit, counts }) {
  const records = new Map();
  const views = new Map();
  let ahead = Date.now() - clock(); // of our clock: the server's, once it has said what time it is

  const view = {
    records,
    views,
    cursor: "",
    scope: "", // what the cursor's stream watched
    heardAt: 0,
    lostAt: 0,
    stale: false,
    held: false, // the server itself has lost sight of everybody
    rooms: new Map(),

    now: () => ahead + clock(),
    sync(instant) {
      const ms = Date.parse(instant);
      if (ms) ahead = ms - clock();
    },

    receive(type, id, data) {
      view.heardAt = clock();
      view.lostAt = 0;
      if (type === "stale") view.held = true;
      if (type === "fresh" || type === "snapshot") view.held = !!data.held;
      const sameEpoch = !id || epochOf(id) === epochOf(view.cursor);
      if (id) view.cursor = id;
      view.sync(data.now);
      if (data.stale_after_ms > 0) options.staleAfter = data.stale_after_ms;
      if (type === "snapshot")
        for (const room of view.rooms.keys()) if (!view.scope.includes(JSON.stringify(`r${room}`))) view.rooms.delete(room);
      const touched = new Set(view.stale !== view.held ? views.keys() : []);
      view.stale = view.held;
      for (const room of type === "room" ? [data] : (data.rooms ?? [])) {
        view.rooms.set(room.room, room);
        view.tell(room.room);
      }
      if (type === "alert") emit(type, data);
      // A room's people are the room's: nothing else would tell when they go.
      const users = type === "room" || !data.users ? [] : data.users;
      const replaces = data.partial === false; // a snapshot of everybody
      if (replaces) {
        for (const user of records.keys()) touched.add(user);
        records.clear();
      }
      for (const record of users) {
        const { user } = record;
        // Versions count within an epoch; a full snapshot is the truth, whatever was held before.
        if (!replaces && sameEpoch && !record.gone && record.version < records.get(user)?.version) continue;
        if (record.gone) records.delete(user);
        else records.set(user, record);
        touched.add(user);
      }
      view.show(touched);
      if (type === "snapshot") emit("sync");
    },

    tell(room) {
      if (counts.has(`r${room}`) && view.rooms.has(room)) emit("room", view.rooms.get(room));
    },

    show(users) {
      for (const user of [...users]) {
        const record = records.get(user);
        const next = record && (counts.has("c") || counts.has(`u${user}`)) ? Object.freeze({ ...record, stale: view.stale }) : undefined;
        const previous = views.get(user);
        if (JSON.stringify(next) === JSON.stringify(previous)) continue; // healing does not flicker
        if (next) views.set(user, next);
        else views.delete(user);
        emit("change", { user, record: next, previous });
      }
    },

    /** Answers whether everything has just turned stale. */
    tick() {
      const quiet = view.heardAt && clock() - view.heardAt > options.staleAfter;
      const lost = view.lostAt && clock() - view.lostAt > options.lostAfter;
      return !view.stale && (quiet || lost) && view.grey();
    },

    grey() {
      view.stale = true;
      view.show(views.keys());
      return true;
    },
  };
  return view;
}

// --------------------------------------------------------------------------------------------------- the whole

function createPresence(name, options) {
  const presence = new EventTarget();
  const session = mintId(); // per page load: copied from sessionStorage, a duplicated tab would be the same session
  const ended = new AbortController();
  const { signal } = ended;
  const timers = {};
  const counts = new Map(); // key of what is watched -> how many ask
  const entered = new Set(); // one [room] for each who entered it: whoever leaves leaves for themselves
  let started = false;
  let said = "";
  let ticked = clock();
  let late = false;

  const after = (timer, delay, react) => {
    clearTimeout(timers[timer]);
    if (react && !signal.aborted) timers[timer] = setTimeout(react, Math.min(delay, 2 ** 31 - 1));
  };
  const emit = (type, detail) => presence.dispatchEvent(new CustomEvent(type, { detail }));
  const say = (text) => {
    if (text !== said) console.warn(`presence: ${text}`);
    said = text;
  };
  const set = (next) => {
    if (next === "live") said = "";
    if (next === presence.state) return;
    presence.state = next;
    presence.why = said;
    emit("state", presence);
  };
  const wants = () => [...counts.keys()];
  const rewatch = () =>
    started &&
    after("watch", 30, () => {
      idsIn(wants(), "r").forEach(view.tell); // another tab may have heard of them long ago
      tabs.hello();
      if (presence.leading) stream.fit();
    });
  const unwatch = (key) => {
    const left = counts.get(key) - 1;
    if (left) counts.set(key, left);
    else counts.delete(key);
    rewatch();
  };
  const relay = (message) => (tabs.post(message), receive(message));
  const tellMe = (me) => {
    presence.status = me.status;
    emit("me", me);
  };

  const http = createHttp(options, {
    after,
    say,
    onSignedOut() {
      say("signed out");
      set("signed-out");
      view.grey();
    },
  });
  const view = createView(options, { emit, counts });
  const beats = createBeats(options, session, entered, {
    after,
    say,
    call: http.call,
    onAnswer(data) {
      view.sync(data.now);
      if (data.status !== presence.status) tellMe({ status: data.status });
      tabs.hello();
    },
  });
  const tabs = createTabs(name, session, {
    say,
    wants,
    onTurn(leading, delay) {
      presence.leading = leading;
      if (leading) after("open", delay, stream.attempt);
      else stream.stop();
      emit("leader", leading);
    },
    onMessage: receive,
  });
  const stream = createStream(options, session, {
    after,
    say,
    http,
    view,
    union: tabs.union,
    mayOpen: () => presence.leading && presence.state !== "stopped",
    onEvent: (type, id, data, state) => relay({ t: "event", type, id, data, state, scope: view.scope }),
    onMiss: (grace) => presence.state !== "polling" && relay({ t: "lost", grace }), // what was polled greys by its age
    onStop() {
      say("told to stop");
      relay({ t: "stop" });
    },
  });

  /** What the leader heard, in every tab alike; and what tabs tell each other. */
  function receive(message) {
    const { t, type, id, data } = message;
    const { leading } = presence;
    if (t === "event") {
      const age = message.age ?? 0;
      emit("raw", { type, id, data });
      if (type === "goodbye") return;
      if (message.to && (message.to !== session || (view.heardAt && view.heardAt > clock() - age))) return;
      view.scope = message.scope ?? view.scope;
      view.receive(type, id, data);
      view.heardAt -= age;
      if (message.lost) view.lostAt = clock();
      set(view.held ? "stale" : (message.state ?? "live"));
    } else if (t === "lost") view.lostAt ||= clock() + message.grace;
    else if (t === "stop") set("stopped");
    else if (t === "me") tellMe(message.me);
    else if (t === "kick" && leading && (!message.due || stream.due())) stream.attempt();
    else if (t === "hello" && leading) {
      if (message.ask && view.heardAt)
        tabs.post({
          t: "event",
          type: "snapshot",
          id: view.cursor,
          data: { users: [...view.records.values()], partial: false, rooms: [...view.rooms.values()], held: view.held },
          scope: view.scope,
          state: presence.state,
          to: message.from,
          age: clock() - view.heardAt,
          lost: view.lostAt,
        });
      stream.fit();
    }
  }

  /** Once a second (once a minute in a hidden tab): everything that depends on time passing. */
  function tick() {
    after("tick", 1000, tick);
    const wasLate = late;
    late = clock() - ticked > 5000;
    ticked = clock();
    beats.tick();
    // After a freeze the events that waited have not been read yet, so silence is judged on the next tick; but not twice
    // in a row, because in a throttled tab every tick is late.
    if (late && !wasLate) return;
    if (presence.leading) stream.tick();
    else {
      tabs.tick();
      if (view.lostAt && !isHidden()) tabs.post({ t: "kick", due: true }); // the leader's timers may be throttled
    }
    if (view.tick() && !"signed-out stopped".includes(presence.state)) set("stale");
  }

  function wake() {
    beats.beat();
    if (presence.leading) stream.attempt();
    else tabs.post({ t: "kick" });
  }

  function part(leaving, final) {
    beats.rest(true);
    tabs.part();
    // A hint only: mobile browsers often end a page without it, and then the lease does the work. A string goes out as
    // text/plain, which needs no preflight.
    if (leaving && options.beat)
      navigator.sendBeacon(`${options.base}/leave`, JSON.stringify({ session, final, token: http.token() }));
  }

  async function start() {
    if (signal.aborted) return;
    started = true;
    const listen = (target, names, react) => {
      for (const type of names.split(" ")) target.addEventListener(type, react, { signal, passive: true, capture: true });
    };
    const back = () => {
      beats.rest(false);
      tabs.join();
      wake();
    };
    // A pointer that rests while the page moves under it also "moves", by nothing.
    listen(window, INPUT, (event) => (event.type !== "pointermove" || event.movementX || event.movementY) && beats.input());
    listen(document, "visibilitychange", () => {
      if (!isHidden()) beats.input();
      wake();
    });
    listen(window, "online", () => {
      stream.renew();
      wake();
    });
    listen(window, "pagehide", () => part(true));
    listen(window, "pageshow", (event) => event.persisted && (beats.input(), back()));
    listen(document, "freeze", () => part(false));
    listen(document, "resume", back);
    if (options.token || options.renew) await http.renew(); // the page came without a cookie, or with somebody else's
    if (signal.aborted) return;
    beats.beat();
    tabs.join();
    tick();
  }

  const page = {
    session,
    leading: false, // whether this tab holds the stream
    state: "connecting",
    why: "",
    status: undefined, // one's own, as the last heartbeat was told
    get stale() {
      return view.stale;
    },
    /** When anything was last heard, on this machine's clock; null before the first time. */
    get heardAt() {
      return view.heardAt ? new Date(Date.now() - (clock() - view.heardAt)) : null;
    },
    /** Every view, by user. */
    get users() {
      return new Map(view.views);
    },
    /** The newest view of a user; undefined when unknown or not visible. */
    get: (user) => view.views.get(`${user}`),
    /** The server's clock, so that "3 min ago" is right on a machine whose own is wrong. */
    now: view.now,

    /** Listen to "change", "sync", "state", "me", "leader" or "raw". Answers the function that ends it. */
    on(type, listener) {
      const wrapped = ({ detail }) => listener(detail);
      presence.addEventListener(type, wrapped);
      return () => presence.removeEventListener(type, wrapped);
    },

    /** Watch one user: called at once and on each change. Answers the function that ends it. */
    subscribe(user, listener) {
      user = `${user}`;
      const off = page.on("change", (detail) => detail.user === user && listener(detail.record));
      page.watch({ users: [user] });
      listener(page.get(user));
      return () => {
        off();
        unwatch(`u${user}`);
      };
    },

    watch(more) {
      for (const key of keysOf(more)) counts.set(key, (counts.get(key) ?? 0) + 1);
      view.show(view.records.keys());
      rewatch();
    },

    /** The newest view of a watched room: { room, count, whole, users }. */
    room: (room) => view.rooms.get(room),

    /** Be in a room, and watch it. Answers the function that leaves it. */
    enter(room) {
      const own = [room];
      entered.add(own);
      page.watch({ rooms: [room] });
      beats.beat();
      return () => {
        if (entered.delete(own)) unwatch(`r${room}`), beats.beat();
      };
    },

    /** See presence.d.ts: "busy", or { availability, until, for, message }. */
    async setStatus(choice) {
      const { for: span, ...body } = typeof choice === "string" ? { availability: choice } : choice;
      if (span) body.until = new Date(view.now() + span);
      const me = await page.request("PUT", "/me/status/", body);
      relay({ t: "me", me });
      return me;
    },

    /** Ask the HTTP API as this page's user; `path` is under /api/v1. Throws an Error with `status` and `problem`. */
    async request(method, path, body) {
      const { ok, status: code, data } = await http.call(method, options.api + path, body);
      if (ok) return data;
      const text = data?.detail ?? data?.title ?? (code || "not reachable");
      throw Object.assign(new Error(text), { status: code, problem: data });
    },

    /** Sign out: end this session without the grace that a page reload is given. */
    leave: () => page.close(true),

    /** Stop everything on this page. The session ends after the grace. */
    close(final) {
      if (signal.aborted) return;
      part(true, final);
      ended.abort();
      for (const timer in timers) clearTimeout(timers[timer]);
      connections.delete(name);
      set("closed");
    },
  };
  Object.defineProperties(presence, Object.getOwnPropertyDescriptors(page));
  page.watch(options);
  // A page that is only prerendered is not being looked at: nobody comes online for it.
  if (document.prerendering) document.addEventListener("prerenderingchange", start, { once: true });
  else queueMicrotask(start); // after the caller attached its listeners
  return presence;
}
