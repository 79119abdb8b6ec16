"""The values in texts and request lines, as nodes."""

from dataclasses import replace

from dcevents.reading.judge.nodes import (
    Node,
    Object,
    Path,
    Scalar,
    TextStep,
    make_record_node,
)
from dcevents.reading.judge.places import Holder, Place
from dcevents.reading.judge.texts import TextContents, decode_query


def read_request(holder: Holder) -> Object | None:
    """Return the form that a request line or a request's parameters are; None for none."""
    if isinstance(holder.node, Object):
        return replace(holder.node, is_form=True)
    if not isinstance(holder.node, Scalar) or not holder.node.is_string:
        return None
    contents = decode_query(holder.node.raw)
    nodes = make_part_nodes(contents, holder.node.path, holder.place) if contents else []
    return next((node for node, _ in nodes if isinstance(node, Object)), None)


def make_part_nodes(
    contents: TextContents, path: Path, around: Place | None
) -> list[tuple[Node, str]]:
    """Return the values in a text as nodes, each with the text before it."""
    depth = around.node.depth + 1 if around else 0
    found: list[tuple[Node, str]] = []
    for number, part in enumerate(contents.parts):
        step: Path = (*path, TextStep(contents.how))
        is_outer_list = around is None and isinstance(part.value, list)
        node = make_record_node(
            part.value,
            (*step, number) if len(contents.parts) > 1 else step,
            -1 if is_outer_list else depth,
        )
        if isinstance(node, Object):
            node.is_form = contents.is_form
        found.append((node, part.prefix))
    return found
