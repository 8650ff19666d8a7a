"""Evidence: every published signature holds, every reason has its case, and what is not covered is not claimed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import algorithms
from agent.algorithms import SignatureAlgorithm
from agent.errors import BadInput
from agent.formats.evidence import Evidence
from agent.formats.xml import sign, verify
from tests.support import chains
from tests.support.chains import Party
from tests.support.xml_signatures import C14N, DS, ENVELOPED, EXCLUSIVE, HERE, Ref, key_of, made

DOCUMENT = f"<r>{HERE}</r>"
WHOLE = Ref(b"<r></r>")
MORE = "http://www.w3.org/2001/04/xmldsig-more#"


def evidence(document: bytes | str, *extra: Party) -> Evidence:
    (found,) = verify.verify(document, [party.certificate for party in extra])
    return found


def judged(document: bytes | str, *extra: Party) -> tuple[str, tuple[str, ...]]:
    found = evidence(document, *extra)
    return found.signature, found.reasons


# --- what is accepted -----------------------------------------------------------------------------------------------


def test_every_published_signature_holds(vectors: Path) -> None:
    for path in sorted((vectors / "xml").iterdir()):
        found = verify.verify(path.read_bytes())
        assert [(one.signature, one.reasons) for one in found] == [("valid", ())] * len(found), path.name
        assert all(one.certificate for one in found)


def test_text_is_a_document_already_decoded() -> None:
    text = made(chains.person(), DOCUMENT, WHOLE).decode()
    assert judged(f'<?xml version="1.0" encoding="UTF-16"?>{text}') == ("valid", ())


@pytest.mark.parametrize(
    "uri",
    [
        C14N,
        f"{C14N}#WithComments",
        EXCLUSIVE,
        f"{EXCLUSIVE}WithComments",
        "http://www.w3.org/2006/12/xml-c14n11",
        "http://www.w3.org/2006/12/xml-c14n11#WithComments",
    ],
)
def test_every_canonicalisation_is_known(uri: str) -> None:
    data = made(chains.person(), DOCUMENT, Ref(b"<r></r>", transforms=[ENVELOPED, uri]), canonicalization=uri)
    assert judged(data) == ("valid", ())


@pytest.mark.parametrize(
    ("family", "algorithm"),
    [
        ("rsa", algorithms.RSA_SHA384),
        ("rsa", algorithms.RSA_SHA512),
        ("p256", algorithms.ECDSA_SHA384),
        ("p384", algorithms.ECDSA_SHA256),
        ("p384", algorithms.ECDSA_SHA512),
    ],
)
def test_every_algorithm_of_the_table_is_known(family: str, algorithm: SignatureAlgorithm) -> None:
    data = made(chains.person(family), DOCUMENT, WHOLE, algorithm=algorithm)
    assert judged(data) == ("valid", ())
    assert evidence(data).algorithm_name == algorithm.name


@pytest.mark.parametrize("digest", [algorithms.SHA512, algorithms.STREEBOG_256, algorithms.GOST_94])
def test_the_digest_of_a_reference_may_be_another_than_the_signatures(
    digest: algorithms.DigestAlgorithm,
) -> None:
    assert judged(made(chains.person(), DOCUMENT, Ref(b"<r></r>", digest=digest))) == ("valid", ())


def test_several_references_must_all_hold() -> None:
    document = f'<r><a Id="x"/>{HERE}</r>'
    whole, part = Ref(b'<r><a Id="x"></a></r>'), Ref(b'<a Id="x"></a>', "#x", [EXCLUSIVE])
    both = made(chains.person(), document, part, whole, Ref(b'<a Id="x"></a>', "#x", [ENVELOPED, EXCLUSIVE]))
    assert judged(both) == ("valid", ())
    assert evidence(both).covers == ""
    assert judged(made(chains.person(), document, whole, Ref(b"", "#x", [EXCLUSIVE]))) == (
        "invalid",
        ("digest-mismatch",),
    )


def test_a_signature_may_be_anywhere_in_the_document() -> None:
    document = f"<r>a<b>c{HERE}d</b>{{}}e</r>".replace("{}", "")
    assert judged(made(chains.person(), document, Ref(b"<r>a<b>cd</b>e</r>"))) == ("valid", ())


def test_an_enveloping_signature_holds_and_says_what_it_covers() -> None:
    data = made(
        chains.person(), HERE, Ref(b'<a Id="x">1</a>', "#x", [EXCLUSIVE]),
        after='<ds:Object><a Id="x">1</a></ds:Object>',
    )  # fmt: skip
    assert judged(data) == ("valid", ())
    assert evidence(data).covers == "#x"
    assert judged(data.replace(b">1<", b">2<")) == ("invalid", ("digest-mismatch",))


def test_xades_properties_are_checked_and_not_read() -> None:
    etsi = "http://uri.etsi.org/01903/v1.3.2#"
    text = f'<e:SignedProperties xmlns:e="{etsi}" Id="p">{{}}</e:SignedProperties>'
    after = f'<ds:Object><e:QualifyingProperties xmlns:e="{etsi}">{text}</e:QualifyingProperties></ds:Object>'
    data = made(chains.person(), DOCUMENT, WHOLE, Ref(text.encode(), "#p", [EXCLUSIVE]), after=after)
    found = evidence(data)
    assert (found.signature, found.reasons, found.covers, found.signing_time) == ("valid", (), "", None)
    assert judged(data.replace(b'Id="p">{}', b'Id="p">x')) == ("invalid", ("digest-mismatch",))


# --- what is told ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", chains.FAMILIES)
def test_what_is_proven_is_told(family: str) -> None:
    person = chains.person(family)
    found = evidence(
        made(person, DOCUMENT, Ref(b"<r></r>", digest=person.algorithm.digest), attributes=' Id="S"')
    )
    assert found.certificate == person.certificate
    assert found.certificates == (person.certificate,)
    assert found.algorithm_name == person.algorithm.name
    assert (found.covers, found.title, found.signing_time) == ("", "S", None)
    assert found.stamped


def test_a_signature_by_id_never_reads_as_one_of_the_whole_document() -> None:
    root = made(
        chains.person(), f'<r Id="x">{HERE}</r>', Ref(b'<r Id="x"></r>', "#x", [ENVELOPED, EXCLUSIVE])
    )
    assert judged(root) == ("valid", ())
    assert evidence(root).covers == "#x"
    parts = made(
        chains.person(),
        f'<r><a Id="x"/><b Id="y"/>{HERE}</r>',
        Ref(b'<a Id="x"></a>', "#x", [EXCLUSIVE]),
        Ref(b'<b Id="y"></b>', "#y", [EXCLUSIVE]),
    )
    assert evidence(parts).covers == "#x #y"


# --- certificates ---------------------------------------------------------------------------------------------------


def test_the_certificate_that_verifies_is_found_among_others() -> None:
    person, other, cousin = chains.person("p256"), chains.person("rsa"), chains.root("p256")
    data = made(
        person,
        DOCUMENT,
        WHOLE,
        key_info=f"{key_of(other)[:-13]}{key_of(cousin)[12:-13]}{key_of(person)[12:]}",
    )
    assert judged(data) == ("valid", ())
    assert evidence(data).certificate == person.certificate
    assert len(evidence(data).certificates) == 3


def test_a_signature_without_a_certificate_is_unchecked_until_one_comes() -> None:
    person = chains.person()
    for key_info in ("", "<ds:KeyInfo><ds:KeyValue/></ds:KeyInfo>"):
        data = made(person, DOCUMENT, WHOLE, key_info=key_info)
        assert judged(data) == ("unchecked", ("no-certificate",))
        assert judged(data, chains.person("rsa"), chains.root(), person) == ("valid", ())
        assert judged(data, chains.person("rsa"), chains.root()) == ("unchecked", ("no-certificate",))


def test_another_persons_certificate_is_a_mismatch() -> None:
    data = made(chains.person(), DOCUMENT, WHOLE, key_info=key_of(chains.root()))
    assert judged(data) == ("invalid", ("signature-mismatch",))
    data = made(chains.person(), DOCUMENT, WHOLE, key_info=key_of(chains.person("rsa")))
    assert judged(data) == ("invalid", ("key-mismatch",))


def test_an_ecdsa_signature_in_der_is_no_signature_here() -> None:
    person = chains.person()
    data = made(person, DOCUMENT, WHOLE)
    start, end = data.index(b"<ds:SignatureValue>") + 19, data.index(b"</ds:SignatureValue>")
    assert judged(data[:start] + b"MAYCAQECAQE=" + data[end:]) == ("invalid", ("signature-mismatch",))


# --- what is not supported ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("uri", [f"{DS}hmac-sha1", f"{MORE}hmac-sha256", f"{MORE}rsa-md5", "urn:unknown", ""])
def test_other_algorithms_are_unsupported(uri: str) -> None:
    text = made(chains.person("rsa"), DOCUMENT, WHOLE).decode()
    data = text.replace(
        f'SignatureMethod Algorithm="{algorithms.RSA_SHA256.xml_uri}"', f'SignatureMethod Algorithm="{uri}"'
    )
    assert judged(data) == ("unsupported", ("unsupported-algorithm",))
    assert evidence(data).algorithm_name == uri


def test_an_algorithm_with_parameters_is_unsupported() -> None:
    data = made(
        chains.person("rsa"), DOCUMENT, WHOLE, algorithm_inside="<ds:HMACOutputLength>0</ds:HMACOutputLength>"
    )
    assert judged(data) == ("unsupported", ("unsupported-algorithm",))


@pytest.mark.parametrize("uri", [f"{DS}rsa-sha1", f"{MORE}rsa-sha1"])
def test_rsa_with_sha1_is_weak(uri: str) -> None:
    data = made(chains.person("rsa"), DOCUMENT, WHOLE, algorithm_uri=uri)
    assert judged(data) == ("unsupported", ("weak-digest",))


@pytest.mark.parametrize("uri", [f"{DS}sha1", f"{MORE}sha1"])
def test_a_sha1_digest_is_weak(uri: str) -> None:
    data = made(chains.person("rsa"), DOCUMENT, Ref(b"<r></r>", digest=algorithms.SHA1, digest_uri=uri))
    assert judged(data) == ("unsupported", ("weak-digest",))


def test_an_unknown_canonicalisation_of_what_is_signed_is_unsupported() -> None:
    data = made(chains.person(), DOCUMENT, WHOLE).replace(
        b'CanonicalizationMethod Algorithm="' + EXCLUSIVE.encode(), b'CanonicalizationMethod Algorithm="urn:x'
    )
    assert judged(data) == ("unsupported", ("unsupported-algorithm",))


def test_a_root_can_not_be_left_out_of_its_own_document() -> None:
    assert judged(made(chains.person(), HERE, Ref(b""))) == ("unsupported", ("unsupported-transform",))


# --- several signatures -----------------------------------------------------------------------------------------------


def test_each_signature_covers_those_before_it() -> None:
    document = b"<r>x</r>"
    for family in ("rsa", "p256", "p384"):
        document = sign.sign(chains.person(family), document, layout="lines")
    found = verify.verify(document)
    assert [one.algorithm_name for one in found] == ["RSA-SHA256", "ECDSA-SHA256", "ECDSA-SHA384"]
    assert [one.signature for one in found] == ["valid"] * 3


def test_a_signature_without_those_after_it_stays_valid_and_one_without_those_before_does_not() -> None:
    once = sign.sign(chains.person("rsa"), "<r>x</r>", layout="lines")
    twice = sign.sign(chains.person("p256"), once, layout="lines")
    second = twice[len(once) - len("</r>") :]
    assert judged(once) == ("valid", ())
    assert judged(b"<r>x" + second) == ("invalid", ("digest-mismatch",))


def test_two_signatures_of_the_c_library_bear_the_same_id() -> None:
    document = b"<r>x</r>"
    for family in ("rsa", "p256"):
        document = sign.sign(chains.person(family), document, layout="c-library")
    assert [(one.signature, one.title) for one in verify.verify(document)] == [("valid", "1")] * 2


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document", ["<r/>", "", "not xml", f'<Signature xmlns="{DS}"/>', '<Signature xmlns="urn:x"/>']
)
def test_a_document_without_a_readable_signature_is_refused(document: str) -> None:
    with pytest.raises(BadInput):
        verify.verify(document)


def test_too_much_work_is_refused() -> None:
    padding = "<a/>" * 900_000
    data = made(chains.person(), f"<r xmlns:b='urn:b'>{padding}{HERE}</r>", *[WHOLE] * 20)
    signature = data[data.index(b"<ds:Signature ") : -len(b"</r>")]
    with pytest.raises(BadInput, match="too many signatures"):
        verify.verify(data.replace(signature, signature * 90))


_SIGNED = made(chains.person(), f"<r>{'x' * 20}{HERE}</r>", Ref(b"<r>" + b"x" * 20 + b"</r>"))


@given(st.integers(0, len(_SIGNED) - 1), st.binary(max_size=8), st.integers(0, 40))
def test_any_damage_is_bad_input_or_evidence(at: int, octets: bytes, gone: int) -> None:
    try:
        verify.verify(_SIGNED[:at] + octets + _SIGNED[at + gone :])
    except BadInput:
        return


# --- signatures at one place --------------------------------------------------------------------------------------


def test_only_signatures_in_elements_of_that_name_are_told_of() -> None:
    inner = sign.sign(
        chains.person(),
        '<r xmlns:n="urn:n"><n:a Id="one"/><n:b/></r>',
        layout="lines",
        element_xpath="/r/n:a",
        parent_xpath="/r/n:b",
    )
    both = sign.sign(chains.person(), inner.decode().partition("?>")[2], layout="lines")
    found = {name: [one.covers for one in verify.verify_within(both, name)] for name in ("", "r", "n:b")}
    assert found == {"": ["#one", ""], "r": [""], "n:b": ["#one"]}
    for name in ("b", "n:a", "R"):
        with pytest.raises(BadInput, match="no signature at that place"):
            verify.verify_within(both, name)


def test_a_signature_that_is_the_root_stands_in_nothing() -> None:
    document = f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo/></ds:Signature>'
    with pytest.raises(BadInput):
        verify.verify_within(document, "r")
