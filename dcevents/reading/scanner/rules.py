"""Rules: where the records of one form keep their event. The judge is asked once for each.

A rule names slots: the values of a form, numbered in their order.
"""

import copy
import threading
from collections import Counter
from collections.abc import Iterable
from enum import IntEnum
from typing import Any, Final, NamedTuple

from dcevents.model.moments import ANCIENT, UNTIMED
from dcevents.reading.framing.decoding import NoJsonValueError, decode
from dcevents.reading.json_value import is_number
from dcevents.reading.judge import (
    Context,
    Event,
    Mapping,
    Outcome,
    Rejection,
    Structure,
    UnknownEvent,
    WidgetReady,
    finds_at_listed_keys,
    judge_value,
)
from dcevents.reading.judge.findings import MAX_UNKNOWN_NAME_CHARACTERS, NO_EVENT, NO_SID, cut_text
from dcevents.reading.judge.nodes import NANOSECONDS, PairStep, Path, TextStep
from dcevents.reading.scanner.forms import Form, Token, read_form
from dcevents.reading.scanner.members import (
    NotOneMemberError,
    keep_members,
    rename_own_keys,
    shorten_lists,
)

MAX_RULES: Final = 2000
"""Forms of a log beyond which no judge is asked any more: their lines are set aside."""
FIELDS: Final = ("sid", "id", "name", "type", "uiType", "agentID", "agentName")
"""Parts of an event in the order of a rule's slots, between the event's name and its time."""
SLOTS: Final = len(FIELDS) + 4
NO_SLOT: Final = -1
FORM_OF_SLOT: Final = 255
"""In a rule: a time's form is that of its text."""
_PREFIX: Final = "2026-01-01T00:00:00Z"
"""A text with a time, before a record that has none."""
_MAX_PROBES: Final = 8
_MIN_KEPT_BYTES: Final = 1 << 14
"""Of records whose values are kept for the next form, and shortened for the judge."""
_MAX_UNTOLD: Final = 8
"""Records of a form that may not tell its rule before no further are asked about."""
_NAME_TOKENS: Final = frozenset(
    (
        *(Token.FULL_NAME, Token.READY_NAME, Token.KIND_ALONE, Token.LIKE_ADOBES),
        *(Token.OTHER_NAME, Token.TEXT),
    )
)
"""What the text under a key that names events may be."""
_JOINED: Final = "_seconds"
"""A key of which the value is joined with that of nanoseconds: no slot has its text."""


class RuleKind(IntEnum):
    """Say what the records of a form are."""

    ASIDE = 0
    EVENT = 1
    READY = 2
    UNKNOWN = 3
    NO_EVENT = 4
    NO_SID = 5


class Sample(NamedTuple):
    """A form without a rule, and a record of it."""

    form: bytes
    record: bytes
    is_clean: bool
    """No text that the form leaves out may say something."""
    numbers: tuple[int, ...] = ()
    """Which member the record is, of lists in one another."""


class Rule(NamedTuple):
    """Says what the records of one form are, and in which slots an event's parts are."""

    kind: RuleKind
    slots: tuple[int, ...] = (NO_SLOT,) * SLOTS
    """The event's name, FIELDS, time, page, nanoseconds beside the time."""
    ms: int = 0
    """UNTIMED or ANCIENT; 0 where the slot has a time."""
    time_form: int = FORM_OF_SLOT
    is_late: bool = False
    """Holds only for records in which no other text may say something."""
    structure: Structure | None = None
    prefix_structure: Structure | None = None
    """Of an event whose time is that of the text before it."""


ASIDE: Final = Rule(RuleKind.ASIDE)
NumberedRule = tuple[bytes, Rule, tuple[int, ...]]
"""A form, its rule, and the numbers of the rule's two structures."""


class Rules:
    """The rules of a run, shared by its threads: forms, rules, structures, each in order."""

    def __init__(self, context: Context, forms: tuple[str, ...], *, in_full: bool) -> None:
        self._context = context
        self._time_forms = forms
        self._in_full = in_full
        self._lock = threading.Lock()
        self._known: dict[bytes, Rule] = {}
        self._untold: Counter[bytes] = Counter()
        """How many records of a form did not tell its rule."""
        self._rules: list[NumberedRule] = []
        self.structures: list[Structure] = []
        self._numbers: dict[Structure, int] = {}

    def __len__(self) -> int:
        """Count the rules."""
        return len(self._rules)

    @property
    def is_full(self) -> bool:
        """Return whether no more rules are made."""
        return len(self._rules) >= MAX_RULES

    def list_from(self, number: int) -> list[NumberedRule]:
        """Return the rules from a number on."""
        with self._lock:
            return self._rules[number:]

    def learn(self, samples: Iterable[Sample], values: "RecordValues") -> int:
        """Ask the judge about the forms of records; return the number of rules before these."""
        with self._lock:
            before = len(self._rules)
            for each in samples:
                if each.form not in self._known and not self.is_full:
                    rule = self._make_rule(each, values.find(each.record))
                    if rule is None:
                        rule = self._give_up(each.form)
                    if rule is not None:
                        structures = (rule.structure, rule.prefix_structure)
                        numbers = tuple(map(self._number_structure, structures))
                        self._known[each.form] = rule
                        self._rules.append((each.form, rule, numbers))
            return before

    def _give_up(self, form: bytes) -> Rule | None:
        """Return ASIDE for a form of which many records did not tell; None for a few."""
        self._untold[form] += 1
        return ASIDE if self._untold[form] >= _MAX_UNTOLD else None

    def _number_structure(self, structure: Structure | None) -> int:
        if structure is None:
            return 0
        number = self._numbers.setdefault(structure, len(self.structures))
        if number == len(self.structures):
            self.structures.append(structure)
        return number

    def _make_rule(self, sample: Sample, value: Any) -> Rule | None:  # noqa: ANN401 - JSON
        """Return the rule of a form; None where this record of it does not tell.

        `value` is the record's, None where it has none.
        """
        form = read_form(sample.form)
        if value is None:
            return ASIDE
        if form.has_own_keys:
            value = rename_own_keys(value)
        try:
            value, count = keep_members(value, form, sample.numbers)
        except NotOneMemberError:
            return ASIDE
        if len(sample.record) >= _MIN_KEPT_BYTES:
            value = shorten_lists(value, form.told_lists)
        findings = judge_value(value, self._context)
        if len(findings) != count:
            return ASIDE
        is_listed = finds_at_listed_keys(value, self._context.mapping)
        is_late = form.may_be_group or form.is_beside_event or not is_listed
        if form.is_late and not is_late:
            return ASIDE  # another form of the record, without the late texts, is enough
        if is_late and not (sample.is_clean or form.is_late):
            return None
        maker = _RuleMaker(
            form, self._time_forms, self._context.mapping, is_late=is_late and not form.is_late
        )
        rule = maker.make(findings[0].outcome, value)
        if rule is None or rule.kind is not RuleKind.EVENT or not rule.ms:
            return rule
        timed = judge_value(value, self._context, _PREFIX)[0].outcome
        structure = timed.structure if isinstance(timed, Event) else rule.structure
        return rule._replace(prefix_structure=structure)


class RecordValues:
    """The values of records of a block: members of one list come with all of it each."""

    def __init__(self) -> None:
        self._record, self._value = b"", None

    def find(self, record: bytes) -> Any:  # noqa: ANN401 - any JSON value
        """Return the value of a record; None where it is none."""
        if record != self._record:
            try:
                value = decode(record.decode())
            except (NoJsonValueError, UnicodeDecodeError):
                return None
            if len(record) < _MIN_KEPT_BYTES:
                return value
            self._record, self._value = record, value
        return self._value


class _RuleMaker:
    """Makes the rule of one form from what the judge says of one record."""

    def __init__(
        self, form: Form, time_forms: tuple[str, ...], mapping: Mapping, *, is_late: bool
    ) -> None:
        self._form = form
        self._numbers = form.number_slots()
        self._time_forms = time_forms
        self._mapping = mapping
        self._is_late = is_late

    def make(self, outcome: Outcome, value: Any) -> Rule | None:  # noqa: ANN401 - any JSON value
        """Return the rule; None where this record does not tell."""
        match outcome:
            case Event():
                return self._make_event_rule(outcome)
            case Rejection(reason) if reason not in {NO_EVENT, NO_SID}:
                return None
        if self._form.has_doubt:
            return ASIDE
        match outcome:
            case WidgetReady():
                return Rule(RuleKind.READY, is_late=self._is_late)
            case UnknownEvent(name):
                number = self._find_unknown_name(name, value)
                slots = (number, *(NO_SLOT,) * (SLOTS - 1))
                is_late = not self._form.is_late
                return ASIDE if number < 0 else Rule(RuleKind.UNKNOWN, slots, is_late=is_late)
        is_without_sid = outcome == Rejection(NO_SID)
        kind = RuleKind.NO_SID if is_without_sid else RuleKind.NO_EVENT
        return Rule(kind, is_late=not self._form.is_late)

    def _make_event_rule(self, event: Event) -> Rule:
        structure, time = event.structure, event.time
        is_own = structure.is_canonical and len(structure.event) == 1
        # A map may lead into any text.
        if self._form.has_doubt and (self._mapping or not is_own):
            return ASIDE
        fields = dict(structure.fields)
        time_path = None if structure.time is None else _name_pairs(structure.time)
        paths: list[Path | None] = [
            structure.event,
            *(fields.get(part) for part in FIELDS),
            structure.time,
            structure.page,
        ]
        paths = [None if path is None else _name_pairs(path) for path in paths]
        paths.append(None if time_path is None else self._find_nanoseconds(time_path))
        said = [path for path in paths if path is not None]
        is_known = all(
            path in self._numbers and (_JOINED not in path or path == time_path) for path in said
        )
        # A time of the text before a value is read anew for each record.
        is_of_prefix = structure.time is None and time.status in {"timed", "future"}
        may_be_of_prefix = self._form.has_text_prefix and time.status in {"ancient", "untimed"}
        if not is_known or is_of_prefix or may_be_of_prefix:
            return ASIDE
        slots = tuple(NO_SLOT if path is None else self._numbers[path] for path in paths)
        ms = {"ancient": ANCIENT, "untimed": UNTIMED}.get(time.status, 0)
        is_of_slot = ms != UNTIMED
        time_form = FORM_OF_SLOT if is_of_slot else self._time_forms.index(time.form)
        return Rule(RuleKind.EVENT, slots, ms, time_form, self._is_late, structure)

    def _find_nanoseconds(self, time: Path) -> Path | None:
        """Return the path of the nanoseconds that are joined with a time; None for none.

        It may lead to an object or array, which no slot has.
        """
        if time[-1] != _JOINED:
            return None
        paths = ((*time[:-1], key) for key in NANOSECONDS)
        return next((path for path in paths if self._is_said(path)), None)

    def _is_said(self, path: Path) -> bool:
        """Return whether a form has a value at a path that is not null."""
        return self._form.first_tokens.get(path, Token.NULL) is not Token.NULL

    def _find_unknown_name(self, name: str, value: Any) -> int:  # noqa: ANN401 - any JSON value
        """Return the slot of an unknown event's name; NO_SLOT where that is not certain."""
        named = {
            path: number
            for path, number in self._numbers.items()
            if self._form.tokens[number] in _NAME_TOKENS
            and not any(isinstance(step, TextStep) for step in path)
        }
        texts = {path: _find_text(value, path) for path in named}
        if self._form.has_own_keys and None in texts.values():
            return NO_SLOT  # keys that C and Python do not take alike
        same = [
            path
            for path, text in texts.items()
            if text is not None and cut_text(text, MAX_UNKNOWN_NAME_CHARACTERS) == name
        ]
        if len(same) == 1 and not self._mapping:
            return named[same[0]]
        for path in same[:_MAX_PROBES]:
            is_like = self._form.tokens[named[path]] is Token.LIKE_ADOBES
            probe = "conversation_probe" if is_like else "probe"
            other = _replace_text(value, path, probe)
            [finding, *_] = judge_value(other, Context(clock_ms=0, mapping=self._mapping))
            if finding.outcome == UnknownEvent(probe):
                return named[path]
        return NO_SLOT


def _name_pairs(path: Path) -> Path:
    """Return a path as forms have it: members of a list of pairs by their keys."""
    return tuple(step.key if isinstance(step, PairStep) else step for step in path)


def _find_text(value: Any, path: Path) -> str | None:  # noqa: ANN401 - any JSON value
    """Return the text at a path; None for none: of two equal keys one alone is in the value."""
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value if isinstance(value, str) and not is_number(value) else None


def _replace_text(value: Any, path: Path, text: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value with another text at a path."""
    other = copy.deepcopy(value)
    holder = other
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = text
    return other
