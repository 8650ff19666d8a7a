import dataclasses
import io
import shutil
import subprocess
import sys
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils.reader import PdfFileReader

from agent.drawing import card_pages, card_parts
from agent.drawing.card import CardCertificate
from agent.words import texts
from tests.support import cards

pytestmark = pytest.mark.slow

LANGUAGES = texts.LANGUAGES
MANY = (cards.GOOD, cards.CHANGED, cards.REVOKED, cards.UNKNOWN, cards.NOBODY)


def draw(card, language="ru", attached=()):
    return card_pages.draw(card, texts.load(language, cards.ZONE), attached, at=cards.AT)


def squeezed(text):
    return "".join(text.split())


def pages(octets):
    """The text of each page without white space, as poppler finds it, in the order of drawing."""
    if shutil.which("pdftotext") is None:
        pytest.skip("needs tool: pdftotext is not installed")
    found = subprocess.run(
        ["pdftotext", "-raw", "-enc", "UTF-8", "-", "-"], input=octets, capture_output=True, check=True
    )
    return [squeezed(page) for page in found.stdout.decode().split("\f")[:-1]]


def facts_of(card, words):
    """Everything that has to be on the card, somewhere."""
    yield from (
        card.file_name,
        card.title,
        words.chosen("format", card.format),
        words.moment(card.checked_at),
    )
    yield from (words(f"verdict.{card.verdict}.word"), words.verdict(card.verdict, len(card.signers)))
    yield "" if card.size is None else words.size(card.size)
    yield from (digest.octets.hex() for digest in card.digests)
    for signer in card.signers:
        yield from facts_of_signer(signer, card, words)


def facts_of_signer(signer, card, words):
    yield from (signer.name, signer.iin, signer.bin, signer.organisation, signer.covers, signer.title)
    yield words.chosen("state", signer.verdict)
    yield from (words.chosen("role", role) for role in signer.roles)
    for reason in signer.reasons:
        yield from (words.chosen("reason", reason), words.section(reason, card.format), words.advice(reason))
    moments = [signer.signing_time, signer.revocation.checked_at, signer.revocation.stated_at]
    moments += [signer.revocation.revoked_at, *(timestamp.moment for timestamp in signer.timestamps)]
    yield from (words.moment(moment) for moment in moments if moment is not None)
    for timestamp in signer.timestamps:
        yield from (timestamp.policy, timestamp.serial_number)
        yield from dataclasses.astuple(timestamp.authority)
    certificate = signer.certificate
    if isinstance(certificate, CardCertificate):
        yield from (certificate.issuer, certificate.serial_number, certificate.sha256, certificate.algorithm)
        yield words.period(certificate.not_before, certificate.not_after)
        yield from (certificate.anchor, *certificate.policies, *certificate.extended_key_usage)
        yield from (words.chosen("key_usage", usage) for usage in certificate.key_usage)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fact_stands_on_the_card_whole(language):
    words = texts.load(language, cards.ZONE)
    card = cards.card(*MANY, title="Қызмет көрсету шарты № 5 <қосымша>")
    text = "".join(pages(draw(card, language)))
    assert [fact for fact in facts_of(card, words) if squeezed(fact) not in text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_long_names_wrap_and_are_not_cut(language):
    words = texts.load(language, cards.ZONE)
    card = cards.card(cards.LONG, file_name="Очень_длинное_имя_файла_без_пробелов_" * 8 + ".pdf")
    text = "".join(pages(draw(card, language)))
    assert [fact for fact in facts_of(card, words) if squeezed(fact) not in text] == []


@pytest.mark.parametrize("signer", [*MANY, cards.LONG])
def test_no_letter_stands_in_a_margin(signer):
    document = pypdfium2.PdfDocument(draw(cards.card(signer, file_name="Ұ" * 300), "kk"))
    for page in document:
        text = page.get_textpage()
        boxes = [text.get_charbox(index) for index in range(text.count_chars())]
        assert boxes
        assert min(left for left, *_ in boxes) >= card_parts.LEFT - 1
        assert max(right for _, _, right, _ in boxes) <= card_parts.LEFT + card_parts.WIDTH + 1
        assert min(bottom for _, bottom, _, _ in boxes) >= card_parts.BOTTOM - 4 * card_parts.STEP
        assert max(top for *_, top in boxes) <= card_parts.A4[1] - card_parts.TOP + 4 * card_parts.STEP


def test_pages_are_numbered_and_the_first_one_says_where_each_signature_is():
    card = cards.card(*MANY[1:])
    found = pages(draw(card))
    assert all(f"{number}/{len(found)}" in page for number, page in enumerate(found, 1))
    for number, signer in enumerate(card.signers, 1):
        place = next(i for i, page in enumerate(found, 1) if squeezed(f"Подпись {number} из 4") in page)
        rest = found[0].partition(squeezed(f"{number}. {signer.name or 'Имя не указано'}"))[2]
        assert rest.partition("стр.")[2].startswith(str(place))


def test_twenty_signers_make_a_page_each_and_an_overview():
    many = [dataclasses.replace(cards.CHANGED, name=f"ПОДПИСАВШИЙ {number}") for number in range(1, 21)]
    found = pages(draw(cards.card(*many)))
    assert len(found) >= 21
    overview = "".join(found[: len(found) - 20])
    assert all(squeezed(f"{number}. ПОДПИСАВШИЙ {number}") in overview for number in range(1, 21))
    assert squeezed("Кто подписал: 20 подписей") in found[0]


def test_a_document_that_nobody_signed_has_a_card_too():
    found = pages(draw(cards.card(size=None, digests=())))
    assert len(found) == 1
    assert squeezed("Подписей здесь нет: документ никем не подписан.") in found[0]


def test_attached_files_are_listed_with_what_they_are():
    signed = dataclasses.replace(cards.SIGNATURE, description="подпись директора")
    found = pages(draw(cards.card(cards.CHANGED), "kk", (cards.ORIGINAL, signed)))
    size = texts.load("kk").size(len(cards.DOCUMENT))
    assert squeezed(f"1. {cards.FILE_NAME} құжаттың түпнұсқасы {size}") in found[0]
    assert squeezed("2. қолтаңба.cms подпись директора 2,1 КБ") in found[0]


def test_a_signature_of_a_test_authority_is_told_on_the_first_page():
    assert squeezed("не имеет юридической силы") in pages(draw(cards.card(cards.CHANGED)))[0]
    assert squeezed("не имеет юридической силы") not in pages(draw(cards.card(cards.GOOD)))[0]


def test_the_card_warns_that_its_pages_prove_nothing():
    assert squeezed("Сами страницы подписью не защищены") in pages(draw(cards.card(cards.GOOD)))[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_font_is_embedded(language):
    if shutil.which("pdffonts") is None:
        pytest.skip("needs tool: pdffonts is not installed")
    listed = subprocess.run(
        ["pdffonts", "-"],
        input=draw(cards.card(*MANY), language, (cards.ORIGINAL,)),
        capture_output=True,
        check=True,
    )
    fonts = [line.split() for line in listed.stdout.decode().splitlines()[2:]]
    assert fonts
    assert all(font[-5:-2] == ["yes", "yes", "yes"] for font in fonts), fonts


def test_signatures_are_in_the_outline():
    outline = PdfFileReader(io.BytesIO(draw(cards.card(cards.GOOD, cards.NOBODY)))).root["/Outlines"]
    first = outline["/First"]
    assert [first["/Title"], first["/Next"]["/Title"]] == [f"1. {cards.GOOD.name}", "2. Имя не указано"]


def test_the_same_card_gives_the_same_octets_in_every_process(tmp_path: Path):
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from tests.support import cards\n"
        "from tests.agent.drawing import test_card_pages as t\n"
        "sys.stdout.buffer.write(t.draw(cards.card(*t.MANY), 'kk', (cards.ORIGINAL, cards.SIGNATURE)))\n"
    )
    root = str(Path(__file__).resolve().parents[3])
    once, again = (
        subprocess.run(
            [sys.executable, "-c", program, root],
            cwd=root,
            env={"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    )
    assert once == again == draw(cards.card(*MANY), "kk", (cards.ORIGINAL, cards.SIGNATURE))


TEXT = st.text(max_size=120)


@settings(max_examples=30, deadline=None)
@given(TEXT, TEXT, TEXT, st.lists(TEXT, max_size=3))
def test_any_text_of_a_stranger_can_be_drawn(file_name, name, organisation, words):
    signer = dataclasses.replace(
        cards.CHANGED,
        name=name,
        organisation=organisation,
        roles=tuple(words),
        reasons=tuple(words),
        covers=name,
        certificate=dataclasses.replace(cards.CERTIFICATE, issuer=organisation, anchor=name),
    )
    octets = draw(cards.card(signer, file_name=file_name, title=organisation, format=name))
    assert len(pypdfium2.PdfDocument(octets)) >= 2


def test_a_hundred_reasons_and_endless_names_run_on_to_more_pages():
    endless = dataclasses.replace(
        cards.CHANGED,
        name="W" * 9000,
        organisation="<&>" * 9000,
        reasons=("digest-mismatch",) * 100,
        timestamps=(cards.TIMESTAMP,) * 60,
    )
    assert len(pages(draw(cards.card(endless, endless)))) > 6


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_are_kept_for_a_look(language, artefacts: Path):
    document = pypdfium2.PdfDocument(draw(cards.card(*MANY), language, (cards.ORIGINAL, cards.SIGNATURE)))
    for number in range(3):
        image = document[number].render(scale=1.5).to_pil()
        image.save(artefacts / f"card-{language}-{number + 1}.png")
    assert len(document) >= len(MANY) + 1
