"""The mark: a pen nib whose cut is a check mark, drawn as a path."""

import itertools
import re
from typing import Any

SIZE = 64
"""The side of the square that the path is drawn in, y downwards."""

# The path of tray/assets/mark.svg, kept here because documents are drawn where no window is installed.
PATH = (
    "M20.5 1H43.5Q45.5 1 45.5 3V5.5Q45.5 7.5 43.5 7.5H20.5Q18.5 7.5 18.5 5.5V3Q18.5 1 20.5 1Z "
    "M20 11H44Q45.7 11 46.5 12.6L54.8 29.5Q56.2 32.5 54.6 35.4C50 44 38.5 50 33.5 61.5Q32 64.5 30.5 61.5"
    "C25.5 50 14 44 9.4 35.4Q7.8 32.5 9.2 29.5L17.5 12.6Q18.3 11 20 11Z "
    "M18.3 29.2Q16.7 30.8 18.3 32.4L27.7 41.8Q29.3 43.4 30.9 41.8L47.2 24.5Q48.7 22.8 47 21.3L44.7 19.2"
    "Q43 17.8 41.5 19.4L29.2 32.5L23.2 26.5Q21.7 25 20.2 26.5Z"
)
_EVEN_ODD = 0


def draw(canvas: Any, x: float, y: float, side: float) -> None:
    """Draws the mark into a square with its lower left corner at (`x`, `y`), in the fill colour of the canvas."""
    scale = side / SIZE
    path = canvas.beginPath()
    here = (0.0, 0.0)

    def place(point: tuple[float, float]) -> tuple[float, float]:
        return x + point[0] * scale, y + side - point[1] * scale

    for command, points in _steps(here):
        match command:
            case "M":
                path.moveTo(*place(points[-1]))
            case "L":
                path.lineTo(*place(points[-1]))
            case "C":
                path.curveTo(*itertools.chain.from_iterable(place(point) for point in points))
            case _:
                path.close()
    canvas.drawPath(path, stroke=0, fill=1, fillMode=_EVEN_ODD)


def _steps(here: tuple[float, float]) -> list[tuple[str, list[tuple[float, float]]]]:
    """The path as moves, lines and cubic curves: the only ones that PDF has."""
    steps = []
    for command, numbers in re.findall(r"([MLHVQCZ])([^MLHVQCZ]*)", PATH):
        values = [float(number) for number in numbers.split()]
        points = list(itertools.pairwise(values))[::2]
        match command:
            case "H":
                command, points = "L", [(values[0], here[1])]  # noqa: PLW2901  # said in other words
            case "V":
                command, points = "L", [(here[0], values[0])]  # noqa: PLW2901  # the same
            case "Q":
                command, points = "C", _raised(here, *points)  # noqa: PLW2901  # the same
        here = points[-1] if points else here
        steps.append((command, points))
    return steps


def _raised(
    start: tuple[float, float], control: tuple[float, float], end: tuple[float, float]
) -> list[tuple[float, float]]:
    """The cubic curve that is the quadratic one."""
    towards = [(p[0] + 2 / 3 * (control[0] - p[0]), p[1] + 2 / 3 * (control[1] - p[1])) for p in (start, end)]
    return [*towards, end]
