"""Whom a command trusts and asks: the national authorities, those of the settings, and those that the command line names."""

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
        "--ca", type=Path, action="append", default=[], metavar="FILE",
        help="trust the authorities whose certificates are in FILE, too (again for more)",
    )  # fmt: skip
    parser.add_argument(
        "--language", choices=get_args(Language), help="of the words that are printed or drawn"
    )
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="keep answers of authorities below DIR")
    config.add_network_arguments(parser)


def trust(options: argparse.Namespace, settings: Config) -> Trust:
    """Raises BadInput where a file that is named holds no authorities."""
    places = settings.paths
    own = authority_files.read_authorities((*places.authority_folders(), *settings.authorities))
    named = authority_files.read(options.ca)
    return Trust(
        # The national test authorities are told apart by their domain.
        anchors=(*anchors.national(), *anchors.from_certificates((*own, *named))),
        between=(*own, *named),
        fetch=None if settings.offline else HttpFetch(FetchSettings.of(settings)),
        cache=AuthorityCache(places.authority_cache, lambda: datetime.now(UTC)),
        ocsp_url=settings.ocsp_url,
    )
