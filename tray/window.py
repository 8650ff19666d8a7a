"""The window's program: prompts in, answers out, one approval long.

It is started before it is needed and waits with everything made that does not depend on the prompt. The end of its input
closes it at once, without a word; only the last word of an approval stays for as long as it takes to read it.
"""

import os
import sys

from PySide6.QtCore import QLibraryInfo, QLocale, QSettings, QTimer, QTranslator
from PySide6.QtWidgets import QApplication

from protocol import prompts
from tray import glyphs, startup, theme, wire
from tray.approval import SigningWindow
from tray.mailbox import Mailbox
from tray.question import question_of


def run(frames: int, theme_name: str) -> int:
    """The program: makes everything that does not depend on the prompt, and waits for it."""
    # Qt's chooser would note folders and its own shape for all programs of Qt, ours and others.
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, os.devnull)
    application = QApplication(sys.argv[:1])
    application.setQuitOnLastWindowClosed(False)
    application.setApplicationName("Qalamsap")
    application.setApplicationDisplayName("Qalamsap")
    application.setDesktopFileName("qalamsap")
    theme.apply(application, theme_name)
    application.setWindowIcon(glyphs.application_icon())
    window = SigningWindow(PipeAnswers(wire.Writer(frames)))
    translator = QTranslator(application)
    mailbox = Mailbox()
    reader = wire.Reader(
        wire.standard_input(), prompts.from_message, mailbox.received.emit, mailbox.ended.emit
    )

    def receive(prompt: prompts.ToWindow | wire.Picture) -> None:
        if isinstance(prompt, wire.Picture):
            window.receive(prompt.drawn, prompt.pixels)
            return
        if (asked := question_of(prompt)) is not None and translator.isEmpty():
            translate(application, translator, asked.language)
        window.receive(prompt)

    def end() -> None:
        reader.let_be()
        application.exit(startup.DONE)

    mailbox.received.connect(receive)
    mailbox.ended.connect(window.vanish)
    window.over.connect(end)
    reader.start()
    QTimer.singleShot(0, window, window.rehearse)
    return application.exec()


def translate(application: QApplication, translator: QTranslator, language: prompts.Language) -> None:
    """Gives Qt's own words (file chooser, context menus) the person's language."""
    QLocale.setDefault(QLocale(language))
    if translator.load(f"qtbase_{language}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        application.installTranslator(translator)


class PipeAnswers:
    """Answers as frames for the worker."""

    def __init__(self, writer: wire.Writer) -> None:
        self._writer = writer

    def send(self, answer: prompts.FromWindow) -> None:
        self._writer.send(prompts.to_message(answer))

    def send_secret(self, secret: bytearray) -> None:
        self._writer.send_secret(secret)
