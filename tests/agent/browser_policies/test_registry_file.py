"""Texts of the registry: written, read as Windows writes them, and their way back."""

import pytest

from agent.browser_policies import registry_file
from agent.browser_policies.browsers import BROWSERS
from agent.browser_policies.wanted import Wanted
from agent.errors import BadInput

PORTAL = "https://portal.example.kz"
WANTED = Wanted((PORTAL,))
CHROME = BROWSERS["chrome"]
LOOPBACK = "SOFTWARE\\Policies\\Google\\Chrome\\LoopbackNetworkAllowedForUrls"
ACCESS = "SOFTWARE\\Policies\\Google\\Chrome\\LocalNetworkAccessAllowedForUrls"
# As `reg export HKLM\SOFTWARE\Policies` writes: one list with a hole in its numbers, and values of other kinds.
EXPORTED = f"""Windows Registry Editor Version 5.00\r
\r
[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Google\\Chrome]\r
"HomepageLocation"="https://it.kz/\\"a\\"\\\\b"\r
"BookmarkBarEnabled"=dword:00000001\r
"Blob"=hex:00,01,\\\r
  02,03\r
@="default"\r
\r
[HKEY_LOCAL_MACHINE\\{LOOPBACK}]\r
"1"="https://it.kz"\r
"3"="https://intranet.kz"\r
\r
[HKEY_CURRENT_USER\\{ACCESS}]\r
"1"="https://portal.example.kz"\r
""".encode("utf-16")


def test_a_file_for_computers_without_lists_begins_at_one() -> None:
    values = registry_file.changes([CHROME, BROWSERS["firefox"]], WANTED, {})
    octets = registry_file.write(values, removes=False, comment=["made for a test"])
    assert octets.startswith(b"\xff\xfe")
    assert octets.decode("utf-16").split("\r\n") == [
        "Windows Registry Editor Version 5.00",
        "",
        "; made for a test",
        "",
        f"[HKEY_LOCAL_MACHINE\\{LOOPBACK}]",
        f'"1"="{PORTAL}"',
        "",
        f"[HKEY_LOCAL_MACHINE\\{ACCESS}]",
        f'"1"="{PORTAL}"',
        "",
        "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Mozilla\\Firefox\\LocalNetworkAccess\\SkipDomains]",
        '"1"="portal.example.kz"',
        "",
    ]


def test_what_windows_exported_is_read_and_its_numbers_are_kept_free() -> None:
    state = registry_file.read(EXPORTED)
    assert state[LOOPBACK] == {"1": "https://it.kz", "3": "https://intranet.kz"}
    assert state["SOFTWARE\\Policies\\Google\\Chrome"] == {
        "HomepageLocation": 'https://it.kz/"a"\\b',
        "BookmarkBarEnabled": None,
        "Blob": None,
        "": None,
    }
    assert ACCESS not in state, "another hive"
    values = registry_file.changes([CHROME], WANTED, state)
    assert [(value.key, value.name, value.made) for value in values] == [
        (LOOPBACK, "2", ()),
        (ACCESS, "1", (ACCESS,)),
    ]


def test_the_way_back_takes_only_what_was_put_in() -> None:
    values = registry_file.changes([CHROME], WANTED, registry_file.read(EXPORTED))
    lines = registry_file.write(values, removes=True).decode("utf-16").split("\r\n")
    assert lines[3:] == [
        f"[HKEY_LOCAL_MACHINE\\{LOOPBACK}]",
        '"2"=-',
        "",
        f"[-HKEY_LOCAL_MACHINE\\{ACCESS}]",
        "",
    ]


def test_a_text_that_stands_there_is_left_out_whatever_the_case_of_its_key() -> None:
    state: registry_file.State = {key.upper(): {"9": PORTAL} for key in (LOOPBACK, ACCESS)}
    assert registry_file.changes([CHROME], WANTED, state) == ()


def test_what_is_written_can_be_read() -> None:
    values = registry_file.changes([CHROME], WANTED, {})
    state = registry_file.read(registry_file.write(values, removes=False))
    assert registry_file.changes([CHROME], WANTED, state) == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "Windows Registry Editor Version 5.00\n\n[-HKEY_LOCAL_MACHINE\\A]\n",
        'Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\A]\n"1"\n',
    ],
)
def test_what_is_no_export_is_refused(text: str) -> None:
    for encoding in ("utf-16", "utf-8"):
        with pytest.raises(BadInput):
            registry_file.read(text.encode(encoding))


def test_octets_that_are_no_text_are_refused() -> None:
    for octets in (b"\xff\xfe\x00", b"\x80\x81"):
        with pytest.raises(BadInput, match="no text"):
            registry_file.read(octets)


def test_lgpo_takes_and_gives_four_lines_a_value() -> None:
    exported = (
        "; PARSING Computer POL\r\n\r\n"
        f"Computer\r\n{LOOPBACK}\r\n1\r\nSZ:https://it.kz\r\n\r\n"
        f"Computer\r\n{LOOPBACK}\r\n2\r\nDWORD:1\r\n\r\n"
        f"User\r\n{ACCESS}\r\n1\r\nSZ:{PORTAL}\r\n\r\n"
    ).encode()
    values = registry_file.changes([CHROME], WANTED, registry_file.read_lgpo(exported))
    assert registry_file.write_lgpo(values, removes=False).decode() == (
        f"Computer\r\n{LOOPBACK}\r\n3\r\nSZ:{PORTAL}\r\n\r\nComputer\r\n{ACCESS}\r\n1\r\nSZ:{PORTAL}\r\n"
    )
    assert registry_file.write_lgpo(values, removes=True).decode() == (
        f"Computer\r\n{LOOPBACK}\r\n3\r\nDELETE\r\n\r\nComputer\r\n{ACCESS}\r\n1\r\nDELETE\r\n"
    )
    with pytest.raises(BadInput, match="four lines"):
        registry_file.read_lgpo(b"Computer\nA\n1\n")
    assert registry_file.read_lgpo(b"") == {}
