// Stand-ins for gtag, s and alloy. They keep their calls, and say in `faults` which documented limit a call breaks.
window.calls = { ga4: [], "adobe-analytics": [], "web-sdk": [] };
window.faults = [];
(() => {
  const check = (good, what) => good || window.faults.push(what);
  const bytes = (text) => new TextEncoder().encode(text).length;

  // https://support.google.com/analytics/answer/9267744 (collection limits) and
  // https://support.google.com/analytics/answer/13316687 (names).
  const ours = /^(?!ga_|google_|gtag|firebase_|_)[A-Za-z][A-Za-z0-9_]*$/;
  const reservedEvents = ["app_remove", "app_store_refund", "app_store_subscription_cancel",
    "app_store_subscription_renew", "click", "error", "file_download", "first_open", "first_visit", "form_start",
    "form_submit", "in_app_purchase", "page_view", "scroll", "session_start", "user_engagement", "view_complete",
    "video_progress", "video_start", "view_search_results"];
  const reservedParameters = ["cid", "currency", "customer_id", "customerid", "dclid", "gclid", "session_id",
    "sessionid", "sfmc_id", "sid", "srsltid", "uid", "user_id", "userid", "engagement_time_msec", "session_number"];
  window.gtag = (command, name, parameters) => {
    check(command === "event", "gtag: " + command);
    check(name.length <= 40, "GA4: an event's name has at most 40 characters: " + name);
    check(ours.test(name) && !reservedEvents.includes(name), "GA4: no name for an event: " + name);
    check(Object.keys(parameters).length <= 25, "GA4: at most 25 parameters");
    for (const [key, value] of Object.entries(parameters)) {
      check(key.length <= 40, "GA4: a parameter's name has at most 40 characters: " + key);
      check(ours.test(key) && !reservedParameters.includes(key), "GA4: no name for a parameter: " + key);
      check(value.length <= 100 && encodeURIComponent(value).length <= 100,
        "GA4: a value has at most 100 characters, counted as in a URL: " + value);
    }
    window.calls.ga4.push([name, parameters]);
  };

  // https://experienceleague.adobe.com/en/docs/analytics/implementation/vars/functions/tl-method (arguments),
  // .../components/dimensions/custom-link (100 bytes), .../vars/page-vars/contextdata (names, linkTrackVars),
  // .../vars/page-vars/evar (255 bytes).
  const checkContext = (data) => {
    for (const [key, value] of Object.entries(data)) {
      check(/^[A-Za-z0-9_.]+$/.test(key) && !key.startsWith("a."), "Analytics: no name for context data: " + key);
      check(typeof value === "string" && bytes(value) <= 255, "Analytics: an eVar has at most 255 bytes: " + value);
    }
  };
  window.s = {
    contextData: { theirs: "untouched" },
    tl(link, type, name, overrides) {
      check(this === window.s && link === true && ["o", "d", "e"].includes(type), "tl: arguments");
      check(bytes(name) <= 100, "Analytics: a link's name has at most 100 bytes: " + name);
      checkContext(overrides.contextData);
      check(overrides.linkTrackVars === Object.keys(overrides.contextData).map((key) => "contextData." + key).join(","),
        "Analytics: only what is in linkTrackVars is sent: " + overrides.linkTrackVars);
      window.calls["adobe-analytics"].push([name, overrides.contextData]);
    },
  };

  // https://experienceleague.adobe.com/en/docs/experience-platform/collection/js/commands/sendevent/overview (options,
  // 64 KB), .../docs/analytics/implementation/vars/functions/tl-method (how it is a link call).
  const options = ["data", "documentUnloading", "edgeConfigOverrides", "personalization", "renderDecisions", "type", "xdm"];
  window.alloy = (command, given) => {
    const { xdm, data } = JSON.parse(JSON.stringify(given));
    check(command === "sendEvent", "alloy: " + command);
    check(Object.keys(given).every((key) => options.includes(key)), "alloy: options: " + Object.keys(given));
    check(bytes(JSON.stringify(given)) <= 64 * 1024, "alloy: a payload has at most 64 KB");
    const { name, type, linkClicks } = xdm.web.webInteraction;
    check(["other", "download", "exit"].includes(type) && linkClicks.value === 1, "alloy: no link call");
    const analytics = data.__adobe.analytics;
    check(analytics.linkName === name && analytics.linkType === "o", "alloy: no link call for Analytics");
    check(bytes(name) <= 100, "Analytics: a link's name has at most 100 bytes: " + name);
    checkContext(analytics.contextData);
    window.calls["web-sdk"].push([name, analytics.contextData]);
    return Promise.reject(new Error("the network is down"));
  };
})();
