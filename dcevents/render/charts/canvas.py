"""A drawing of rectangles, lines and texts: the only place where SVG is written.

Sizes are of text on paper: a drawing is as wide as its canvas and as high as it needs. What a log
says comes in through `write_text` only, and is escaped there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final, Literal

from dcevents.show import make_visible, measure_width

Ink = Literal[
    "ink", "soft", "grid", "band", "gap", "accent", "veil", "mark", "bad",
    "part1", "part2", "part3", "part4", "part5", "part6", "part7", "part8",
    "heat0", "heat1", "heat2", "heat3", "heat4", "heat5", "heat6",
    "paper",
]  # fmt: skip
"""What a colour is for. Parts follow one another in a stack, heat grows."""

COLOURS: Final[dict[Ink, str]] = {
    "ink": "#1c2430",
    "soft": "#56606e",
    "grid": "#dfe3e8",
    "band": "#f0f2f5",
    "gap": "#d8cfc4",
    "accent": "#1b5fa8",
    "veil": "#c3d8ee",
    "mark": "#8a4b08",
    "bad": "#9c2f12",
    # From what went well, dark to light, over what is open to what was lost, light to dark:
    # neighbours differ in grey, too.
    "part1": "#17457f",
    "part2": "#4f8cc9",
    "part3": "#a9cbe8",
    "part4": "#e1e4e8",
    "part5": "#f4c987",
    "part6": "#d98a2b",
    "part7": "#a8481a",
    "part8": "#5c2412",
    "heat0": "#f3f6fa",
    "heat1": "#dbe8f5",
    "heat2": "#b9d3ec",
    "heat3": "#8ab6de",
    "heat4": "#5490c8",
    "heat5": "#2a68a8",
    "heat6": "#123f78",
    "paper": "#ffffff",
}
PARTS: Final[tuple[Ink, ...]] = (
    "part1", "part2", "part3", "part4", "part5", "part6", "part7", "part8",
)  # fmt: skip
HEATS: Final[tuple[Ink, ...]] = (
    "heat0", "heat1", "heat2", "heat3", "heat4", "heat5", "heat6",
)  # fmt: skip
DARK_HEATS: Final = ("heat4", "heat5", "heat6")
"""Those behind light text."""

FONT: Final = "system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', Arial, sans-serif"
Anchor = Literal["start", "middle", "end"]


@dataclass
class Drawing:
    """Hold shapes and texts; coordinates are of its width, and its height grows."""

    width: float
    font_size: float
    has_classes: bool
    """Colours are classes, which a page gives in light and dark; else they are written down."""
    height: float = 0.0
    shapes: list[str] = field(default_factory=list)

    @property
    def line(self) -> float:
        """Return the height of a line of text."""
        return self.font_size * 1.45

    def measure_text(self, text: str) -> float:
        """Return about how wide a text is, in whichever font."""
        return measure_width(text) * self.font_size * 0.6

    def count_characters(self, room: float) -> int:
        """Return how many characters fit into a room."""
        return max(3, int(room / (self.font_size * 0.6)))

    # -- shapes --------------------------------------------------------------------------------

    def draw_rectangle(self, ink: Ink, box: tuple[float, float, float, float]) -> None:
        """Draw a filled rectangle: left, top, width, height."""
        x, y, width, height = (_format_number(max(0.0, each)) for each in box)
        size = f'x="{x}" y="{y}" width="{width}" height="{height}"'
        self.shapes.append(f"<rect {self._fill(ink)} {size}/>")

    def draw_line(
        self,
        ink: Ink,
        points: Sequence[tuple[float, float]],
        *,
        width: float = 1.0,
        dashes: str = "",
    ) -> None:
        """Draw a line through points."""
        steps = "L".join(f"{_format_number(x)} {_format_number(y)}" for x, y in points)
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        stroke = f'stroke-width="{_format_number(width)}" fill="none"{dashed}'
        self.shapes.append(f'<path {self._stroke(ink)} {stroke} d="M{steps}"/>')

    def draw_area(self, ink: Ink, points: Sequence[tuple[float, float]]) -> None:
        """Draw a filled shape through points."""
        steps = "L".join(f"{_format_number(x)} {_format_number(y)}" for x, y in points)
        self.shapes.append(f'<path {self._fill(ink)} d="M{steps}Z"/>')

    def draw_dot(self, ink: Ink, x: float, y: float, radius: float) -> None:
        """Draw a dot."""
        place = f'cx="{_format_number(x)}" cy="{_format_number(y)}" r="{_format_number(radius)}"'
        self.shapes.append(f"<circle {self._fill(ink)} {place}/>")

    def write_text(  # noqa: PLR0913 - three of them by name
        self,
        text: str,
        x: float,
        y: float,
        *,
        ink: Ink = "ink",
        anchor: Anchor = "start",
        is_bold: bool = False,
    ) -> None:
        """Write a text on its base line. It may be a stranger's: it is escaped."""
        place = f'x="{_format_number(x)}" y="{_format_number(y)}"'
        place += "" if anchor == "start" else f' text-anchor="{anchor}"'
        place += ' font-weight="bold"' if is_bold else ""
        self.shapes.append(f"<text {self._fill(ink)} {place}>{escape(make_visible(text))}</text>")

    # -- the whole -----------------------------------------------------------------------------

    def write_svg(self, title: str) -> str:
        """Return the drawing as an SVG element that says what it shows."""
        words = escape(make_visible(title))
        text = f'font-size="{_format_number(self.font_size)}" role="img" aria-label="{words}"'
        if self.has_classes:
            # A page gives size, margin and font.
            box = f"0 0 {_format_number(self.width)} {_format_number(self.height)}"
            return f'<svg viewBox="{box}" {text}>{"".join(self.shapes)}</svg>'
        margin = self.line
        width, height = (_format_number(each + 2 * margin) for each in (self.width, self.height))
        corner = _format_number(-margin)
        area = f'width="{width}" height="{height}"'
        box = f'viewBox="{corner} {corner} {width} {height}"'
        font = f'xmlns="http://www.w3.org/2000/svg" font-family="{escape(FONT)}"'
        paper = f'<rect fill="{COLOURS["paper"]}" x="{corner}" y="{corner}" {area}/>'
        inside = f"<title>{words}</title>{paper}{''.join(self.shapes)}"
        return f"<svg {font} {area} {box} {text}>{inside}</svg>"

    def _fill(self, ink: Ink) -> str:
        return f'class="{ink}"' if self.has_classes else f'fill="{COLOURS[ink]}"'

    def _stroke(self, ink: Ink) -> str:
        return f'class="{ink}-line"' if self.has_classes else f'stroke="{COLOURS[ink]}"'


def _format_number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
