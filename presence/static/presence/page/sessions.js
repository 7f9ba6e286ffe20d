/**
 * sessions.js: one's own sessions, and why one's status is what it is.
 *
 * Flow: GET me/why/ -> **list**; asked again when something changed, and every ten seconds while somebody looks
 */

import { ago } from "../elements.js";

const RULES = {
  no_session: "no session of yours is open",
  choice: "you chose it",
  claim: "an application said so",
  active_session: "you are active here",
  all_idle: "you have not touched anything for a while",
};
const DEVICES = { web: "Browser", desktop: "Desktop", mobile: "Phone", phone: "Phone", tablet: "Tablet", other: "Device" };

export async function showSessions(card, presence) {
  const list = card.querySelector("ul");
  const why = card.querySelector("#why");
  let asking = false;

  function draw({ status, shown, rule, sessions }) {
    why.textContent = `You are ${status}, because ${RULES[rule] ?? rule}.` + (shown === status ? "" : ` Others see ${shown}.`);
    list.replaceChildren(
      ...sessions.map((session) => {
        const item = document.createElement("li");
        const name = document.createElement("strong");
        const line = document.createElement("span");
        name.textContent = (DEVICES[session.device] ?? session.device) + (session.session === presence.session ? " (this tab)" : "");
        const parts = [session.leaving ? "leaving" : session.activity, session.streaming && "stream open"];
        line.textContent = [...parts, `heard ${ago(session.last_beat, presence.now())}`].filter(Boolean).join(" · ");
        item.append(name, line);
        if (session.session !== presence.session) {
          const end = document.createElement("button");
          end.className = "quiet";
          end.textContent = "End";
          end.setAttribute("aria-label", `End the session ${name.textContent}, ${line.textContent}`);
          end.addEventListener("click", () => presence.request("DELETE", `/me/sessions/${encodeURIComponent(session.session)}/`).then(ask, ask));
          item.append(end);
        }
        return item;
      }),
    );
  }

  async function ask() {
    if (asking || document.hidden) return true;
    asking = true;
    try {
      draw(await presence.request("GET", "/me/why/"));
      card.hidden = false;
      return true;
    } catch (error) {
      return error.status !== 404; // a server without this part: do not ask again
    } finally {
      asking = false;
    }
  }

  if (!(await ask())) return;
  setInterval(ask, 10_000);
  presence.on("me", ask);
  presence.on("state", ({ state }) => state === "live" && ask());
}
