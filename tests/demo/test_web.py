import pytest

from demo import web


@pytest.mark.parametrize("path", ["/acts", "/acts?year=2026", "/acts/7/edo"])
def test_a_path_of_the_portal_is_kept(path: str) -> None:
    assert web.local_path(path) == path


@pytest.mark.parametrize(
    "path",
    ["", "acts", "//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "/\n/evil"],
)
def test_a_path_elsewhere_is_replaced(path: str) -> None:
    assert web.local_path(path) == "/acts"


def test_templates_escape_and_do_not_forgive() -> None:
    environment = web.environment()
    assert environment.from_string("{{ a }}").render(a="<b>&'\"") == "&lt;b&gt;&amp;&#39;&#34;"
    with pytest.raises(Exception, match="undefined"):
        environment.from_string("{{ missing }}").render()


def test_a_file_name_that_needs_encoding_is_a_mistake() -> None:
    assert (
        web.download(b"", "akt-1.pdf", "application/pdf")
        .headers["content-disposition"]
        .startswith("attachment")
    )
    for name in ('a".pdf', "а.pdf", "a b"):
        with pytest.raises(ValueError, match="encoding"):
            web.download(b"", name, "application/pdf")
