"""Forms that people in Kazakhstan sign as XML, with labels in people's words; and what the fields of any XML or JSON say.

Known are the documents of the tax authority's information system of electronic invoices (ИС ЭСФ): the invoice (ЭСФ, namespaces v2.esf and v1.esf), the
act of works (АВР, v1.awp) and the waybill (СНТ, v1.snt); tax returns (ФНО: `fno`); and applications, which have no schema in common, by the
names that their fields usually have. Names of elements are those of the schemas in that system's kit for developers, as programs
published by others use them. What a table does not know keeps its own name: nothing is left out.

A form is not checked: a value stands where the document has it, whatever it is.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from agent.renderer import facts
from agent.renderer.facts import Found, Gathering, Role
from agent.renderer.signed import XmlSigners
from agent.renderer.tree import Attributes, Place
from agent.renderer.xml_root import Root
from protocol.preview import Signer
from protocol.preview_labels import PREFIX

_Table = Mapping[str, Place]


def _field(key: str) -> Place:
    return Place(PREFIX + key)


def _fields(**keys: str) -> dict[str, Place]:
    """The label of each element that is a field."""
    return {name: _field(key) for name, key in keys.items()}


def _heading(key: str, context: str) -> Place:
    return Place(PREFIX + key, context, is_heading=True)


def _each(key: str, context: str) -> Place:
    """One of several."""
    return Place(PREFIX + key, context, is_heading=True, is_counted=True)


def _list(name: str, context: str) -> Place:
    return Place(name, context, is_list=True)


_PARTY: dict[str, Place] = {
    **_fields(
        tin="iin_bin", name="name", address="address", actualAddress="address", countryCode="country", registerCountryCode="registration_country",
        branchTin="branch_bin", reorganizedTin="reorganized_bin", certificateNum="certificate_number",
        certificateSeries="certificate_series", shareParticipation="share", trailer="additional_info", additionalInfo="additional_info",
        isBranchNonResident="is_branch", nonResident="is_not_resident", registrationType="registration_kind", invitationEmail="email",
        bank="bank", bik="bik", iik="iik", kbe="kbe", payCode="payment_code", status="category", storeName="warehouse",
        storeId="warehouse",
        taxpayerStoreId="warehouse", carStateNumber="transport_number", trailerStateNumber="trailer_number",
        carriageNumber="carriage_number", boardNumber="board_number", shipNumber="ship_number", transportTypeCode="transport_kind",
        transportType="transport_kind", driverFio="driver_name", driverTin="driver_iin", stampPrintNumber="seal_number",
        productUtilization="share",
    ),
    "statuses": Place(f"{PREFIX}categories", "party", is_list=True),
    "transportTypes": _list("transportTypes", "party"),
    "bankDetails": _heading("bank_details", "party"),
}  # fmt: skip
_LINE: dict[str, Place] = {
    **_fields(
        description="product_name", name="product_name", productName="product_name", productNumber="position", quantity="quantity",
        unitNomenclature="unit", measureUnitCode="unit_code", unitCode="tnved_code", unitPrice="price", price="price",
        unitPriceWithoutTax="price", priceWithoutTax="sum_without_tax", sumWithoutTax="sum_without_tax", priceWithTax="sum_with_tax",
        sumWithTax="sum_with_tax", ndsRate="vat_rate", ndsAmount="vat_amount", exciseRate="excise_rate", exciseAmount="excise_amount",
        turnoverSize="turnover", truOriginCode="origin", tnvedCode="tnved_code", tnvedName="tnved_name", catalogTruId="catalog_id",
        gtinCode="gtin", gtin="gtin", productDeclaration="declaration_number", productNumberInDeclaration="declaration_position",
        pinCode="pin_code", additional="additional_info", additionalInfo="additional_info",
    ),
}  # fmt: skip
_LINES: dict[str, Place] = {
    **_fields(
        currencyCode="currency", currencyRate="currency_rate", rate="currency_rate", ndsRateType="vat_kind", total="total_with_tax",
        totalPriceWithTax="total_with_tax", totalSumWithTax="total_with_tax", totalPriceWithoutTax="total_without_tax",
        totalSumWithoutTax="total_without_tax", totalNdsAmount="total_vat", totalExciseAmount="total_excise",
        totalTurnoverSize="total_turnover",
    ),
    "products": _list("products", "lines"),
    "product": _each("product", "line"),
    "works": _list("works", "lines"),
    "work": _each("work", "line"),
}  # fmt: skip
_CONTRACT: dict[str, Place] = _fields(
    hasContract="has_contract", isContract="has_contract", contractNum="contract_number", contractDate="contract_date",
    number="contract_number", date="contract_date", registrationNumber="registration_number", term="payment_terms",
    paymentForm="payment_form", transportTypeCode="transport_kind", warrant="warrant_number", warrantDate="warrant_date",
    destination="destination", deliveryConditionCode="delivery_terms", deliveryCondition="delivery_terms", accountNumber="iik",
)  # fmt: skip
_DOCUMENT: dict[str, Place] = {
    **_fields(
        num="number", number="number", date="date", invoiceType="document_type", sntType="document_type", turnoverDate="turnover_date",
        performedDate="performed_date", shippingDate="shipping_date", datePaper="paper_date", reasonPaper="paper_reason",
        registrationNumber="registration_number", relatedRegistrationNumber="registration_number", operatorFullname="operator",
        addInf="additional_info", additionalInfo="additional_info", comment="comment", deliveryDocNum="delivery_document_number",
        deliveryDocDate="delivery_document_date", transferType="transfer_kind", importType="import_kind", exportType="export_kind",
        digitalMarkingNotificationNumber="marking_number", digitalMarkingNotificationDate="marking_date",
        currencyCode="currency", currencyRate="currency_rate", totalPriceWithTax="total_with_tax",
        sellerAgentName="seller_agent", sellerAgentTin="iin_bin", sellerAgentAddress="address", customerAgentName="customer_agent",
        customerAgentTin="iin_bin", customerAgentAddress="address",
    ),
    "relatedInvoice": _heading("related_document", "document"),
    "sellers": _list("sellers", "document"), "seller": _heading("seller", "party"),
    "customers": _list("customers", "document"), "customer": _heading("customer", "party"),
    "senders": _list("senders", "document"), "sender": _heading("sender", "party"),
    "recipients": _list("recipients", "document"), "recipient": _heading("recipient", "party"),
    "consignor": _heading("consignor", "party"), "consignee": _heading("consignee", "party"),
    "sellerParticipants": _list("sellerParticipants", "document"),
    "customerParticipants": _list("customerParticipants", "document"),
    "participant": _heading("participant", "participant"),
    "publicOffice": _heading("public_office", "party"),
    "shippingInfo": _heading("carrier", "party"), "carCargoInfo": _heading("driver_and_seal", "party"),
    "contract": _heading("contract", "contract"), "deliveryTerm": _heading("delivery", "contract"),
    "productSet": _heading("products", "lines"), "worksPerformed": _heading("works", "lines"),
    "oilSet": _heading("oil_products", "lines"),
    **{name: _heading("products", "lines") for name in (
        "alcoholSet", "biofuelSet", "tobaccoSet", "exportControlProductSet", "otherProductWithDigitalMarkSet",
    )},
    "sntImport": _heading("import", "document"), "sntExport": _heading("export", "document"),
    "releaseGoodsInfo": _heading("shipping", "party"),
}  # fmt: skip
_PARTICIPANT: dict[str, Place] = {
    **_PARTY,
    "productShares": _list("productShares", "lines"),
    "share": _each("shares", "line"),
}
# Senders of other systems write prefixes of their own; only the name without one counts.
_CONTAINERS: dict[str, Place] = {
    "invoiceSet": _list("invoiceSet", "set"), "invoiceInfo": _list("invoiceInfo", "set"),
    "invoice": _each("invoice", "document"),
    "awpSet": _list("awpSet", "set"), "awp": _each("act", "document"),
    "sntSet": _list("sntSet", "set"), "snt": _each("waybill", "document"),
}  # fmt: skip

_APPLICATION_WORDS: dict[str, str] = {
    word: key
    for key, words in {
        "iin": "iin applicantiin иин жсн",
        "bin": "bin bininn бин бсн",
        "iin_bin": "iinbin biniin tin xin иинбин",
        "surname": "surname lastname фамилия",
        "given_name": "firstname givenname имя",
        "patronymic": "patronymic middlename secondname отчество",
        "full_name": "fullname fio applicantname фио",
        "name": "name наименование",
        "birth_date": "birthdate dateofbirth birthday датарождения",
        "address": "address adres адрес мекенжай",
        "phone": "phone phonenumber mobile mobilephone телефон",
        "email": "email mail",
        "organisation": "organization organisation orgname organizationname company организация",
        "post": "position post должность",
        "number": "number num applicationnumber requestnumber номер",
        "date": "date applicationdate requestdate дата",
        "subject": "subject topic тема",
        "service": "service servicename servicecode услуга",
        "purpose": "purpose цель",
        "reason": "reason basis основание",
        "text": "text content body description текст",
        "status": "status статус",
        "created": "created createdat createdate creationdate",
        "kind": "type kind тип",
        "document": "document документ",
        "file": "file attachment файл",
        "additional_info": "additionalinfo additionalinformation",
        "comment": "comment note комментарий",
        "bank": "bank bankname",
        "bik": "bik",
        "iik": "iik iban",
        "kbe": "kbe",
        "country": "country countrycode",
        "currency": "currency currencycode",
        "total_with_tax": "sum amount total сумма",
    }.items()
    for word in words.split()
}
_APPLICANTS = frozenset({"applicant", "declarant", "applicantinfo", "заявитель"})
_TAX_WORDS: dict[str, Place] = {
    **_fields(
        iin="iin", bin="bin", iin_bin="iin_bin", payer_name="name", payer_name1="surname", payer_name2="given_name",
        payer_name3="patronymic", period_year="period_year", period_half_year="period_half", period_quarter="period_quarter",
        period_month="period_month", currency_code="currency", submit_date="date",
    ),
}  # fmt: skip

_TABLES: Mapping[str, _Table] = MappingProxyType(
    {
        "set": _CONTAINERS,
        "document": _DOCUMENT,
        "party": _PARTY,
        "participant": _PARTICIPANT,
        "contract": _CONTRACT,
        "lines": _LINES,
        "line": _LINE,
    }
)

_FORMS: Mapping[str, tuple[str, Place]] = MappingProxyType(
    {
        "invoice": ("invoice", _heading("invoice", "document")),
        "invoiceContainer": ("invoice", _list("invoiceContainer", "set")),
        "invoiceInfoContainer": ("invoice", _list("invoiceInfoContainer", "set")),
        "awp": ("act", _heading("act", "document")),
        "awpContainer": ("act", _list("awpContainer", "set")),
        "snt": ("waybill", _heading("waybill", "document")),
        "sntContainer": ("waybill", _list("sntContainer", "set")),
    }
)
_NAMESPACE = re.compile(r"(?:namespace\.)?(?:esf|v[0-9]\.(?:esf|awp|snt)|v[0-9]|abstract[A-Za-z]*\.[a-z]+)?")
_APPLICATION = re.compile(
    r"(?:application|applicationform|app|statement|zayavlenie|zayavka|appeal|declaration|заявление|заявка|обращение|өтініш|арыз)",
    re.IGNORECASE,
)


class _Known:
    """A form whose elements are in tables."""

    has_schema = True
    is_by_name = True

    def __init__(self, form: str, root: Place) -> None:
        self.form = form
        self._root = root

    def place(self, context: str, name: str, attributes: Attributes) -> Place:  # noqa: ARG002  # names are enough
        bare = name.rpartition(":")[2]
        if bare == "Signature":
            return Place(f"{PREFIX}signature", "own", is_heading=True)
        if not context:
            return self._root
        known = _TABLES.get(context, {}).get(bare)
        return Place(bare, "own") if known is None else known

    def attribute(self, name: str) -> str:
        return _attribute(name)


class _Application:
    """An application: each field by the word that its name is."""

    form = "application"
    has_schema = False
    is_by_name = True

    def place(self, context: str, name: str, attributes: Attributes) -> Place:  # noqa: ARG002  # names are enough
        bare = name.rpartition(":")[2]
        word = _word(bare)
        if bare == "Signature" or context == "own":
            return Place(
                f"{PREFIX}signature" if context != "own" else bare, "own", is_heading=context != "own"
            )
        if not context:
            return _heading("application", "application")
        if word in _APPLICANTS:
            return _heading("applicant", "application")
        known = _APPLICATION_WORDS.get(word)
        return Place(bare if known is None else PREFIX + known, "application")

    def attribute(self, name: str) -> str:
        return _attribute(name)


class _TaxForm:
    """A tax return: `<field name="iin">`, in sheets of a form."""

    form = "application"
    has_schema = True
    is_by_name = False

    def place(self, context: str, name: str, attributes: Attributes) -> Place:
        if not context:
            return _heading("tax_form", "fno")
        named = dict(zip(attributes[::2], attributes[1::2], strict=True)).get("name", "")
        match name:
            case "form" | "sheetGroup":
                return Place(named or name, "fno", is_list=True)
            case "sheet":
                return _each("sheet", "fno")
            case "field" if named:
                return _TAX_WORDS.get(named, Place(named, "fno"))
            case _:
                return Place(name, "fno")

    def attribute(self, name: str) -> str:
        match name:
            case "name":
                return ""  # it is the label, or that of a part which has no row
            case "code":
                return f"{PREFIX}form_code"
            case "version":
                return f"{PREFIX}form_version"
            case _:
                return _attribute(name)


def naming_of(root: Root) -> _Known | _Application | _TaxForm | None:
    """How to show a document with this root; None where it is no form that is known."""
    if root.name in _FORMS and _NAMESPACE.fullmatch(root.namespace):
        # "invoice" alone may be anybody's; there the namespace decides.
        return _Known(*_FORMS[root.name]) if root.namespace or root.name != "invoice" else None
    if root.name == "fno":
        return _TaxForm()
    if _APPLICATION.fullmatch(root.name):
        return _Application()
    return None


def _attribute(name: str) -> str:
    """Its own name; declarations of namespaces say nothing to people who look at a form."""
    return "" if name == "xmlns" or name.startswith(("xmlns:", "xsi:")) else name


def _word(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "")


# --- what fields say --------------------------------------------------------------------------------------------------

_TOTALS = {
    "totalpricewithtax": 0, "totalsumwithtax": 0, "totalwithvat": 0, "totalamount": 1, "totalsum": 1, "sumtotal": 1, "total": 2,
    "итого": 2, "sum": 3, "amount": 3, "сумма": 3,
}  # fmt: skip
_VATS = frozenset(
    {"totalndsamount", "totalvat", "vatamount", "vat", "nds", "ndsamount", "ндс", "сумманндс", "суммандс"}
)
_NUMBERS = frozenset({
    "num", "number", "docnum", "docnumber", "documentnumber", "invoicenumber", "actnumber", "applicationnumber", "requestnumber",
    "номер", "номердокумента",
})  # fmt: skip
_DATES = frozenset({
    "date", "docdate", "documentdate", "invoicedate", "actdate", "applicationdate", "requestdate", "дата", "датадокумента",
})  # fmt: skip
_CONTRACT_NUMBERS = frozenset({"contractnum", "contractnumber", "номердоговора"})
_CONTRACT_DATES = frozenset({"contractdate", "датадоговора"})
_CURRENCIES = frozenset({"currencycode", "currency", "валюта"})
_TITLES = frozenset({"title", "doctype", "documentname", "servicename", "subject", "названиедокумента"})
_PEOPLE = re.compile(r"(.*?)(?:iinbin|biniin|tin|xin|iin|bin|иинбин|иин|бин|жсн|бсн)")
_NAMES = re.compile(r"(.*?)(?:fullname|orgname|organizationname|companyname|name|fio|наименование|фио)")
_NAME_PARTS = {
    "surname": 0, "lastname": 0, "фамилия": 0, "payername1": 0,
    "firstname": 1, "givenname": 1, "имя": 1, "payername2": 1,
    "middlename": 2, "patronymic": 2, "secondname": 2, "отчество": 2, "payername3": 2,
}  # fmt: skip
_ROLES: tuple[tuple[Role, re.Pattern[str]], ...] = (
    (
        "supplier",
        re.compile(
            r"seller|supplier|sender|performer|executor|contractor|vendor|исполнитель|поставщик|продавец|орындаушы"
        ),
    ),
    (
        "customer",
        re.compile(
            r"customer|buyer|recipient|client|purchaser|заказчик|покупатель|получатель|тапсырысберуші"
        ),
    ),
)
_NOT_PARTIES = re.compile(r"agent|branch|reorganized|driver|signature")
_OTHER_THINGS = frozenset({"relatedinvoice", "related", "product", "work", "item", "contract"})
_NAMED_PARTS = frozenset({"field", "sheet", "form"})  # of a tax return: what they are called is nobody's name
_DOCUMENTS = frozenset({"invoice", "awp", "snt"})
_WORDS = frozenset({
    *_TOTALS, *_VATS, *_NUMBERS, *_DATES, *_CONTRACT_NUMBERS, *_CONTRACT_DATES, *_CURRENCIES, *_TITLES, *_NAME_PARTS, *_DOCUMENTS, "field",
    "x509certificate", "binarysecuritytoken", "signingtime", "encapsulatedtimestamp",
})  # fmt: skip
_SHALLOW = 4  # levels at which a document speaks of itself
_MOST_VALUE = 500
_SEVERAL = 2
_MOST_NAMES = 10_000  # of elements that are looked at; a document with more says nothing by them


class _Level:
    """What fields of an element say of somebody. Keys are what stands before "iin" or "name"."""

    __slots__ = ("names", "numbers", "parts")

    def __init__(self) -> None:
        self.numbers: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.parts: dict[int, str] = {}


class Fields:
    """Gathers facts, parties and signers from the fields of a document, as they come (agent.renderer.tree.Visitor).

    `is_known` says that the document is a form of which the schema is known: numbers of parties count there as they stand.
    """

    def __init__(self, *, is_known: bool = False) -> None:
        self._is_known = is_known
        self._gathering = Gathering()
        self._open: list[str] = []  # names of the elements that are open
        self._levels: list[_Level | None] = []  # what they say, once they do
        self._words: dict[str, str] = {}
        self._interesting: dict[str, bool] = {}
        self._named = ""  # the field of a tax return that was started last
        self._documents = 0
        self._totals: dict[int, list[str]] = {}
        self._vat = ""
        self._currency = ""
        self._contract = ["", ""]
        self._period: dict[str, str] = {}
        self._signers = XmlSigners()

    def start(self, name: str, attributes: Attributes) -> None:
        self._open.append(name)
        self._levels.append(None)
        if attributes:
            self._attributes(name, attributes)
        is_interesting = self._interesting.get(name)
        if is_interesting is None and len(self._interesting) < _MOST_NAMES:
            is_interesting = self._interesting[name] = _is_interesting(self._word_of(name))
        if is_interesting and self._word_of(name) in _DOCUMENTS:
            self._documents += 1

    def leaf(self, value: str) -> None:
        name = self._open[-1]
        if self._interesting.get(name):
            word = self._named or self._word_of(name)
            self._signers.leaf(name, value)
            if len(value) <= _MOST_VALUE:
                self._say(word, value, max(0, len(self._open) - 2), len(self._open))

    def end(self) -> None:
        level = self._levels.pop()
        if level is not None:
            self._close(level)
        self._open.pop()

    def _attributes(self, name: str, attributes: Attributes) -> None:
        self._named = ""
        word = self._word_of(name)
        for at in range(0, len(attributes), 2):
            attribute, value = _word(attributes[at].rpartition(":")[2]), attributes[at + 1]
            if attribute == "name" and word in _NAMED_PARTS:
                self._named = _word(value) if word == "field" else ""
            elif word == "fno" and attribute == "code":
                self._gathering.add_fact("title", value)
            elif len(value) <= _MOST_VALUE:
                self._say(attribute, value, len(self._open) - 1, len(self._open) + 1)

    def _close(self, level: _Level) -> None:
        """The element that is open ends: who was named in it is known."""
        whole = " ".join(level.parts[part] for part in sorted(level.parts))
        for key, number in level.numbers.items():
            name = level.names.get(key) or (whole if not key else "")
            self._gathering.add_party(_role(key) or self._role_here(), number, name)
        if whole and not level.numbers and len(self._levels) > 0:
            self._level(len(self._levels) - 1).names.setdefault("", whole)

    def _role_here(self) -> Role:
        for name in reversed(self._open):
            if (role := _role(self._word_of(name))) is not None:
                return role
        return "other"

    def _level(self, place: int) -> _Level:
        level = self._levels[place]
        if level is None:
            level = self._levels[place] = _Level()
        return level

    def _word_of(self, name: str) -> str:
        word = self._words.get(name)
        if word is None:
            word = _word(name.rpartition(":")[2])
            if len(self._words) < _MOST_NAMES:
                self._words[name] = word
        return word

    @property
    def found(self) -> Found:
        if self._documents <= 1:
            totals = self._totals[min(self._totals)] if self._totals else []
            if (
                len(totals) == 1
            ):  # of several, as in a waybill with goods of several kinds, none is that of all
                self._gathering.add_fact("total", facts.money(totals[0], self._currency))
            if self._vat and len(totals) <= 1:
                self._gathering.add_fact("vat", facts.money(self._vat, self._currency))
            if self._contract[0]:
                self._gathering.add_fact("contract", ", ".join(filter(None, self._contract)))
            if "year" in self._period:
                parts = (self._period.get(name, "") for name in ("month", "quarter", "halfyear", "year"))
                self._gathering.add_fact("period", ".".join(filter(None, parts)))
            return self._gathering.found
        # Of several documents no number and no sum is that of all.
        return Found((), self._gathering.found.parties)

    @property
    def signers(self) -> tuple[Signer, ...]:
        return self._signers.signers

    def _say(self, word: str, value: str, place: int, depth: int) -> None:
        """What a field says in the open element at `place`, `depth` levels below the top."""
        around = self._word_of(self._open[place])
        if (part := _NAME_PARTS.get(word)) is not None:
            self._level(place).parts.setdefault(part, value)
            return
        digits = value.strip()
        if len(digits) == 12 and (found := _PEOPLE.fullmatch(word)) is not None:
            if self._counts(word, digits) and not _NOT_PARTIES.search(found[1] + around):
                self._level(place).numbers.setdefault(found[1], digits)
            return
        if word in _TITLES:
            if depth <= _SHALLOW:
                self._gathering.add_fact("title", value)
            return
        if (found := _NAMES.fullmatch(word)) is not None:
            self._level(place).names.setdefault(found[1], value)
            return
        if word in _CONTRACT_NUMBERS or (around == "contract" and word in _NUMBERS):
            self._contract[0] = self._contract[0] or value
        elif word in _CONTRACT_DATES or (around == "contract" and word in _DATES):
            self._contract[1] = self._contract[1] or facts.day(value) or value
        elif word in _CURRENCIES:
            self._currency = self._currency or value
        elif word in _TOTALS and (depth <= _SHALLOW or _TOTALS[word] == 0):
            known = self._totals.setdefault(_TOTALS[word], [])
            if len(known) < _SEVERAL:
                known.append(value)
        elif word in _VATS and (depth <= _SHALLOW or word.startswith("total")):
            self._vat = self._vat or value
        elif word.startswith("period"):
            self._period.setdefault(word.removeprefix("period"), value)
        elif depth <= _SHALLOW and around not in _OTHER_THINGS:
            self._say_of_document(word, value)

    def _say_of_document(self, word: str, value: str) -> None:
        if word in _NUMBERS:
            self._gathering.add_fact("number", value)
        elif word in _DATES:
            self._gathering.add_fact("date", facts.day(value) or value)

    def _counts(self, word: str, number: str) -> bool:
        if self._is_known and word == "tin":
            return number.isascii() and number.isdecimal()
        return facts.is_number(number)


def _is_interesting(word: str) -> bool:
    """Whether an element of this name may say something at all."""
    return (
        word in _WORDS
        or word.startswith("period")
        or _PEOPLE.fullmatch(word) is not None
        or _NAMES.fullmatch(word) is not None
    )


def _role(word: str) -> Role | None:
    return next((role for role, pattern in _ROLES if pattern.search(word)), None) if word else None
