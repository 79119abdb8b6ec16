// A stand-in for the widget of Dynamic Chat, as Adobe's page on callback functions describes it: `window.AdobeDX` with
// `addListener` and `Enum`, an event on `window` when it is ready, listeners that get `{data: {payload}}`. Beside what
// is documented, its payloads hold what must not travel.
(() => {
  const listeners = new Map();
  const kinds = ["TRIGGERED", "ENGAGED", "COMPLETED", "CLOSED", "INPUT_PHONE", "INPUT_EMAIL", "MEETING_BOOKED",
    "LIVE_CHAT_REQUESTED", "LIVE_CHAT_INITIATED", "LIVE_CHAT_ENDED", "LIVE_CHAT_REQUEST_TIMEOUT"];
  const Events = Object.fromEntries(kinds.map((kind) => ["CONVERSATION_" + kind, "adobedx.event." + kind]));
  for (const old of new URLSearchParams(location.search).getAll("without")) delete Events[old];

  window.startWidget = () => {
    window.AdobeDX = {
      Enum: { Events },
      addListener: (name, listener) => listeners.set(name, [...(listeners.get(name) || []), listener]),
    };
    window.dispatchEvent(new CustomEvent("adobedx.conversations.ready"));
  };

  // Plays an event; when it was, comes back.
  window.play = (key, payload) => {
    const secrets = { email: "visitor@example.com", phone: "+49 30 1234567", transcript: ["my visitor wrote this"] };
    const now = Date.now();
    for (const listener of listeners.get(Events[key]) || []) listener({ data: { payload: { ...payload, ...secrets } } });
    return now;
  };
})();
