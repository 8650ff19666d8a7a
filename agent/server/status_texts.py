"""The words of the status page, in three languages that say the same. A test holds them equal in shape.

In a text, what stands between ` marks is something to type or an address, shown as such.
"""

from dataclasses import dataclass

from protocol.prompts import Language


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, and paragraphs or steps below it."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """All that the pages say in one language."""

    name: str  # of the language, in itself
    title: str
    version: str  # "version {}"
    running: str
    simulation: str
    sections: tuple[Section, ...]
    extensions: Section
    module: str  # heading of a column
    used_by: str
    help: str
    help_title: str
    help_text: str
    back: str


# What sites of departments ask of NCALayer beyond its own modules: name, and who uses it. None of it is here. Of some only the name
# of their bundle is known. What browser extensions made up, as kz.ncalayer.web.verify, NCALayer does not have either.
EXTENSIONS: tuple[tuple[str, tuple[str, str, str]], ...] = (
    (
        "NURSign",
        ("мемлекеттік сатып алу порталы", "портал государственных закупок", "the public procurement portal"),
    ),
    (
        "kz.inessoft.kgd.knp.ncalayer.KNPModuleService",
        ("салық төлеуші кабинеті", "кабинет налогоплательщика", "the taxpayer's cabinet"),
    ),
    (
        "com.osdkz.esf.signer.esfSigner",
        ("электрондық шот-фактуралар", "электронные счета-фактуры", "electronic invoices"),
    ),
    ("kz.gov.pki.cms.CMSSignUtil", ("ezSigner", "ezSigner", "ezSigner")),
    ("kz.uchet.signUtil.commonUtils", ("«Учёт» жүйелері", "системы «Учёт»", "the “Uchet” systems")),
    (
        "kz.sapa.eproc.osgi.EprocModule",
        ("электрондық сатып алу", "электронные закупки", "electronic procurement"),
    ),
    (
        "kz.ecc.MarketSignBundle",
        ("omarket.kz электрондық дүкені", "электронный магазин omarket.kz", "the electronic shop omarket.kz"),
    ),
    (
        "kz.ecc.K2SignBundle",
        ("«Қазынашылық-клиент»", "«Казначейство-клиент»", "the “Treasury Client”"),
    ),
    (
        "documentolog",
        ("Documentolog құжат айналымы", "документооборот Documentolog", "Documentolog document flow"),
    ),
    ("idocs", ("iDocs құжат айналымы", "документооборот iDocs", "iDocs document flow")),
    (
        "kz.gov.pki.SampleBundle",
        ("ҰКО ресми мысалы", "официальный пример НУЦ", "the authority's official example"),
    ),
)
EXTENSION_LANGUAGES: tuple[Language, ...] = ("kk", "ru", "en")

WORDS: dict[Language, Words] = {
    "kk": Words(
        name="Қазақша",
        title="Қаламсап",
        version="{} нұсқасы",
        running="Бағдарлама жұмыс істеп тұр, сайттар құжатқа қол қоюды сұрай алады.",
        simulation="Бұл симуляция: адамның орнына сценарий жауап береді, қолтаңбалар ештеңені дәлелдемейді.",
        sections=(
            Section(
                "Бұл браузер бағдарламаға сене ме?",
                (
                    "Бет ескертусіз ашылса, сенеді: сайттар бағдарламаға қосыла алады.",
                    "Бет ашылар алдында браузер сертификат туралы ескертсе, сенбейді. `qalamsap trust install` пәрменін орындаңыз немесе ұйымыңыздың әкімшісіне айтыңыз, содан кейін браузерді қайта іске қосыңыз.",
                ),
            ),
            Section(
                "Сайт бағдарлама іске қосылмаған дейді",
                steps=(
                    "Сайттың мекенжайы `https://` деп басталатынын тексеріңіз.",
                    "Chrome, Edge, Opera немесе Яндекс Браузерде мекенжайдың сол жағындағы белгішені басып, сайтқа осы құрылғыдағы қолданбаларға қол жеткізуге рұқсат беріңіз.",
                    "Сайт бетін жаңартыңыз.",
                    "Көмектеспесе, `qalamsap doctor` пәрменін орындаңыз: ол бөгет болып тұрған нәрсені атайды.",
                ),
            ),
        ),
        extensions=Section(
            "Сайт NCALayer кеңейтімін сұрайды",
            (
                "Кейбір ведомстволардың сайттары NCALayer бағдарламасының өз кеңейтімдерімен ғана жұмыс істейді. Қаламсапта олар жоқ, ондай сайттар модуль табылмады деген жауап алады. Оларға NCALayer керек: Қаламсапты жауып, NCALayer-ді іске қосыңыз.",
            ),
        ),
        module="Модуль",
        used_by="Қайда қолданылады",
        help="Қателер нені білдіреді",
        help_title="Қателер нені білдіреді",
        help_text="Сайт осы бетке сілтеме берсе, қатенің атауы мекенжайдың соңында тұрады.",
        back="Басты бетке",
    ),
    "ru": Words(
        name="Русский",
        title="Қаламсап",
        version="версия {}",
        running="Программа работает, сайты могут просить подписать документы.",
        simulation="Это симуляция: вместо человека отвечает сценарий, подписи ничего не доказывают.",
        sections=(
            Section(
                "Доверяет ли программе этот браузер?",
                (
                    "Если страница открылась без предупреждения, доверяет: сайты могут подключиться к программе.",
                    "Если перед страницей браузер предупредил о сертификате, не доверяет. Выполните команду `qalamsap trust install` или обратитесь к администратору организации, затем перезапустите браузер.",
                ),
            ),
            Section(
                "Сайт пишет, что программа не запущена",
                steps=(
                    "Проверьте, что адрес сайта начинается с `https://`.",
                    "В Chrome, Edge, Opera или Яндекс Браузере нажмите на значок слева от адреса и разрешите сайту доступ к приложениям на этом устройстве.",
                    "Обновите страницу сайта.",
                    "Если не помогло, выполните команду `qalamsap doctor`: она назовёт, что мешает.",
                ),
            ),
        ),
        extensions=Section(
            "Сайт просит расширение NCALayer",
            (
                "Сайты некоторых ведомств работают только с собственными расширениями программы NCALayer. В Қаламсапе их нет, и таким сайтам он отвечает, что модуль не найден. Для них нужен NCALayer: закройте Қаламсап и запустите NCALayer.",
            ),
        ),
        module="Модуль",
        used_by="Где используется",
        help="Что означают ошибки",
        help_title="Что означают ошибки",
        help_text="Если сайт дал ссылку на эту страницу, название ошибки стоит в конце адреса.",
        back="На главную страницу",
    ),
    "en": Words(
        name="English",
        title="Қаламсап",
        version="version {}",
        running="The program is running, and sites can ask for documents to be signed.",
        simulation="This is a simulation: a script answers in place of a person, and signatures prove nothing.",
        sections=(
            Section(
                "Does this browser trust the program?",
                (
                    "If this page opened without a warning, it does: sites can connect to the program.",
                    "If the browser warned about a certificate before this page, it does not. Run the command `qalamsap trust install` or ask your organisation's administrator, then restart the browser.",
                ),
            ),
            Section(
                "A site says that the program is not running",
                steps=(
                    "Check that the site's address begins with `https://`.",
                    "In Chrome, Edge, Opera or Yandex Browser, press the icon left of the address and allow the site to access apps on this device.",
                    "Reload the site's page.",
                    "If that does not help, run the command `qalamsap doctor`: it names what is in the way.",
                ),
            ),
        ),
        extensions=Section(
            "A site asks for an extension of NCALayer",
            (
                "Sites of some departments work only with their own extensions of the program NCALayer. Qalamsap has none of them, and answers such sites that there is no such module. They need NCALayer: quit Qalamsap and start NCALayer.",
            ),
        ),
        module="Module",
        used_by="Used by",
        help="What errors mean",
        help_title="What errors mean",
        help_text="If a site gave you a link to this page, the error's name stands at the end of the address.",
        back="To the main page",
    ),
}
