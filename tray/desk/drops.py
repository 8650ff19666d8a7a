"""Files that are dropped on the desk's window, on whatever page: documents go to the page of files, keys to that of keys.

A key file is never put among the documents to be signed: whoever gets it, and its password, signs in the person's name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from protocol.desk.frame import Page
from tray import dropped, dropped_keys, theme, widgets
from tray.desk.page import DeskPage
from tray.drop_area import Offer
from tray.dropped import Dropped
from tray.texts import Texts


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes to which page. Where nothing goes anywhere, `problem` is the text key that says why."""

    documents: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    left: int = 0
    problem: str = ""

    @property
    def target(self) -> Page:
        """The page that is shown afterwards."""
        return "files" if self.documents else "keys"


def plan(found: Dropped, page: Page) -> Plan:
    """Where files go that are dropped on that page. A folder is searched for keys on their page, and gives its documents on that of files;
    elsewhere it goes by what lies in it."""
    keys = found.named(dropped.KEY_ENDINGS)
    documents = tuple(path for path in found.files if path not in keys)
    if page == "keys" and documents and not keys and not found.folders:
        certificates = found.named(dropped.CERTIFICATE_ENDINGS)
        if certificates == documents:
            return Plan(problem="only_certificate")
    for folder in found.folders:
        to_keys, to_files = _of_folder(folder, page)
        keys += to_keys
        documents += to_files
    left = found.elsewhere + found.missing
    if not keys and not documents:
        return Plan(problem="elsewhere" if found.elsewhere else "missing")
    return Plan(documents, tuple(dict.fromkeys(keys)), left)


def _of_folder(folder: str, page: Page) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Keys and documents. Of a folder with both the documents go one by one, so that no key is among them."""
    if page == "keys":
        return (folder,), ()
    inside = dropped.inside(folder).files
    keys = tuple(path for path in inside if dropped.has_ending(path, dropped.KEY_ENDINGS))
    if not keys:
        return (), (folder,)
    documents = tuple(path for path in inside if path not in keys)
    return (keys, documents) if page == "files" else ((folder,), documents)


class DeskDrops:
    """What the desk's window does with what is dropped on it. `page_of` makes a page that is not there yet; `show` brings one to the
    person's eyes."""

    def __init__(
        self,
        pages: Mapping[Page, type[DeskPage]],
        shown: Callable[[], Page],
        page_of: Callable[[Page], DeskPage],
        show: Callable[[Page], None],
    ) -> None:
        self._pages = pages
        self._shown = shown
        self._page_of = page_of
        self._show = show

    def offer(self, texts: Texts, found: Dropped) -> Offer | None:
        """What letting go would come to; None in a window that lacks the pages for it."""
        if not {"files", "keys"} <= self._pages.keys():
            return None
        if self._is_for_history(found):
            return Offer(texts("history.file.drop"), texts("history.file.drop_advice"))
        wanted = plan(found, self._shown())
        if wanted.problem:
            return dropped_keys.refusal(texts, wanted.problem)
        if wanted.documents and not self._page_of("files").takes_files:
            return dropped_keys.refusal(texts, "busy")
        if wanted.documents and wanted.keys:
            return Offer(texts("drop.to_both"), texts("drop.to_files_advice"))
        if wanted.documents:
            return Offer(texts("drop.to_files", count=len(wanted.documents)), texts("drop.to_files_advice"))
        return Offer(texts("drop.to_keys"), texts("drop.to_keys_advice"))

    def take(self, texts: Texts, found: Dropped) -> None:
        """Puts it where it belongs, shows that page, and says what went where if that is not where the person let go."""
        page = self._shown()
        if self._is_for_history(found):
            self._page_of("history").add_paths(found.files)
            return
        wanted = plan(found, page)
        if wanted.target != page:
            self._show(wanted.target)
        if wanted.documents:
            self._page_of("files").add_paths(wanted.documents)
        if wanted.keys:
            self._page_of("keys").add_paths(wanted.keys)
        if (notice := notice_of(texts, wanted, page)) is not None:
            self._page_of(wanted.target).tell(notice)

    def _is_for_history(self, found: Dropped) -> bool:
        """Whether it is one document that can be looked for on the page that is shown."""
        is_one = len(found.files) == 1 and not found.folders and not found.elsewhere
        return self._shown() == "history" and is_one and not found.named(dropped.KEY_ENDINGS)

    def refuse(self, offer: Offer) -> None:
        """The words stay on the page that is shown, where it has a place for them."""
        self._page_of(self._shown()).tell(widgets.Notice("info", offer.sentence, offer.advice))


def notice_of(texts: Texts, done: Plan, page: Page) -> widgets.Notice | None:
    """What went where; None where all of it is where the person let go."""
    left = texts("drop.left", count=done.left) if done.left else ""
    tone: theme.Tone = "info"
    if done.documents and done.keys:
        sentence, more = texts("drop.went_to_both"), texts("drop.key_is_secret")
    elif done.target != page:
        sentence = texts("drop.went_to_files" if done.documents else "drop.went_to_keys")
        more = "" if done.documents else texts("drop.key_is_secret")
    elif left:
        return widgets.Notice("warning", left)
    else:
        return None
    return widgets.Notice(tone, sentence, " ".join(filter(None, (more, left))))
