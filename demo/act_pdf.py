"""The act as a PDF: form Р-1 (order № 562 of the Minister of Finance of 20 December 2012, appendix 50) and its annex.

The same act gives the same octets (reportlab's invariant mode), and the portal keeps the first drawing, so what a person signs
is what they were shown. Landscape A4, fonts embedded, printable in grey. It has a form without fields: a signature brings its field along,
and where there was a form before, everything else that came with it can be told (demo.signed_pdf).
"""

import functools
import io
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfdoc
from reportlab.platypus import (
    KeepTogether,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from agent.drawing import fonts
from demo import company, texts
from demo.acts import Act, Details
from demo.subscribers import Subscriber

# Twice the margin, twice the padding of reportlab's frame: tables end where paragraphs do.
WIDTH = landscape(A4)[0] - 28 * mm - 12
THIN = 0.5
# Stamps of signatures are put at the foot of the last page.
ROOM_FOR_STAMPS = 30 * mm
# Two column heads of the form, word for word.
NAME_OF_WORKS = (
    "Наименование работ (услуг) (в разрезе их подвидов в соответствии с технической спецификацией, заданием, "
    "графиком выполнения работ (услуг) при их наличии)"
)
NAME_OF_REPORT = (
    "Сведения об отчете о научных исследованиях, маркетинговых, консультационных и прочих услугах "
    "(дата, номер, количество страниц) (при их наличии)***"
)
MONTHS = (
    "январь", "февраль", "март", "апрель", "май", "июнь",
    "июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь",
)  # fmt: skip
MONTHS_KK = (
    "қаңтар", "ақпан", "наурыз", "сәуір", "мамыр", "маусым",
    "шілде", "тамыз", "қыркүйек", "қазан", "қараша", "желтоқсан",
)  # fmt: skip
GRID = [
    ("GRID", (0, 0), (-1, -1), THIN, colors.black),
    ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    ("TOPPADDING", (0, 0), (-1, -1), 2),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ("LEFTPADDING", (0, 0), (-1, -1), 3),
    ("RIGHTPADDING", (0, 0), (-1, -1), 3),
]
HEAD_SHADE = colors.HexColor("#EDF1F2")


def draw(act: Act, details: Details, subscriber: Subscriber) -> bytes:
    """The finished document. It is laid out twice: the first time to learn how many pages there are."""
    _register_fonts()
    pages = _build(act, details, subscriber, pages=None)[1]
    return _build(act, details, subscriber, pages=pages)[0]


@functools.cache
def _register_fonts() -> None:
    fonts.register()


def _build(act: Act, details: Details, subscriber: Subscriber, *, pages: int | None) -> tuple[bytes, int]:
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=landscape(A4),
        leftMargin=14 * mm,
        rightMargin=14 * mm,
        topMargin=11 * mm,
        bottomMargin=14 * mm,
        title=f"Акт выполненных работ № {act.number}",
        author=company.FULL_NAME,
        subject=f"Форма Р-1, {period(act)}",
        lang="ru-KZ",
        invariant=1,
        initialFontName=fonts.REGULAR,
    )

    def footer(canvas: Any, template: Any) -> None:
        """To the right: stamps of signatures begin at the left."""
        place = f"{template.page} / {pages}" if pages else str(template.page)
        parts = (
            f"Акт № {act.number} от {texts.date(act.drawn_at)}",
            "Демонстрационный документ, юридической силы не имеет",
            f"Бет / Страница {place}",
        )
        canvas.saveState()
        canvas.setFont(fonts.REGULAR, 7.5)
        canvas.setFillColor(colors.HexColor("#555555"))
        canvas.drawRightString(landscape(A4)[0] - 14 * mm, 8 * mm, " · ".join(parts))
        canvas.restoreState()

    def first_page(canvas: Any, template: Any) -> None:
        canvas._doc.Catalog.AcroForm = pdfdoc.PDFDictionary(
            {"Fields": pdfdoc.PDFArray([])}
        )  # reportlab has no other way
        footer(canvas, template)

    story = [*_form(act, details, subscriber), PageBreak(), *_annex(act, details, subscriber)]
    document.build(story, onFirstPage=first_page, onLaterPages=footer)
    return buffer.getvalue(), document.page


def period(act: Act) -> str:
    """ "октябрь 2026 г."."""
    return f"{MONTHS[int(act.period[5:]) - 1]} {act.period[:4]} г."


def _period_kk(act: Act) -> str:
    return f"{act.period[:4]} жылғы {MONTHS_KK[int(act.period[5:]) - 1]}"


def _form(act: Act, details: Details, subscriber: Subscriber) -> list[Any]:
    return [
        *_heading(act, details, subscriber),
        Spacer(1, 3 * mm),
        _works(act, details),
        Spacer(1, 2.5 * mm),
        KeepTogether(_closing_part(subscriber)),
    ]


def _heading(act: Act, details: Details, subscriber: Subscriber) -> list[Any]:
    reference = _text(
        "Приложение 50 к приказу Министра финансов Республики Казахстан<br/>от 20 декабря 2012 года № 562<br/><b>Форма Р-1</b>",
        6.5,
        TA_RIGHT,
    )
    customer = f"{subscriber.name}, {subscriber.address}, тел. +{subscriber.phone}"
    performer = f"{company.FULL_NAME}, {company.ADDRESS}, тел. {company.PHONE}"
    caption = _text("полное наименование, адрес, данные о средствах связи", 6, TA_CENTER)
    contract = f"№ {details.contract_number} от {details.contract_date} г., лицевой счет {act.account_number}"
    parties = Table(
        [
            ["", "", _text("ЖСН/БСН · ИИН/БИН", 7, TA_CENTER)],
            [
                _text("Тапсырыс беруші / Заказчик:", 8),
                _text(escape(customer), 8.5, bold=True),
                _number(subscriber.identifier),
            ],
            ["", caption, ""],
            [
                _text("Орындаушы / Исполнитель:", 8),
                _text(escape(performer), 8.5, bold=True),
                _number(company.BIN),
            ],
            ["", caption, ""],
            [_text("Шарт / Договор (контракт):", 8), _text(escape(contract), 8.5), ""],
        ],
        colWidths=[46 * mm, WIDTH - 46 * mm - 38 * mm, 38 * mm],
        style=_table_style(
            ("VALIGN", (0, 0), (-1, -1), "BOTTOM"),
            ("TOPPADDING", (0, 0), (-1, -1), 0),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
            ("LEFTPADDING", (0, 0), (0, -1), 0),
            *[("LINEBELOW", (1, row), (1, row), THIN, colors.black) for row in (1, 3, 5)],
            *[("BOX", (2, row), (2, row), THIN, colors.black) for row in (1, 3)],
        ),
    )
    number = Table(
        [
            [_text("Номер документа", 7, TA_CENTER), _text("Дата составления", 7, TA_CENTER)],
            [
                _text(act.number, 9, TA_CENTER, bold=True),
                _text(texts.date(act.drawn_at), 9, TA_CENTER, bold=True),
            ],
        ],
        colWidths=[34 * mm, 30 * mm],
        style=_table_style(*GRID),
    )
    title = _text(
        "ОРЫНДАЛҒАН ЖҰМЫСТАР (КӨРСЕТІЛГЕН ҚЫЗМЕТТЕР) АКТІСІ<br/>АКТ ВЫПОЛНЕННЫХ РАБОТ (ОКАЗАННЫХ УСЛУГ)*",
        11,
        TA_CENTER,
        bold=True,
    )
    return [reference, Spacer(1, 1.5 * mm), parties, Spacer(1, 3 * mm), _side_by_side(title, number, 64 * mm)]


def _works(act: Act, details: Details) -> Table:
    head = (
        "Номер по порядку",
        NAME_OF_WORKS,
        "Дата выполнения работ (оказания услуг)**",
        NAME_OF_REPORT,
        "Единица измерения",
        "Выполнено работ (оказано услуг)",
    )
    rows: list[list[Any]] = [
        [*(_text(name, 6.5, TA_CENTER) for name in head), "", ""],
        [
            "",
            "",
            "",
            "",
            "",
            *(
                _text(name, 6.5, TA_CENTER)
                for name in ("количество", "цена за единицу, тенге", "стоимость, тенге")
            ),
        ],
        [_text(str(number), 6.5, TA_CENTER) for number in range(1, 9)],
    ]
    for position, line in enumerate(details.lines, 1):
        rows.append(
            [
                _text(str(position), 8, TA_CENTER),
                _text(escape(line.title), 8),
                _text(period(act), 8, TA_CENTER),
                _text("—", 8, TA_CENTER),
                _text(escape(line.unit), 8, TA_CENTER),
                _text(str(line.quantity), 8, TA_RIGHT),
                _money(line.price),
                _money(line.amount),
            ]
        )
    x = _text("х", 8, TA_CENTER)
    rows.append(
        [_text("Барлығы / Итого", 8, TA_RIGHT, bold=True), "", "", "", "", x, x, _money(act.total, bold=True)]
    )
    vat = f"оның ішінде ҚҚС / в том числе НДС, {act.vat_percent} %"
    rows.append([_text(vat, 8, TA_RIGHT), "", "", "", "", x, x, _money(act.vat)])
    widths = [14 * mm, 78 * mm, 30 * mm, 48 * mm, 20 * mm, 20 * mm, 28 * mm]
    last = len(rows) - 1
    return Table(
        rows,
        colWidths=[*widths, WIDTH - sum(widths)],
        repeatRows=3,
        style=_table_style(
            ("GRID", (0, 0), (-1, last - 2), THIN, colors.black),
            ("GRID", (5, last - 1), (-1, last), THIN, colors.black),
            *GRID[1:],
            ("BACKGROUND", (0, 0), (-1, 2), HEAD_SHADE),
            *[("SPAN", (column, 0), (column, 1)) for column in range(5)],
            ("SPAN", (5, 0), (7, 0)),
            *[("SPAN", (0, row), (4, row)) for row in (last - 1, last)],
        ),
    )


def _closing_part(subscriber: Subscriber) -> list[Any]:
    customer_post = "Руководитель" if subscriber.bin else "Абонент"
    performer = f"Сдал (Исполнитель): {company.SIGNATORY_POST}"
    rows = [
        [_text(performer, 8), _line(""), _line(company.SIGNATORY), "",
         _text(f"Принял (Заказчик): {customer_post}", 8), _line(""), _line("")],
        ["", *_captions(), "", "", *_captions()],
    ]  # fmt: skip
    half = [70 * mm, 24 * mm, 34 * mm]
    signatures = Table(
        rows,
        colWidths=[*half, WIDTH - 2 * sum(half), *half],
        style=_table_style(
            ("VALIGN", (0, 0), (-1, -1), "BOTTOM"),
            ("TOPPADDING", (0, 0), (-1, -1), 0),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            *[("LINEBELOW", (column, 0), (column, 0), THIN, colors.black) for column in (1, 2, 5, 6)],
        ),
    )
    notes = (
        "* Применяется для приемки-передачи выполненных работ (оказанных услуг), за исключением строительно-монтажных работ.<br/>"
        "** Заполняется в случае, если даты выполнения работ (оказания услуг) приходятся на различные периоды, а также в случае, "
        "если даты выполнения работ (оказания услуг) и даты подписания (принятия) работ (услуг) различны.<br/>"
        "*** Заполняется в случае наличия отчета о научных исследованиях, маркетинговых, консультационных и прочих услугах."
    )
    return [
        _text("Сведения об использовании запасов, полученных от заказчика: запасы не передавались", 8),
        Spacer(1, 1.5 * mm),
        _text(
            "Приложение: перечень документации, в том числе отчет(ы) о маркетинговых, научных исследованиях, консультационных и "
            "прочих услугах (обязательны при его (их) наличии): Приложение № 1 «Сверка баланса и расшифровка по номерам»",
            8,
        ),
        Spacer(1, 5 * mm),
        signatures,
        Spacer(1, 2.5 * mm),
        _text("Дата подписания (принятия) работ (услуг): дата электронной цифровой подписи заказчика", 8),
        Spacer(1, 2.5 * mm),
        _text(notes, 6),
    ]


def _captions() -> tuple[Paragraph, Paragraph]:
    return _text("подпись", 6, TA_CENTER), _text("расшифровка подписи", 6, TA_CENTER)


def _annex(act: Act, details: Details, subscriber: Subscriber) -> list[Any]:
    taxes = f"Суммы указаны с учетом НДС {act.vat_percent} %. ҚҚС ескерілген / в том числе НДС: {_amount(act.vat)} ₸."
    heading = f"Акт № {act.number} · {texts.date(act.drawn_at)} · лицевой счет {act.account_number} · {escape(subscriber.name)}"
    return [
        _text("1-қосымша / Приложение № 1", 11, bold=True),
        _text(heading, 8),
        Spacer(1, 3 * mm),
        _text(f"1. Баланс, {_period_kk(act)} / Баланс за {period(act)}", 9.5, bold=True),
        Spacer(1, 1.5 * mm),
        _balance(act, details),
        Spacer(1, 4 * mm),
        _text("2. Нөмірлер бойынша толық мәлімет, теңге / Расшифровка по номерам, тенге", 9.5, bold=True),
        Spacer(1, 1.5 * mm),
        _numbers(details),
        Spacer(1, 2 * mm),
        KeepTogether([_text(taxes, 7.5), Spacer(1, ROOM_FOR_STAMPS)]),
    ]


def _balance(act: Act, details: Details) -> Table:
    rows: list[list[Any]] = [
        [_text("Кезең басындағы қалдық / Остаток на начало периода", 8), _money(details.opening)],
        [_text("Көрсетілген қызметтер үшін есептелді / Начислено за услуги", 8), _money(act.total)],
    ]
    for payment in details.payments:
        label = f"Төлем / Оплата: {payment.document} от {payment.paid_on}"
        rows.append([_text(escape(label), 8), _money(-payment.amount)])
    rows += [
        [_text("Қайта есептеу / Перерасчет", 8), _money(details.correction)],
        [
            _text("Кезең соңында төлеуге / К оплате на конец периода", 8, bold=True),
            _money(details.closing, bold=True),
        ],
    ]
    return Table(rows, colWidths=[120 * mm, 36 * mm], hAlign="LEFT", style=_table_style(*GRID))


def _numbers(details: Details) -> Table:
    head = (
        "№", "Нөмір / Номер", "Тариф", "Абоненттік төлем / Абонплата", "Қоңыраулар / Звонки", "SMS", "Интернет",
        "Роуминг", "Барлығы / Итого",
    )  # fmt: skip
    rows: list[list[Any]] = [[_text(name, 7, TA_CENTER, bold=True) for name in head]]
    for position, number in enumerate(details.numbers, 1):
        amounts = (number.subscription, number.calls, number.messages, number.internet, number.roaming)
        rows.append(
            [
                _text(str(position), 7.5, TA_CENTER),
                _text(f"+{number.phone}", 7.5, TA_CENTER),
                _text(escape(number.plan), 7.5),
                *(_money(amount) for amount in amounts),
                _money(number.total, bold=True),
            ]
        )
    sums = [sum(getattr(number, name) for number in details.numbers)
            for name in ("subscription", "calls", "messages", "internet", "roaming", "total")]  # fmt: skip
    rows.append(
        [
            _text("Барлығы / Итого", 7.5, TA_RIGHT, bold=True),
            "",
            "",
            *(_money(amount, bold=True) for amount in sums),
        ]
    )
    widths = [10 * mm, 34 * mm, 48 * mm, 34 * mm, 30 * mm, 26 * mm, 28 * mm, 26 * mm]
    return Table(
        rows,
        colWidths=[*widths, WIDTH - sum(widths)],
        repeatRows=1,
        style=_table_style(
            *GRID,
            ("TOPPADDING", (0, 0), (-1, -1), 1),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
            ("BACKGROUND", (0, 0), (-1, 0), HEAD_SHADE),
            ("SPAN", (0, -1), (2, -1)),
        ),
    )


def _table_style(*commands: tuple[Any, ...]) -> TableStyle:
    """Empty cells are text, too: without a name of a font they would bring in Helvetica, which is not embedded."""
    return TableStyle([("FONTNAME", (0, 0), (-1, -1), fonts.REGULAR), *commands])


def _side_by_side(left: Any, right: Any, right_width: float) -> Table:
    return Table(
        [[left, right]],
        colWidths=[WIDTH - right_width, right_width],
        style=_table_style(
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            *[(side, (0, 0), (-1, -1), 0) for side in ("LEFTPADDING", "RIGHTPADDING")],
        ),
    )


def _number(text: str) -> Paragraph:
    return _text(text, 9, TA_CENTER, bold=True)


def _line(text: str) -> Paragraph:
    return _text(text, 8, TA_CENTER)


def _amount(tiyn: int) -> str:
    """Money with the no-break space that every font has."""
    return texts.money(tiyn).replace(texts.NARROW_SPACE, "\u00a0")


def _money(tiyn: int, *, bold: bool = False) -> Paragraph:
    return _text(_amount(tiyn), 8, TA_RIGHT, bold=bold)


def _text(markup: str, size: float, alignment: int = TA_LEFT, *, bold: bool = False) -> Paragraph:
    return Paragraph(markup, _style(size, alignment, bold))


@functools.cache
def _style(size: float, alignment: int, bold: bool) -> ParagraphStyle:
    name = fonts.BOLD if bold else fonts.REGULAR
    return ParagraphStyle(
        f"{name}-{size}-{alignment}", fontName=name, fontSize=size, leading=size * 1.2, alignment=alignment
    )
