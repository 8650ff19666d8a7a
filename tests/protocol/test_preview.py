"""Messages about what a document shows, on their way through a pipe."""

import pytest

from protocol import pipes, preview, prompts
from protocol.errors import BadMessage

OVERVIEW = preview.Overview(
    kind="form",
    format="XML",
    form="act",
    size=3,
    digest="ab" * 32,
    pages=(preview.Size(595, 842),),
    rows=2,
    wrappers=("cms",),
    facts=(preview.Lifted("number", "АВР-482"),),
    parties=(preview.Party("supplier", "123456789012", "ТОО «Қалам»"),),
    signers=(preview.Signer("ӘБДІРАХМАНОВА ГҮЛНҰР", iin="123456789012", has_timestamp=True),),
    flags=(preview.Flag("javascript", "page 3"),),
    is_growing=True,
    attachments=("счёт.xml",),
)
MESSAGES = (
    preview.Open("act.pdf", 12),
    preview.Look(0),
    preview.Draw(1, 2, 900),
    preview.Read(1, 500, 100),
    preview.Enter(0, 4),
    preview.Leave(0),
    preview.Known(3, OVERVIEW, ("act.zip", "act.pdf")),
    preview.Drawn(1, 2, 900, 1273),
    preview.RowsRead(1, 500, (preview.Row("Сумма", "100", 1, "element", is_entry=True),)),
    preview.Unshown(1, "timed-out"),
)


@pytest.mark.parametrize("message", MESSAGES)
def test_each_comes_out_as_it_went_in(message):
    frame = pipes.pack_json(prompts.to_message(message))
    assert prompts.from_message(pipes.unpack_json(frame[pipes.HEADER_BYTES :])) == message


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "movie"},
        {"rows": "2"},
        {"flags": [{"code": "magic", "place": ""}]},
        {"parties": [{"role": "supplier"}]},
        {"is_growing": 1},
        {"attachments": [17]},
        {"more": 1},
    ],
)
def test_what_a_renderer_makes_up_is_refused(change):
    message = prompts.to_message(preview.Known(0, OVERVIEW))
    message["overview"] = {**message["overview"], **change}
    with pytest.raises(BadMessage):
        prompts.from_message(message)


def test_a_drawing_of_the_greatest_width_fits_into_its_limit_at_the_shape_of_paper():
    assert (
        preview.MAX_WIDTH * preview.MAX_WIDTH * 1.414 * 3 > preview.MAX_DRAWING_BYTES
    )  # so the height is bounded as well
    assert preview.MAX_WIDTH * 3 * 4096 < preview.MAX_DRAWING_BYTES


@pytest.mark.parametrize(
    ("answer", "is_shown"),
    [
        (preview.Drawn(0, 0, 10, 10), True),
        (preview.RowsRead(0, 0, (preview.Row("a", "b"),)), True),
        (preview.RowsRead(0, 0, ()), False),
        (preview.Known(0, OVERVIEW), False),  # it says that there are pages; none was drawn
        (preview.Known(0, preview.Overview("text")), True),  # of nothing, nothing can be seen
        (preview.Known(0, preview.Overview("text", is_growing=True)), False),
        (preview.Known(0, preview.Overview("text", why="broken")), False),
        (preview.Known(0, preview.Overview("digest")), False),
        (preview.Known(0, preview.Overview("unknown")), False),
        (preview.Unshown(0, "broken"), False),
    ],
)
def test_which_answers_put_something_on_the_screen(answer, is_shown):
    assert preview.shows(answer) is is_shown
