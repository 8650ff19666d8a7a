import itertools

import pytest

from agent.renderer import tree, xml_walk
from agent.renderer.tree import Clock, NotATree, Plain
from agent.renderer.xml_root import root_of
from agent.renderer.xml_walk import Mark, Walk
from protocol.preview import Row


def walk(octets: bytes) -> Walk:
    return Walk(root_of(octets), Plain(), Mark(0, 0, None, ()))


def test_it_goes_on_piece_by_piece() -> None:
    octets = b"<r>" + b"<a>1</a>" * 100_000 + b"</r>"
    one, counted = walk(octets), []
    while not one.go_on(Clock(0)):
        counted.append(one.rows)
    assert len(counted) >= 2
    assert counted == sorted(counted)
    assert one.rows == 100_001
    rows = [mark.row for mark in one.marks]
    assert all(0 < later - earlier < 2 * tree.STEP_ROWS for earlier, later in itertools.pairwise(rows))
    for mark in (one.marks[0], one.marks[7], one.marks[-1]):
        again = Walk(root_of(octets), Plain(), mark)
        assert again.read(mark.row + 3, mark.row + 5) == (Row("a", "1", 1, "element"),) * 2


@pytest.mark.parametrize("damage", ["<q>", "</q>", "&nothing;", "<q a=>", "\x01"])
def test_what_is_counted_can_be_read_whatever_comes_after(damage: str) -> None:
    """Rows end where counting stopped; what follows at once may be no XML."""
    begin = "<r>" + "<a>1</a>" * 1000
    octets = (begin + "<b/>" * 100_000 + damage).encode()
    assert walk(octets).read(999, 1001) == (Row("a", "1", 1, "element"),) * 2
    cut = (begin + damage + "</r>").encode()
    assert walk(cut).read(1000, 1001) == (Row("a", "1", 1, "element"),)


def test_the_whole_text_of_a_row() -> None:
    text = "x" * (tree.MAX_TEXT_SHOWN + 10)
    octets = f"<r><a>{text}</a><!-- c --></r>".encode()
    assert walk(octets).text_of(1) == text
    last = 1 + tree.rows_for(len(text))
    assert walk(octets).read(last, last + 1)[0].kind == "comment"
    assert walk(octets).text_of(last) is None


@pytest.mark.parametrize(
    "octets",
    [
        b"<r>" + b"<a/>" * 3_000_000 + b"</r>",
        b'<r a="' + b"x" * 20_000_000 + b'"/>',
        b"<r><!--" + b"x" * 20_000_000 + b"--></r>",
        b"<r " + b" ".join(b'a%d="1"' % number for number in range(400_000)) + b"/>",
        b"<r>" + b"".join(b"<n%d/>" % number for number in range(700_000)) + b"</r>",
    ],
    ids=["elements", "value", "comment", "attributes", "names"],
)
def test_documents_made_to_be_slow_are_given_up(octets: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAX_ROWS", 100_000)
    monkeypatch.setattr(xml_walk, "MAX_NAMES", 50_000)
    with pytest.raises(NotATree):
        walk(octets).go_on(Clock(600))
