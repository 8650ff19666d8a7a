"""`qalamsap card`."""

import pypdfium2
import pytest

from tests.support import authority, pdfs
from tests.support.command_line import CommandLine

TRUSTED = ("--authority", authority.FOLDER / "ca")


@pytest.fixture
def signed(run: CommandLine) -> CommandLine:
    assert run.sign(run.file("акт.txt"), "--detached") == 0
    return run


def files_in(path) -> list[str]:
    pdf = pypdfium2.PdfDocument(path)
    return [pdf.get_attachment(number).get_name() for number in range(pdf.count_attachments())]


def test_a_card_lies_beside_the_signature_and_holds_both_files(signed: CommandLine) -> None:
    document, signature = signed.folder / "акт.txt", signed.folder / "акт.txt.cms"
    words = (
        "card",
        signature,
        "--document",
        document,
        "--offline",
        "--state-dir",
        signed.state_dir,
        *TRUSTED,
    )
    assert signed(*words) == 2  # nobody was asked about revocation
    target = signed.folder / "акт.txt.cms.card.pdf"
    assert (signed.out, signed.err) == (f"{target}\n", "")
    assert files_in(target) == ["акт.txt", "акт.txt.cms"]
    assert signed(*words) == 5  # it is there already
    assert signed(*words, "--out", target) == 2


def test_a_card_of_a_bad_signature_is_made_all_the_same(signed: CommandLine) -> None:
    target = signed.folder / "card.pdf"
    other = signed.file("other.txt", b"other")
    words = ("--document", other, "--offline", "--state-dir", signed.state_dir, "--out", target)
    assert signed("card", signed.folder / "акт.txt.cms", *words) == 1
    assert files_in(target) == ["other.txt", "акт.txt.cms"]


def test_an_attached_document_is_taken_out(run: CommandLine) -> None:
    assert run.sign(run.file("act.txt")) == 0
    words = (
        "card",
        run.folder / "act.txt.cms",
        "--offline",
        "--state-dir",
        run.state_dir,
        "--language",
        "kk",
    )
    assert run(*words) == 2
    assert files_in(run.folder / "act.txt.cms.card.pdf") == ["act.txt", "act.txt.cms"]


def test_what_is_no_signature_gets_no_card(run: CommandLine) -> None:
    assert run("card", run.file("x.txt", b"x"), "--offline", "--state-dir", run.state_dir) == 5
    assert not (run.folder / "x.txt.card.pdf").exists()


def test_the_card_of_a_file_without_signatures_says_so_on_standard_error_too(run: CommandLine) -> None:
    document = run.file("act.pdf", pdfs.page())
    assert run("card", document, "--offline", "--state-dir", run.state_dir) == 1
    assert run.out == f"{document}.card.pdf\n"
    assert run.err == f"qalamsap card: {document} has no signatures\n"


def test_a_full_disk_leaves_nothing(signed: CommandLine) -> None:
    words = ("card", signed.folder / "акт.txt.cms", "--offline", "--state-dir", signed.state_dir)
    assert signed(*words, "--out", signed.folder / "none" / "card.pdf") == 7
    assert "can't be written" in signed.err
