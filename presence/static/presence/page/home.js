/**
 * home.js: joins the parts of the page at `/`.
 *
 * Flow: presence.js -> **home** -> banner, list, rooms, status, chart, sessions, wire
 */

import { connect } from "../presence.js";
import { showChart } from "./chart.js";
import { showRooms } from "./rooms.js";
import { showSessions } from "./sessions.js";
import { showStatus } from "./status.js";
import { showWire } from "./wire.js";

const presence = connect({ contacts: true });
const $ = (selector) => document.querySelector(selector);

const isHere = ({ status, stale }) => status !== "offline" && !stale;
const online = () => [...presence.users.values()].filter(isHere).length;

// ---- the banner: what is shown is old, and since when
const time = (date) => date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
const BANNERS = {
  stale: () =>
    presence.heardAt ? `Connection lost, showing what we knew at ${time(presence.heardAt)}. Trying again…` : "No connection yet. Trying again…",
  polling: () => "No live stream to be had here, so this page asks now and then.",
  "signed-out": () => "You are logged out. Reload to log in again.",
  stopped: () => "The server asked this page to stop. Reload to try again.",
};
presence.on("state", ({ state }) => {
  const banner = $("#banner");
  banner.textContent = BANNERS[state]?.() ?? "";
  banner.hidden = !BANNERS[state];
  banner.dataset.state = state;
});

// ---- people
const list = $("presence-list");
let contacts = [];
let counting;
function count() {
  counting ??= requestAnimationFrame(() => {
    counting = undefined;
    const known = contacts.map(({ user }) => presence.get(user)).filter(Boolean);
    $("#count").textContent = presence.stale || !known.length ? "" : `${known.filter(isHere).length} of ${known.length} here`;
  });
}
presence.on("change", count);

const add = $("#add");
const note = add.querySelector(".note");

async function ask(user) {
  try {
    const { state } = await presence.request("POST", "/me/contacts/", { user });
    note.textContent = state === "accepted" ? "Added." : "Asked. You see each other once they ask you too.";
    add.reset();
    list.refresh();
  } catch (error) {
    note.textContent = error.message;
  }
}

// ---- whoever asks to be a contact, and whom one asked
list.addEventListener("contacts", ({ detail }) => {
  contacts = detail;
  count();
  const rows = contacts.filter(({ state }) => state !== "accepted");
  $("#requests").replaceChildren(
    ...rows.map(({ user, name, state }) => {
      const item = document.createElement("li");
      const words = document.createElement("span");
      words.textContent = state === "incoming" ? `${name} asks to be your contact` : `${name} was asked`;
      item.append(words);
      if (state === "incoming") {
        const accept = document.createElement("button");
        accept.textContent = "Accept";
        accept.setAttribute("aria-label", `Accept ${name}`);
        accept.addEventListener("click", () => ask(user));
        item.append(accept);
      }
      return item;
    }),
  );
});

add.hidden = false;
add.addEventListener("submit", (event) => {
  event.preventDefault();
  ask(add.user.value.trim());
});

// ---- leaving on purpose is no reload: no grace
$("#logout").addEventListener("submit", () => presence.leave());

const { me } = JSON.parse($("#presence-config").textContent);
list.addEventListener("contacts", showRooms($("#rooms"), presence, me, () => list.names));
showStatus($("#status"), $("#my-dot"), presence);
showChart($("#chart"), presence, online);
showSessions($("#sessions"), presence);
showWire($("#wire"), $("#wire-state"), presence);
