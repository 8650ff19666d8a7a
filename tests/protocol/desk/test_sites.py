"""The desk's page of sites."""

from protocol.desk import sites


def test_of_a_site_that_was_only_seen_nothing_is_decided() -> None:
    seen = sites.Site("https://kds.kz", "kds.kz", "kds.kz", "seen", is_protected=True)
    assert (seen.since, seen.until, seen.signed) == ("", "", 0)


def test_what_can_be_decided_names_the_origin() -> None:
    assert {cls("https://kds.kz").origin for cls in (sites.Forget, sites.Block, sites.Unblock)} == {
        "https://kds.kz"
    }
