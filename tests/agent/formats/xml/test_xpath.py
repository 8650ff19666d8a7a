"""XPath expressions of pages: they find what they would find in Java, and cost no more than a moment."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import BadInput
from agent.formats.xml import parse, xpath

DOCUMENT = parse.read(
    '<r xmlns:n="urn:n" Id="top"><!--c--><?p?><a Id="1">x<b/></a><a Id="2"><b Id="3">y</b></a><n:a Id="4"/></r>'
)


def selected(expression: str) -> str | None:
    return xpath.select(DOCUMENT, expression).get("Id")


def refusal(expression: str) -> str:
    with pytest.raises(BadInput) as caught:
        xpath.select(DOCUMENT, expression)
    return caught.value.detail


@pytest.mark.parametrize(
    ("expression", "identifier"),
    [
        ("/r", "top"),
        ("/r/a", "1"),
        ("/r/a[2]", "2"),
        ("r/a[2]/b", "3"),
        ("./r/a", "1"),
        ("//b[@Id]", "3"),
        ("//*[@Id='2']", "2"),
        ("/r/n:a", "4"),
        ("//*[local-name()='a' and namespace-uri()='urn:n']", "4"),
        ("(//b)[last()]", "3"),
        ("/r/a[not(text())]", "2"),
        ("//a[b='y']", "2"),
        ("//*[contains(., 'y')]", "top"),
        ("descendant::b[string-length(@Id) > 0]", "3"),
        ("/r/a[@Id = '2'] | /r/n:a", "2"),
    ],
)
def test_an_expression_finds_the_first_element(expression: str, identifier: str) -> None:
    assert selected(expression) == identifier


@pytest.mark.parametrize("expression", ["//@Id", "//text()", "//comment()", "//processing-instruction()"])
def test_only_elements_are_found(expression: str) -> None:
    assert refusal(expression)


@pytest.mark.parametrize("expression", ["//nothing", "1 + 1", "count(//a)", "'text'", "true()", "id('1')"])
def test_an_expression_that_finds_no_element_is_refused(expression: str) -> None:
    assert refusal(expression)


@pytest.mark.parametrize(
    "expression",
    ["", "//a[", "m:a", "$v", "a b", "\x00", "\ud800", "//a[']", "///", "@", "/r/a[99999999999999999999999]"],
)
def test_what_is_not_xpath_is_refused(expression: str) -> None:
    assert refusal(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "document('file:///etc/passwd')",
        "//a[translate(., 'x', 'y')]",
        "re:test(., 'x')",
        "concat(/r, /r)",
        "lang('kk')",
    ],
)
def test_functions_that_choose_no_elements_are_refused(expression: str) -> None:
    assert "only functions that choose elements" in refusal(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "//*//*//*//*//*//*//*//*",
        "//*[//*[//*]]",
        "//a/following::*/preceding::*/following::*",
        "//*/../*/../*/../*/../*/../*",
        "//*[1*/r/a[1*/r/a[1*/r/a]]]",
        "//*|//*|//*|//*|//*|//*",
        "//*[contains(.,string(.))]",
        "//*[1 -../../..]",
    ],
)
def test_an_expression_whose_cost_explodes_is_not_evaluated(expression: str) -> None:
    large = parse.read(f"<r>{'<a><b/></a>' * 20_000}</r>")
    with pytest.raises(BadInput, match="costs too much"):
        xpath.select(large, expression)


def test_simple_expressions_are_welcome_in_large_documents() -> None:
    large = parse.read(f"<r>{'<a><b/></a>' * 100_000}<c Id='x'/></r>")
    for expression in ("//c", "/r/c", "//*[@Id='x']", "/r/*[local-name()='c']", "(//c)[1]"):
        assert xpath.select(large, expression).tag == "c"


@pytest.mark.slow
def test_the_dearest_expressions_that_are_evaluated_take_a_moment() -> None:
    document = parse.read(f"<r>{'<a><b/></a>' * 1_580}</r>")  # 3161 elements: the most for two walks
    for expression in (
        "//a/following::b",
        "//a[following-sibling::a]",
        "//*[count(//*) > 1]",
        "//a//b",
        "//a/../b|/r",
    ):
        start = time.perf_counter()
        try:
            xpath.select(document, expression)
        except BadInput:
            continue
        finally:
            assert time.perf_counter() - start < 10, expression


def test_a_long_expression_is_refused() -> None:
    assert "512 characters" in refusal("/r" * 300)


@given(st.text(alphabet="/ar[]()@*.:'\"|=19 n$-", max_size=40))
def test_any_text_finds_an_element_or_is_refused(expression: str) -> None:
    try:
        xpath.select(DOCUMENT, expression)
    except BadInput:
        return
