"""The one error of a build."""

from installer.windows.errors import CannotBuild


def test_it_is_told_as_it_was_said() -> None:
    assert str(CannotBuild("no zig: pip install ziglang")) == "no zig: pip install ziglang"
