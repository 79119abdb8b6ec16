
  // Adobe Experience Platform Web SDK: an interaction, and the same for Adobe Analytics behind it.
  function webSdk(name, values) {
    const xdm = { web: { webInteraction: { name, type: "other", linkClicks: { value: 1 } } } };
    const analytics = { linkName: name, linkType: "o", contextData: fitted(values, "{{adobe_limit}}") };
    const data = { __adobe: { analytics } };
    const sent = alloy("sendEvent", { type: "web.webinteraction.linkClicks", xdm, data });
    if (sent) sent.catch(note);
  }
