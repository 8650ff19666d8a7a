import re
from pathlib import Path

from agent.drawing import mark

ASSET = Path(__file__).resolve().parents[3] / "tray" / "assets" / "mark.svg"


class Recorder:
    """Stands for canvas and path: keeps what was drawn."""

    def __init__(self):
        self.steps = []
        self.fill = None

    def beginPath(self):
        return self

    def moveTo(self, *point):
        self.steps.append(("move", point))

    def lineTo(self, *point):
        self.steps.append(("line", point))

    def curveTo(self, *points):
        self.steps.append(("curve", points))

    def close(self):
        self.steps.append(("close", ()))

    def drawPath(self, path, *, stroke, fill, fillMode):  # noqa: N803, reportlab's name
        self.fill = (stroke, fill, fillMode)


def test_the_mark_is_that_of_the_windows():
    (drawn,) = re.findall(r'd="([^"]*)"', ASSET.read_text(encoding="utf-8"))
    assert drawn.split() == mark.PATH.split()


def test_the_mark_fills_its_square_and_stays_within():
    canvas = Recorder()
    mark.draw(canvas, 100, 200, 32)
    numbers = [(x, y) for _, points in canvas.steps for x, y in zip(points[::2], points[1::2], strict=True)]
    assert all(100 <= x <= 132 and 200 <= y <= 232 for x, y in numbers)
    assert max(y for _, y in numbers) - min(y for _, y in numbers) > 30


def test_the_check_mark_is_cut_out_by_the_even_odd_rule():
    canvas = Recorder()
    mark.draw(canvas, 0, 0, 64)
    assert canvas.fill == (0, 1, 0)
    assert [kind for kind, _ in canvas.steps].count("close") == 3


def test_lines_along_an_axis_and_quadratic_curves_become_what_pdf_has():
    canvas = Recorder()
    mark.draw(canvas, 0, 0, 64)
    assert canvas.steps[:2] == [("move", (20.5, 63.0)), ("line", (43.5, 63.0))]
    kind, numbers = canvas.steps[2]
    assert kind == "curve"
    assert numbers[4:] == (45.5, 61.0)
    assert [round(number, 3) for number in numbers[:4]] == [44.833, 63.0, 45.5, 62.333]
