import base64

from agent.certificate import EMAIL_PROTECTION
from demo import agent_calls
from demo.subscribers import Subscriber

COMPANY = Subscriber(1, "7", "organisation", "ТОО", "", None, "150640012341")
PERSON = Subscriber(2, "7", "entrepreneur", "ИП", "", "880415350123", None)


def test_identification_asks_for_any_key_and_the_text_inside() -> None:
    call = agent_calls.identify("мәтін".encode(), chain=["PEM"], locale="kk")
    assert (call["module"], call["method"]) == ("kz.gov.pki.knca.basics", "sign")
    arguments = call["args"]
    assert base64.b64decode(arguments["data"]).decode() == "мәтін"
    assert arguments["signingParams"] == {
        "decode": True,
        "encapsulate": True,
        "digested": False,
        "allowExpired": True,
        "allowRevoked": True,
    }
    assert arguments["signerParams"] == {"extKeyUsageOids": [], "chain": ["PEM"]}
    assert (arguments["format"], arguments["locale"]) == ("cms", "kk")


def test_signing_asks_for_a_signing_key_of_the_owner_and_a_detached_signature() -> None:
    arguments = agent_calls.sign(b"%PDF", COMPANY, chain=["PEM"], locale="ru", timestamp=False)["args"]
    assert arguments["format"] == "cms"
    assert arguments["signingParams"] == {"decode": True, "encapsulate": False, "digested": False}
    assert arguments["signerParams"] == {
        "extKeyUsageOids": [EMAIL_PROTECTION],
        "bin": "150640012341",
        "chain": ["PEM"],
    }
    of_person = agent_calls.sign(b"", PERSON, chain=[], locale="ru", timestamp=False)["args"]
    assert of_person["signerParams"]["iin"] == "880415350123"


def test_signing_inside_the_pdf_asks_for_a_stamp() -> None:
    arguments = agent_calls.sign_inside(b"%PDF", COMPANY, chain=["PEM"], locale="kk", timestamp=False)["args"]
    assert (arguments["format"], arguments["signingParams"]) == ("pdf", {"decode": True, "stamp": True})
    assert arguments["signerParams"]["bin"] == "150640012341"


def test_a_timestamp_is_asked_for_only_where_the_person_wants_one() -> None:
    for make in (agent_calls.sign, agent_calls.sign_inside):
        for wanted in (True, False):
            call = make(b"%PDF", COMPANY, chain=[], locale="ru", timestamp=wanted)
            assert ("tsaProfile" in call["args"]["signingParams"]) is wanted
