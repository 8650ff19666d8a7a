"""What a document says of itself: number, date, contract, sums, and who its parties are, found in text in Russian and Kazakh.

Found by the words that acts, invoices, contracts and waybills use, line by line; what is not found is left out. It helps a person to look,
and proves nothing: a document may say one thing in its text and another in its picture.

A number of 12 digits counts as an IIN or BIN only if its check digit is right (the rule is that of the State database of legal entities:
two rows of weights, modulo 11), and, where nothing beside it says what it is, if its other digits make sense too.
"""

import itertools
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from protocol import preview
from protocol.preview import Lifted, Party

Role: TypeAlias = Literal["supplier", "customer", "other"]

MAX_LOOKED_AT = 200_000  # characters; the first of a document
_MAX_LINE = 2_000
_THIN = "\N{THIN SPACE}"
_GROUPING = re.compile(r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3}(?!\d))")
_BLANKS = re.compile(rf"[^\S{_THIN}]+")
_ORDER: tuple[preview.FactName, ...] = ("title", "number", "date", "contract", "total", "vat", "period")


@dataclass(frozen=True, slots=True)
class Found:
    """In the order in which they are shown."""

    facts: tuple[Lifted, ...] = ()
    parties: tuple[Party, ...] = ()


class Gathering:
    """Facts and parties as they are found: of each fact the first that comes, of parties each number once, the better named."""

    def __init__(self) -> None:
        self._facts: dict[preview.FactName, str] = {}
        self._parties: dict[str, Party] = {}

    def add_fact(self, name: preview.FactName, value: str) -> None:
        value = _shown(value)[: preview.MAX_FACT]
        if value:
            self._facts.setdefault(name, value)

    def add_party(self, role: Role, number: str, name: str = "") -> None:
        party = Party(role, number, _shown(name)[: preview.MAX_FACT])
        known = self._parties.get(number)
        if known is None:
            if len(self._parties) < preview.MAX_LIST:
                self._parties[number] = party
        else:
            self._parties[number] = Party(
                party.role if known.role == "other" else known.role, number, known.name or party.name
            )

    def has(self, name: preview.FactName) -> bool:
        return name in self._facts

    @property
    def found(self) -> Found:
        order = ("supplier", "customer", "other")
        return Found(
            tuple(Lifted(name, self._facts[name]) for name in _ORDER if name in self._facts),
            tuple(sorted(self._parties.values(), key=lambda party: order.index(party.role))),
        )


def lift(text: str) -> Found:
    """What can be found in a document's text. Raises nothing, whatever the text is; takes time in proportion to it."""
    lines = [line for line in map(_one_line, _lines(text[:MAX_LOOKED_AT])) if line]
    gathering = Gathering()
    titles = list(_titles(lines))
    others = [(place, line) for place, line in titles if not _CONTRACT_FIRST.match(line)]
    titles = others or titles  # the contract that another document goes back to is no title of it
    _gather_title(gathering, lines, titles)
    _gather_contract(gathering, lines, titles)
    currency = _currency_of(lines)
    _gather_sums(gathering, lines, currency)
    _gather_period(gathering, lines)
    _gather_parties(gathering, "\n".join(lines))
    return gathering.found


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        for start in range(0, len(line), _MAX_LINE):
            yield line[start : start + _MAX_LINE]


# --- numbers of people and organisations ----------------------------------------------------------------------------

_WEIGHTS = ((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2))
_TWELVE = re.compile(r"[0-9]{12}")
_NONE = 10  # a remainder that is no digit


def is_number(text: str) -> bool:
    """Whether this is an IIN or a BIN, as far as its check digit tells."""
    if _TWELVE.fullmatch(text) is None or text == "0" * 12:
        return False
    digits = [int(digit) for digit in text]
    for weights in _WEIGHTS:
        rest = sum(weight * digit for weight, digit in zip(weights, digits, strict=False)) % 11
        if rest != _NONE:
            return rest == digits[11]
    return False


def _is_plausible(number: str) -> bool:
    """An IIN begins with a day of birth, a BIN with a month and the kind of organisation."""
    month, rest = int(number[2:4]), number[4:]
    is_iin = 1 <= int(rest[:2]) <= 31 and rest[2] in "0123456"
    is_bin = rest[0] in "456" and rest[1] in "01234"
    return 1 <= month <= 12 and (is_iin or is_bin)


# --- dates and sums ---------------------------------------------------------------------------------------------------

_MONTHS = {
    beginning: number
    for number, beginnings in enumerate(
        (
            ("янв", "қаңтар"), ("фев", "ақпан"), ("мар", "наурыз"), ("апр", "сәуір"), ("мая", "май", "мамыр"), ("июн", "маусым"),
            ("июл", "шілде"), ("авг", "тамыз"), ("сен", "қыркүйек"), ("окт", "қазан"), ("ноя", "қараша"), ("дек", "желтоқсан"),
        ),
        1,
    )
    for beginning in beginnings
}  # fmt: skip
_MONTH = (
    r"(?:январ[ьяе]|феврал[ьяе]|марта?|апрел[ьяе]|ма[йя]|июн[ьяе]|июл[ьяе]|августа?|сентябр[ьяе]|октябр[ьяе]|ноябр[ьяе]|декабр[ьяе]"
    r"|қаңтар|ақпан|наурыз|сәуір|мамыр|маусым|шілде|тамыз|қыркүйек|қазан|қараша|желтоқсан)"
)
_DATE = (
    r"(?:(?P<d1>\d{1,2})[./](?P<m1>\d{1,2})[./](?P<y1>(?:19|20)\d\d)"
    r"|(?P<y2>(?:19|20)\d\d)-(?P<m2>\d\d)-(?P<d2>\d\d)"
    r"|[«\"“„]?(?P<d3>\d{1,2})[»\"”“]? ?(?P<m3>" + _MONTH + r")\w{0,3} (?P<y3>(?:19|20)\d\d)"
    r"|(?P<y4>(?:19|20)\d\d) ?(?:ж\.|жыл\w{0,5})? ?[«\"“„]?(?P<d4>\d{1,2})[»\"”“]? ?(?P<m4>" + _MONTH + r"))"
)
_ANY_DATE = re.compile(r"(?<![\d.])" + _DATE + r"(?!\d)", re.IGNORECASE)

# Groups of three are set apart in one way.
_MONEY = re.compile(
    r"(?<![\d.,/№:-])-?(?:\d{1,3}(?:\u2009\d{3})+|\d{1,3}(?: \d{3})+|\d{1,3}(?:['’]\d{3})+|\d+)(?:[.,]\d{1,2})?(?![\d/:-]|[.,]\d|\u2009\d)(?! ?%)"
)
_CURRENCY_WORDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("₸", re.compile(r"₸|\b(?:kzt|тг|тнг|тенге|теңге)\b", re.IGNORECASE)),
    ("₽", re.compile(r"₽|\b(?:rub|руб(?:л\w{1,3})?)\b", re.IGNORECASE)),
    ("$", re.compile(r"\$|\b(?:usd|доллар\w{0,3})\b", re.IGNORECASE)),
    ("€", re.compile(r"€|\b(?:eur|евро)\b", re.IGNORECASE)),
    ("¥", re.compile(r"¥|\b(?:cny|юан\w{0,3})\b", re.IGNORECASE)),
)
_CURRENCY_SIGNS = {"KZT": "₸", "RUB": "₽", "USD": "$", "EUR": "€", "CNY": "¥"}
_LOOKS_LIKE_MONEY = re.compile(r"[ \u2009'’.,]")
_CENTS_LAST = re.compile(r"[.,]\d{1,2}\Z")
_GROUP_FIRST = re.compile(r"[1-9]")
_MOST_DIGITS = 18
_PLAIN_SUM = re.compile(r"(-?)(\d{1,20})(?:[.,](\d{1,6}))?")


def day(text: str) -> str:
    """The first date in a text as 23.11.2026; empty where there is none."""
    return next((shown for _, shown in _days(text)), "")


def money(text: str, currency: str = "") -> str:
    """A sum in a field of a form, as people write it: "952000.5" and "KZT" become "952 000,50 ₸". Other texts stay as they are."""
    squeezed = re.sub(r"[\s'’]", "", text)
    found = _PLAIN_SUM.fullmatch(squeezed[:40])
    if found is None:
        return text.strip()
    minus, whole, cents = found.groups(default="")
    cents = cents.rstrip("0").ljust(2, "0")
    shown = f"{minus}{int(whole):,}".replace(",", "\N{NO-BREAK SPACE}") + f",{cents}"
    sign = _CURRENCY_SIGNS.get(currency.strip().upper(), currency.strip()[:10])
    return f"{shown}\N{NO-BREAK SPACE}{sign}" if sign else shown


def _days(text: str) -> Iterator[tuple[re.Match[str], str]]:
    for found in _ANY_DATE.finditer(text):
        shown = _day_of(found)
        if shown:
            yield found, shown


def _day_of(found: re.Match[str]) -> str:
    parts = found.groupdict()
    for form in "1234":
        if parts[f"d{form}"]:
            month = parts[f"m{form}"]
            number = int(month) if month.isdecimal() else _month_number(month)
            number_of_day = int(parts[f"d{form}"])
            if 1 <= number <= 12 and 1 <= number_of_day <= 31:
                return f"{number_of_day:02}.{number:02}.{parts[f'y{form}']}"
    return ""


def _month_number(word: str) -> int:
    folded = word.casefold()
    return next((number for beginning, number in _MONTHS.items() if folded.startswith(beginning)), 0)


def _currency_of(lines: Sequence[str]) -> str:
    """The currency that the document speaks of; empty where it is none or several."""
    text = "\n".join(lines)
    found = [sign for sign, pattern in _CURRENCY_WORDS if pattern.search(text)]
    return found[0] if len(found) == 1 else ""


def _sum_in(line: str, currency: str, clear: Counter[str]) -> str:
    """The largest sum in a line (with VAT, where it is there without too), grouped as people write it; empty where it is not clear.

    In a row of a table a quantity stands before a sum, and "1 250 000,00" may be one number or two: `_settled` decides, or nobody. A
    whole number counts only if something says that it is money.
    """
    said = next((sign for sign, pattern in _CURRENCY_WORDS if pattern.search(line)), "")
    found = list(_MONEY.finditer(line))
    written: list[str] = []
    for match in found:
        if not _LOOKS_LIKE_MONEY.search(match.group()):
            continue
        settled = _settled(_readings(line, match), clear)
        if not settled:
            return ""
        written.append(settled)
    if not written and found and (said or len(found) == 1):
        written = [found[-1].group()]
    sums = [each for each in written if len(re.sub(r"\D", "", each)) <= _MOST_DIGITS and _amount(each)]
    if not sums:
        return ""
    shown = _grouped(max(sums, key=_amount))
    sign = said or currency
    return f"{shown}\N{NO-BREAK SPACE}{sign}" if sign else shown


def _readings(line: str, match: re.Match[str]) -> list[str]:
    """How a number can be read: as it stands, or without what may be a number of its own before it."""
    written, before = match.group(), line[: match.start()].rstrip()
    may_be_two = not before or (before[-1].isdigit() and not _CENTS_LAST.search(before))
    groups = written.split(" ")
    if len(groups) == 1 or not may_be_two:
        return [_plain(written)]
    return [
        "".join(groups[first:])
        for first in range(len(groups))
        if first == 0 or _GROUP_FIRST.match(groups[first])
    ]


def _settled(readings: Sequence[str], clear: Counter[str]) -> str:
    """The reading that the rest of the document bears out; empty where it bears out none, or several."""
    known = [reading for reading in readings if clear[reading]] if len(readings) > 1 else readings
    if len(known) != 1:
        return ""
    is_whole = known[0] == readings[0]
    # Without a part it is the only line of the table: of several lines it could be one, and the whole their sum.
    is_only = clear[known[0]] == 1 and all(_amount(other) <= _amount(known[0]) for other in clear)
    return known[0] if is_whole or is_only else ""


def _clear_sums(lines: Iterable[str]) -> Counter[str]:
    """Sums of a document that can be read in one way: behind a sign, or behind the cents of another; how often each stands there."""
    found: Counter[str] = Counter()
    for line in lines:
        for match in _MONEY.finditer(line):
            before = line[: match.start()].rstrip()[-3:]
            is_first = before and not before[-1].isalnum()
            if _LOOKS_LIKE_MONEY.search(match.group()) and (
                " " not in match.group() or is_first or _CENTS_LAST.search(before)
            ):
                found[_plain(match.group())] += 1
    return found


def _plain(written: str) -> str:
    return re.sub(r"[\s'’]", "", written).replace(".", ",")


def _amount(written: str) -> float:
    return float(re.sub(r"[\s'’]", "", written).replace(",", "."))


def _grouped(written: str) -> str:
    whole, comma, cents = re.sub(r"[\s'’]", "", written).replace(".", ",").partition(",")
    grouped = f"{int(whole):,}".replace(",", "\N{NO-BREAK SPACE}")
    if whole.startswith("-") and not grouped.startswith("-"):
        grouped = f"-{grouped}"
    return f"{grouped},{cents:<02}".replace(" ", "0") if comma else grouped


# --- title, number, date ----------------------------------------------------------------------------------------------

_TITLE = re.compile(
    r"(?:(?:электронн\w{2,4} |типовой |трудовой |дополнительное |акционерное )?"
    r"(?:акт|договор|контракт|соглашение|сч[её]т(?:-фактура)?|накладная|товарно-транспортная накладная|доверенность|заявлени[ея]|приказ"
    r"|протокол|справка|плат[её]жное поручение|заявка|спецификация|отч[её]т|декларация|расписка|согласие|инвойс|invoice|contract|act)\b"
    r"|(?:[\w-]+ ){0,7}\(?(?:[\w-]+ ?){0,3}\)? ?"
    r"(?:актісі|шарты|келісімшарты|шот-фактура|жүкқұжаты?|сенімхаты?|өтініші?|бұйрығы?|хаттамасы?|анықтамасы?)\b)",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?:№|\bN[o°]?\.? ?(?=\d)|\bнөмірі:? |\bномер:? )\s?№? ?(?P<number>[\w][\w/.\-–]{0,60})", re.IGNORECASE
)
_NUMBER_AND_DATE = re.compile(
    r"(?:№|номер)\s?(?:документа|акта|сч[её]та)?\b.{0,20}дата (?:составления|документа|выписки)",
    re.IGNORECASE,
)
_DRAWN = re.compile(
    r"дата (?:составления|документа|выписки|договора|заключения)|жасалған күні|күні:", re.IGNORECASE
)
_CONTRACT_FIRST = re.compile(r"(?:договор|контракт|шарт)\b", re.IGNORECASE)
_TITLE_LINES = 60  # a title stands at the beginning
_TITLE_LONGEST = 200


def _titles(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Lines that begin as a title does: number of the line, and the line."""
    for place, line in enumerate(lines[:_TITLE_LINES]):
        start = line.lstrip('«"“„* ')
        if len(start) > _TITLE_LONGEST:
            continue
        found = _TITLE.match(start)
        if found is not None and ":" not in start.partition("№")[0]:
            yield place, start


def _gather_title(gathering: Gathering, lines: Sequence[str], titles: Sequence[tuple[int, str]]) -> None:
    _gather_head_of_table(gathering, lines)
    for _, line in titles:
        words = _title_in(line)
        if " " in words:
            gathering.add_fact("title", words)
    for place, line in titles:
        numbered = _NUMBER.search(line)
        if numbered is not None and _is_sensible(numbered["number"]):
            gathering.add_fact("number", numbered["number"].rstrip(".-–"))
            gathering.add_fact("date", day(line[numbered.end() :]))
        for beside in lines[place + 1 : place + 4]:
            numbered = _NUMBER.match(beside)
            if numbered is not None and not gathering.has("number") and _is_sensible(numbered["number"]):
                gathering.add_fact("number", numbered["number"].rstrip(".-–"))
                gathering.add_fact("date", day(beside[numbered.end() :]))
    for line, after in zip(lines, (*lines[1:], ""), strict=False):
        if gathering.has("date"):
            break
        if (found := _DRAWN.search(line)) is not None:
            gathering.add_fact("date", day(line[found.end() :]) or day(after))
    for place, line in titles:
        gathering.add_fact("date", day(line))
        for beside in lines[place + 1 : place + 6]:
            if not _CONTRACT.match(beside):
                gathering.add_fact("date", day(beside))
    if titles:
        gathering.add_fact("title", _title_in(titles[0][1]))


def _title_in(line: str) -> str:
    """Without number and date."""
    return re.split(r"№|\bот \d|\bот «| [\d./-]{3,}(?: |\Z)", line)[0].strip(" *:.,–-")


def _gather_head_of_table(gathering: Gathering, lines: Sequence[str]) -> None:
    """ "Номер документа | Дата составления" with the values below: form Р-1 and others of order № 562."""
    for line, after in itertools.pairwise(lines):
        if _NUMBER_AND_DATE.search(line):
            dated = next(_days(after), None)
            if dated is not None and dated[0].start():
                before = after[: dated[0].start()].split()
                if before and _is_sensible(before[-1]):
                    gathering.add_fact("number", before[-1])
                    gathering.add_fact("date", dated[1])
                    return


def _is_sensible(number: str) -> bool:
    return any(letter.isdigit() for letter in number) or len(number) == 1


# --- contract, sums, period -------------------------------------------------------------------------------------------

_CONTRACT = re.compile(
    r"(?:\bдоговор\w{0,3}|\bконтракт\w{0,3}|\bшарт(?:ы|қа|тың|тағы)?|\bкелісімшарт\w{0,4})\b[^№\n]{0,60}?№ ?(?P<number>[^\s,;]{1,60})",
    re.IGNORECASE,
)
_TOTALS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"всего к оплате|итого к оплате",
        r"(?:итого|всего) с (?:уч[её]том )?ндс|ққс ескеріл\w{0,6}|с уч[её]том косвенных налогов",
        r"(?:общая|полная) (?:сумма|стоимость|цена)|сумма (?:по )?(?:настоящего )?(?:договора|контракта)|(?:шарттың|жалпы) (?:сомасы|құны)",
        r"стоимость (?:договора|контракта|работ|услуг) составляет|жалпы сома",
        r"\bбарлығы\b|\bитого\b|\bжиыны\b|\bвсего\b|\btotal\b",
        r"к оплате|төлеуге",  # alone it may be a balance, beside the sum of this document
        r"\bна сумму\b|\bсумма\b|\bсомасы\b",
    )
)
_NOT_A_TOTAL = re.compile(
    r"наименован\w{2,3}, на сумму|без ндс|в том числе|оның ішінде|ндс\s*\(|сумма ндс|ққс сомасы",
    re.IGNORECASE,
)
_INCLUDING = re.compile(r"в том числе|оның ішінде|в т\. ?ч\.", re.IGNORECASE)
_ONLY_SUMS = re.compile(r"[\d\s.,хx₸'’-]+\D{0,12}")
_VAT = re.compile(r"\bндс\b|\bққс\b|\bvat\b", re.IGNORECASE)
_VAT_SUM = re.compile(
    r"в том числе|в т\. ?ч\.|оның ішінде|сумма ндс|ққс сомасы|итого ндс|ндс \(?\d|ққс \(?\d", re.IGNORECASE
)
_VAT_MONEY_AFTER = 120
_PERIOD_BETWEEN = re.compile(r"\bс " + _DATE + r"\D{0,6} по ", re.IGNORECASE)
_PERIOD_MONTH = re.compile(r"\bза (?P<period>" + _MONTH + r"(?: месяц)? (?:19|20)\d\d)", re.IGNORECASE)
_PERIOD_KK = re.compile(
    r"(?P<period>(?:19|20)\d\d жылғы " + _MONTH + r")(?!\w* ?\d)(?=\W|\w{0,3} айы)", re.IGNORECASE
)
_PERIOD_ANY = re.compile(
    r"(?<!\d )(?<!\d» )(?<!\w)(?P<period>" + _MONTH + r" (?:19|20)\d\d) г", re.IGNORECASE
)
_PERIOD_QUARTER = re.compile(
    r"\bза (?P<period>(?:[1-4]|I{1,3}|IV)(?:-й|-ый)? квартал (?:19|20)\d\d)", re.IGNORECASE
)


def _gather_contract(gathering: Gathering, lines: Sequence[str], titles: Sequence[tuple[int, str]]) -> None:
    """The contract that a document goes back to; one that is the document itself has been told of as that."""
    own = {place for place, _ in titles}
    for place, line in enumerate(lines):
        found = _CONTRACT.search(line)
        if found is not None and place not in own and _is_sensible(found["number"]):
            dated = next(_days(line[found.end() : found.end() + 40]), None)
            number = found["number"].strip('«»"“”.()')
            gathering.add_fact("contract", f"{number}, {dated[1]}" if dated else number)
            return


def _gather_sums(gathering: Gathering, lines: Sequence[str], currency: str) -> None:
    clear = _clear_sums(lines)
    for pattern in _TOTALS:
        for place, line in enumerate(lines):
            found = pattern.search(line)
            if (
                found is None
                or gathering.has("total")
                or _NOT_A_TOTAL.search(line[max(0, found.start() - 20) : found.end() + 15])
            ):
                continue
            rest = _INCLUDING.split(line[found.end() :], maxsplit=1)[0]
            shown = _sum_in(rest, currency, clear)
            if not shown and not re.search(r"\d", rest) and place + 1 < len(lines):
                below = lines[place + 1]
                shown = _sum_in(below, currency, clear) if _ONLY_SUMS.fullmatch(below) else ""
            gathering.add_fact("total", shown)
    for line in lines:
        vat = _VAT.search(line)
        if vat is not None and _VAT_SUM.search(line):
            gathering.add_fact(
                "vat", _sum_in(line[vat.end() : vat.end() + _VAT_MONEY_AFTER], currency, clear)
            )


def _gather_period(gathering: Gathering, lines: Iterable[str]) -> None:
    lines = tuple(lines)
    for line in lines:
        if _PERIOD_BETWEEN.search(line):
            found = [shown for _, shown in _days(line[_PERIOD_BETWEEN.search(line).start() :])][:2]  # type: ignore[union-attr]  # just found
            if len(found) == 2:
                gathering.add_fact("period", f"{found[0]} – {found[1]}")
    for pattern in (_PERIOD_MONTH, _PERIOD_QUARTER, _PERIOD_KK, _PERIOD_ANY):
        for line in lines:
            if (match := pattern.search(line)) is not None:
                gathering.add_fact("period", match["period"])


# --- parties ----------------------------------------------------------------------------------------------------------

_ROLES = re.compile(
    r"(?P<other>\b(?:грузоотправител|грузополучател|плательщик|доверител|работодател|работник)\w{0,3})"
    r"|(?P<supplier>\b(?:отправител\w{1,2}|исполнител[ьяюе]\w{0,2}|поставщик\w{0,2}|продав[ецц]\w{0,2}|продавц\w{1,2}|подрядчик\w{0,2}|арендодател\w{1,2}|наймодател\w{1,2}"
    r"|орындаушы\w{0,4}|өнім беруші\w{0,4}|жеткізуші\w{0,4}|сатушы\w{0,4}|мердігер\w{0,4}|жалға беруші\w{0,4}|supplier|seller))"
    r"|(?P<customer>\b(?:заказчик\w{0,2}|покупател\w{1,2}|арендатор\w{0,2}|нанимател\w{1,2}|абонент\w{0,2}|клиент\w{0,2}|получател[ья]\w{0,2}"
    r"|тапсырыс беруші\w{0,4}|сатып алушы\w{0,4}|алушы\w{0,4}|жалға алушы\w{0,4}|тұтынушы\w{0,4}|customer|buyer))",
    re.IGNORECASE,
)
_LONE_NUMBER = re.compile(r"(?<![\w#№+/.-])\d{12}(?![\d/-]|\.\d)(?!\w)")
_LABEL = re.compile(r"(?:иин|бин|жсн|бсн|iin|bin)\W{0,20}\Z", re.IGNORECASE)
_KINDS_BEFORE = r"(?:ТОО|АО|НАО|ПАО|ООО|ИП|КХ|ПК|ЖШС|АҚ|ЖК|ШҚ|КГУ|РГУ|ГУ|КГП|РГП|ГККП|LLP|JSC|Товарищество с ограниченной ответственностью|Акционерное общество)"
_KINDS_AFTER = (
    r"(?:ЖШС|АҚ|КММ|РММ|ММ|КМК|РМК|ЖК|LLP|JSC|жауапкершілігі шектеулі серіктестігі|акционерлік қоғамы)"
)
_NAME = re.compile(
    rf"\b{_KINDS_BEFORE} ?(?:на ПХВ )?[«\"“„][^«»\"“”„\n]{{1,120}}[»\"”“](?: ?(?!ИИН|БИН|ЖСН|БСН|РК)[А-ЯӘҒҚҢӨҰҮҺІЁ][\w.-]{{0,40}}){{0,3}}"
    rf"|[«\"“„][^«»\"“”„\n]{{1,120}}[»\"”“] ?{_KINDS_AFTER}(?!\w)"
    rf"|\b{_KINDS_BEFORE} [^\n,;(«\"“„]{{2,120}}?(?=[,;(\n]|$| ?(?:ИИН|БИН|ЖСН|БСН))"
)
_PERSON = re.compile(
    r"(?P<name>[А-ЯӘҒҚҢӨҰҮҺІЁ][\w-]{1,40}(?: [А-ЯӘҒҚҢӨҰҮҺІЁ][\w-]{0,40}\.?){1,3}),? ?\(?(?:ИИН|ЖСН)\W{0,3}\Z"
)
_CALLED = re.compile(r"именуем|в дальнейшем|далее|бұдан әрі|hereinafter", re.IGNORECASE)
_WINDOW = 300
_NAME_MOST = 150


def _gather_parties(gathering: Gathering, text: str) -> None:
    roles = list(_ROLES.finditer(text))
    places = [found.start() for found in roles]
    free_from = 0  # names before it belong to others
    numbers = [found for found in _LONE_NUMBER.finditer(text) if is_number(found.group())]
    for found, following in zip(numbers, (*numbers[1:], None), strict=False):
        start, end = found.span()
        role = _role_at(text, roles, places, found, len(text) if following is None else following.start())
        is_labelled = _LABEL.search(text, max(0, start - 40), start) is not None
        if not (is_labelled or role != "other" or _is_plausible(found.group())):
            continue
        person = _PERSON.search(
            text, max(text.rfind("\n", 0, start) + 1, free_from, start - _NAME_MOST), start
        )
        name = person or _name_beside(text, free_from, start, end)
        named = "" if name is None else name["name"] if person is not None else name.group()
        gathering.add_party(role, found.group(), named)
        free_from = max(end, 0 if name is None else name.end())


def _role_at(
    text: str, roles: Sequence[re.Match[str]], places: Sequence[int], number: re.Match[str], end: int
) -> Role:
    """What it is called from there on, "hereinafter the Customer"; else the nearest word before it; else one behind it on its line."""
    at = bisect_left(places, number.start())
    if at < len(roles) and places[at] < end:
        between = text[number.end() : places[at]]
        if len(between) <= _WINDOW and _CALLED.search(between):
            return _role_of(roles[at])
    if at and number.start() - places[at - 1] <= _WINDOW:
        return _role_of(roles[at - 1])
    if at < len(roles) and "\n" not in text[number.end() : places[at]][:_MAX_LINE]:
        return _role_of(roles[at])
    return "other"


def _role_of(found: re.Match[str]) -> Role:
    return "other" if found["other"] else "supplier" if found["supplier"] else "customer"


def _name_beside(text: str, free_from: int, start: int, end: int) -> re.Match[str] | None:
    """What is named before the number on its line, else after it, else on the lines before."""
    line_start = max(text.rfind("\n", 0, start) + 1, start - _WINDOW, free_from)
    line_end = text.find("\n", end)
    line_end = min(len(text) if line_end < 0 else line_end, end + _WINDOW)
    same_line = list(_NAME.finditer(text, line_start, start))
    if same_line:
        return same_line[-1]
    after = _NAME.search(text, end, line_end)
    if after is not None:
        return after
    before = list(_NAME.finditer(text, max(free_from, start - _WINDOW), max(free_from, line_start)))
    return before[-1] if before else None


def _shown(text: str) -> str:
    """On one line; digits stay together."""
    return re.sub(r"[^\S\u00a0]+", " ", text.replace(_THIN, "\N{NO-BREAK SPACE}")).strip()


def _one_line(text: str) -> str:
    """Without line ends and double spaces. Blanks of another kind between digits keep numbers together, and are thin from now on."""
    return " ".join(_BLANKS.split(_GROUPING.sub(_THIN, text))).strip()
