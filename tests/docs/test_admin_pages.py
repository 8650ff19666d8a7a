"""What reads docs/admin: that it sees blocks as they are marked, and every kind of mistake in them."""

import pytest

from tests.support import admin_names, admin_pages
from tests.support.admin_pages import Page

FENCE = "```"


def page(*blocks: str) -> Page:
    """A page of blocks, each "info\\ntext"."""
    return Page("page.md", "".join(f"{FENCE}{block}\n{FENCE}\n\n" for block in blocks))


def said(block: str) -> str:
    return "\n".join(each for found in page(block).blocks() for each in admin_pages.block_complaints(found))


def test_marks_and_lines_of_blocks_are_read() -> None:
    text = f"# Title\n\n<!--\n{FENCE}nonsense\n{FENCE}\n-->\n\n{FENCE}sh root exit=2\nfalse\n{FENCE}\n"
    text += f"- item\n\n  {FENCE}toml file=/etc/x.toml\n  a = 1\n  {FENCE}\n"
    first, second = Page("page.md", text).blocks()
    assert (first.language, first.flags, first.values, first.text) == (
        "sh",
        {"root"},
        {"exit": "2"},
        "false\n",
    )
    assert (first.where, first.is_run) == ("page.md:9", True)
    assert (second.values, second.text, second.is_run) == ({"file": "/etc/x.toml"}, "a = 1\n", False)


@pytest.mark.parametrize("info", ["", "python", "sh rooot", "sh when=now", "sh check=laziness"])
def test_a_block_that_is_marked_with_an_unknown_word_is_no_block(info: str) -> None:
    with pytest.raises(ValueError, match=r"page\.md:2"):
        page(f"{info}\ntrue").blocks()


@pytest.mark.parametrize(
    "block",
    [
        "sh\nqalamsap trust install --origin https://x.kz && qalamsap doctor --json > out.json 2>/dev/null",
        "sh\nif ! qalamsap status; then\n  echo no  # comment with 'quote\nfi\n",
        "sh root\nHOME=/root qalamsap keys \\\n  --json /media",
        "sh\ncat <<'END' >file\nqalamsap no-such-thing\nEND\nqalamsap version",
        'powershell\n& "$env:ProgramFiles\\Qalamsap\\qalamsap.exe" trust status --json | Out-Null',
        'bat\nmsiexec /i a.msi /qn /l*v "%TEMP%\\a.log" ALLUSERS=1 TRUST=none PORT=1 LANGUAGE=-',
        "bat\nrem qalamsap fly\nqalamsap.exe trust ^\n  status",
        'reg\nWindows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\Software\\X]\n"a"=dword:00000001',
        "toml\nport = 1", 'toml policy\nport = 1\n[sites."https://x.kz"]\nbasics_cms = "base64"', "toml wrong policy\nprot = 1", 'json\n{"a": []}', "xml\n<a/>", "ini\n[a]\nb=c", "text\nanything",
    ],
)  # fmt: skip
def test_what_is_right_is_let_pass(block: str) -> None:
    assert said(block) == ""


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ("sh\nqalamsap fly", "no such command: 'fly'"),
        ("sh\ntrue && qalamsap trust", "arguments are required"),
        ("sh\nx=$(qalamsap trust status --jsn)", "unrecognized arguments: --jsn"),
        ("sh root\n/usr/bin/qalamsap trust maybe", "invalid choice"),
        ("sh check=systemd\nqalamsap run --port", "expected one argument"),
        ("sh\nif true; then", "end of file"),
        ("zsh\nsudo qalamsap fly", "no such command"),
        ("sh\ntrue --flag='", "uote"),
        ("powershell\nqalamsap.exe fly", "no such command"),
        ("bat\nmsiexec /i a.msi /qn NO_SUCH=1", "no property NO_SUCH"),
        ("powershell\nmsiexec.exe /i a.msi `\n  TRUST=everybody", "TRUST can't be everybody"),
        ("powershell\nWrite-Output 'a", "quote is not closed"),
        ("powershell\nif ($a) { b", "} is missing"),
        ("powershell\nif ($a)) { b }", ") closes nothing"),
        ('bat\n"C:\\Program Files\\Qalamsap\\qalamsap.exe" status --jsn', "unrecognized"),
        ("toml\nport =", "not well-formed"),
        ("toml policy\nprot = 1", "unknown setting 'prot'"),
        ("toml settings\nport = true", "port is True"),
        ("toml file=/etc/qalamsap/policy.d/1.toml\nonly_key_folders = true", "no policy sets key_folders"),
        ("json\n{", "not well-formed"),
        ("xml\n<a>", "not well-formed"),
        ("yaml\na: [", "not well-formed"),
        ("ini\nb=c", "not well-formed"),
        ("reg\n[HKEY_X]", "begins with"),
        ("reg\nWindows Registry Editor Version 5.00\nx=1", "no line"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_seen(block: str, words: str) -> None:
    assert words in said(block)


@pytest.mark.parametrize(
    ("expected", "printed", "is_same"),
    [
        ("a\nb\n", "a\nb\n", True),
        ("a … c", "a anything c\n", True),
        ("a\n…\nz", "a\nb\nc\nz", True),
        ("a\n…\nz", "a\nz\n", True),
        ("a\n…\n", "a\n", True),
        ("a", "a\nb", False),
        ("a\nb", "a", False),
        ("a.c", "abc", False),
    ],
)
def test_output_is_compared_but_for_what_the_page_leaves_open(
    expected: str, printed: str, is_same: bool
) -> None:
    assert (admin_pages.text_complaint(expected, printed) == "") is is_same


@pytest.mark.parametrize(
    ("expected", "printed", "is_same"),
    [
        ('{"a": 1, "b": "…"}', '{"b": [], "a": 1}', True),
        ('{"a": 1}', '{"a": true}', False),
        ('{"a": 1}', '{"a": 1, "b": 2}', False),
        ('{"a": 1, "b": 2}', '{"a": 1}', False),
        ('{"a": 1, "…": "…"}', '{"a": 1, "b": 2}', True),
        ('{"a": "v…"}', '{"a": "v1"}', True),
        ('{"a": "v…"}', '{"a": "w1"}', False),
        ('[{"a": "…"}, "…"]', '[{"a": 1}, {"a": 2}, {"a": 3}]', True),
        ('[{"a": "…"}, "…"]', '[{"a": 1}, {"b": 2}]', False),
        ("[1]", "[1, 2]", False),
        ("[1]", "no", False),
    ],
)
def test_json_is_compared_but_for_what_the_page_leaves_open(
    expected: str, printed: str, is_same: bool
) -> None:
    assert (admin_pages.json_complaint(expected, printed) == "") is is_same


@pytest.mark.parametrize(
    "text",
    [
        "`qalamsap trust install [--origin URL]`", "`qalamsap trust install|remove`", "`qalamsap doctor --json`", "`port`",
        "`key_folders`", "`LoopbackNetworkAllowedForUrls`", "`~/.config/qalamsap/config.toml`", "`/etc/qalamsap/policy.toml`",
        "`/etc/chromium/policies/managed`", "`~/.local/state/qalamsap/journal.jsonl`", "`/home/*/.pki`", "`ls -l`",
        "a folder such as `/srv/keys/of_mine`",
        "| 1001 | stopping | info |", "Events 1103, 1308 and 1999, or `id=1701`", "| 1501 to 1503, 1510 | why |", "1099 of them",
    ],
)  # fmt: skip
def test_names_that_the_code_has_are_let_pass(text: str) -> None:
    assert admin_names.complaints(Page("page.md", f"{text}\n")) == []


@pytest.mark.parametrize(
    "text",
    [
        "`qalamsap fly`", "`qalamsap trust instal`", "`qalamsap doctor --jsn`", "`kye_folders`", "`LoopbackNetworkAllowedForUrl`",
        "`/etc/qalamsap/polisy.toml`", "`~/.config/qalamsap/settings.toml`", "`/opt/qalamsap`", "`qalamsap-agent.service`",
        "`HKLM\\Software\\Qalamsap\\Nonsense`", "`NO_SUCH_PROPERTY`", "| 1001 | starting | info |", "| 1099 | stopping | info |",
        "it is event 1099", "events 1103 to 1199", "`id=1799`", "| 1103, 1198 | why |",
        f"{FENCE}sh root\nls /etc/qalamsap/polisy.toml\n{FENCE}",
        f"{FENCE}yaml\nvars: {{qalamsap_orgins: []}}\n{FENCE}",
        f"{FENCE}sh check=systemd\nsystemctl start qalamsap-nothing.service\n{FENCE}",
    ],
)  # fmt: skip
def test_names_that_the_code_does_not_have_are_seen(text: str) -> None:
    assert admin_names.complaints(Page("page.md", f"{text}\n")) != []


def test_a_page_is_no_witness_for_what_it_says_itself() -> None:
    text = (admin_pages.REPOSITORY / "installer/windows/README.md").read_text(encoding="utf-8")
    assert "IntuneWinAppUtil" in text
    assert "IntuneWinAppUtil" not in admin_names.words()
    assert "lock_origins" in admin_names.words()
