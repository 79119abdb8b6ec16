"""What keys mean: definitions 1, "Where a record keeps its event", rules 2 and 4 to 8."""

from __future__ import annotations

import re

from model.framing import BODY_KEYS

#: "Adobe's payload keys", as Adobe spells them.
ADOBE = ["sid", "id", "name", "type", "uiType", "agentID", "agentName"]
#: "Also after any row of the words".
ROW = ("dynamicchat", "properties", "payload", "params", "chat", "data", "dc")
#: "A key that is plainly a conversation's (`conversation_id`, `dialogue_id`, `chat_id`, …)".
CONVERSATION = r"(?:conversation|dialogue|dialog|dynamicchat|chat|dc)+"


def norm(key: str) -> str:
    """Return a key as it compares: "without ASCII case, `_`, `-`, `$`, `@` and spaces"."""
    lower = "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in key)
    return re.sub("[_$@ -]", "", lower)


def words(key: str) -> list[str]:
    """Return the words of a key: `eventTs` and `event_ts` have two."""
    split = re.sub(r"([a-z0-9])(?=[A-Z])", r"\1_", key)
    return [word for word in re.split("[^A-Za-z0-9]+", split.lower()) if word]


def without_row(key: str) -> set[str]:
    """Return a key as it compares, and what is left of it behind each row of the words."""
    found = {norm(key)}
    for word in ROW:
        for left in list(found):
            if left.startswith(word) and left != word:
                found |= without_row(left.removeprefix(word))
    return found


def is_adobe(key: str, adobe: str) -> bool:
    """Return whether a key is one of Adobe's payload keys."""
    return norm(adobe) in without_row(key)


def is_conversation(key: str, adobe: str) -> bool:
    """Return whether a key is plainly a conversation's `id`, `name` or `type`."""
    return re.fullmatch(rf"{CONVERSATION}{norm(adobe)}", norm(key)) is not None


def is_plainly_conversation(key: str) -> bool:
    """Return whether a key is plainly a conversation's: `uiType`, `conversation_id`, …"""
    return is_adobe(key, "uiType") or any(
        is_conversation(key, adobe) for adobe in ("id", "name", "type", "uiType")
    )


def is_adobes(key: str) -> bool:
    """Return whether a key is Adobe's, or plainly a conversation's: its text is a name, an id."""
    return any(is_adobe(key, adobe) or is_conversation(key, adobe) for adobe in ADOBE) or (
        is_adobe(key, "meetingInfo")
    )


def is_visitors(key: str) -> bool:
    """Return whether visitors write what stands under a key: answers, parts of a page's query."""
    return norm(key) in {
        "answer", "answers", "reply", "replies", "comment", "comments", "feedback", "question",
        "questions", "utterance", "transcript", "userinput", "lastmessage", "usermessage",
        "visitormessage", "chatmessage", "q", "query", "search", "searchterm", "keyword",
        "keywords", "email", "phone", "firstname", "lastname", "fullname", "username", "company",
        "subject", "term", "ua", "hash", "fragment", "utmsource", "utmmedium", "utmcampaign",
        "utmterm", "utmcontent", "utmid", "gclid", "fbclid", "msclkid",
    }  # fmt: skip


def is_session_id(key: str) -> bool:
    """Return whether a key is a session's id (`session_id`, `sessionId`)."""
    return norm(key) == "sessionid"


def is_body(key: str) -> bool:
    """Return whether a key is a body key, "without case"."""
    return norm(key) in BODY_KEYS


def names_event(key: str) -> bool:
    """Return whether a key names events.

    "`event`, `ev`, `en`, `action`, `kind`, or ending in `event`, `eventname`, `eventtype`,
    `eventaction`".
    """
    key = norm(key)
    return key in {"ev", "en", "action", "kind"} or key.endswith(
        ("event", "eventname", "eventtype", "eventaction")
    )


def is_never_entered(key: str) -> bool:
    """Return whether nothing under a key is looked at.

    "Never: page, URL, URI, path, referrer, user agent, cookies, headers, host, title; tokens."
    The keys of pages in rule 8 are pages as well. "A page's or referrer's query never" counts.
    """
    key = norm(key)
    part = re.fullmatch(r"(.*)(query|querystring|search|fragment|hash)", key)
    if part and part[1].endswith(
        ("page", "url", "path", "referrer", "referer", "href", "location")
    ):
        return True
    return key.endswith(
        (
            "page", "url", "uri", "path", "referrer", "referer", "useragent", "cookie", "cookies",
            "header", "headers", "host", "hostname", "title", "token", "tokens", "href", "location",
        )
    )  # fmt: skip


def is_closed(key: str) -> bool:
    """Return whether no object and no list under a key is entered: visitors may have filled it.

    `meetingInfo` "may be anything".
    """
    return is_never_entered(key) or is_visitors(key) or is_adobe(key, "meetingInfo")


def is_request_line(key: str) -> bool:
    """Return whether a key is the record's own request line.

    "`request`, `request_uri`, `uri`, `queryStringParameters`, …".
    """
    return norm(key) in {
        "request", "requesturi", "requesturl", "uri", "querystringparameters", "querystring",
        "requestquery", "csuriquery", "csuristem",
    }  # fmt: skip


def is_list_of_headers(key: str) -> bool:
    """Return whether pairs under a key are no object: "never under headers or cookies"."""
    return norm(key).endswith(("header", "headers", "cookie", "cookies"))


# --- Rule 7: time ----------------------------------------------------------------------------

#: "In this order".
NAMED_TIMES = ["timestamp", "time", "ts", "at", "datetime", "date", "epoch", "t"]
LOGGER_TIMES = {"time", "timestamp", "ts", "date", "asctime", "instant"}


def is_time(key: str) -> bool:
    """Return whether a key is a key of times.

    "Ends in `time`, `timestamp`, `tstamp`, `date`, `epoch`, or in `at` or `ts` as a word, or
    begins with `time` or `timestamp`, or is `t`, `created`, `msec`, `dtm`, `instant`."
    """
    if is_never_time(key):
        return False
    short = norm(key)
    return (
        short.endswith(("time", "timestamp", "tstamp", "date", "epoch"))
        or short.startswith("time")
        or short in {"t", "created", "msec", "dtm", "instant"}
        or words(key)[-1:] in (["at"], ["ts"])
    )


def is_never_time(key: str) -> bool:
    """Return whether a key is never a time's.

    "Never: of requests, responses, meetings, starts, ends, expiry, updates, birth; `timezone`,
    `timeout`, `timeOffset`."
    """
    stems = ("request", "response", "meeting", "start", "expir", "update", "birth")
    return (
        any(word.startswith(stems) for word in words(key))
        or any(stem in norm(key) for stem in stems if stem != "start")
        or any(word in {"end", "ends", "ended", "exp"} for word in words(key))
        or norm(key).startswith(("endtime", "enddate", "starttime", "startdate"))
        or norm(key) in {"endat", "endedat", "startat", "startedat"}
        or any(word in norm(key) for word in ("timezone", "timeout", "timeoffset"))
    )


def time_rank(key: str, *, beside_level: bool) -> int:
    """Return the place of a key of times within its object; the least is looked at first.

    "Those with `occurred`, `event`, `client`, `original`, `post`; `timestamp`, `time`, …, in
    this order; all others; those of collectors: with `received`, `receive`, `sent`, `ingest`,
    `server`, `logged`, `created`, `inserted`, `processed`, `written`, `@timestamp`, `_time`,
    and, beside `level` or `severity`, a logger's."
    """
    short = norm(key)
    if any(word in short for word in ("occurred", "event", "client", "original", "post")):
        return 0
    collectors = (
        "receive", "sent", "ingest", "server", "logged", "created", "inserted", "processed",
        "written",
    )  # fmt: skip
    if key.lower() in {"@timestamp", "_time"} or any(word in short for word in collectors):
        return 100
    if beside_level and short in LOGGER_TIMES:
        return 100
    return 1 + NAMED_TIMES.index(short) if short in NAMED_TIMES else 50


# --- Rule 8: page ----------------------------------------------------------------------------

PAGES = {"page", "pageurl", "pagelocation", "url", "href", "location", "currenturl"}


def is_page(key: str, *, around: bool) -> bool:
    """Return whether a key is a page's: "around them not `url`, `location`"."""
    return norm(key) in PAGES and not (around and norm(key) in {"url", "location"})
