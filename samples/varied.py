"""What makes a site's lines differ: `generate.py --varied` writes its stream through here.

A log of one kind of line flatters whoever learns lines by heart. Real logs are written by a few
versions of a page's listener, in many languages, by more than one server. So, of the lines:

- 60, 30 and 10 % are of three versions of the listener, each with an order of keys and keys of its
  own: a new one is rolled out to one page after another, and browsers cache it. The third writes
  all keys always, null where there is nothing.
- 61 % have a page of 400 below the usual ones, a few of them most often: shops and blogs have a
  page for each item. 6 % have a query with a click's id that no other line has: visitors from
  campaigns, on the page that they land on.
- 60 % are of dialogues in German, French or Japanese with ids of their own, one for each market.
- 10 to 40 %, each, have the visitor's window, consent, experiments, a referrer: whatever analysts
  have asked for. 8 % have a campaign's parameters as JSON in a text, as tag managers write them.
- 5 % have what the visitor wrote last, with quotes, line ends and emoji.
- 10 % have a space behind commas and colons, and ASCII alone, as Python writes; 5 % `\\/`, as PHP
  does: servers behind one address.
- 4 % are a text in another record (`log`), as Docker keeps lines: one of the servers logs to a
  container's standard output.
- 3 % have times with an offset, 1 % without a fraction: listeners that somebody wrote by hand.

A visitor keeps version, language and the like through a session. Timestamps are of the forms that a
cast to TIMESTAMP reads: that is as far as other programs' readers go.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any, NamedTuple

Json = dict[str, Any]

VISITORS = 1 << 12
ITEMS = 400
_DIRECT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_PYTHON = json.JSONEncoder().encode
_ASCII = json.JSONEncoder(separators=(",", ":")).encode
_OFFSET = timezone(timedelta(hours=1))

LANGUAGES = ("en", "de", "fr", "ja")
NAMES = {
    "Pricing": ("Preise", "Tarifs", "料金"),
    "Product tour": ('"Einmal alles"-Tour', "Visite guidée", "製品ツアー"),
    "Support": ("Hilfe & Support", "Aide à l'usage", "サポート"),
    "Hausmesse Köln": ("Hausmesse Köln", "Salon à Cologne", "ケルン展示会"),
    "Contact sales": ("Vertrieb", "Joindre l'équipe", "営業担当"),
    "Book a demo": ("Termin für eine Demo", "Réserver une démo", "デモを予約"),
}
WORDS = (
    *("the", "invoice", "says", '"paid"', "but\nnobody", "at", "O'Neil\\Sons", "knows;", "what"),
    *("does", "it", "cost?", "thanks", "/", "merci", "/", "danke\tbye", "ümläute", "and", "🎉"),
)
REFERRERS = (
    "https://www.google.com/",
    "https://www.bing.com/",
    "https://duckduckgo.com/",
    "https://news.example.net/2026/first-party-data?ref=feed",
    "android-app://com.google.android.gm/",
)


class Visitor(NamedTuple):
    """What a browser keeps through a session."""

    version: int
    language: int
    has_items: bool
    window: Json | None
    consent: Json | None
    experiments: Json
    referrer: str | None
    campaign: str | None


def _make_visitor(rng: Random) -> Visitor:
    def has(odds: float) -> bool:
        return rng.random() < odds

    window = {"w": rng.choice((390, 412, 1280, 1440, 1920)), "h": rng.randrange(600, 1400)}
    consent = {"ad_storage": rng.choice(("granted", "denied")), "analytics": has(0.8), "v": 2}
    campaign = {
        "utm_source": rng.choice(("newsletter", "linkedin", "search")),
        "utm_campaign": f"{rng.choice(('spring', 'herbst', 'été'))}-{rng.randrange(40)}",
        "n": rng.randrange(9),
    }
    return Visitor(
        version=rng.choices((1, 2, 3), (60, 30, 10))[0],
        language=rng.choices(range(4), (40, 35, 15, 10))[0],
        has_items=has(0.7),
        window=window if has(0.4) else None,
        consent=consent if has(0.3) else None,
        experiments={f"exp_{n}": rng.choice("AB") for n in range(4) if has(0.1)},
        referrer=rng.choice(REFERRERS) if has(0.35) else None,
        campaign=_DIRECT(campaign) if has(0.08) else None,
    )


class Variation:
    """Rewrites canonical lines, the same way each time for the same seed."""

    def __init__(self, seed: int) -> None:
        self._rng = Random(seed)
        self._visitors = [_make_visitor(self._rng) for _ in range(VISITORS)]

    def rewrite_all(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the lines, rewritten; what is no object is left as it is."""
        for line in lines:
            try:
                event = json.loads(line)
            except ValueError:
                event = None
            yield self._rewrite(event) if _is_event(event) else line

    def _rewrite(self, event: Json) -> bytes:
        payload = event.get("data", {}).get("payload", {})
        key = zlib.crc32(payload.get("sid", event["timestamp"]).encode())
        visitor, draw = self._visitors[key % VISITORS], self._rng.random
        if payload:
            _translate(payload, visitor.language)
            if draw() < 0.05:
                payload["lastMessage"] = " ".join(self._rng.choices(WORDS, k=int(1 + 25 * draw())))
        self._vary_page(event, visitor, key)
        event["timestamp"] = _vary_time(event["timestamp"])
        made = _VERSIONS[visitor.version](event, payload, visitor)
        return self._encode(made, event["timestamp"]).encode() + b"\n"

    def _vary_page(self, event: Json, visitor: Visitor, key: int) -> None:
        if visitor.has_items and key % 8:
            # The few first ones are the most visited.
            event["page"] += f"/item-{int(ITEMS ** ((key >> 8) % 1000 / 1000)):03d}"
        if event["event"] == "CONVERSATION_TRIGGERED" and self._rng.random() < 0.12:
            event["page"] += f"?utm_medium=cpc&gclid=Cj0K{self._rng.getrandbits(96):x}"

    def _encode(self, event: Json, stamp: str) -> str:
        draw = self._rng.random()
        if draw < 0.1:
            line = _PYTHON(event)
        elif draw < 0.15:
            line = _ASCII(event).replace("/", "\\/")
        else:
            line = _DIRECT(event)
        if self._rng.random() < 0.04:
            return _DIRECT({"log": line + "\n", "stream": "stdout", "time": stamp})
        return line


def _is_event(value: object) -> bool:
    """Return whether a line is whole; the stream has broken ones as well."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("event"), str)
        and isinstance(value.get("data", {}), dict)
    )


def _translate(payload: Json, language: int) -> None:
    names = NAMES.get(payload["name"])
    if names and language:
        payload["name"] = names[language - 1]
        payload["id"] += f"-{LANGUAGES[language]}"


def _vary_time(stamp: str) -> str:
    percent = zlib.crc32(stamp.encode()) % 100  # a repeated line has the same time
    if percent < 3:
        moment = datetime.fromisoformat(stamp).astimezone(_OFFSET)
        return moment.isoformat(timespec="milliseconds")
    return stamp[:19] + "Z" if percent == 3 else stamp


def _write_first(event: Json, payload: Json, visitor: Visitor) -> Json:
    """Write as the canonical line has it, with more behind."""
    more: Json = {}
    if visitor.window:
        more["viewport"] = visitor.window
    if visitor.referrer:
        more["referrer"] = visitor.referrer
    if visitor.campaign:
        more["context"] = visitor.campaign
    return event | more if payload else event


def _write_second(event: Json, payload: Json, visitor: Visitor) -> Json:
    """Write times first, pages last; the payload begins with the session."""
    made: Json = {"timestamp": event["timestamp"], "version": "2.4.1", "event": event["event"]}
    if payload:
        first = {"sid": payload["sid"]}
        made["data"] = {"payload": first | payload, "locale": LANGUAGES[visitor.language]}
    if visitor.consent:
        made["consent"] = visitor.consent
    if visitor.experiments:
        made["experiments"] = visitor.experiments
    if visitor.campaign:
        made["context"] = visitor.campaign
    return made | {"page": event["page"]}


def _write_third(event: Json, payload: Json, visitor: Visitor) -> Json:
    """Write all keys always, null where there is nothing."""
    made: Json = {"event": event["event"], "page": event["page"], "referrer": visitor.referrer}
    if payload:
        agents = {"agentName": None, "agentID": None}
        made["data"] = {"payload": agents | payload, "viewport": visitor.window}
    return made | {"consent": visitor.consent, "timestamp": event["timestamp"]}


_VERSIONS: dict[int, Callable[[Json, Json, Visitor], Json]] = {
    1: _write_first,
    2: _write_second,
    3: _write_third,
}
