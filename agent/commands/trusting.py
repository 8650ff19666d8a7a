"""Whom a command trusts and asks: the national authorities, and those that settings and command line name."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from agent import authority_files, config
from agent.authority_cache import AuthorityCache
from agent.config import Config
from agent.http_fetch import FetchSettings, HttpFetch
from agent.operations.judging import Trust
from agent.trust import anchors
from protocol.prompts import Language


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of a command that judges signatures."""
    parser.add_argument(
        "--language", choices=get_args(Language), help="of the words that are printed or drawn"
    )
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="keep answers of authorities below DIR")
    config.add_network_arguments(parser, revocation=True, trust=True)


def trust(settings: Config) -> Trust:
    """Raises BadInput where a file that is named holds another certificate than authorities'."""
    places = settings.paths
    own = authority_files.read_authorities((*places.authority_folders(), *settings.authorities))
    return Trust(
        # The national test authorities are told apart by their domain.
        anchors=(*anchors.national(), *anchors.from_certificates(own)),
        between=own,
        fetch=None if settings.offline else HttpFetch(FetchSettings.of(settings)),
        cache=AuthorityCache(places.authority_cache, lambda: datetime.now(UTC)),
        ocsp_url=settings.ocsp_url,
    )
