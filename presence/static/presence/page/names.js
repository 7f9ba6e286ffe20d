/**
 * names.js: what people are called. Contacts by the list of contacts; who else is in a room, by asking the site.
 *
 * Flow: ids -> contacts | GET rooms/names/ -> **name**
 */

import { words } from "../elements.js";

export function nameBook(contacts) {
  const met = new Map();
  const known = (user) => contacts()[user] ?? met.get(user);
  return {
    of: (user) => known(user) ?? words.person(user),

    /** Learn what the people of a room are called, as far as the site says; asks only if somebody is not known. */
    async meet(room, users) {
      if (users.every(known)) return;
      try {
        const answer = await fetch(`rooms/names/?room=${encodeURIComponent(room)}`, { signal: AbortSignal.timeout(5000) });
        const { names } = await answer.json();
        for (const user of users) met.set(user, names[user] ?? words.person(user)); // whoever has left since is asked for once
      } catch {
        // They go by their ids, until the room changes again.
      }
    },
  };
}
