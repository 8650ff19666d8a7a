/* What a person is told of each failure, and what they can do: [message, advice]. */

export const LANGUAGES = ["kk", "ru", "en"];

export const TEXTS = {
  NOT_RUNNING: {
    kk: ["Қолтаңба агенті жауап бермейді.", "Қаламсапты немесе NCALayer-ді іске қосып, қайталап көріңіз. Ол іске қосылған болса, сілтемедегі бетін ашыңыз: сертификат туралы ескерту шықса, браузер оған сенбейді."],
    ru: ["Агент подписи не отвечает.", "Запустите Қаламсап или NCALayer и попробуйте снова. Если программа запущена, откройте её страницу по ссылке: предупреждение о сертификате значит, что браузер ей не доверяет."],
    en: ["The signing agent does not answer.", "Start Qalamsap or NCALayer and try again. If it is running, open its page by the link: a warning about the certificate means that the browser does not trust it."],
  },
  TLS_UNTRUSTED: {
    kk: ["Қолтаңба агенті іске қосылған, бірақ браузер оның сертификатына сенбейді.", "«qalamsap trust install» пәрменін орындап, браузерді қайта іске қосыңыз да, қайталап көріңіз."],
    ru: ["Агент подписи запущен, но браузер не доверяет его сертификату.", "Выполните команду «qalamsap trust install», перезапустите браузер и попробуйте снова."],
    en: ["The signing agent is running, but the browser does not trust its certificate.", "Run the command “qalamsap trust install”, restart the browser and try again."],
  },
  LNA_PROMPT: {
    kk: ["Браузер сайтқа осы құрылғыдағы қолданбаларға жүгінуге бола ма деп сұрады, сұрақ жауапсыз қалды.", "Агент іске қосылғанын тексеріп, қайталап көріңіз де, браузердің сұрағында «Рұқсат беру» дегенді таңдаңыз."],
    ru: ["Браузер спросил, можно ли сайту обратиться к приложениям на этом устройстве, и вопрос остался без ответа.", "Проверьте, запущен ли агент, попробуйте снова и в вопросе браузера выберите «Разрешить»."],
    en: ["The browser asked whether this site may reach apps on this device, and the question was not answered.", "Check that the agent is running, try again and choose “Allow” in the browser's question."],
  },
  LNA_DENIED: {
    kk: ["Браузер бұл сайтқа құрылғыдағы қолданбаларға, соның ішінде қолтаңба агентіне жүгінуге рұқсат бермейді.", "Сайт мекенжайының сол жағындағы белгішені басып, құрылғыдағы қолданбаларға қол жеткізуге рұқсат беріңіз де, бетті жаңартыңыз. Ондай тармақ болмаса, рұқсатты ұйымыңыздың әкімшісі басқарады."],
    ru: ["Браузер не разрешает этому сайту обращаться к приложениям на устройстве, в том числе к агенту подписи.", "Нажмите на значок слева от адреса сайта, разрешите доступ к приложениям на устройстве и обновите страницу. Если такого пункта нет, разрешением управляет администратор вашей организации."],
    en: ["The browser does not let this site reach apps on this device, the signing agent among them.", "Press the icon left of the site's address, allow access to apps on the device and reload the page. If there is no such item, your organisation's administrator manages the permission."],
  },
  POLICY_BLOCKED: {
    kk: ["Бұл беттің қауіпсіздік ережелері қолтаңба агентіне жүгінуге жол бермейді.", "Сайттың қолдау қызметіне хабарлаңыз: қай ереже екені мәліметтерде жазылған."],
    ru: ["Правила безопасности самой страницы не пускают её к агенту подписи.", "Сообщите в поддержку сайта: в подробностях написано, какое это правило."],
    en: ["The page's own security rules keep it from the signing agent.", "Tell the site's support: the details name the rule."],
  },
  BUSY: {
    kk: ["Қолтаңба агенті басқа сұраулармен бос емес.", "Агенттің ашық терезесіндегі жұмысты аяқтап, осы сайттың артық қойындыларын жабыңыз да, қайталап көріңіз."],
    ru: ["Агент подписи занят другими запросами.", "Завершите работу в открытом окне агента, закройте лишние вкладки этого сайта и попробуйте снова."],
    en: ["The signing agent is busy with other requests.", "Finish what its open window asks, close this site's other tabs and try again."],
  },
  CANCELLED: {
    kk: ["Операциядан бас тартылды.", "Дайын болғанда қайталап көріңіз."],
    ru: ["Операция отменена.", "Попробуйте снова, когда будете готовы."],
    en: ["The operation was cancelled.", "Try again when you are ready."],
  },
  TIMED_OUT: {
    kk: ["Күту уақыты бітті, жауап келмеді.", "Қайталап көріп, агенттің терезесінде кідірмей жауап беріңіз."],
    ru: ["Время ожидания вышло, ответа нет.", "Попробуйте снова и ответьте в окне агента не откладывая."],
    en: ["No answer came in time.", "Try again, and answer in the agent's window without delay."],
  },
  INSECURE_PAGE: {
    kk: ["Бет қорғаныссыз ашылған: браузер мұндай беттен қолтаңба агентіне жібермейді.", "Сайтты https:// деп басталатын мекенжай бойынша ашыңыз."],
    ru: ["Страница открыта без защиты: с такой браузер не пускает к агенту подписи.", "Откройте сайт по адресу, который начинается с https://."],
    en: ["The page is not secure: from such a page the browser lets nobody reach the signing agent.", "Open the site under the address that begins with https://."],
  },
  SILENT: {
    kk: ["Қолтаңба агентінің орнында басқа нәрсе жауап беріп тұр.", "Агентті қайта іске қосыңыз. Көмектеспесе, ЭЦҚ-ға арналған басқа бағдарламаларды жабыңыз."],
    ru: ["На месте агента подписи отвечает что-то другое.", "Перезапустите агент. Если не поможет, закройте другие программы для ЭЦП."],
    en: ["Something else answers in the signing agent's place.", "Restart the agent. If that does not help, close other signing programs."],
  },
  GONE: {
    kk: ["Жұмыс аяқталғанша қолтаңба агентімен байланыс үзілді.", "Агент іске қосылғанын тексеріп, қайталап көріңіз."],
    ru: ["Связь с агентом подписи прервалась раньше, чем он закончил.", "Проверьте, запущен ли агент, и попробуйте снова."],
    en: ["The connection with the signing agent ended before it was done.", "Check that the agent is running and try again."],
  },
  UNREADABLE: {
    kk: ["Таңдалған файлды оқу мүмкін болмады.", "Файл өзгерген немесе жойылған болуы мүмкін: оны қайта таңдаңыз."],
    ru: ["Не удалось прочитать выбранный файл.", "Возможно, он изменился или удалён: выберите его снова."],
    en: ["The chosen file can't be read.", "It may have been changed or removed: choose it again."],
  },
  UNSUPPORTED: {
    kk: ["Бұл бағдарлама бет сұраған нәрсені жасай алмайды.", "Басқа кілтті немесе Қаламсап бағдарламасының жаңа нұсқасын қолданып көріңіз."],
    ru: ["Программа подписи не умеет того, о чём просит страница.", "Попробуйте другой ключ или новую версию программы Қаламсап."],
    en: ["The signing program can't do what the page asks.", "Try another key or a newer version of Qalamsap."],
  },
  AGENT: {
    kk: ["Қолтаңба агенті қатемен жауап берді.", "Қайталап көріңіз немесе басқа кілтті таңдаңыз. Қате қайталанса, мәліметтерді сайттың қолдау қызметіне беріңіз."],
    ru: ["Агент подписи ответил ошибкой.", "Попробуйте снова или выберите другой ключ. Если ошибка повторится, передайте подробности в поддержку сайта."],
    en: ["The signing agent answered with an error.", "Try again or choose another key. If the error repeats, give the details to the site's support."],
  },
};
