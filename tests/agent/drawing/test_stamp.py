"""The stamp on a signed page: what it says, and that it fits."""

import dataclasses
from datetime import UTC, datetime, timedelta, timezone

import pypdfium2
import pytest
from reportlab.graphics.barcode import qrencoder

from agent import algorithms
from agent.certificate import Certificate
from agent.drawing import fonts, stamp
from tests.support import authority, chains

AT = datetime(2026, 5, 8, 17, 34, 56, tzinfo=timezone(timedelta(hours=5)))
DIGEST = bytes(range(32))
LONG = chains.issue(
    "КОНСТАНТИНОПОЛЬСКАЯ-ВОЗНЕСЕНСКАЯ АЛЕКСАНДРИНА",
    attributes=[
        ("2.5.4.4", "КОНСТАНТИНОПОЛЬСКАЯ-ВОЗНЕСЕНСКАЯ"),
        ("2.5.4.5", "IIN123456789011"),
        (
            "2.5.4.10",
            'ТОВАРИЩЕСТВО С ОГРАНИЧЕННОЙ ОТВЕТСТВЕННОСТЬЮ "ЦЕНТР ТЕЛЕКОММУНИКАЦИЙ ДАЛА ЖӘНЕ СЕРІКТЕСТЕР"',
        ),
        ("2.5.4.11", "BIN123456789021"),
        ("2.5.4.42", "МҰХАММЕДҚАЛИҚЫЗЫ"),
    ],
    serial_number=int("7F" * 20, 16),
).certificate


def draw(certificate: Certificate | None = None, language: str = "ru", **others) -> bytes:
    given = {"at": AT, "algorithm": algorithms.SHA256, "digest": DIGEST} | others
    return stamp.draw(certificate or authority.certificate("gost2015-head"), stamp.words(language), **given)


def shown(drawing: bytes) -> str:
    """All words of the drawing, with single spaces."""
    text = pypdfium2.PdfDocument(drawing)[0].get_textpage().get_text_range()
    return " ".join(text.replace("\ufffe", "-").split())


@pytest.mark.parametrize(
    ("language", "heading", "owner"),
    [
        ("ru", "Подписано ЭЦП", "ИИН 123456789012 · БИН 123456789021"),
        ("kk", "ЭЦҚ-мен қол қойылған", "ЖСН 123456789012 · БСН 123456789021"),
        ("en", "Digitally signed", "IIN 123456789012 · BIN 123456789021"),
    ],
)
def test_it_says_who_signed_with_what_and_when(language: str, heading: str, owner: str) -> None:
    certificate = authority.certificate("gost2015-head")
    text = shown(draw(certificate, language))
    for words in (
        heading,
        "ҮЛГІБАЕВ ДӘУРЕН МАРАТҰЛЫ",
        owner,
        "ТОО «Сынақ»",
        "08.05.2026 17:34:56 UTC+5",
        f"{certificate.serial_number:X}",
        "01.01.2026 – 31.12.2049",
        certificate.issuer.common_name,
        "SHA-256",
    ):
        assert words in text


def test_what_a_certificate_does_not_say_is_left_out() -> None:
    text = shown(draw(chains.issue("SYSTEM").certificate))
    assert "ИИН" not in text
    assert "БИН" not in text
    assert "None" not in text


@pytest.mark.parametrize("language", stamp.LANGUAGES)
def test_every_language_has_all_the_words_and_no_other(language: str) -> None:
    words = dataclasses.asdict(stamp.words(language))
    assert all(isinstance(text, str) and text.strip() for text in words.values())
    assert words.keys() == dataclasses.asdict(stamp.words("ru")).keys()


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "02.01.2026 03:04:05 UTC"),
        (
            datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
            "02.01.2026 03:04:05 UTC-3:30",
        ),
        (
            datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=5, minutes=45))),
            "02.01.2026 03:04:05 UTC+5:45",
        ),
    ],
)
def test_the_time_is_told_with_its_zone(at: datetime, expected: str) -> None:
    assert stamp._moment(at) == expected


def test_the_same_arguments_give_the_same_octets() -> None:
    assert draw() == draw()


# --- the code -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("algorithm", "name"),
    [
        (algorithms.SHA256, "SHA-256"),
        (algorithms.SHA384, "SHA-384"),
        (algorithms.STREEBOG_512, "STREEBOG-512"),
        (algorithms.GOST_94, "GOST-94"),
    ],
)
def test_the_code_names_the_algorithm_and_the_digest(
    algorithm: algorithms.DigestAlgorithm, name: str
) -> None:
    digest = bytes(range(algorithm.digest_size))
    assert stamp.digest_text(algorithm, digest) == f"QALAMSAP:1:{name}:{digest.hex().upper()}"


@pytest.mark.parametrize("algorithm", algorithms.DIGESTS)
def test_the_code_is_coarse_enough_for_a_printer(algorithm: algorithms.DigestAlgorithm) -> None:
    """A module is 0.4 mm or more: ISO/IEC 18004 leaves it open, scanners' makers ask for a third of a millimetre."""
    text = stamp.digest_text(algorithm, bytes(algorithm.digest_size))
    code = qrencoder.QRCode(None, qrencoder.QRErrorCorrectLevel.M)
    code.addData(text)
    code.make()
    module = stamp._CODE_SIDE / (code.getModuleCount() + 2 * stamp._CODE_QUIET)
    assert module / 72 * 25.4 >= 0.4


def test_the_code_is_drawn_module_by_module() -> None:
    scale = 8
    image = pypdfium2.PdfDocument(draw())[0].render(scale=scale).to_pil().convert("L")
    code = qrencoder.QRCode(None, qrencoder.QRErrorCorrectLevel.M)
    code.addData(stamp.digest_text(algorithms.SHA256, DIGEST))
    code.make()
    count = code.getModuleCount()
    module = stamp._CODE_SIDE / (count + 2 * stamp._CODE_QUIET) * scale
    left = (stamp.SIZE[0] - stamp._PADDING - stamp._CODE_SIDE) * scale + stamp._CODE_QUIET * module
    top = stamp._PADDING * scale + stamp._CODE_QUIET * module
    seen = [
        [
            image.getpixel((int(left + (x + 0.5) * module), int(top + (y + 0.5) * module))) < 128
            for x in range(count)
        ]
        for y in range(count)
    ]
    assert seen == [[bool(dark) for dark in row] for row in code.modules]


# --- looks --------------------------------------------------------------------------------------------------------


def pixels(drawing: bytes, scale: float = 2):
    return (
        pypdfium2.PdfDocument(drawing)[0]
        .render(scale=scale, fill_color=(255, 200, 0, 255))
        .to_pil()
        .convert("RGB")
    )


def test_the_background_hides_the_page_within_the_frame_and_only_there() -> None:
    page = (255, 200, 0)
    for drawing in (draw(), stamp.outline()):
        image = pixels(drawing)
        right, bottom = image.width - 1, image.height - 1
        assert {image.getpixel(corner) for corner in ((0, 0), (right, 0), (0, bottom), (right, bottom))} == {
            page
        }
        inside = image.crop((4, 4, image.width - 4, image.height - 4))
        assert page not in {colour for _, colour in inside.getcolors(1 << 16)}
        assert image.getpixel((6, 40)) == (255, 255, 255)


@pytest.mark.parametrize("language", stamp.LANGUAGES)
@pytest.mark.parametrize("certificate", [LONG, authority.certificate("gost2015-head")])
def test_the_longest_names_stay_inside_the_frame_and_beside_the_code(
    language: str, certificate: Certificate
) -> None:
    drawing = draw(certificate, language, algorithm=algorithms.STREEBOG_512, digest=bytes(64))
    page = pypdfium2.PdfDocument(drawing)[0].get_textpage()
    code_left = stamp.SIZE[0] - stamp._PADDING - stamp._CODE_SIDE
    for index in range(page.count_chars()):
        left, bottom, right, top = page.get_charbox(index)
        if right > left:
            assert 4 <= left < right <= stamp.SIZE[0] - 4
            assert 2 <= bottom < top <= stamp.SIZE[1] - 4
            assert right <= code_left or left >= code_left - 1
    for words in certificate.common_name.split():
        assert words in shown(drawing)


def test_a_word_longer_than_a_line_is_cut_rather_than_drawn_over_the_edge() -> None:
    words = stamp._Words("Ж" * 200, 7)
    fonts.register()
    lines = stamp._lines(words, 100, 1)
    assert "".join(lines) == "Ж" * 200
    assert all(stamp._width(line, words, 1) <= 100 for line in lines)


def test_it_reads_in_grey_as_well() -> None:
    """The palest colour of words against white: contrast by luminance, as WCAG 2 counts it."""

    def luminance(colour) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.rgb()]
        return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    for colour in (stamp._ACCENT, stamp._INK, stamp._QUIET):
        assert 1.05 / (luminance(colour) + 0.05) > 4.5


def test_an_outline_has_the_size_of_a_stamp_and_no_words() -> None:
    page = pypdfium2.PdfDocument(stamp.outline())[0]
    assert (page.get_size(), page.get_textpage().get_text_range()) == (stamp.SIZE, "")


def test_a_machine_without_fonts_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise fonts.NoFont

    monkeypatch.setattr(fonts, "register", none)
    for act in (draw, stamp.outline):
        with pytest.raises(fonts.NoFont):
            act()
