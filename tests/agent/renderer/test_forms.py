from datetime import UTC, datetime

import pytest

from agent import algorithms
from agent.formats import asn1
from agent.renderer import forms
from agent.renderer.timestamp import TimestampView
from agent.renderer.tree import Place, Plain
from agent.renderer.xml_root import root_of
from agent.renderer.xml_tree import XmlView
from protocol import preview_labels
from protocol.preview import Party
from tests.support import authority, xml_signatures
from tests.support.chains import Party as Person

DALA = ("120340000014", "АО «Телеком Дала»")
KOKZHIEK = ("150640012341", "ТОО «Көкжиек Логистик»")

INVOICE = f"""<v2:invoice xmlns:a="abstractInvoice.esf" xmlns:v2="v2.esf">
<date>12.05.2026</date><invoiceType>ORDINARY_INVOICE</invoiceType><num>77</num><operatorFullname>Ермекова Ә.</operatorFullname>
<turnoverDate>11.05.2026</turnoverDate>
<customers><customer><address>Алматы</address><countryCode>KZ</countryCode><name>{KOKZHIEK[1]}</name>
<statuses><status>RETAIL</status></statuses><tin>{KOKZHIEK[0]}</tin></customer></customers>
<deliveryTerm><contractDate>01.02.2026</contractDate><contractNum>15/26</contractNum><hasContract>true</hasContract></deliveryTerm>
<productSet><currencyCode>KZT</currencyCode><products>
<product><description>Связь</description><ndsAmount>160</ndsAmount><ndsRate>16</ndsRate><priceWithTax>1160</priceWithTax></product>
<product><description>SMS</description><priceWithTax>1160.5</priceWithTax></product>
</products><totalNdsAmount>320</totalNdsAmount><totalPriceWithTax>2320.5</totalPriceWithTax></productSet>
<sellers><seller><name>{DALA[1]}</name><tin>{DALA[0]}</tin><newField kind="x">y</newField></seller></sellers>
</v2:invoice>"""
ACT = f"""<awp xmlns="v1.awp"><date>31.10.2026</date><number>АВР-5</number><performedDate>30.10.2026</performedDate>
<contract><date>14.03.2019</date><isContract>true</isContract><number>TD-2019/4471</number></contract>
<recipients><recipient><tin>{KOKZHIEK[0]}</tin><name>{KOKZHIEK[1]}</name><nonResident>false</nonResident></recipient></recipients>
<senders><sender><tin>{DALA[0]}</tin><bankDetails><bank>Банк</bank><bik>ABCDKZKA</bik></bankDetails><name>{DALA[1]}</name></sender></senders>
<worksPerformed><currencyCode>KZT</currencyCode><totalNdsAmount>102000.00</totalNdsAmount><totalSumWithTax>952000.00</totalSumWithTax>
<works><work><name>Разработка</name><quantity>1</quantity><sumWithTax>952000.00</sumWithTax></work></works></worksPerformed></awp>"""
WAYBILL = f"""<v1:snt xmlns:v1="v1.snt"><date>01.06.2026</date><number>СНТ-9</number><shippingDate>02.06.2026</shippingDate>
<sntType>PRIMARY_SNT</sntType><currencyCode>KZT</currencyCode>
<customer><name>{KOKZHIEK[1]}</name><tin>{KOKZHIEK[0]}</tin><actualAddress>Астана</actualAddress></customer>
<shippingInfo><name>ИП Жол</name><carStateNumber>123ABC02</carStateNumber></shippingInfo>
<productSet><products><product><productName>Кабель</productName><quantity>10</quantity><tnvedCode>8544</tnvedCode></product></products></productSet>
<seller><name>{DALA[1]}</name><tin>{DALA[0]}</tin></seller></v1:snt>"""
TAX_FORM = """<fno code="910.00" formatVersion="1" version="27"><form name="form_910_00"><sheetGroup><sheet name="page_910_00_01">
<field name="iin">790305450182</field><field name="payer_name1">Әбдірахманова</field><field name="payer_name2">Гүлнұр</field>
<field name="period_year">2026</field><field name="period_half_year">1</field><field name="field_910_00_001">10000</field>
</sheet></sheetGroup></form></fno>"""
APPLICATION = """<Application><applicant><iin>790305450182</iin><lastName>ӘБДІРАХМАНОВА</lastName><firstName>ГҮЛНҰР</firstName></applicant>
<serviceName>Справка о несудимости</serviceName><number>101</number><date>2026-11-23</date><odd>1</odd></Application>"""


def opened(text: str | bytes) -> XmlView:
    octets = text.encode() if isinstance(text, str) else text
    root = root_of(octets)
    naming = forms.naming_of(root)
    return XmlView(
        octets, root, naming or Plain(), forms.Fields(is_known=naming is not None and naming.has_schema), 60
    )


def shown(text: str) -> list[tuple[str, str]]:
    return [(row.label.removeprefix("form."), row.value) for row in opened(text).read(0, 500)]


def said(text: str) -> dict[str, str]:
    return {fact.name: fact.value.replace("\N{NO-BREAK SPACE}", " ") for fact in opened(text).overview.facts}


PARTIES = (Party("supplier", *DALA), Party("customer", *KOKZHIEK))


def test_an_invoice() -> None:
    overview = opened(INVOICE).overview
    assert (overview.kind, overview.form, overview.parties) == ("form", "invoice", PARTIES)
    assert said(INVOICE) == {
        "number": "77", "date": "12.05.2026", "contract": "15/26, 01.02.2026", "total": "2 320,50 ₸", "vat": "320,00 ₸",
    }  # fmt: skip
    assert shown(INVOICE) == [
        ("invoice", ""),
        ("date", "12.05.2026"), ("document_type", "ORDINARY_INVOICE"), ("number", "77"), ("operator", "Ермекова Ә."),
        ("turnover_date", "11.05.2026"),
        ("customer", ""), ("address", "Алматы"), ("country", "KZ"), ("name", KOKZHIEK[1]), ("category", "RETAIL"), ("iin_bin", KOKZHIEK[0]),
        ("delivery", ""), ("contract_date", "01.02.2026"), ("contract_number", "15/26"), ("has_contract", "true"),
        ("products", ""), ("currency", "KZT"),
        ("product", "1"), ("product_name", "Связь"), ("vat_amount", "160"), ("vat_rate", "16"), ("sum_with_tax", "1160"),
        ("product", "2"), ("product_name", "SMS"), ("sum_with_tax", "1160.5"),
        ("total_vat", "320"), ("total_with_tax", "2320.5"),
        ("seller", ""), ("name", DALA[1]), ("iin_bin", DALA[0]), ("newField", "y"), ("kind", "x"),
    ]  # fmt: skip


def test_an_act() -> None:
    overview = opened(ACT).overview
    assert (overview.form, overview.parties) == ("act", PARTIES)
    assert said(ACT) == {
        "number": "АВР-5", "date": "31.10.2026", "contract": "TD-2019/4471, 14.03.2019", "total": "952 000,00 ₸", "vat": "102 000,00 ₸",
    }  # fmt: skip
    rows = shown(ACT)
    assert ("performed_date", "30.10.2026") in rows
    assert ("bank_details", "") in rows
    assert ("work", "1") in rows
    assert all(
        label in {key.removeprefix("form.") for key in preview_labels.FORM_LABELS} for label, _ in rows
    )


def test_a_waybill() -> None:
    overview = opened(WAYBILL).overview
    assert (overview.form, overview.parties) == ("waybill", PARTIES)
    assert said(WAYBILL) == {"number": "СНТ-9", "date": "01.06.2026"}
    assert ("transport_number", "123ABC02") in shown(WAYBILL)


def test_a_tax_form() -> None:
    overview = opened(TAX_FORM).overview
    assert overview.form == "application"
    assert overview.parties == (Party("other", "790305450182", "Әбдірахманова Гүлнұр"),)
    assert said(TAX_FORM) == {"title": "910.00", "period": "1.2026"}
    assert shown(TAX_FORM)[:3] == [("tax_form", ""), ("form_code", "910.00"), ("formatVersion", "1")]
    assert shown(TAX_FORM)[-2:] == [("period_half", "1"), ("field_910_00_001", "10000")]


def test_an_application() -> None:
    overview = opened(APPLICATION).overview
    assert (overview.kind, overview.form) == ("form", "application")
    assert overview.parties == (Party("other", "790305450182", "ӘБДІРАХМАНОВА ГҮЛНҰР"),)
    assert said(APPLICATION) == {"title": "Справка о несудимости", "number": "101", "date": "23.11.2026"}
    assert shown(APPLICATION) == [
        ("application", ""), ("applicant", ""), ("iin", "790305450182"), ("surname", "ӘБДІРАХМАНОВА"), ("given_name", "ГҮЛНҰР"),
        ("service", "Справка о несудимости"), ("number", "101"), ("date", "2026-11-23"), ("odd", "1"),
    ]  # fmt: skip


def test_of_several_invoices_no_number_is_that_of_all() -> None:
    both = f'<esf:invoiceContainer xmlns:esf="esf"><invoiceSet>{INVOICE}{INVOICE}</invoiceSet></esf:invoiceContainer>'
    overview = opened(both).overview
    assert (overview.form, overview.facts, overview.parties) == ("invoice", (), PARTIES)
    assert [row for row in shown(both) if row[0] == "invoice"] == [("invoice", "1"), ("invoice", "2")]
    one = f'<esf:invoiceContainer xmlns:esf="esf"><invoiceSet>{INVOICE}</invoiceSet></esf:invoiceContainer>'
    assert said(one) == said(INVOICE)


def test_nothing_of_a_form_is_left_out() -> None:
    """Also where a list that has no row of its own holds text, or an attribute."""
    odd = ACT.replace("<works>", '<works note="n">text</works><works>').replace("<senders>", "<senders>more")
    rows = shown(odd)
    assert ("works", "text") in rows
    assert ("note", "n") in rows
    assert ("senders", "more") in rows


def test_of_several_totals_none_is_that_of_all() -> None:
    """A waybill has one for each kind of goods."""
    goods = "<totalNdsAmount>1</totalNdsAmount><totalPriceWithTax>100</totalPriceWithTax>"
    one = WAYBILL.replace("</products>", f"</products>{goods}")
    assert said(one)["total"] == "100,00 ₸"
    assert set(said(one.replace("<productSet>", f"<oilSet>{goods}</oilSet><productSet>"))) == {
        "number",
        "date",
    }


@pytest.mark.parametrize(
    "root", ["<invoice>", '<invoice xmlns="urn:oasis:ubl">', '<snt xmlns="http://x">', "<act>"]
)
def test_what_only_looks_like_a_form_is_a_tree(root: str) -> None:
    name = root.strip("<>").split()[0]
    assert opened(f"{root}<date>1</date></{name}>").overview.kind == "tree"


def test_a_signature_in_a_form_keeps_its_own_words() -> None:
    rows = shown(
        INVOICE.replace(
            "</v2:invoice>", '<ds:Signature xmlns:ds="d"><ds:name>x</ds:name></ds:Signature></v2:invoice>'
        )
    )
    assert rows[-2:] == [("signature", ""), ("name", "x")]
    assert (
        opened(APPLICATION.replace("</App", "<Signature><number>7</number></Signature></App"))
        .read(9, 2)[1]
        .label
        == "number"
    )


def test_a_tree_says_who_is_in_it() -> None:
    text = (
        "<order><supplierBin>120340000014</supplierBin><supplierName>АО Дала</supplierName>"
        '<buyer><person iin="790305450182" fio="Әбдірахманова Г."/></buyer><cabin>150640012341</cabin>'
        "<bin>120340000015</bin><total>5</total><vat>1</vat></order>"
    )
    overview = opened(text).overview
    assert overview.kind == "tree"
    assert overview.parties == (
        Party("supplier", "120340000014", "АО Дала"),
        Party("customer", "790305450182", "Әбдірахманова Г."),
        Party("other", "150640012341"),
    )
    assert said(text) == {"total": "5,00", "vat": "1,00"}


def test_in_a_known_form_a_number_counts_as_it_stands() -> None:
    wrong = "120340000015"
    assert wrong in {party.number for party in opened(INVOICE.replace(DALA[0], wrong)).overview.parties}
    assert opened(INVOICE.replace(DALA[0], "12034000001x")).overview.parties == PARTIES[1:]
    assert opened(f"<application><tin>{wrong}</tin></application>").overview.parties == ()


def test_agents_and_drivers_are_no_parties() -> None:
    text = INVOICE.replace("<customers>", "<customerAgentTin>790305450182</customerAgentTin><customers>")
    assert opened(text).overview.parties == PARTIES


def test_signers_of_a_form_are_told_of() -> None:
    key = authority.stored_key("gost2015-head")
    certificate = xml_signatures.key_of(Person(key.certificate, None))  # type: ignore[arg-type]  # its key is not asked for
    overview = opened(
        INVOICE.replace("</v2:invoice>", f'<s xmlns:ds="d">{certificate}{certificate}</s></v2:invoice>')
    ).overview
    assert [(signer.iin, signer.bin) for signer in overview.signers] == [
        (key.certificate.iin, key.certificate.bin)
    ]


TOKEN_INFO = asn1.element(
    asn1.SEQUENCE,
    asn1.integer(1),
    algorithms.oid_der("1.2.3"),
    asn1.element(
        asn1.SEQUENCE,
        algorithms.algorithm_identifier(algorithms.SHA256.oid, b""),
        asn1.element(asn1.OCTET_STRING, bytes(32)),
    ),
    asn1.integer(17),
    asn1.generalized_time(datetime(2026, 5, 8, tzinfo=UTC)),
)


def labels_of(place: Place) -> set[str]:
    return {place.label} if place.label.startswith(preview_labels.PREFIX) else set()


def test_every_label_is_agreed_with_the_window() -> None:
    places = [place for table in forms._TABLES.values() for place in table.values()]
    places += [place for _, place in forms._FORMS.values()] + list(forms._TAX_WORDS.values())
    used = set().union(*map(labels_of, places))
    used |= {preview_labels.PREFIX + key for key in forms._APPLICATION_WORDS.values()}
    used |= {
        f"{preview_labels.PREFIX}{key}"
        for key in ("application", "applicant", "tax_form", "sheet", "signature", "form_code", "form_version")
    }
    used |= {row.label for row in TimestampView(TOKEN_INFO, ()).read(0, 100)}
    assert used == preview_labels.FORM_LABELS


def test_every_context_has_a_table() -> None:
    contexts = {place.context for table in forms._TABLES.values() for place in table.values()} - {"", "own"}
    assert contexts <= set(forms._TABLES)
