from agent.doctor import browsers
from agent.localhost import browser_profiles


def look(tmp_path, there):
    """Programs by name, each with what it says."""
    paths = {}
    for name in there:
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
        paths[name] = str(path)
    said = {path: there[name] for name, path in paths.items()}
    found = browsers.installed(tmp_path, paths.get, lambda command: said[command[0]])
    return [(each.name, each.version, each.major) for each in found]


def test_browsers_say_their_versions(tmp_path):
    assert look(
        tmp_path,
        {
            "chromium": "Chromium 156.0.8078.108 built on Debian GNU/Linux 12 (bookworm)",
            "google-chrome": "Google Chrome 147.0.1.2",
            "firefox-esr": "Mozilla Firefox 153.7.0esr",
        },
    ) == [
        ("Chromium", "156.0.8078.108", 156),
        ("Google Chrome", "147.0.1.2", 147),
        ("Firefox", "153.7.0", 153),
    ]


def test_a_version_that_counts_otherwise_says_nothing_of_the_family(tmp_path):
    assert look(tmp_path, {"yandex-browser": "Yandex 26.4.1.5", "opera": "130.0.5"}) == [
        ("Yandex Browser", "26.4.1.5", 0),
        ("Opera", "130.0.5", 0),
    ]


def test_one_that_says_nothing_has_no_version(tmp_path):
    assert look(tmp_path, {"firefox": ""}) == [("Firefox", "", 0)]


def test_one_browser_of_two_names_is_one(tmp_path):
    names = {"firefox": "Mozilla Firefox 153.7.0", "firefox-esr": "Mozilla Firefox 153.7.0"}
    assert look(tmp_path, names) == [("Firefox", "153.7.0", 153)]


def test_a_launcher_of_snap_is_not_started(tmp_path):
    def never(_command):
        raise AssertionError

    assert browsers.installed(tmp_path, lambda name: f"/snap/bin/{name}", never) == ()


def test_confined_browsers_are_known_by_their_folders(tmp_path):
    (tmp_path / "snap/firefox").mkdir(parents=True)
    (tmp_path / ".var/app/com.google.Chrome").mkdir(parents=True)
    assert look(tmp_path, {}) == [("Firefox (snap)", "", 0), ("Google Chrome (flatpak)", "", 0)]


def test_every_confined_browser_whose_store_is_walked_is_known():
    assert set(browser_profiles.SNAP_CHROMIUM) < set(browsers.SNAPS)
    assert set(browser_profiles.FLATPAK_CHROMIUM) < set(browsers.FLATPAKS)
