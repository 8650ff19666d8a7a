import pytest

from tray import icon, startup


@pytest.mark.parametrize(
    ("platform", "wanted", "installed", "expected"),
    [
        ("linux", "auto", {"PySide6", "pystray"}, "qt"),
        ("linux", "auto", {"pystray"}, "pystray"),
        ("linux", "auto", set(), "qt"),
        ("win32", "auto", {"PySide6", "pystray"}, "pystray"),
        ("win32", "auto", {"PySide6"}, "qt"),
        ("darwin", "auto", {"PySide6", "pystray"}, "pystray"),
        ("linux", "pystray", {"PySide6", "pystray"}, "pystray"),
        ("win32", "qt", {"PySide6", "pystray"}, "qt"),
    ],
)
def test_the_back_end_that_can_show_a_menu_is_chosen(platform, wanted, installed, expected):
    assert icon.choose(platform, wanted, installed.__contains__) == expected


def test_a_qt_icon_needs_a_display(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(startup.sys, "platform", "linux")
    with pytest.raises(startup.CannotStart):
        icon._make("qt", lambda _: None)
