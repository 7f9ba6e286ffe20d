/**
 * rooms.js: enter a room by its name, see who is here, leave it.
 *
 * Flow: form -> enter(room) -> the stream's `room` events -> **one list per room**
 */

import { nameBook } from "./names.js";

const MOST = 20; // what a session may be in, and a stream may watch

export function showRooms(card, presence, me, contacts) {
  const names = nameBook(contacts);
  const form = card.querySelector("form");
  const note = card.querySelector(".note");
  const spoken = card.querySelector(".unseen[role=status]");
  const rooms = new Map(); // those that this tab is in: name -> what is drawn, and how to leave

  /** Draw a room, oneself first; answers the same in words. */
  function draw(name) {
    const { people, count } = rooms.get(name);
    const room = presence.room(name);
    const users = (room?.users ?? []).map(({ user, status }) => ({ status, own: user === me, called: user === me ? "You" : names.of(user) }));
    users.sort((a, b) => b.own - a.own || a.called.localeCompare(b.called));
    count.textContent = room && !presence.stale ? `${room.count} here` : "";
    people.replaceChildren(
      ...users.map(({ status, called }) => {
        const item = document.createElement("li");
        const dot = document.createElement("presence-dot");
        dot.setAttribute("status", presence.stale ? "unknown" : status);
        item.append(dot, called);
        return item;
      }),
    );
    if (room && !room.whole) {
      const others = document.createElement("li");
      others.textContent = `and ${room.count - users.length} more`;
      people.append(others);
    }
    return `In ${name}: ${users.map(({ called }) => called).join(", ")}`;
  }

  function enter(name) {
    const box = document.createElement("section");
    const title = document.createElement("h3");
    const count = document.createElement("small");
    const leave = document.createElement("button");
    const people = document.createElement("ul");
    box.className = "room";
    box.setAttribute("aria-label", name);
    title.append(name, count);
    leave.className = "quiet";
    leave.textContent = "Leave";
    leave.setAttribute("aria-label", `Leave ${name}`);
    leave.addEventListener("click", () => {
      rooms.get(name).leave();
      rooms.delete(name);
      box.remove();
      form.room.focus(); // the button that had the focus is gone
    });
    people.className = "here";
    people.setAttribute("role", "list");
    box.append(title, leave, people);
    form.before(box);
    rooms.set(name, { people, count, leave: presence.enter(name) });
    draw(name);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const name = form.room.value;
    note.textContent = "";
    if (rooms.has(name)) note.textContent = `You are in ${name}.`;
    else if (rooms.size >= MOST) note.textContent = `${MOST} rooms are as many as one can be in.`;
    else enter(name), (form.room.value = "");
  });
  presence.on("room", async ({ room, users }) => {
    await names.meet(room, users.map(({ user }) => user).filter((user) => user !== me));
    if (!rooms.has(room)) return;
    const text = draw(room);
    if (spoken.textContent !== text) spoken.textContent = text;
  });
  const redraw = () => [...rooms.keys()].forEach(draw);
  presence.on("state", redraw);
  card.hidden = false;
  return redraw; // for when names have come
}
