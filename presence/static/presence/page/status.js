/**
 * status.js: one's own status and message, chosen and shown.
 *
 * Flow: form -> PUT me/status/ -> **form and dot**, in all tabs alike
 */

export async function showStatus(card, dot, presence) {
  const form = card.querySelector("form");
  const note = card.querySelector(".note");
  let me;

  function draw() {
    dot.setAttribute("status", presence.status ?? me?.status ?? "unknown");
    if (!me || form.contains(document.activeElement)) return; // never under the person's hands
    form.availability.value = me.availability;
    form.text.value = me.message?.text ?? "";
    form.emoji.value = me.message?.emoji ?? "";
    if (form.emoji.selectedIndex < 0) form.emoji.selectedIndex = 0;
  }

  function tell() {
    const until = me.until ?? me.message?.until;
    note.textContent = until ? `Until ${new Date(until).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}.` : "";
  }

  presence.on("me", (news) => {
    me = me && { ...me, ...news };
    draw();
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { value: minutes } = form.for;
    const until = minutes ? new Date(presence.now() + minutes * 60_000) : null;
    const text = form.text.value.trim();
    const emoji = form.emoji.value;
    try {
      me = await presence.setStatus({
        availability: form.availability.value,
        until: form.availability.value === "auto" ? null : until,
        message: text || emoji ? { text, emoji, until } : null,
      });
      tell();
      if (!note.textContent) note.textContent = "Set.";
    } catch (error) {
      note.textContent = `That did not work: ${error.message}`;
    }
  });
  // A click on a status is a choice by itself.
  form.addEventListener("change", ({ target }) => target.name === "availability" && form.requestSubmit());

  try {
    me = await presence.request("GET", "/me/");
  } catch {
    return; // a server without this part
  }
  card.hidden = false;
  draw();
  tell();
}
