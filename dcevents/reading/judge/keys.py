"""Keys: how they compare, and what each says (definitions 1, rules 2 to 8).

Tables first.

Tables hold folded keys: lower case, without `_`, `-`, `$`, `@` and spaces.
"""

import re
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase
from typing import Final

ADOBE: Final = {
    "sid": "sid",
    "id": "id",
    "name": "name",
    "type": "type",
    "uitype": "uiType",
    "agentid": "agentID",
    "agentname": "agentName",
    "meetinginfo": "meetingInfo",
}
"""Adobe's payload keys: folded, and as Adobe spells them."""
WORDS_BEFORE_ADOBE: Final = (
    *("dc", "chat", "dynamicchat", "data", "payload", "properties", "params"),
)
"""Words of which any row may stand before Adobe's keys."""
CONVERSATION_WORDS: Final = (
    *("conversation", "dialogue", "dialog", "chat", "dc", "dynamicchat", "chatbot"),
    *("conversationalflow", "conversationflow"),
)
"""Words that make an `id`, `name` or `type` plainly a conversation's."""
CONVERSATION_PARTS: Final = {"id": "id", "name": "name", "type": "type", "uitype": "uiType"}
SESSION: Final = "sessionid"
"""A session's id, which counts as sid only beside a key that is plainly a conversation's."""
NOT_SID: Final = "connect.sid"
"""A cookie of web servers: this key with a dot is no object with a sid."""

EVENT: Final = ("event", "ev", "en", "action", "kind")
EVENT_ENDS: Final = ("event", "eventname", "eventtype", "eventaction")
"""Keys that name events: these, and those that end so."""
NAME: Final = ("name", "type", "message")
"""Listed keys under which a full name is looked for where no key that names events has one."""
NEVER_NAME: Final = ("id", "sid", "agentID", "agentName", "meetingInfo")
"""Adobe's keys under which no name of an event is looked for."""

BODY: Final = frozenset(
    (
        *("body", "requestbody", "message", "msg", "log", "line", "data", "payload", "raw"),
        *("original", "textpayload", "value", "content", "result"),
        *("shortmessage", "fullmessage", "rawbody", "rawmessage", "jsonpayload"),
    )
)
"""Body keys: their texts are entered if they are JSON."""
RECORD_ITSELF: Final = ("raw", "original")
"""Body keys of which the text, where it holds an event, is the record."""
_ADDRESS_ENDS: Final = ("page", "url", "path", "referrer", "referer", "href", "location")
_ADDRESS_PARTS: Final = ("query", "querystring", "search", "fragment", "hash")
NEVER_ENTERED_ENDS: Final = (
    *_ADDRESS_ENDS,
    *(address + part for address in _ADDRESS_ENDS for part in _ADDRESS_PARTS),
    *("uri", "useragent", "cookie", "cookies", "header", "headers", "host", "hostname", "title"),
    *("token", "tokens"),
)
"""Ends of keys whose objects, arrays and texts are never entered, and name no event."""
REQUEST_LINE: Final = frozenset(
    (
        *("request", "requesturi", "requesturl", "requestline", "uri", "querystring"),
        *("querystringparameters", "multivaluequerystringparameters", "rawquerystring"),
        *("queryparams", "queryparameters", "args", "csuriquery", "rawquery"),
    )
)
"""The record's own request line, which counts as a form where nothing else holds an event."""
REQUEST_OBJECTS: Final = frozenset(
    (
        *("querystring", "querystringparameters", "multivaluequerystringparameters"),
        *("queryparams", "queryparameters", "query", "args"),
    )
)
"""Of these the ones that may be objects, already taken apart."""
VISITOR: Final = frozenset(
    (
        *("answer", "answers", "reply", "replies", "comment", "comments", "feedback"),
        *("question", "questions", "utterance", "transcript", "userinput", "lastmessage"),
        *("usermessage", "visitormessage", "chatmessage", "q", "query", "search", "searchterm"),
        *("keyword", "keywords"),
        *("email", "phone", "firstname", "lastname", "fullname", "username", "company"),
        *("subject", "term", "ua", "hash", "fragment"),
        *("utmsource", "utmmedium", "utmcampaign", "utmterm", "utmcontent", "utmid"),
        *("gclid", "fbclid", "msclkid"),
    )
)
"""Keys of what visitors write, and of parts of a page's query: never entered, no event's name."""
NO_NAME: Final = frozenset(("text", "input", "response", "responses"))
"""Keys that visitors may have filled in too: their texts are entered, but name no event."""

TIME_ENDS: Final = ("time", "timestamp", "tstamp", "date", "epoch")
TIME_LAST_WORDS: Final = ("at", "ts")
TIME_BEGINNING: Final = "time"
TIME_ALONE: Final = ("t", "created", "msec", "dtm", "instant")
"""Keys of times: these ends, these last words, this beginning, and these alone."""
TIME_EVENT_WORDS: Final = ("occurred", "event", "client", "original", "post")
"""Words of the keys of times that go first in an object."""
TIME_PLAIN: Final = ("timestamp", "time", "ts", "at", "datetime", "date", "epoch", "t")
"""Keys of times that go second, in this order."""
TIME_COLLECTOR_WORDS: Final = (
    *("received", "receive", "sent", "ingest", "server", "logged", "created", "inserted"),
    *("processed", "written"),
)
TIME_COLLECTOR_SPELLINGS: Final = ("@timestamp", "_time")
"""Words and spellings of collectors' keys of times, which go last in an object."""
LOGGER: Final = ("level", "severity")
"""Keys beside which these keys of times are the logger's, and go last too."""
TIME_LOGGER: Final = ("time", "timestamp", "ts", "date", "asctime", "instant")
NEVER_TIME_WORDS: Final = (
    *("request", "response", "meeting", "start", "end", "expir", "update", "birth"),
)
NEVER_TIME: Final = ("timezone", "timeout", "timeoffset")
"""Words and keys of times that are no event's."""

PAGE: Final = (*("page", "pageurl", "pagelocation", "url", "href", "location", "currenturl"),)
"""Keys of the page, in their order."""
PAGE_AROUND: Final = tuple(key for key in PAGE if key not in {"url", "location"})
"""Of these the ones that count around an event too: a collector's `url` is its own."""

OWN_KEY: Final = "\udcff"
"""Stands for a key that a record has of its own: no text has this character."""
_DIGIT = re.compile(r"[0-9]")
_DIGITS_OF_ID = re.compile(r"[0-9]|.*[0-9]{3}|[-0-9A-Fa-f]{8,}\Z", re.DOTALL)
"""A digit first, three in a row, or hexadecimal."""
_MIXED = re.compile(r"(?=.*[a-z])(?=.*[A-Z])[0-9A-Za-z]{20,}")
_CAPITAL = re.compile(r"[A-Z]")
_MIN_ID = 8
_APART = re.compile(r"[_\-$@ ]+")
_FOLDED = str.maketrans(ascii_uppercase, ascii_lowercase, "_-$@ ")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BEFORE = f"(?:{'|'.join(WORDS_BEFORE_ADOBE)})*"
_ADOBE = re.compile(f"{_BEFORE}(?P<key>{'|'.join(ADOBE)})")
_CONVERSATION = re.compile(
    f"{_BEFORE}?(?:{'|'.join(CONVERSATION_WORDS)})(?P<key>{'|'.join(CONVERSATION_PARTS)})"
)


@lru_cache(maxsize=4096)
def fold_key(key: str) -> str:
    """Return a key without ASCII case, `_`, `-`, `$`, `@` and spaces."""
    return key.translate(_FOLDED)


@lru_cache(maxsize=4096)
def split_words(key: str) -> tuple[str, ...]:
    """Return the words of a key in lower case: humps and separators part them."""
    return tuple(word.lower() for word in _APART.split(_HUMP.sub("_", key)) if word)


@lru_cache(maxsize=4096)
def match_adobe_key(key: str) -> str | None:
    """Return Adobe's spelling of the payload key that a key is.

    None for none.
    """
    match = _ADOBE.fullmatch(fold_key(key))
    return ADOBE[match["key"]] if match else None


@lru_cache(maxsize=4096)
def match_conversation_key(key: str) -> str | None:
    """Return which of a conversation's keys a key plainly is: id, name, type, uiType."""
    match = _CONVERSATION.fullmatch(fold_key(key))
    return CONVERSATION_PARTS[match["key"]] if match else None


def is_plainly_conversation(key: str) -> bool:
    """Return whether a key can be no one's but a conversation's."""
    return match_adobe_key(key) == "uiType" or match_conversation_key(key) is not None


@lru_cache(maxsize=4096)
def is_event_key(key: str) -> bool:
    """Return whether a key names events."""
    folded = fold_key(key)
    return folded in EVENT or folded.endswith(EVENT_ENDS)


@lru_cache(maxsize=4096)
def may_name_event(key: str) -> bool:
    """Return whether a full name may be looked for under a key."""
    if match_adobe_key(key) in NEVER_NAME or match_conversation_key(key) in {"id", "name"}:
        return False
    folded = fold_key(key)
    return not (is_never_entered(key) or folded in VISITOR | NO_NAME or folded in PAGE)


@lru_cache(maxsize=4096)
def is_never_entered(key: str) -> bool:
    """Return whether nothing under a key is entered."""
    return fold_key(key).endswith(NEVER_ENTERED_ENDS)


@lru_cache(maxsize=4096)
def may_hold_objects(key: str) -> bool:
    """Return whether objects and arrays under a key are entered.

    No visitor's, no meeting's.
    """
    is_closed = is_never_entered(key) or match_adobe_key(key) == "meetingInfo"
    return not is_closed and fold_key(key) not in VISITOR


@lru_cache(maxsize=4096)
def may_hold_text(key: str) -> bool:
    """Return whether a text under a key may be entered.

    No visitor's, none of Adobe's.
    """
    is_adobe = match_adobe_key(key) or match_conversation_key(key)
    return not is_adobe and fold_key(key) not in VISITOR


def is_body_key(key: str) -> bool:
    """Return whether a text under a key is entered before those of other keys."""
    return fold_key(key) in BODY


@lru_cache(maxsize=4096)
def is_time_key(key: str) -> bool:
    """Return whether a key is one of times."""
    folded, words = fold_key(key), split_words(key)
    if not words or is_never_time(key):
        return False
    return (
        folded.endswith(TIME_ENDS)
        or words[-1] in TIME_LAST_WORDS
        or folded.startswith(TIME_BEGINNING)
        or folded in TIME_ALONE
    )


@lru_cache(maxsize=4096)
def is_never_time(key: str) -> bool:
    """Return whether times under a key are of requests, meetings, starts, ends, …"""
    return fold_key(key) in NEVER_TIME or _has_word(key, NEVER_TIME_WORDS)


@lru_cache(maxsize=4096)
def rank_time_key(key: str, *, beside_level: bool) -> tuple[int, int]:
    """Return the place of a key among an object's keys of times: smaller goes first."""
    folded = fold_key(key)
    if key.lower() in TIME_COLLECTOR_SPELLINGS or _has_word(key, TIME_COLLECTOR_WORDS):
        return 3, 0
    if beside_level and folded in TIME_LOGGER:
        return 3, 0
    if _has_word(key, TIME_EVENT_WORDS):
        return 0, 0
    return (1, TIME_PLAIN.index(folded)) if folded in TIME_PLAIN else (2, 0)


@lru_cache(maxsize=4096)
def is_own_key(key: str) -> bool:
    """Return whether a key means nothing and looks like an id, so that each record may have one."""
    if key == OWN_KEY:
        return True
    if not _is_like_id(key) or match_adobe_key(key) or match_conversation_key(key):
        return False
    is_event = is_event_key(key) or is_never_entered(key)
    return not (is_event or is_time_key(key) or is_never_time(key))


def _is_like_id(key: str) -> bool:
    """Return whether a key looks like an id.

    With a digit: one that begins with it or with a minus, has three in a row, is hexadecimal, or
    long and of small letters, capitals and digits. Without: a minus first, or many capitals.
    """
    if "." in key:
        return False
    has_digit = _DIGIT.search(key) is not None
    if key.startswith("-"):
        return has_digit or len(key) >= _MIN_ID
    if has_digit and _DIGITS_OF_ID.match(key):
        return True
    is_mixed = _MIXED.fullmatch(key) is not None
    return is_mixed and (has_digit or 4 * len(_CAPITAL.findall(key)) >= len(key))


def _has_word(key: str, beginnings: tuple[str, ...]) -> bool:
    """Return whether a word of a key, or the key folded, begins with one of these."""
    return any(word.startswith(beginnings) for word in (*split_words(key), fold_key(key)))
