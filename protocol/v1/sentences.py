"""What each error code means: to programs, whether trying again may help; to people, a sentence in their language.

`is_retryable`: the very same request may go well a little later, because the person types another password, a server answers or the
queue is shorter. It does not mean that a page should repeat it unasked.
"""

from dataclasses import dataclass

from protocol.prompts import Language


@dataclass(frozen=True, slots=True)
class Meaning:
    """`kk`, `ru` and `en` say the same, to somebody who knows nothing of programs."""

    is_retryable: bool
    kk: str
    ru: str
    en: str

    def sentence(self, language: Language) -> str:
        match language:
            case "kk":
                return self.kk
            case "ru":
                return self.ru
            case "en":
                return self.en


MEANINGS: dict[str, Meaning] = {
    "cancelled": Meaning(
        False,
        "Сіз бас тарттыңыз: ешнәрсеге қол қойылған жоқ және ешнәрсе жіберілген жоқ.",
        "Вы отказались: ничего не подписано и не отправлено.",
        "You said no: nothing was signed or sent.",
    ),
    "cancelled-by-page": Meaning(
        False,
        "Сайт өз сұрауын қайтарып алды: ешнәрсеге қол қойылған жоқ.",
        "Сайт отозвал свой запрос: ничего не подписано.",
        "The site took its request back: nothing was signed.",
    ),
    "no-one-to-ask": Meaning(
        False,
        "Терезені көрсету мүмкін болмады: жұмыс үстелі бар жүйеге кіріңіз.",
        "Не удалось показать окно: войдите в систему с рабочим столом.",
        "The window could not be shown: log in to a desktop session.",
    ),
    "window-failed": Meaning(
        True,
        "Терезе ақауға байланысты жабылды, ешнәрсеге қол қойылған жоқ: қайталап көріңіз.",
        "Окно закрылось из-за сбоя, ничего не подписано: попробуйте ещё раз.",
        "The window failed and was closed, nothing was signed: please try again.",
    ),
    "timed-out": Meaning(
        True,
        "Жауап тым ұзақ күтілді, сондықтан ешнәрсеге қол қойылған жоқ.",
        "Ответа пришлось ждать слишком долго, поэтому ничего не подписано.",
        "There was no answer for too long, so nothing was signed.",
    ),
    "wrong-password": Meaning(
        True,
        "Кілттің құпиясөзі сәйкес келмеді.",
        "Пароль от ключа не подошёл.",
        "The key password does not fit.",
    ),
    "broken-file": Meaning(
        True,
        "Таңдалған файл кілт ретінде оқылмайды: басқа файлды таңдаңыз.",
        "Выбранный файл не читается как ключ: выберите другой файл.",
        "The chosen file can't be read as a key: choose another file.",
    ),
    "unsupported-key": Meaning(
        True,
        "Бұл кілтке әзірге қолдау жоқ: басқа кілтті таңдаңыз.",
        "Этот ключ пока не поддерживается: выберите другой ключ.",
        "This key is not supported yet: choose another key.",
    ),
    "key-password": Meaning(
        True,
        "Файлдағы кілттің жеке құпиясөзі бар, мұндай файл ашылмайды: басқа кілтті таңдаңыз.",
        "У ключа в файле свой пароль, такой файл не открыть: выберите другой ключ.",
        "The key in the file has a password of its own, and such a file can't be opened: choose another key.",
    ),
    "key-unsuitable": Meaning(
        True,
        "Бұл кілт осы сұрауға жарамайды: басқа кілтті таңдаңыз.",
        "Этот ключ не подходит для этого запроса: выберите другой ключ.",
        "This key does not fit this request: choose another key.",
    ),
    "key-not-kept": Meaning(
        True,
        "Жаңа кілтті таңдалған жерге сақтау мүмкін болмады: басқа орынды таңдаңыз.",
        "Новый ключ не удалось сохранить в выбранном месте: выберите другое.",
        "The new key could not be kept in the chosen place: choose another one.",
    ),
    "key-read-only": Meaning(
        True,
        "Мұндай кілт файлы тек оқылады, өзгертілмейді: басқа файлды таңдаңыз.",
        "Файл ключа такого вида можно только читать: выберите другой файл.",
        "A key file of this kind is only read and never changed: choose another file.",
    ),
    "weak-password": Meaning(
        True,
        "Бұл құпиясөз жаңа кілтті қорғау үшін тым әлсіз.",
        "Этот пароль слишком слаб, чтобы защитить новый ключ.",
        "This password is too weak to protect the new key.",
    ),
    "bad-input": Meaning(
        False,
        "Құжатты бұлай өңдеуге болмайды: бұл туралы сайт иесіне хабарлаңыз.",
        "С этим документом так поступить нельзя: сообщите об этом владельцу сайта.",
        "This can't be done with this document: tell the owner of the site.",
    ),
    "file-unusable": Meaning(
        False,
        "Файлды оқу мүмкін болмады: оның орнында тұрғанын тексеріңіз.",
        "Файл не удалось прочитать: проверьте, на месте ли он.",
        "The file can't be read: check that it is still there.",
    ),
    "unsupported": Meaning(
        False,
        "Бағдарлама мұны әзірге орындай алмайды.",
        "Программа пока не умеет этого делать.",
        "The program can't do this yet.",
    ),
    "invalid": Meaning(
        False,
        "Қолтаңба тексеруден өтпеді, сондықтан ол жіберілген жоқ.",
        "Подпись не прошла проверку, поэтому она не отправлена.",
        "The signature did not pass the check, so it was not sent.",
    ),
    "no-path": Meaning(
        False,
        "Сертификатты кім бергені белгісіз: дұрыс кілт таңдалғанын тексеріңіз.",
        "Неизвестно, кто выдал сертификат: проверьте, тот ли ключ выбран.",
        "It is not known who issued the certificate: check that the right key was chosen.",
    ),
    "unreachable": Meaning(
        True,
        "Куәландырушы орталықтың сервері жауап бермеді: интернет байланысын тексеріңіз.",
        "Сервер удостоверяющего центра не ответил: проверьте подключение к интернету.",
        "The authority's server did not answer: check the internet connection.",
    ),
    "timestamp-failed": Meaning(
        True,
        "Уақыт белгісін алу мүмкін болмады: интернет байланысын тексеріңіз.",
        "Не удалось получить метку времени: проверьте подключение к интернету.",
        "No timestamp could be had: check the internet connection.",
    ),
    "storage-failed": Meaning(
        False,
        "Дискіге жазба енгізу мүмкін болмады, сондықтан ешнәрсе жіберілген жоқ: дискіде орын босатыңыз.",
        "Не удалось сделать запись на диске, поэтому ничего не отправлено: освободите место на диске.",
        "The record could not be written to the disk, so nothing was sent: free some disk space.",
    ),
    "internal": Meaning(
        False,
        "Бағдарламада ішкі қате болды: қайталанса, қолдау қызметіне жүгініңіз.",
        "В программе произошла внутренняя ошибка: если она повторится, обратитесь в поддержку.",
        "The program had an internal error: if it comes again, ask support.",
    ),
    "busy": Meaning(
        True,
        "Қазір тым көп сұрау күтіп тұр: сәл кейінірек қайталап көріңіз.",
        "Сейчас ждёт слишком много запросов: попробуйте чуть позже.",
        "Too many requests are waiting right now: try again a little later.",
    ),
    "paused": Meaning(
        True,
        "Бағдарлама тоқтатып қойылған: оның жұмысын белгішесінің мәзірінен жалғастырыңыз.",
        "Программа приостановлена: возобновите её работу в меню значка.",
        "The program is paused: resume it from the menu of its icon.",
    ),
    "site-blocked": Meaning(
        False,
        "Сіз бұл сайтты бұғаттағансыз: қол қою үшін оны Qalamsap терезесіндегі «Сайттар» бетінде бұғаттан шығарыңыз.",
        "Вы заблокировали этот сайт: чтобы подписывать на нём, снимите блокировку на странице «Сайты» в окне Qalamsap.",
        "You blocked this site: to sign there, unblock it on the page Sites in the window of Qalamsap.",
    ),
    "policy-blocked": Meaning(
        False,
        "Бұл компьютердің әкімшісі бұл сайтта қол қоюға рұқсат бермейді: сайт жұмысқа қажет болса, әкімшіге хабарласыңыз.",
        "Администратор этого компьютера не разрешает подписывать на этом сайте: если сайт нужен для работы, обратитесь к нему.",
        "The administrator of this computer does not allow signing on this site: ask them if you need it for your work.",
    ),
    "policy-forbids": Meaning(
        False,
        "Бұл компьютер әкімшісінің ережелері мұндай қолтаңбаға рұқсат бермейді: ол керек болса, әкімшіге хабарласыңыз.",
        "Правила администратора этого компьютера не разрешают такую подпись: если она нужна, обратитесь к нему.",
        "The rules of this computer's administrator do not allow such a signature: ask them if you need it.",
    ),
    "key-folder": Meaning(
        True,
        "Кілт әкімші рұқсат берген қалтада жатқан жоқ: кілтті сол қалтаға салыңыз немесе басқасын таңдаңыз.",
        "Ключ лежит не в той папке, которую разрешил администратор: перенесите его туда или выберите другой.",
        "The key is not in a folder that the administrator allows: move it there, or choose another one.",
    ),
    "bad-policy": Meaning(
        False,
        "Бұл компьютердегі бағдарлама ережелерінде немесе баптауларында қате бар, сондықтан ешнәрсеге қол қойылмайды: әкімшіге хабарласыңыз.",
        "В правилах или настройках программы на этом компьютере ошибка, поэтому ничего не подписывается: сообщите администратору.",
        "The rules or the settings of this program on this computer have a mistake, so nothing is signed: tell the administrator.",
    ),
    "bad-request": Meaning(
        False,
        "Сайт сұрауды қате жіберді: бұл туралы сайт иесіне хабарлаңыз.",
        "Сайт прислал неправильный запрос: сообщите об этом владельцу сайта.",
        "The site sent a wrong request: tell the owner of the site.",
    ),
    "unknown-method": Meaning(
        False,
        "Сайт бағдарлама білмейтін әрекетті сұрады: бағдарламаны жаңартыңыз.",
        "Сайт просит о том, чего программа не знает: обновите программу.",
        "The site asks for something that the program does not know: update the program.",
    ),
    "duplicate-id": Meaning(
        False,
        "Сайт екі сұрауды бірдей атады: бұл туралы сайт иесіне хабарлаңыз.",
        "Сайт назвал два запроса одинаково: сообщите об этом владельцу сайта.",
        "The site gave two requests the same name: tell the owner of the site.",
    ),
    "too-large": Meaning(
        False,
        "Сайт жібергені тым үлкен.",
        "Сайт прислал слишком много данных.",
        "What the site sent is too large.",
    ),
    "no-such-handle": Meaning(
        False,
        "Сайт жіберілмеген немесе өшірілген файлды сұрады: бетті жаңартып, қайта бастаңыз.",
        "Сайт ссылается на файл, которого нет: обновите страницу и начните заново.",
        "The site refers to a file that is not there: reload the page and start again.",
    ),
    "not-allowed": Meaning(
        False,
        "Бұл бетке мұндай әрекетке рұқсат жоқ.",
        "Этой странице такое не разрешено.",
        "This page is not allowed to do this.",
    ),
}


def meaning(code: str) -> Meaning:
    """What a code means; one that is not known means "internal"."""
    return MEANINGS.get(code, MEANINGS["internal"])
