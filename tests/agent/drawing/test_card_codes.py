import base64
import io
import json
import zipfile

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.pdfgen.canvas import Canvas

from agent.drawing import card_codes
from agent.errors import BadInput
from tests.support import cards


def test_a_part_is_what_the_national_specification_says():
    texts = card_codes.split(cards.octets(2100), 7)
    parts = [json.loads(text) for text in texts]
    assert [(part["signId"], part["total"], part["index"]) for part in parts] == [
        (7, len(texts), index) for index in range(1, len(texts) + 1)
    ]
    archive = zipfile.ZipFile(io.BytesIO(base64.b64decode("".join(part["data"] for part in parts))))
    assert archive.namelist() == ["7.cms"]
    assert archive.infolist()[0].compress_type == zipfile.ZIP_DEFLATED
    assert archive.read("7.cms") == cards.octets(2100)


@given(st.binary(max_size=6000), st.integers(1, 999), st.randoms())
def test_codes_read_in_any_order_give_the_signature_back(signature, number, shuffler):
    texts = list(card_codes.split(signature, number))
    assert texts
    assert all(len(text.encode()) <= card_codes.CAPACITY for text in texts)
    shuffler.shuffle(texts)
    assert card_codes.join(texts) == signature


def test_the_same_signature_gives_the_same_codes():
    assert card_codes.split(b"signature" * 99, 1) == card_codes.split(b"signature" * 99, 1)


def test_a_signature_too_large_for_paper_gives_no_codes():
    assert len(card_codes.split(cards.octets(8000), 1)) == card_codes.MAX_PARTS
    assert card_codes.split(cards.octets(9000), 1) == ()
    assert card_codes.split(bytes(card_codes.MAX_SIZE + 1), 1) == ()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda texts: [],
        lambda texts: texts[:-1],
        lambda texts: texts[1:],
        lambda texts: [*texts, *card_codes.split(b"another", 2)],
        lambda texts: [texts[0].replace('"data":"', '"data":"####'), *texts[1:]],
        lambda texts: [texts[0].replace('"data":"UEsD', '"data":"AAAA'), *texts[1:]],
        lambda texts: [texts[0].replace('"total"', '"totally"'), *texts[1:]],
        lambda texts: ["QALAMSAP:1:SHA-256:00", *texts],
        lambda texts: ["[]", *texts],
        lambda texts: ["[" * 5000, *texts],
        lambda texts: ['{"signId":1,"total":999999999999,"index":1,"data":""}'],
        lambda texts: [text.replace('"total":4', '"total":true') for text in texts],
    ],
)
def test_codes_that_are_not_all_of_one_signature_are_refused(spoil):
    with pytest.raises(BadInput):
        card_codes.join(spoil(list(card_codes.split(cards.octets(2100), 1))))


@given(st.lists(st.text(max_size=200), max_size=4))
def test_other_peoples_codes_are_refused_and_nothing_worse(texts):
    with pytest.raises(BadInput):
        card_codes.join(texts)


@given(st.binary(max_size=300))
def test_an_archive_of_any_octets_is_refused_and_nothing_worse(octets):
    text = json.dumps({"signId": 1, "total": 1, "index": 1, "data": base64.b64encode(octets).decode()})
    with pytest.raises(BadInput):
        card_codes.join([text])


def test_every_octet_of_the_archive_may_be_damaged():
    (text,) = card_codes.split(b"signature", 1)
    part = json.loads(text)
    archive = base64.b64decode(part["data"])
    for place in range(len(archive)):
        spoilt = bytearray(archive)
        spoilt[place] ^= 0xFF
        part["data"] = base64.b64encode(spoilt).decode()
        try:
            assert isinstance(card_codes.join([json.dumps(part)]), bytes)
        except BadInput:
            continue


def test_an_archive_that_unpacks_to_too_much_is_refused():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("1.cms", bytes(card_codes.MAX_SIZE + 1))
    data = base64.b64encode(archive.getvalue()).decode()
    texts = [
        json.dumps({"signId": 1, "total": 2, "index": index, "data": piece})
        for index, piece in enumerate((data[:900], data[900:]), 1)
    ]
    with pytest.raises(BadInput, match="too large"):
        card_codes.join(texts)


@pytest.mark.parametrize(("version", "modules"), [(None, 21), (card_codes.VERSION, 117)])
def test_a_code_has_its_three_corners_and_a_quiet_zone(version, modules):
    side = 5 * (modules + 8)
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(side, side))
    card_codes.Code("QALAMSAP:1:SHA-256", side, version).drawOn(canvas, 0, 0)
    canvas.save()
    page = pypdfium2.PdfDocument(buffer.getvalue())[0]
    image = page.render(scale=1, grayscale=True).to_pil()

    def row(line):
        return "".join(
            "#" if image.getpixel((5 * column + 2, 5 * line + 2)) < 128 else "."
            for column in range(modules + 8)
        )

    assert {row(line) for line in range(4)} == {"." * (modules + 8)}
    finder = ["#######", "#.....#", "#.###.#", "#.###.#", "#.###.#", "#.....#", "#######"]
    assert [row(4 + line)[4:11] for line in range(7)] == finder
    assert [row(4 + line)[-11:-4] for line in range(7)] == finder
    assert [row(modules - 3 + line)[4:11] for line in range(7)] == finder
