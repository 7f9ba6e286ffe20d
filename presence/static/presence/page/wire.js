/** wire.js: the stream's events as they arrive, newest last, the last hundred of them. */

const LINES = 100;

export function showWire(box, title, presence) {
  const say = () => {
    title.textContent = presence.state === "live" ? (presence.leading ? "this tab holds the stream" : "relayed by another tab") : presence.state;
  };
  presence.on("state", say);
  presence.on("leader", say);
  presence.on("raw", ({ type, id, data }) => {
    const followed = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
    const event = document.createElement("pre");
    event.dataset.type = type;
    const head = document.createElement("b");
    head.textContent = type;
    const cursor = document.createElement("i");
    cursor.textContent = id ? ` id: ${id}` : "";
    const text = JSON.stringify(data);
    event.append(head, cursor, text === "{}" ? "" : `\n${text}`);
    box.append(event);
    while (box.childElementCount > LINES) box.firstElementChild.remove();
    if (followed) box.scrollTop = box.scrollHeight;
  });
  say();
}
