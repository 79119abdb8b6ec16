"""What pages send and a site's own code makes of events; and how values follow each other."""

from samples.envelopes._writing import (
    MEETING,
    SNAKE,
    Event,
    Shape,
    b64,
    batches,
    capitals,
    change_keys,
    each,
    flat,
    iso,
    late,
    late_stamp,
    later,
    lines,
    moment,
    payload,
    plain,
    pretty,
    seconds,
    spread,
    stamp,
    text,
    together,
    untimed,
)

ADOBE = (
    "https://experienceleague.adobe.com/docs/marketo/using/product-docs/demand-generation/"
    "dynamic-chat/setup-and-configuration/callback-functions.html"
)
MDN = "https://developer.mozilla.org/en-US/docs/Web"
DATE = f"{MDN}/JavaScript/Reference/Global_Objects/Date"
GTM = "https://developers.google.com/tag-platform/tag-manager/datalayer"
RFC = "https://www.rfc-editor.org/rfc/rfc8259"
RFC8259 = f"{RFC}#section-7"
DOTNET = "https://learn.microsoft.com/en-us/dotnet/standard/serialization/system-text-json"


def _whole(event: Event, _: int) -> Event:
    """Return the event that Dynamic Chat calls a listener with, in an object of the site's."""
    rest: Event = {key: event[key] for key in ("timestamp", "page") if key in event}
    return {"event": {"type": event["event"], "data": event.get("data")}, **rest}


def _untyped(event: Event) -> Event:
    return {key: value for key, value in event.items() if key != "event"}


def _row(event: Event, n: int) -> Event:
    """Return an event in a row of the site's own, which has an id and a name as well."""
    said = payload(event)
    own = {f"conversation_{key}": said[key] for key in ("id", "name", "type") if key in said}
    rest = {key: value for key, value in said.items() if key not in ("id", "name", "type")}
    created = {"id": n + 1, "name": "app", "created_at": late(event)}
    return {
        **created,
        **{k: event[k] for k in ("event", "timestamp", "page") if k in event},
        **own,
        **rest,
    }


def _kebab(key: str) -> str:
    return SNAKE.get(key, key).replace("_", "-")


SHAPES: dict[str, Shape] = {
    "canonical": each("a page listener", ADOBE, lambda e, _: e),
    "event-data": each(
        "a listener that logs `event.data`", ADOBE, lambda e, _: spread(e, payload(e), "payload")
    ),
    "whole-event": each("a listener that logs the whole event", ADOBE, _whole),
    "event-in-event": each(
        "a listener that logs the event with its origin",
        f"{MDN}/API/MessageEvent",
        lambda e, _: {
            "origin": "https://www.example.com",
            "event": {"data": e},
            "received": late(e),
        },
    ),
    "detail": each(
        "a CustomEvent named after the event",
        f"{MDN}/API/CustomEvent/detail",
        lambda e, _: {
            "type": e["event"],
            "isTrusted": False,
            "timeStamp": 1234.5,
            "detail": _untyped(e),
        },
    ),
    "message-event": each(
        "the browser's message event",
        f"{MDN}/API/MessageEvent",
        lambda e, _: {
            "type": "message",
            "data": {"event": e["event"], "data": e.get("data")},
            "timeStamp": 12.5,
            "time": e["timestamp"],
            "page": e.get("page"),
        },
    ),
    "flat": each("an object of one level", ADOBE, lambda e, _: flat(e)),
    "dotted": each(
        "keys with dots",
        ADOBE,
        lambda e, _: spread(e, {f"payload.{k}": v for k, v in payload(e).items()}),
    ),
    "snake-case": each(
        "snake_case",
        ADOBE,
        lambda e, _: {
            "event_name": e["event"],
            "timestamp": e["timestamp"],
            "page_url": e.get("page"),
            **{SNAKE.get(k, k): v for k, v in payload(e).items()},
        },
    ),
    "kebab-case": each(
        "kebab-case",
        ADOBE,
        lambda e, _: spread(e, {_kebab(k): v for k, v in payload(e).items()}, "chat-data"),
    ),
    "capitals": each(
        ".NET's serializers, in PascalCase",
        DOTNET,
        lambda e, _: capitals(e),
        rewrites=MEETING,
    ),
    "upper-case": each(
        "keys in capitals",
        "https://docs.snowflake.com/en/sql-reference/identifiers-syntax",
        lambda e, _: change_keys(spread(e, payload(e)), str.upper),
        rewrites=MEETING,
    ),
    "row": each("a row with an id and a name of its own", ADOBE, _row),
    "prefixed-keys": each(
        "Adobe's keys behind `dc_`",
        ADOBE,
        lambda e, _: spread(e, {f"dc_{k}": v for k, v in payload(e).items()}),
    ),
    "data-text": each(
        "`data` as a JSON text",
        RFC8259,
        lambda e, _: {**e, "data": text(e["data"])} if "data" in e else e,
    ),
    "payload-text": each(
        "`payload` as a JSON text",
        RFC8259,
        lambda e, _: {**e, "data": {"payload": text(payload(e))}} if "data" in e else e,
    ),
    "encoded": each("JSON.stringify twice", RFC8259, lambda e, _: text(e)),
    "encoded-twice": each("JSON.stringify three times", RFC8259, lambda e, _: text(text(e))),
    "base64": each(
        "a body in base64", f"{MDN}/API/Window/btoa", lambda e, _: {"body": b64(text(e))}
    ),
    "gtm": each(
        "GTM's dataLayer",
        GTM,
        lambda e, n: {
            "event": e["event"],
            "dc": payload(e),
            "timestamp": e["timestamp"],
            "page": e.get("page"),
            "gtm": {"uniqueEventId": n},
        },
    ),
    "gtm-action": each(
        "GTM's dataLayer, the event as `eventAction`",
        GTM,
        lambda e, n: {
            "event": "dynamicChat",
            "eventCategory": "Dynamic Chat",
            "eventAction": e["event"],
            "dc": payload(e),
            "page": e.get("page"),
            "gtm.uniqueEventId": n,
            "ts": stamp(e),
        },
    ),
    "gtag": each(
        "gtag's arguments as an object",
        "https://developers.google.com/tag-platform/gtagjs/reference#event",
        lambda e, _: {
            "command": "event",
            "event_name": e["event"],
            "params": {**payload(e), "page_location": e.get("page"), "timestamp": stamp(e)},
        },
    ),
    "launch": each(
        "Adobe's data layer, in tags",
        "https://github.com/adobe/adobe-client-data-layer/wiki",
        lambda e, _: {
            "event": e["event"],
            "eventInfo": {"timestamp": e["timestamp"]},
            "page": e.get("page"),
            "dynamicChat": payload(e),
        },
    ),
    "redux": each(
        "an action of Redux",
        "https://redux.js.org/tutorials/fundamentals/part-2-concepts-data-flow#actions",
        lambda e, _: {
            "type": e["event"],
            "payload": payload(e),
            "meta": {"at": stamp(e)},
        },
        loses=frozenset({"page"}),
    ),
    "beacon": each(
        "a beacon's queue, sent together",
        f"{MDN}/API/Navigator/sendBeacon",
        lambda e, _: {"sent_at": late(e), "events": [e]},
    ),
    "beacon-text": each(
        "a body that is an array, as a text",
        f"{MDN}/API/Navigator/sendBeacon",
        lambda e, _: {"body": text([e])},
    ),
    "received": each(
        "a collector that notes when it got the event",
        ADOBE,
        lambda e, _: {**untimed(e), "received_at": late(e)},
        clock="server",
    ),
    "js-date": each(
        "Date's toString",
        f"{DATE}/toString",
        lambda e, _: {**e, "timestamp": f"{moment(e):%a %b %d %Y %H:%M:%S} GMT+0000 (UTC)"},
        resolution_ms=1000,
    ),
    "utc-date": each(
        "Date's toUTCString",
        f"{DATE}/toUTCString",
        lambda e, _: {**e, "timestamp": f"{moment(e):%a, %d %b %Y %H:%M:%S} GMT"},
        resolution_ms=1000,
    ),
    "epoch-ms": each("Date.now()", f"{DATE}/now", lambda e, _: {**e, "timestamp": stamp(e)}),
    "epoch-seconds": each(
        "seconds with a fraction, as a text",
        "https://docs.python.org/3/library/time.html#time.time",
        lambda e, _: {**e, "timestamp": seconds(stamp(e))},
    ),
    "ruby-time": each(
        "Ruby's Time#to_s",
        "https://docs.ruby-lang.org/en/master/Time.html",
        lambda e, _: {**e, "timestamp": f"{moment(e):%Y-%m-%d %H:%M:%S} UTC"},
        resolution_ms=1000,
    ),
    "python-time": each(
        "Python's isoformat",
        "https://docs.python.org/3/library/datetime.html#datetime.datetime.isoformat",
        lambda e, _: {**untimed(e), "logged_at": later(e).isoformat()},
        clock="server",
    ),
    "day-and-time": each(
        "a time without a zone, in UTC",
        "https://www.php.net/manual/en/datetime.format.php",
        lambda e, _: {**e, "timestamp": plain(moment(e), "seconds")},
        resolution_ms=1000,
    ),
    "socket": each(
        "a message of socket.io",
        "https://socket.io/docs/v4/emitting-events/",
        lambda e, _: {"event": "dc", "args": [e], "at": late_stamp(e)},
    ),
    "graphql": each(
        "the variables of a GraphQL mutation",
        "https://graphql.org/learn/serving-over-http/",
        lambda e, _: {
            "operationName": "LogChat",
            "query": "mutation LogChat($input: ChatInput!) { log(input: $input) { ok } }",
            "variables": {"input": {**e, "loggedAt": iso(later(e))}},
        },
    ),
}
FRAMINGS: dict[str, Shape] = {
    "batch-array": together(
        "arrays of events, one a line",
        f"{RFC}#section-5",
        lambda events: lines(batches(events)),
    ),
    "batch-events": together(
        "lists of events in an object, one a line",
        f"{RFC}#section-4",
        lambda events: lines({"events": batch} for batch in batches(events)),
    ),
    "array": together("one array", f"{RFC}#section-5", lambda events: text(list(events)).encode()),
    "array-lines": together(
        "one array, an event a line",
        f"{RFC}#section-5",
        lambda events: b"[\n" + b",\n".join(text(e).encode() for e in events) + b"\n]\n",
    ),
    "array-pretty": together(
        "one array, indented", f"{RFC}#section-2", lambda events: pretty(list(events))
    ),
    "pretty": together(
        "jq, indented",
        "https://jqlang.org/manual/",
        lambda events: b"".join(pretty(e, 4) for e in events),
    ),
    "concatenated": together(
        "values with nothing between them",
        "https://en.wikipedia.org/wiki/JSON_streaming#Concatenated_JSON",
        lambda events: b"".join(text(e).encode() for e in events),
    ),
    "firehose": together(
        "Amazon Data Firehose to S3",
        "https://docs.aws.amazon.com/firehose/latest/APIReference/API_Processor.html",
        lambda events: b"".join(text(e).encode() for e in events),
    ),
    "json-seq": together(
        "JSON text sequences (jq --seq)",
        "https://www.rfc-editor.org/rfc/rfc7464",
        lambda events: b"".join(b"\x1e" + text(e).encode() + b"\n" for e in events),
    ),
    "comma-lines": together(
        "an event a line, a comma behind it",
        f"{RFC}#section-5",
        lambda events: b"".join(text(e).encode() + b",\n" for e in events),
    ),
    "crlf": together(
        "lines as Windows ends them",
        "https://github.com/ndjson/ndjson-spec",
        lambda events: b"".join(text(e).encode() + b"\r\n" for e in events),
    ),
}
