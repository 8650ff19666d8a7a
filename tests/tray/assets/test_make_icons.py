import pytest

pytest.importorskip("PySide6.QtSvg", reason="needs tool: PySide6")

from PySide6.QtGui import QImage

from tray.assets import make_icons

NAMES = sorted(
    [f"mark-{size}.png" for size in make_icons.MARK_SIZES]
    + [f"{state}-{size}.png" for state in make_icons.STATES for size in make_icons.TRAY_SIZES]
)


def difference(one, other):
    """The largest difference of a channel of a pixel: other versions of Qt round edges a little differently."""
    assert one.size() == other.size()
    worst = 0
    for x in range(one.width()):
        for y in range(one.height()):
            ours, theirs = one.pixelColor(x, y), other.pixelColor(x, y)
            if ours.alpha() or theirs.alpha():
                worst = max(worst, abs(ours.alpha() - theirs.alpha()))
    return worst


def test_the_pictures_that_are_committed_are_those_that_the_script_draws(application, tmp_path):
    make_icons.main(tmp_path)
    assert sorted(path.name for path in tmp_path.glob("*.png")) == NAMES
    assert sorted(path.name for path in make_icons.HERE.glob("*.png")) == NAMES
    for name in NAMES:
        if "256" not in name:
            assert difference(QImage(str(tmp_path / name)), QImage(str(make_icons.HERE / name))) <= 16, name


def test_each_state_looks_different_at_the_smallest_size(application):
    pictures = [QImage(str(make_icons.HERE / f"{state}-16.png")) for state in make_icons.STATES]
    for number, one in enumerate(pictures):
        for other in pictures[number + 1 :]:
            assert one != other


def test_a_picture_that_cannot_be_written_is_an_error(application, tmp_path):
    with pytest.raises(OSError, match="can't be written"):
        make_icons.main(tmp_path / "missing")
