"""What visitors do: each function plays one scenario; its row says what is lost on the way,
and why.
"""

import contextlib
import time
from collections.abc import Callable
from typing import NamedTuple

from capture.browser import BrowserError
from capture.stage import Stage

ANNA = {"agentID": "ag-11", "agentName": "Anna Bergström"}
MEETING = {"slot": "2026-12-01T09:00:00Z", "minutes": 30}
OFFLINE = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
ONLINE = {**OFFLINE, "offline": False, "downloadThroughput": -1, "uploadThroughput": -1}


class Scenario(NamedTuple):
    """One scenario, and what becomes of it."""

    name: str
    play: Callable[[Stage], None]
    played: int
    """Events."""
    conversations: int
    lost: int = 0
    why: str = ""
    """What is lost."""


def one_visit(stage: Stage) -> None:
    stage.open()
    stage.play("visit", "triggered", "engaged", "input_email", "input_phone", "completed")


def two_tabs(stage: Stage) -> None:
    first = stage.open()
    stage.play("tabs", "triggered", "engaged")
    second = stage.open("after.html?ref=tab")
    stage.play("tabs", "triggered")
    stage.play("tabs", "triggered", "engaged", "closed", id="dlg-102")
    stage.browser.front(first)
    stage.play("tabs", "input_email", "completed")
    stage.browser.front(second)


def reloads(stage: Stage) -> None:
    stage.open()
    stage.play("reloads", "triggered", "engaged")
    stage.browser.reload()
    stage.play("reloads", "triggered", "input_email")
    stage.browser.reload()
    stage.play("reloads", "triggered", "completed")


def live_chat(stage: Stage) -> None:
    stage.open()
    stage.play("served", "triggered", "engaged")
    stage.play("served", "live_chat_requested", "live_chat_initiated", "live_chat_ended", **ANNA)
    stage.play("missed", "triggered", "engaged")
    stage.play("missed", "live_chat_requested", "live_chat_request_timeout", **ANNA)
    stage.play("booked", "triggered", "engaged", "input_email", id="flow-201")
    stage.play("booked", "meeting_booked", id="flow-201", **ANNA, meetingInfo=MEETING)


def closed_tab(stage: Stage) -> None:
    stage.open()
    stage.play("closed-tab", "triggered", "engaged", "input_email")
    stage.browser.close()


def crashed_tab(stage: Stage) -> None:
    stage.open()
    stage.play("crashed", "triggered", "engaged")
    stage.wait_for(2)
    # So that the crash comes within the second, however slow the machine is.
    stage.browser.run("window.setTimeout = () => 1")
    stage.play("crashed", "input_email")
    with contextlib.suppress(BrowserError):
        stage.browser.devtools("Page.crash")
    with contextlib.suppress(BrowserError):
        stage.browser.close()


def offline_moment(stage: Stage) -> None:
    stage.open()
    stage.play("offline", "triggered")
    stage.wait_for(1)
    stage.browser.devtools("Network.emulateNetworkConditions", **OFFLINE)
    stage.play("offline", "engaged", "input_email")
    stage.wait_for(2, 1.5)
    stage.browser.devtools("Network.emulateNetworkConditions", **ONLINE)
    stage.play("offline", "completed")


def closed_offline(stage: Stage) -> None:
    stage.open()
    stage.play("offline-end", "triggered", "engaged")
    stage.wait_for(2)
    stage.browser.devtools("Network.emulateNetworkConditions", **OFFLINE)
    stage.play("offline-end", "input_email", "completed")
    # A tab that is closed is no longer kept offline by the DevTools: so nobody is there to answer.
    stage.collector.stop()
    stage.browser.close()
    time.sleep(1)
    stage.collector.start()


def unreachable(stage: Stage) -> None:
    stage.open()
    stage.play("unreachable", "triggered", "engaged")
    stage.wait_for(2)
    stage.collector.stop()
    stage.play("unreachable", "input_email")
    stage.browser.run("dispatchEvent(new Event('online'))")  # sends what waits
    time.sleep(0.5)
    stage.collector.start()
    stage.play("unreachable", "completed")


def hidden_page(stage: Stage) -> None:
    stage.open()
    stage.play("hidden", "triggered", "engaged")
    stage.browser.hide()
    assert stage.browser.run("return document.visibilityState") == "hidden"
    stage.play("hidden", "live_chat_requested", "live_chat_initiated", "live_chat_ended", **ANNA)
    stage.wait_for(5)
    stage.browser.show()


def widget_after(stage: Stage) -> None:
    stage.open("late.html")
    stage.browser.run("startWidget()")
    stage.play("late-widget", "triggered", "engaged", "completed")


def widget_before(stage: Stage) -> None:
    stage.open("before.html")
    payload, moment, page = stage.browser.run("return [visitor, shown, location.href]")
    stage.note("CONVERSATION_TRIGGERED", payload, moment, page)
    stage.play("early", "engaged", "completed")


def pasted_twice(stage: Stage) -> None:
    stage.open("twice.html")
    stage.play("twice", "triggered", "engaged", "completed")


def nonce(stage: Stage) -> None:
    stage.open("strict/page.html")
    stage.play("nonce", "triggered", "engaged", "completed")


def external(stage: Stage) -> None:
    stage.open("strict-file/page.html")
    stage.play("external", "triggered", "engaged", "completed")


def no_beacon(stage: Stage) -> None:
    stage.open()
    stage.browser.run("navigator.sendBeacon = undefined")
    stage.play("fetch", "triggered", "engaged", "completed")
    stage.browser.close()


def old_widget(stage: Stage) -> None:
    stage.open("after.html?without=CONVERSATION_LIVE_CHAT_REQUEST_TIMEOUT")
    stage.play("old", "triggered", "engaged", "closed")


def consent_given_late(stage: Stage) -> None:
    stage.open("consent.html")
    stage.play("consent", "triggered", "engaged")
    stage.browser.run("window.consent = true")
    stage.play("consent", "input_email", "completed")
    stage.wait_for(2)
    stage.browser.run("window.consent = false")
    stage.play("consent", "closed")


def a_thousand(stage: Stage) -> None:
    """A thousand conversations in one page; every fifth request is sent twice."""
    stage.open()
    for key, payload, moment, page in stage.browser.run(THOUSAND):
        stage.note(key, payload, moment, page)


THOUSAND = """
  const beacon = navigator.sendBeacon.bind(navigator);
  let requests = 0;
  navigator.sendBeacon = (url, body) =>
    beacon(url, body) && (++requests % 5 || beacon(url, body) || true);
  const ways = [["TRIGGERED"], ["TRIGGERED", "ENGAGED", "CLOSED"],
    ["TRIGGERED", "ENGAGED", "INPUT_EMAIL", "COMPLETED"],
    ["TRIGGERED", "ENGAGED", "INPUT_EMAIL", "INPUT_PHONE"]];
  const played = [];
  return (async () => {
    for (let n = 0; n < 1000; n++) {
      const payload = {
        name: "Pricing", id: "dlg-101", type: "dialogue", uiType: "popup", sid: "visitor-" + n };
      for (const way of ways[n % 4]) {
        const key = "CONVERSATION_" + way;
        played.push([key, payload, play(key, payload), location.href]);
      }
      if (n % 20 === 0) await new Promise((done) => setTimeout(done, 80));
    }
    return played;
  })();
"""

EVERY = [
    Scenario("one visit", one_visit, 5, 1),
    Scenario("two tabs of one visitor, two dialogues", two_tabs, 8, 2),
    Scenario("two reloads, each shows the dialogue again", reloads, 6, 1),
    Scenario("live chat: served, missed; a meeting", live_chat, 13, 3),
    Scenario("a tab closed in mid-conversation", closed_tab, 3, 1),
    Scenario("a tab that crashes", crashed_tab, 3, 1, 1, "what the last second before it brought"),
    Scenario("an offline moment", offline_moment, 4, 1),
    Scenario(
        "a tab closed while offline",
        closed_offline,
        4,
        1,
        2,
        "what happened while there was no network",
    ),
    Scenario(
        "the server down for a moment",
        unreachable,
        4,
        1,
        1,
        "what a beacon carried: no browser says that it failed",
    ),
    Scenario("a chat while the window is minimised", hidden_page, 5, 1),
    Scenario("the widget ready after the snippet", widget_after, 3, 1),
    Scenario(
        "the widget ready before the snippet",
        widget_before,
        3,
        1,
        1,
        "what was fired before the snippet ran",
    ),
    Scenario("the snippet on the page twice", pasted_twice, 3, 1),
    Scenario("a strict CSP, by nonce", nonce, 3, 1),
    Scenario("a strict CSP, by file (`--external`)", external, 3, 1),
    Scenario("no `sendBeacon`, the tab closed at once", no_beacon, 3, 1),
    Scenario("an older widget that lacks an event", old_widget, 3, 1),
    Scenario(
        "`--consent`: given late, then withdrawn",
        consent_given_late,
        5,
        1,
        3,
        "what happened without consent, on purpose",
    ),
    Scenario("a thousand conversations, every fifth request twice", a_thousand, 3000, 1000),
]
