"""A platform, and what passes between it and the sender: plain data."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, Final, NamedTuple

from dcevents.sending._secrets import CLIENT_SECRET

WHAT: Final = ("events", "conversations", "attempts")
"""What can be sent: `--what`."""

Value = str | int | float | bool


class Visitor(NamedTuple):
    """Holds what the log knows of a visitor: ids of the platform's own."""

    id: str | None = None
    session: str | None = None


UNKNOWN_VISITOR: Final = Visitor()


class SendItem(NamedTuple):
    """An event as it is to be sent; of `--what conversations`, a conversation's outcome."""

    what: str
    """One of WHAT."""
    identity: bytes
    """What the ledger knows it by: see `_items`."""
    name: str
    """Its name on platforms: `chat_engaged`."""
    ts: int
    """Milliseconds since 1970."""
    sid: str
    values: Mapping[str, Value]
    """Its values by their names on platforms, uncut: `chat_sid`, `chat_name`, …"""
    page: str | None
    visitor: Visitor = UNKNOWN_VISITOR
    moments: Mapping[str, int] = {}
    """Of an attempt: requested_at, accepted_at, ended_at, where known."""


class Encoded(NamedTuple):
    """An item in the words of a platform."""

    item: SendItem
    text: str


class SendBatch(NamedTuple):
    """Holds what one request carries."""

    group: str
    """What all its items share: see `Platform.choose_group`."""
    encoded: Sequence[Encoded]
    key: str
    """Names this batch: the same items have the same key."""


class Request(NamedTuple):
    """A request, without secrets: these are named and filled in by the transport."""

    method: str
    url: str
    query: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    body: bytes = b""
    shown_body: Any = None
    """The body as `--dry-run` prints it."""
    secret_query: Mapping[str, str] = {}
    """Parameters of the URL by the names of the secrets that are their values."""
    secret_headers: Mapping[str, str] = {}
    """Headers with a secret, `{NAME}`, in them."""
    is_answer_secret: bool = False
    """It is read as it is, and never shown; it may be a secret that is known already."""


class Answer(NamedTuple):
    """Holds what a platform answered."""

    status: int
    body: bytes = b""
    retry_after_ms: int | None = None


class TransportError(Exception):
    """A request without an answer. Tells no secret, and has no cause that could."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_final = is_final
        """Another try would fail likewise."""


class Fate(Enum):
    """Says what an answer means for a batch."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    """The same request will be refused again: something in the batch is at fault."""
    FAILED = "failed"
    """Every request will fail: a wrong address, a wrong secret."""
    RETRY = "retry"


class Verdict(NamedTuple):
    """The meaning of an answer, with a reason for people."""

    fate: Fate
    reason: str = ""
    rows_refused: int = 0
    """Items of an accepted batch that the platform says it has refused."""


class PlatformOption(NamedTuple):
    """An option of one platform's subcommand."""

    name: str
    """As it is written: `--measurement-id`."""
    metavar: str
    help: str
    default: str | None = None
    is_required: bool = False

    @property
    def parameter(self) -> str:
        """Return the key of its value."""
        return self.name.removeprefix("--").replace("-", "_")


class Limits(NamedTuple):
    """Says what a platform takes; each module says on which page it stands."""

    items: int
    """Of one request."""
    body_bytes: int
    """Of one request, or of one file before it is compressed."""
    age_ms: int | None = None
    """Of an event, at most; None for any."""
    requests_per_second: float | None = None
    parallel_requests: int = 8
    """One where requests have to arrive in order."""


class Destination(NamedTuple):
    """Says where events go, and how: the settings of one run."""

    id: str
    """The property, suite or stream: the ledger is about this one."""
    endpoint: str
    options: Mapping[str, str | None] = {}
    """Values of the platform's own options by parameter."""
    names_agents: bool = False
    """Agents' names, and ids that are e-mail addresses, are sent."""
    mapping: Mapping[str, Any] = {}
    """Of the file that `--mapping` names."""


class Platform(NamedTuple):
    """A platform: pure functions, and facts about it."""

    name: str
    title: str
    help: str
    example: str
    options: Sequence[PlatformOption]
    id_parameter: str
    """The option that is `Destination.id`."""
    endpoint: str
    secrets: Sequence[Sequence[str]]
    """Names of secrets: all of one of these rows are needed."""
    limits: Limits
    encode_item: Callable[[SendItem, Destination], str]
    build_request: Callable[[SendBatch, Destination], Request]
    judge_answer: Callable[[Answer], Verdict]
    is_own_answer: Callable[[Answer], bool]
    """Tells its answers from those of a proxy or a firewall, which accept and refuse nothing."""
    choose_group: Callable[[SendItem, Destination], str] | None = None
    """Returns what a session's items share, where a request is about one session."""
    visitor_options: Mapping[str, str] = {}
    """Options that say where a log has ids of visitors, by the field of Visitor."""
    visitor_pattern: str = ".*"
    """What such an id looks like; others are not believed."""
    check_destination: Callable[[Destination], None] = lambda _: None
    """Raises UsageError for options that cannot be."""
    build_check: Callable[[SendBatch, Destination], Request] | None = None
    """Builds a request that stores nothing: `--check`."""
    list_faults: Callable[[Answer], Sequence[str]] | None = None
    """Lists what is wrong by the answer to that."""
    build_lookup: Callable[[SendBatch, Destination], Request] | None = None
    """Builds a request that asks whether a batch has arrived: 200 or 404."""
    build_file: Callable[[SendBatch, Destination], tuple[str, bytes]] | None = None
    """Builds a file's name and content: `--out`."""

    @property
    def uses_tokens(self) -> bool:
        """Return whether access tokens may be fetched for it."""
        return any(CLIENT_SECRET in row for row in self.secrets)


class SendSettings(NamedTuple):
    """The settings of a run of `send`, beside what is read and selected."""

    platform: Platform
    destination: Destination
    what: str
    mode: str
    """`send`, `out`, `dry_run`, `check` or `status`."""
    state: str | None
    """The folder of the ledger; None: nothing is known, and nothing is sent."""
    is_state_of_store: bool
    out: str | None
    is_again: bool
    requests_per_second: float | None
    give_up_ms: int
    secret_file: str | None
    token_endpoint: str
    status_format: str


def is_page(answer: Answer) -> bool:
    """Return whether an answer is a page for people; no platform sends one."""
    return answer.body.lstrip()[:1] == b"<"


def describe_foreign_answer(platform: Platform, answer: Answer) -> str:
    """Return what is wrong with an answer that is not the platform's own."""
    what = "with a web page" if is_page(answer) else f"as {platform.title} would not"
    return (
        f"it answers {answer.status}, {what}: a proxy or a firewall may stand between, "
        "or --endpoint be wrong"
    )


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, so that nothing is sent over a network."""
    return host in ("localhost", "127.0.0.1", "::1")


def judge_status(answer: Answer) -> Verdict:
    """Return the verdict that a status alone allows."""
    status = answer.status
    if 200 <= status < 300:
        return Verdict(Fate.ACCEPTED)
    if status in (400, 413, 422):
        return Verdict(Fate.REFUSED, f"it answers {status}")
    if status in (408, 425, 429) or status >= 500:
        return Verdict(Fate.RETRY, f"it answers {status}")
    return Verdict(Fate.FAILED, f"it answers {status}")
