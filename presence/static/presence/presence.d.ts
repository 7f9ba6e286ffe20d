/** Types of presence.js: the browser's side of Presence. */

export type Status = "online" | "away" | "busy" | "offline";
export type Availability = "auto" | "away" | "busy" | "invisible";

/**
 * - `connecting`: nothing heard yet
 * - `live`: the stream is open, here or in the tab that leads
 * - `polling`: no stream to be had (a proxy buffers, the server refuses), so the API is asked now and then
 * - `stale`: nothing heard for too long; every record says `stale: true`
 * - `signed-out`: the server knows nobody behind this page
 * - `stopped`: the server asked to stop (204)
 * - `closed`: `close()` or `leave()` was called
 */
export type State = "connecting" | "live" | "polling" | "stale" | "signed-out" | "stopped" | "closed";

export interface Message {
  text: string;
  emoji?: string | null;
  until?: string | null;
}

/** What is known about one user. Frozen; a new object for each change, so `===` tells whether anything changed. */
export interface PresenceRecord {
  readonly user: string;
  readonly status: Status;
  /** When the present status began (RFC 3339). */
  readonly since: string;
  /** The last proof of life, or null where it is not known or not shown. */
  readonly last_seen: string | null;
  readonly devices: readonly string[];
  readonly message: Message | null;
  readonly version: number;
  /** True while the connection is lost: this is what was known, not what is. */
  readonly stale: boolean;
}

export interface Me {
  status: Status;
  user?: string;
  name?: string;
  availability?: Availability;
  until?: string | null;
  message?: Message | null;
}

/** Who is in a room. Above 50 members `users` is a sample and `whole` is false; `count` is everybody. */
export interface Room {
  readonly room: string;
  readonly count: number;
  readonly whole: boolean;
  readonly users: readonly Omit<PresenceRecord, "stale">[];
}

export interface Watch {
  users?: Iterable<string | number>;
  /** Everybody in one's contacts. */
  contacts?: boolean;
  rooms?: Iterable<string>;
}

export interface Options extends Watch {
  /** Where heartbeat, leave and stream live. Default "/presence". */
  base?: string;
  /** Where the HTTP API lives. Default "/api/v1". */
  api?: string;
  /** One's own user id: keeps two people who share a browser apart. */
  me?: string;
  /** What kind of device this is. Default "web". */
  device?: string;
  /** False: watch only, never be seen. Default true. */
  beat?: boolean;
  /** For pages of another origin: a token, or a function that fetches one. Without it the HttpOnly cookie serves. */
  token?: string | (() => string | Promise<string>);
  /** Django's CSRF token, sent with requests to the API. */
  csrf?: string;
  /** Milliseconds without input before the session says "idle". Default 300 000. */
  idleAfter?: number;
  /** Milliseconds between the stream's pings. Default 15 000. A stream silent for 2.7 of them is opened anew. */
  keepAlive?: number;
  /** True: fetch the cookie before anything else. `{% presence_script %}` knows when. */
  renew?: boolean;
  /** Milliseconds of silence after which everything is stale. Default 45 000; the server's own figure wins. */
  staleAfter?: number;
  /** The same, once the connection is known to be broken. Default 10 000. */
  lostAfter?: number;
}

export interface StatusChoice {
  availability?: Availability;
  until?: Date | string | null;
  /** Milliseconds from now, instead of `until`. */
  for?: number;
  message?: Message | null;
}

export interface Events {
  /** One user changed; `record` is undefined when the user is no longer visible. */
  change: { user: string; record: PresenceRecord | undefined; previous: PresenceRecord | undefined };
  /** A snapshot arrived. */
  sync: null;
  /** Who is in a watched room, anew. */
  room: Room;
  /** Somebody of whom one wanted to be told is online. */
  alert: { user: string; status: Status; at: string };
  /** `state` of the connection changed. */
  state: Presence;
  /** One's own status changed, here or in another tab. */
  me: Me;
  /** This tab began (true) or ceased (false) to hold the stream. */
  leader: boolean;
  /** An event of the stream as it arrived. */
  raw: { type: string; id: string; data: unknown };
}

export interface Presence extends EventTarget {
  readonly session: string;
  readonly state: State;
  /** Why `state` is not "live", in words for a log. */
  readonly why: string;
  readonly stale: boolean;
  readonly leading: boolean;
  /** One's own status, as the last heartbeat was told. */
  readonly status: Status | undefined;
  /** When anything was last heard, on this machine's clock. */
  readonly heardAt: Date | null;
  readonly users: Map<string, PresenceRecord>;

  get(user: string | number): PresenceRecord | undefined;
  /** The server's clock in milliseconds. */
  now(): number;
  on<E extends keyof Events>(type: E, listener: (detail: Events[E]) => void): () => void;
  /** Called at once and on each change, until the answered function is called. */
  subscribe(user: string | number, listener: (record: PresenceRecord | undefined) => void): () => void;
  watch(more: Watch): void;
  /** The newest view of a watched room. */
  room(room: string): Room | undefined;
  /** Be in a room, and watch it. Answers the function that leaves it. */
  enter(room: string): () => void;
  setStatus(choice: Availability | StatusChoice): Promise<Me>;
  /** The HTTP API as this page's user. Rejects with an Error that has `status` and `problem` (RFC 9457). */
  request<T = unknown>(method: string, path: string, body?: unknown): Promise<T>;
  /** Sign out: end this session at once. */
  leave(): void;
  /** Stop everything on this page; the session ends after the grace. */
  close(): void;
}

/** Connect, or add to what the page's connection already watches. */
export function connect(options?: Options): Presence;
