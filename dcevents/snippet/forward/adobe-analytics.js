
  // Adobe Analytics: a custom link with context data, of which eVars keep 255 bytes.
  function adobeAnalytics(name, values) {
    const contextData = fitted(values, "{{adobe_limit}}");
    const linkTrackVars = Object.keys(contextData).map((key) => "contextData." + key).join();
    s.tl(true, "o", name, { contextData, linkTrackVars, linkTrackEvents: "None" });
  }
