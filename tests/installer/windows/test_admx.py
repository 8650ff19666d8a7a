"""Templates for group policies: complete, held together, and writing what the reader of the registry understands."""

import string
import xml.etree.ElementTree as ET

import pytest

from agent.policy import registry
from agent.settings import SETTINGS
from installer.windows import admx
from tests.support.fake_registry import FakeRegistry

SPACE = f"{{{admx.NAMESPACE}}}"


@pytest.fixture(scope="module")
def parsed() -> dict[str, ET.Element]:
    return {name: ET.fromstring(octets) for name, octets in admx.files().items()}


def test_there_is_a_template_and_its_words_in_three_languages(parsed) -> None:
    assert set(parsed) == {
        "qalamsap.admx",
        "en-US/qalamsap.adml",
        "ru-RU/qalamsap.adml",
        "kk-KZ/qalamsap.adml",
    }


def test_every_setting_but_tables_is_a_policy_in_one_folder(parsed) -> None:
    policies = parsed["qalamsap.admx"].findall(f".//{SPACE}policy")
    assert [each.get("name") for each in policies] == [
        name for name, setting in SETTINGS.items() if setting.kind != "table"
    ]
    categories = {each.get("name") for each in parsed["qalamsap.admx"].findall(f".//{SPACE}category")}
    assert {each.find(f"{SPACE}parentCategory").get("ref") for each in policies} < categories
    listed = [name for names in admx.CATEGORIES.values() for name in names]
    assert sorted(listed) == sorted(each.get("name") for each in policies)


@pytest.mark.parametrize("language", sorted(admx.LANGUAGES))
def test_every_text_that_is_asked_for_is_there_and_no_other(parsed, language) -> None:
    strings = parsed[f"{admx.LANGUAGES[language]}/qalamsap.adml"]
    given = {each.get("id"): each.text for each in strings.findall(f".//{SPACE}string")}
    assert set(given) == admx.references(parsed["qalamsap.admx"])
    assert all(text and text.strip() == text for text in given.values())
    assert "{choices}" not in "".join(given.values())


@pytest.mark.parametrize("language", sorted(admx.LANGUAGES))
def test_every_element_has_its_field_in_the_editor_and_no_other(parsed, language) -> None:
    elements = {each.get("id") for each in parsed["qalamsap.admx"].iter() if each.get("id")}
    strings = parsed[f"{admx.LANGUAGES[language]}/qalamsap.adml"]
    assert {each.get("refId") for each in strings.iter() if each.get("refId")} == elements
    asked = {each.get("presentation") for each in parsed["qalamsap.admx"].iter() if each.get("presentation")}
    assert asked == {
        f"$(presentation.{each.get('id')})" for each in strings.findall(f".//{SPACE}presentation")
    }


def test_all_languages_say_the_same_things_and_no_others() -> None:
    def shape(language: str) -> dict[str, set[str]]:
        return {table: set(words) for table, words in admx.texts(language).items()}

    assert shape("ru") == shape("en") == shape("kk")
    expected = {setting.name for setting in admx.shown()} | {"words", "categories", "choices"}
    assert set(shape("en")) == expected


def test_each_language_is_written_in_its_own_letters() -> None:
    english, russian, kazakh = (
        "".join(t for table in admx.texts(each).values() for t in table.values())
        for each in ("en", "ru", "kk")
    )
    assert set(english) <= set(string.printable)
    assert not set(russian) & set("әғқңөұүһі")
    assert set(kazakh) >= set("әғқңөұүі")


def test_what_the_editor_writes_is_what_the_agent_reads(parsed) -> None:
    """The values that a group policy would leave in the registry, by the rules of each element, read by our own reader."""
    written: dict[str, object] = {}
    expected: dict[str, object] = {}
    for policy in parsed["qalamsap.admx"].findall(f".//{SPACE}policy"):
        assert policy.get("key") == registry.POLICIES
        name = policy.get("name")
        setting = SETTINGS[name]
        elements = policy.find(f"{SPACE}elements")
        if elements is None:
            value = policy.find(f"{SPACE}enabledValue/{SPACE}decimal").get("value")
            written[policy.get("valueName")] = int(value), FakeRegistry.REG_DWORD
            expected[name] = True
            continue
        element = elements[0]
        match element.tag.removeprefix(SPACE):
            case "decimal":
                assert (element.get("minValue"), element.get("maxValue")) == (
                    str(setting.minimum),
                    str(setting.maximum),
                )
                written[element.get("valueName")] = setting.maximum, FakeRegistry.REG_DWORD
                expected[name] = setting.maximum
            case "enum":
                values = [each.text for each in element.iter(f"{SPACE}string")]
                assert values == list(setting.choices)
                written[element.get("valueName")] = values[-1], FakeRegistry.REG_SZ
                expected[name] = values[-1]
            case "text":
                written[element.get("valueName")] = "http://x.kz/", FakeRegistry.REG_SZ
                expected[name] = "http://x.kz/"
            case "list":
                key = element.get("key").removeprefix(registry.POLICIES + "\\")
                written[key] = {"1": ("a", FakeRegistry.REG_SZ), "2": ("b", FakeRegistry.REG_SZ)}
                expected[name] = ["a", "b"]
    fake = FakeRegistry(HKEY_LOCAL_MACHINE={registry.POLICIES: written})
    (table,) = registry.RegistryKey(registry.HKEY_LOCAL_MACHINE, registry.POLICIES, fake).tables()
    assert dict(table.entries) == expected


def test_files_are_written_where_group_policies_look(tmp_path) -> None:
    admx.write(tmp_path)
    assert (tmp_path / "kk-KZ/qalamsap.adml").read_bytes() == admx.files()["kk-KZ/qalamsap.adml"]
