"""The courier: what an answer means for a batch."""

import json
from collections.abc import Sequence

from dcevents.sending import load_platforms
from dcevents.sending._delivery import Courier, Pace
from dcevents.sending._platform import (
    Answer,
    Destination,
    Encoded,
    Request,
    SendBatch,
    SendItem,
    TransportError,
)

PLATFORM = load_platforms()["adobe-analytics"]
DESTINATION = Destination("suite", PLATFORM.endpoint)
REJECTED = {"file_id": "5c04f400", "rows": 1, "invalid_rows": 1, "status_code": "REJECTED"}


class Network:
    """Gives one answer after the other; None is a lost one."""

    def __init__(self, answers: Sequence[tuple[str, Answer | None]]) -> None:
        self.left = [*answers]

    def send(self, request: Request) -> Answer:
        """Answer a request of the method that is expected."""
        method, answer = self.left.pop(0)
        assert request.method == method
        if answer is None:
            raise TransportError("the connection broke")
        return answer


def make_batch(size: int) -> SendBatch:
    items = [
        SendItem("events", bytes([number]) * 16, "chat_engaged", 10**12, "s", {}, None)
        for number in range(size)
    ]
    encoded = [Encoded(item, PLATFORM.encode_item(item, DESTINATION)) for item in items]
    return SendBatch("", encoded, "00ff" * 8)


def make_courier(*answers: tuple[str, Answer | None]) -> Courier:
    return Courier(PLATFORM, DESTINATION, Network(answers), Pace(None), 60.0)


def answer(found: dict[str, object]) -> Answer:
    return Answer(200, json.dumps(found).encode())


def test_a_file_that_has_arrived_and_was_rejected_is_halved() -> None:
    """To ask for it again and again would leave its events due for ever."""
    taken = {"file_id": "22eea6b6", "rows": 1, "status_code": "UPLOADED"}
    courier = make_courier(
        ("POST", None),
        ("GET", answer(REJECTED)),
        ("POST", answer(taken)),
        ("POST", answer(REJECTED)),
    )
    delivery = courier.deliver(make_batch(2))

    assert (1, 1, None) == (len(delivery.accepted), len(delivery.refused), delivery.failure)


def test_a_file_that_was_rejected_has_not_arrived() -> None:
    """Where only a part of it is selected, that is sent with others."""
    assert (False, None) == make_courier(("GET", answer(REJECTED))).ask_for("00ff" * 8)
