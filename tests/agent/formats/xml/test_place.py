"""Text goes into a document exactly where it should, and nothing around it changes."""

import pytest
from lxml import etree

from agent.formats.xml import parse, place

DOCUMENT = (
    '<!--before--><r a="&#13;&#10;&quot;"><!--c--> <a>x<![CDATA[<&]]></a> tail <b/>end&#13;</r><?after?>'
)


def test_the_end_of_an_element_is_after_all_its_text() -> None:
    tree = parse.read(DOCUMENT)
    here = place.within(tree.getroot())
    assert here.filled("<s/>").decode() == (
        place.DECLARATION + DOCUMENT.replace("&#13;</r>", "&#13;<s/></r>")
    )


def test_the_start_of_an_element_is_before_its_first_child() -> None:
    here = place.within(parse.read("<r>\n <a/></r>").getroot(), at_start=True)
    assert here.filled("<s/>").decode() == f"{place.DECLARATION}<r>\n <s/><a/></r>"


@pytest.mark.parametrize("document", ["<r/>", "<r></r>", "<r>text</r>", "<r><!--c--></r>", DOCUMENT])
def test_what_was_put_in_is_found_again(document: str) -> None:
    here = place.within(parse.read(document).getroot())
    assert here.element("<s><t/></s>").tag == "s"
    assert here.within("<o>", "</o>").within("<p>", "</p>").element("<s/>").tag == "s"


def test_the_document_is_left_as_it_was() -> None:
    tree = parse.read(DOCUMENT)
    before = etree.tostring(tree)
    place.within(tree.getroot())
    place.with_attributes(tree.getroot(), ' b=""')
    assert etree.tostring(tree) == before


def test_a_document_that_holds_the_mark_already_is_no_trouble() -> None:
    tree = parse.read('<r mark=""><?mark here?><mark- mark-=""/></r>')
    assert place.within(tree.getroot()).filled("<s/>").endswith(b'<mark- mark-=""/><s/></r>')
    assert b'<r mark="" x="1">' in place.with_attributes(tree.getroot(), ' x="1"')


def test_a_document_of_names_that_might_be_the_mark_costs_no_more_than_another() -> None:
    text = "mark" + "-" * 2_000_000  # each name tried would be one octet longer: hours
    assert place.within(parse.read(f"<r>{text}</r>").getroot()).filled("<s/>").endswith(b"-<s/></r>")


def test_the_encoding_is_utf8_whatever_it_was() -> None:
    tree = parse.read('<?xml version="1.0" encoding="windows-1251"?><r>ж</r>'.encode("cp1251"))
    assert place.within(tree.getroot()).filled("") == f"{place.DECLARATION}<r>ж</r>".encode()
