// Sends the events of Adobe Dynamic Chat to a log. Made by `dcevents snippet`.
(() => {
  if (typeof window.dcevents === "string") return; // this script is on the page twice
  window.dcevents = "{{version}}";

  const endpoint = "{{endpoint}}";
  const ready = "{{ready}}";
  const keys = "{{keys}}";
  // Nothing else of a payload leaves the page.
  const attributes = "{{attributes}}";
  const most = 16000; // characters in a request: browsers have 64 KiB under way at most

  let queue = [];
  let timer = 0;
  let listening = false;

  const note = (text) => console.info("dcevents: " + text);

  // A fault here is no fault of the page.
  const guarded = (action) => (...given) => {
    try {
      return action(...given);
    } catch (error) {
      note(error);
    }
  };

  const allowed = guarded(() => !!("{{consent}}"));

  // The widget may be there already, or come later.
  const listen = guarded(() => {
    const { addListener, Enum } = window.AdobeDX || {};
    if (listening || !addListener || !Enum) return;
    listening = true;
    add(ready, {});
    for (const key of keys) {
      const name = Enum.Events[key];
      if (name) guarded(addListener)(name, guarded((event) => add(key, event.data.payload)));
      else note("this widget has no " + key);
    }
  });

  function add(event, given) {
    if (!allowed()) return;
    const payload = {};
    for (const name of attributes) {
      const value = given[name];
      if (value != null && (typeof value !== "object" || name === "meetingInfo")) payload[name] = value;
    }
    if (JSON.stringify(payload).length > most / 2) delete payload.meetingInfo;
    const timestamp = new Date().toISOString();
    const page = "{{page}}";
    const line = JSON.stringify({ event, timestamp, page, data: { payload } });
    if (line.length > most) note(event + " is too long");
    else queue.push(line);
    if (document.visibilityState === "hidden" || queue.join().length > most) send();
    else soon();
    "{{forward}}";
  }

  const soon = () => (timer = timer || setTimeout(send, 1000));

  // One event a line. Without a network they wait for it, but at the last moment all goes out.
  const send = guarded((last) => {
    clearTimeout(timer);
    timer = 0;
    if (!allowed()) queue = [];
    while (queue.length && (navigator.onLine !== false || last === true)) {
      const lines = [queue.shift()];
      while (queue.length && (lines.join() + queue[0]).length < most) lines.push(queue.shift());
      if (!posted(lines)) return soon();
    }
  });

  // False where the browser takes no more for now.
  function posted(lines) {
    const body = lines.join("\n");
    if (navigator.sendBeacon && navigator.sendBeacon(endpoint, body)) return true;
    fetch(endpoint, { method: "POST", body, keepalive: true, mode: "no-cors" }).catch(() => {
      queue = lines.concat(queue);
      soon();
    });
    return !navigator.sendBeacon;
  }
  "{{functions}}";

  listen();
  addEventListener(ready, listen);
  addEventListener("online", send);
  addEventListener("pagehide", () => send(true));
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && send());
})();
