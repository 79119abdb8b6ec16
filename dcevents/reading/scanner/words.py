"""Lists of words that the scanner in C goes by: the judge's tables, in the order of its lists."""

from typing import Final

from dcevents.model import events
from dcevents.model.events import KINDS
from dcevents.reading.judge import keys
from dcevents.reading.judge.nodes import (
    NANOSECONDS,
    PAIR_KEYS,
    PAIR_VALUE,
    SCALAR_TYPE_NAMES,
    TYPE_CONTENTS,
    TYPE_NAMES,
)

_NEVER_NAME = (key.lower() for key in keys.NEVER_NAME)
_GENERIC = tuple(word for word in events.WORDS_BEFORE if word.startswith(("enum", "event")))
_SHORT_KINDS = (KINDS.index(kind) for kind in events.LIVE_CHAT_SHORT.values())

WORD_LISTS: Final = tuple(
    tuple(word if isinstance(word, bytes) else word.encode() for word in words)
    for words in (
        keys.EVENT,
        keys.EVENT_ENDS,
        keys.NAME,
        sorted(keys.BODY),
        keys.NEVER_ENTERED_ENDS,
        sorted(keys.VISITOR),
        sorted(keys.NO_NAME),
        sorted(keys.REQUEST_LINE | keys.REQUEST_OBJECTS),
        keys.TIME_ENDS,
        keys.TIME_LAST_WORDS,
        (keys.TIME_BEGINNING,),
        keys.TIME_ALONE,
        keys.PAGE,
        tuple(keys.ADOBE),
        tuple(_NEVER_NAME),
        keys.WORDS_BEFORE_ADOBE,
        keys.CONVERSATION_WORDS,
        tuple(keys.CONVERSATION_PARTS),
        (keys.SESSION, *keys.LOGGER),
        sorted({*TYPE_NAMES, *TYPE_CONTENTS, *TYPE_CONTENTS.values(), *NANOSECONDS}),
        sorted(SCALAR_TYPE_NAMES),
        PAIR_KEYS,
        (PAIR_VALUE,),
        KINDS,
        events.WORDS_BEFORE,
        _GENERIC,
        tuple(events.LIVE_CHAT_SHORT),
        tuple(bytes([number]) for number in _SHORT_KINDS),
        (events.READY_NAME,),
        (*keys.NEVER_TIME_WORDS, *keys.NEVER_TIME),
    )
)
"""As `enum word_list` of scan.h has them."""
