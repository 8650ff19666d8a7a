"""Canonical forms: those of the standards' own examples, and what lxml leaves to us. xmlsec1 is asked in tests/conformance."""

import pytest
from lxml import etree

from agent import algorithms
from agent.errors import BadInput, UnsupportedOperation
from agent.formats.xml import canonical, identifiers, parse
from agent.formats.xml.canonical import C14N, C14N_WITH_COMMENTS, EXCLUSIVE, Allowance, Method

C14N_11 = canonical.METHODS[identifiers.C14N_11]


def form(document: str, path: str, method: Method, *prefixes: str) -> str:
    """Canonical form of the element at a path of local names from the root."""
    element = parse.read(document).getroot()
    for step in path.split():
        (element,) = [child for child in element if etree.QName(child).localname == step]
    return canonical.octets(element, method, prefixes=prefixes).decode()


def digest_of(document: str, method: Method = C14N) -> bytes:
    return canonical.digest(parse.read(document), method, algorithms.SHA256)


def test_start_and_end_tags_are_written_as_in_the_standard() -> None:
    """Canonical XML 1.0 §3.3, without the DTD."""
    document = (
        "<doc>\n   <e1   />\n   <e2   ></e2>\n"
        '   <e3   name = "elem3"   id="elem3"   />\n   <e4   name="elem4"   id="elem4"   ></e4>\n'
        '   <e5 a:attr="out" b:attr="sorted" attr2="all" attr="I\'m"\n      xmlns:b="http://www.ietf.org"\n'
        '      xmlns:a="http://www.w3.org"\n      xmlns="http://example.org"/>\n'
        '   <e6 xmlns="" xmlns:a="http://www.w3.org">\n      <e7 xmlns="http://www.ietf.org">\n'
        '         <e8 xmlns="" xmlns:a="http://www.w3.org">\n            <e9 xmlns="" xmlns:a="http://www.ietf.org"/>\n'
        "         </e8>\n      </e7>\n   </e6>\n</doc>"
    )
    assert form(document, "", C14N) == (
        "<doc>\n   <e1></e1>\n   <e2></e2>\n"
        '   <e3 id="elem3" name="elem3"></e3>\n   <e4 id="elem4" name="elem4"></e4>\n'
        '   <e5 xmlns="http://example.org" xmlns:a="http://www.w3.org" xmlns:b="http://www.ietf.org" attr="I\'m" '
        'attr2="all" b:attr="sorted" a:attr="out"></e5>\n'
        '   <e6 xmlns:a="http://www.w3.org">\n      <e7 xmlns="http://www.ietf.org">\n'
        '         <e8 xmlns="">\n            <e9 xmlns:a="http://www.ietf.org"></e9>\n'
        "         </e8>\n      </e7>\n   </e6>\n</doc>"
    )


def test_characters_are_written_as_in_the_standard() -> None:
    """Canonical XML 1.0 §3.4, without the DTD."""
    document = (
        "<doc>\r\n   <text>First line&#x0d;&#10;Second line</text>\n   <value>&#x32;</value>\n"
        '   <compute><![CDATA[value>"0" && value<"10" ?"valid":"error"]]></compute>\n'
        '   <compute expr=\'value>"0" &amp;&amp; value&lt;"10" ?"valid":"error"\'>valid</compute>\n'
        "   <norm attr=' &apos;   &#x20;&#13;&#xa;&#9;   &apos; '/>\n</doc>"
    )
    assert form(document, "", C14N) == (
        "<doc>\n   <text>First line&#xD;\nSecond line</text>\n   <value>2</value>\n"
        '   <compute>value&gt;"0" &amp;&amp; value&lt;"10" ?"valid":"error"</compute>\n'
        '   <compute expr="value>&quot;0&quot; &amp;&amp; value&lt;&quot;10&quot; ?&quot;valid&quot;:&quot;error&quot;">'
        "valid</compute>\n"
        "   <norm attr=\" '    &#xD;&#xA;&#x9;   ' \"></norm>\n</doc>"
    )


def test_exclusive_form_takes_only_the_namespaces_that_are_used() -> None:
    """Exclusive XML Canonicalization 1.0 §2.2."""
    for around in ('<n0:local xmlns:n0="foo:bar" xmlns:n3="ftp://example.org">{}</n0:local>',
                   '<n2:pdu xmlns:n1="http://example.com" xmlns:n2="http://foo.example" xml:lang="fr">{}</n2:pdu>'):  # fmt: skip
        inside = '<n1:elem2 xmlns:n1="http://example.net" xml:lang="en"><n3:stuff xmlns:n3="ftp://example.org"/></n1:elem2>'
        assert form(around.format(inside), "elem2", EXCLUSIVE) == (
            '<n1:elem2 xmlns:n1="http://example.net" xml:lang="en">'
            '<n3:stuff xmlns:n3="ftp://example.org"></n3:stuff></n1:elem2>'
        )


def test_a_prefix_list_makes_namespaces_inclusive() -> None:
    document = '<r xmlns="urn:d" xmlns:u="urn:u" xmlns:v="urn:v"><u:a x="v:y"/></r>'
    assert form(document, "a", EXCLUSIVE) == '<u:a xmlns:u="urn:u" x="v:y"></u:a>'
    assert form(document, "a", EXCLUSIVE, "v") == ('<u:a xmlns:u="urn:u" xmlns:v="urn:v" x="v:y"></u:a>')


def test_an_inclusive_part_takes_namespaces_and_xml_attributes_along() -> None:
    document = '<r xmlns:u="urn:u" xml:lang="kk" xml:base="b"><m xml:lang="ru" xml:space="preserve"><a xml:base="c"/></m></r>'
    assert form(document, "m a", C14N) == (
        '<a xmlns:u="urn:u" xml:base="c" xml:lang="ru" xml:space="preserve"></a>'
    )
    assert form(document, "m a", EXCLUSIVE) == '<a xml:base="c"></a>'


def test_version_11_takes_language_and_space_along_but_no_identifier() -> None:
    document = '<r xml:lang="kk" xml:id="i" xml:space="preserve"><a/></r>'
    assert form(document, "a", C14N_11) == '<a xml:lang="kk" xml:space="preserve"></a>'
    assert form(document, "a", C14N) == '<a xml:id="i" xml:lang="kk" xml:space="preserve"></a>'
    assert form('<r><a xml:base="c"/></r>', "a", C14N_11) == '<a xml:base="c"></a>'
    for own in ("", ' xml:base="c"'):
        with pytest.raises(UnsupportedOperation):
            form(f'<r xml:base="b"><a{own}/></r>', "a", C14N_11)


def test_canonicalising_leaves_the_document_as_it_was() -> None:
    tree = parse.read('<!--c--><r xml:lang="kk"><a/></r>')
    before = etree.tostring(tree)
    for method in canonical.METHODS.values():
        canonical.octets(tree.getroot()[0], method)
        canonical.digest(tree, method, algorithms.SHA256)
    assert etree.tostring(tree) == before


def test_a_default_namespace_that_ends_is_not_mentioned_at_the_top() -> None:
    assert form('<r xmlns="urn:d"><m xmlns=""><a/></m></r>', "m a", C14N) == "<a></a>"


def test_a_default_namespace_that_is_declared_further_up_goes_on_all_the_way_down() -> None:
    """lxml 6.1 with libxml2 2.14 writes xmlns="" at the grandchildren of a part, if left to itself."""
    document = '<r xmlns="urn:d" xmlns:n="urn:n"><m><a><b><c><d n:e=""/></c></b></a></m></r>'
    inside = '<b><c><d n:e=""></d></c></b></a>'
    assert form(document, "m a", C14N) == f'<a xmlns="urn:d" xmlns:n="urn:n">{inside}'
    declared = inside.replace("<d", '<d xmlns:n="urn:n"')
    assert form(document, "m a", EXCLUSIVE) == f'<a xmlns="urn:d">{declared}'


def test_a_root_by_itself_is_without_what_stands_beside_it() -> None:
    document = "<?p?><r><!--c--></r><?q?>"
    assert form(document, "", C14N) == "<r></r>"
    assert form(document, "", C14N_WITH_COMMENTS) == "<r><!--c--></r>"


def test_a_document_is_with_instructions_beside_its_root() -> None:
    assert digest_of("<?p x?>\n\n<r/> <?q?>") == algorithms.SHA256(b"<?p x?>\n<r></r>\n<?q?>")


def test_a_reference_within_the_document_never_holds_comments() -> None:
    assert digest_of("<!--1--><r>a<!--2-->b</r>", C14N_WITH_COMMENTS) == algorithms.SHA256(b"<r>ab</r>")


def test_a_relative_namespace_has_no_canonical_form() -> None:
    with pytest.raises(BadInput):
        digest_of('<r xmlns="relative"/>')


def test_a_small_document_with_a_huge_canonical_form_is_refused() -> None:
    """Exclusive canonicalisation declares the namespace at each element: 1 MB becomes 10 GB."""
    tree = parse.read(f'<r xmlns:a="u:{"x" * 1_000_000}"><z>{"<a:b/>" * 10_000}</z></r>')
    with pytest.raises(BadInput, match="too large"):
        canonical.digest(tree, EXCLUSIVE, algorithms.SHA256, allowance=Allowance(20_000_000))


def test_an_allowance_is_shared() -> None:
    tree, allowance = parse.read("<r/>"), Allowance(20)
    canonical.digest(tree, C14N, algorithms.SHA256, allowance=allowance)
    canonical.octets(tree.getroot(), C14N, allowance=allowance)
    with pytest.raises(BadInput, match="too large"):
        canonical.octets(tree.getroot(), C14N, allowance=allowance)
