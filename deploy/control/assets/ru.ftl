# Тексты панели управления. В каждом языке одни и те же ключи: их сравнивает тест.
navigation = Навигация
skip = К содержимому
runs = Запуски
workflows = Бизнес-процессы
triggers = Триггеры
records = Записи
http-handler = HTTP-запросы
modules = Модули
http-handler-title = Настройки: обработчик HTTP-запросов
to-http-handler = Настройки: обработчик HTTP-запросов
failed-lately = { $n ->
    [one] { $n } запуск с ошибкой за 24 часа
    [few] { $n } запуска с ошибкой за 24 часа
   *[many] { $n } запусков с ошибкой за 24 часа
}
search = Поиск
search-for = Поиск:
search-help = Квитанция, запуск, запись (852, Leads 852), IP-адрес, почта, телефон, слова имени или номера целиком, Idempotency-Key, ключ или название. Запросы последних секунд могут ещё не находиться.
search-none = Ничего не найдено.
search-from = С даты
search-to = До даты
search-settings = Настройки
search-address = Кто впускает этот адрес?
receipts = Квитанции
record-receipts-help = Запросы, запуски которых создали или изменили эту запись либо оставили к ней комментарий.
touched-records = Изменённые записи
log-in = Войти
log-out = Выйти
account-name = Имя
password = Пароль
password-help = Не короче 12 символов.
login-wrong = Имя и пароль не подходят друг к другу.
login-wait = Слишком много неверных паролей. { $n ->
    [one] Попробуйте снова через { $n } секунду.
    [few] Попробуйте снова через { $n } секунды.
   *[other] Попробуйте снова через { $n } секунд.
}
login-busy = Сейчас входит слишком много людей. Попробуйте через минуту.
setup = Первая учётная запись
setup-help = Эта ссылка действует один раз. Учётная запись может изменить всё: храните пароль надёжно.
setup-button = Создать учётную запись
setup-name-wrong = Имя должно занимать от 1 до 64 байт.
setup-password-short = Пароль должен быть не короче 12 символов.
theme-dark = Тёмная тема
theme-light = Светлая тема
theme-system = Как в системе
to-start = В начало
refused-not-found = Здесь ничего нет
refused-not-found-help = Адрес неверен, или то, что он показывал, удалено.
refused-no-token = Форма устарела
refused-no-token-help = Она создана для другого сеанса. Вернитесь, обновите страницу и отправьте снова.
refused-unreadable = Форму не удалось прочитать
refused-unreadable-help = Она слишком велика, шла слишком долго, оборвалась или содержит знак, который нельзя сохранить. Отправьте её снова.
refused-busy = Слишком много запросов
refused-busy-help = Сейчас проверяется слишком много паролей. Попробуйте через минуту.
refused-away = База данных сейчас недоступна
refused-away-help = Запросы по-прежнему принимаются. Попробуйте через минуту; подробности в журнале.
refused-fault = Ошибка Postern
refused-fault-help = Что произошло, написано в журнале.
done-saved = Сохранено. Действует с этого момента.
done-deleted = Удалено.
done-enabled = Включено.
done-disabled = Выключено. Теперь этим адресам доступ запрещён.
done-held = Приостановлен. Запросы принимаются, запуски ждут.
done-let-go = Возобновлён. Ожидавшие запуски начинаются, старые первыми.
copy = Копировать
copy-json = Копировать как JSON
copied = Скопировано
save = Сохранить
cancel = Отмена
check = Проверить
delete = Удалить
delete-type = Для подтверждения введите
delete-wrong = Это другое имя. Ничего не удалено.
all = все
filter = Показать
filter-clear = Показать все
pages = Страницы
newest = Новые
older = Старее
state = Состояние
workflow = Бизнес-процесс
trigger = Триггер
record = Запись
module = Модуль
message = Сообщение
length = Длительность
started = Начало
receipt = Квитанция
permission = Разрешение
target = Цель
title = Название
key = Ключ
number = №
fields = Поля
created = Создана
changed = Изменена
comments = Комментарии
version = Версия
steps = Шаги
statistics = Что делали шаги
line = Строка
without-record = без связанной записи
duplicate-of = Повтор квитанции
not-run = Не запущен:
not-stored = не сохранён
tree-empty = Пусто.
tree-more = { $n ->
    [one] ещё { $n }
    [few] ещё { $n }
   *[many] ещё { $n }
}
path-none = Ни один шаг не записан.
receipt-queued = Принято и ждёт обработки. Обновите страницу через мгновение.
receipt-replayed = История не хранит это время, поэтому отправка повторена под новой квитанцией.
replay-of = Вместо квитанции
replayed-as = Повторено под квитанцией
receipt-dead = Не удалось выполнить; сохранено как недоставленное:
runs-none = Ещё ничего не запускалось
runs-none-help = Запуск начинается, когда разрешённый адрес отправляет запрос. На странице разрешения есть готовые примеры для curl, PHP и HTML.
runs-none-filtered = Таких запусков нет.
records-none = Записей ещё нет
records-none-help = Их создают бизнес-процессы: шаг create_record делает запись из того, что прислано.
records-none-here = В этом модуле нет записей.
triggers-none = Триггеров ещё нет
triggers-none-help = Триггер — это ключ, который называет запрос и который слушают бизнес-процессы: один запрос запускает их все.
trigger-new = Новый триггер
trigger-key-help = Его называет запрос: ?workflow_trigger=ключ. Латинские буквы, цифры, _ - и точка; позже изменить нельзя.
trigger-delete-help = Бизнес-процессы и разрешения с этим триггером останутся; запросы с ним ничего не запустят.
listeners = Кто слушает
listeners-none = никто
key-taken = Этот ключ занят.
workflows-none = Бизнес-процессов ещё нет
workflows-none-help = Бизнес-процесс определяет, что делать с присланным: какие записи создать, изменить или найти.
workflow-new = Новый бизнес-процесс
workflow-as-text = Бизнес-процесс в виде YAML
text-fine = Ошибок нет.
workflow-taken = бизнес-процесс с этим номером уже есть
workflow-number-fixed = номер изменить нельзя: создайте новый бизнес-процесс
module-new = Новый модуль
module-as-text = Модуль в виде YAML
module-name-fixed = имя изменить нельзя: создайте новый модуль
module-delete-help = Его записи останутся как есть, и с этого момента любое поле сможет содержать что угодно.
module-strict-help = Строгий: у записи есть эти поля и никакие другие.
module-open-help = Открытый: другие поля сохраняются как есть.
module-fields-none = Поля появятся здесь, когда в тексте не будет ошибок.
module-types-help = Типы: text, integer, number, boolean, date, datetime, email, phone, url, choice и list (options), reference (module). Поле может быть обязательным (required), иметь подпись (label) и значение по умолчанию (default); одно поле может быть уникальным (unique).
module-undeclared = не описан
module-declare = Описать
modules-none = Модулей ещё нет
modules-none-help = Модуль — это тип записей, например лиды. Опишите его поля, и всё, что пишут бизнес-процессы, получит их типы; без этого любое поле может содержать что угодно.
field = Поле
field-type = Тип
field-rules = Правила
field-required = обязательное
field-unique = уникальное
unique-field = Уникальное поле
field-default = по умолчанию
graph-none = Схема появится, когда в тексте не будет ошибок.
permissions-none = Пока доступ запрещён всем
permissions-none-help = Доступ запрещён каждому адресу, пока разрешение не впустит его и не скажет, что он может запускать.
permission-new = Новое разрешение
permission-key-help = Имя в документах и в журнале. Если оставить пустым, получится из названия.
permission-delete-help = После этого его адресам доступ запрещён. Присланное раньше останется.
addresses = IP-адреса
addresses-help = По одному в строке: 192.168.0.17 · 192.168.0.* · 192.168.0.100-192.168.0.160 · 192.168.0.0/24 · IPv6 так же. Слово any впускает всех, кто знает короткий адрес; тогда он создаётся сам.
addresses-count = { $n ->
    [one] { $n } адрес
    [few] { $n } адреса
   *[many] { $n } адресов
}
addresses-many = адресов
covers = охватывает
covers-one = охватывает только этот адрес
covers-any = охватывает все адреса
may-run = Может запускать
short-url = Короткий адрес
short-url-help = Если оставить пустым, действует общий.
expires = Действует до
expires-help = Дата, включительно (UTC), или момент, например 2026-12-31T18:00:00+01:00.
switch = Переключатель
enable = Включить
disable = Выключить
for-fixed-callers = Для отправителей, которые нельзя изменить
charset = Кодировка форм
files = Файлы
files-refuse = отклонять с 415
files-drop = отбрасывать
answer-status = Код ответа
answer-default = 202 и квитанция
answer-body = Текст ответа
answer-type = Тип ответа
answer-page = Страница благодарности
answer-page-help = Сюда попадает посетитель обычной HTML-формы. Скрипт получает JSON.
error-page = Страница ошибки
error-page-help = Сюда попадает посетитель, если форма отклонена.
wait-seconds = Сколько секунд ждать
wait-help = Столько отправитель ждёт ответа процесса, не больше 25 с.
limit = Предел
limit-help = Вызовов за время: 50/s, 100/m, 1000/h. Лишние получают 429.
query-values = Переменные строки запроса
query-values-query = только как $query
query-values-env = и как $env; тело важнее
kept-headers = Какие заголовки сохранять
kept-headers-help = В процессах доступны как $request["headers"]["x-github-event"].
raw-body = Любой текст — одна переменная: $env["body"]
batch-body = Список JSON — это несколько запросов
caller-token = Токен вызывающего
caller-token-help = Вызывающий предъявляет этот секрет в Authorization: Bearer … либо в указанном заголовке или переменной запроса. Остальные получают 403.
token-header = В этом заголовке
token-header-help = Вместо Authorization: Bearer …
token-query = В этой переменной запроса
token-query-help = Она удаляется из запроса и нигде не сохраняется.
caller-signature = Подпись вызывающего
caller-signature-help = Вызывающий подписывает тело. Выберите платформу или укажите заголовок с подписью. Остальные получают 403.
signature-preset = Платформа
signature-secret = Секрет
signature-secrets = Другие секреты
signature-secrets-help = Пока секрет меняется, подписать можно любым из них; по одному в строке.
signature-public-url = URL в Twilio
signature-public-url-help = Только для Twilio: URL, который указан там, без строки запроса.
signature-header = Заголовок
signature-header-help = Для вызывающего без готовой платформы.
signature-prefix = Префикс
signature-algorithm = Алгоритм
signature-encoding = Запись
signature-signed = Подписанный текст
signature-signed-help = С {"{body}"}, {"{timestamp}"} и {"{header.ИМЯ}"}; если пусто — только тело.
signature-timestamp = Заголовок времени
signature-tolerance = Допуск
none-of-them = –
verify = Отвечать на проверки платформ (Meta, Slack, monday.com)
verify-query = Переменная проверки в строке запроса
verify-query-help = hub.challenge у Meta, challenge у Dropbox, validationToken у Microsoft Graph.
verify-token = Токен проверки
verify-token-help = Текст или $secret["имя"]. Без него ответ даётся на любую проверку. Meta передаёт его в hub.verify_token.
ping = Тестовый запрос
ping-help = имя=значение: на запрос с ним даётся ответ, но ничего не запускается.
origins = Источники страниц (Origin)
dedupe-by = Поля, по которым видны повторы
dedupe-by-help = Два запроса с одинаковыми значениями запускают одно.
dedupe-days = Сколько дней
snippets = Готовые запросы
snippets-help = Подставьте имя, под которым Postern доступен снаружи.
snippet-origins = Браузер называет сайт, на котором стоит форма. Укажите этот сайт здесь, иначе форма будет отклонена:
explain = Проверить IP-адрес
explain-button = Проверить
explain-no-address = Это не IP-адрес.
explain-admitted = доступ разрешён
explain-denied = доступ запрещён
explain-make = Создать для него разрешение
explain-covered = впускает по правилу
explain-not-covered = не охватывает его
explain-disabled = охватывает, но выключено
explain-expired = охватывает, но срок истёк
state-finished = завершён
state-failed = ошибка
state-running = выполняется
state-waiting = ожидает
state-held = приостановлен
state-queued = в очереди
state-needs-attention = требует внимания
state-unmatched = без соответствия
state-duplicate = повтор
state-dead-letter = недоставленное
state-replayed = повторено
state-refused = отклонено
state-enabled = включено
state-disabled = выключено
state-expired = срок истёк
state-active = активен
state-inactive = не активен
state-unreadable = не читается
state-strict = строгий
state-open = открытый
ago-now = только что
ago-seconds = { $n } с назад
ago-minutes = { $n } мин назад
ago-hours = { $n } ч назад
ago-days = { $n } дн. назад
output-then = да
output-else = нет
output-created = создана
output-existing = уже есть
output-found = найдена
output-not-found = не найдена
output-each = каждый
output-failed = ошибка
address = IP-адрес
reason = Причина
calls = Запросы
last-call = Последний
let-in = Впустить…
refused-callers = Кому доступ запрещён
refused-callers-help = Адреса за последние дни, которые не впускает ни одно разрешение.
rejected-address-denied = ни одно разрешение не впускает этот адрес
rejected-address-unclear = прокси не называет адрес отправителя
rejected-proxy-not-trusted = передаёт чужие запросы, но не указан среди доверенных прокси
rejected-origin-denied = страница с сайта, которого нет в списке
rejected-target-denied = запуск, которого разрешение не позволяет
rejected-invalid-host = нет правильного заголовка Host
rejected-unknown-short-url = на этом коротком URL никто не отвечает
rejected-method-not-allowed = не POST
rejected-too-busy = превышено ограничение
proxy-missing = Запросы приходят через внутренний адрес. Может быть, это прокси, не названный в POSTERN_TRUSTED_PROXIES?
unread-names = Прислано, но не прочитано
unposted-names = Прочитано, но не прислано
overview = Обзор
settings = Настройки
pages-of-group = Страницы раздела
dead-letters = Недоставленное
dead-letters-short = Недоста­вленное
dead-letter = Недоставленное
refused-bodies = Отклонённые данные
refused-body = Отклонённые данные
accounts = Учётные записи
tokens = Токены API
secrets = Секреты
audit = Журнал изменений
dead-letters-count = { $n ->
    [one] { $n } недоставленное
   *[other] { $n } недоставленных
}
attention = Что требует внимания
attention-none = Ничего: всё присланное за 24 часа обработано.
attention-failed = { $n ->
    [one] { $n } запуск с ошибкой за 24 часа
    [few] { $n } запуска с ошибкой за 24 часа
   *[many] { $n } запусков с ошибкой за 24 часа
}
attention-undecided = { $n ->
    [one] { $n } запуск требует внимания
    [few] { $n } запуска требуют внимания
   *[many] { $n } запусков требуют внимания
}
attention-dead = { $n ->
    [one] { $n } недоставленное
   *[other] { $n } недоставленных
}
attention-refused = { $n ->
    [one] { $n } запрос с разрешённого адреса отклонён за 24 часа
    [few] { $n } запроса с разрешённых адресов отклонены за 24 часа
   *[many] { $n } запросов с разрешённых адресов отклонены за 24 часа
}
attention-rejected = { $n ->
    [one] { $n } адресу отказано в доступе за 24 часа
   *[other] { $n } адресам отказано в доступе за 24 часа
}
attention-spooled = { $n ->
    [one] { $n } сообщение ждёт в буфере
    [few] { $n } сообщения ждут в буфере
   *[many] { $n } сообщений ждут в буфере
}
chart-accepted = Принято
chart-ended = Запуски
chart-from = 24 ч назад
chart-top = высший столбец:
this-hour = этот час
hour-accepted = принято { $n }
hour-finished = завершено { $n }
hour-failed = с ошибкой { $n }
day-accepted = { $n } за 24 часа,
this-hour-accepted = из них { $n } за этот час.
day-finished = За 24 часа завершено { $n },
day-failed = с ошибкой { $n }.
runs-latest = Последние запуски
runs-all = Все запуски
settings-version = Действует версия настроек
first-steps = Четыре шага до первого лида
first-steps-help = Разрешённый отправитель шлёт запрос на короткий адрес, триггер находит бизнес-процессы, бизнес-процесс создаёт лид.
first-done = готово
first-trigger = Создайте триггер
first-trigger-help = Ключ, который называет запрос, например web_lead.
first-workflow = Напишите бизнес-процесс, который его слушает
first-workflow-help = Редактор начинается с примера, который делает лид из присланного.
first-permission = Впустите IP-адрес
first-permission-help = Доступ запрещён каждому адресу, пока разрешение не скажет иначе.
first-lead = Отправьте лид
first-lead-help = На странице разрешения есть готовые примеры для curl, PHP и HTML. Здесь появится результат.
time = Принято
last-all = за всё время
last-hour = за последний час
last-day = за последние 24 часа
last-week = за последние 7 дней
dead-letters-none = Недоставленного нет
dead-letters-none-help = Здесь целиком, с указанием причины, хранится то, что не удалось выполнить: сообщение, которое не читается, или запрос, который каждый раз заканчивался сбоем. Ничего не теряется.
attempts = Попытки
since = С какого времени
message-kind = Вид
size = Размер
body = Тело
query = Строка запроса
bytes = { $n ->
    [one] { $n } байт
    [few] { $n } байта
   *[many] { $n } байт
}
refused-bodies-none = Ничего не отклонено
refused-bodies-help = Что прислал разрешённый отправитель и что не удалось прочитать: неверная кодировка, файл, предел. Хранится неделю, чтобы лид не потерялся из-за настройки.
told-caller = Ответ отправителю
remedy = Настройка
type-other = Другой тип
target-other = Другой триггер или процесс
under-other = Другое разрешение
target-unknown = Такого имени не может быть у триггера, процесса или разрешения.
refusal-origin-denied = Страница с сайта, которого нет в разрешении.
refusal-token-denied = Токен не указан или неверен.
refusal-target-denied = Разрешение не допускает этот процесс или триггер.
refusal-target-missing = В вызове не указан процесс или триггер.
refusal-ambiguous-target = В вызове указаны и процесс, и триггер.
refusal-invalid-selector = Имя процесса или триггера не удалось прочитать.
refusal-invalid-record-id = Номер записи — не целое число.
refusal-invalid-idempotency-key = Idempotency-Key не подходит.
refusal-unknown-short-url = Вызов пришёл на короткий адрес, которого нет ни в одном разрешении.
refusal-invalid-body = Тело не удалось прочитать.
refusal-unsupported-type = Такой тип тела здесь не читается.
refusal-file-refused = В форме есть файл.
refusal-body-too-large = Тело слишком велико.
refusal-body-timeout = Тело приходило слишком долго.
refused-at = Отклонено
not-kept = не сохранено
not-kept-help = Данные пришли не полностью или слишком велики, чтобы их хранить.
role = Роль
role-admin = администратор
role-editor = редактор
role-viewer = просмотр
role-help-admin = Всё: также учётные записи и токены.
role-help-editor = Меняет настройки, решает о запусках и заявках и видит присланные значения.
role-help-viewer = Только смотрит. Запуски, записи и настройки, но не учётные записи и не токены. Из присланного: имена и вид значений.
account-me = (вы)
account-new = Новая учётная запись
account-add = Добавить
account-taken = Учётная запись с этим именем уже есть.
account-too-many = Учётных записей слишком много.
account-last-admin = Это последняя учётная запись, которая может что-то изменить: она должна остаться.
account-delete-help = Её сеансы сразу закончатся. Имя останется в журнале изменений.
password-own = Мой пароль
password-old = Нынешний пароль
password-old-wrong = Нынешний пароль другой.
password-new = Новый пароль
password-set = Установить пароль
password-ends-sessions = Все сеансы этой учётной записи закончатся.
secrets-none = Секретов нет
secrets-help = Секрет — это токен, пароль или ключ под своим именем. Пишите $secret["имя"] в URL, заголовках или теле HTTP-запроса либо в разрешении. Значение хранится зашифрованным, и больше его никто не увидит.
secret-name = Имя
secret-name-wrong = Имя — от 1 до 64 латинских букв, цифр и знаков «_», «-», «.».
secret-value = Значение
secret-value-help = От 8 до 8192 символов. Новое значение везде заменит прежнее.
secret-value-wrong = Значение должно занимать от 8 до 8192 байт и не содержать управляющих символов.
secret-too-many = Секретов уже { $n }.
secret-no-key = Ключ для секретов не задан: установите POSTERN_SECRETS_KEY или POSTERN_SECRETS_KEY_FILE.
secret-set = Задать секрет
secret-change = Новое значение
secret-changed = Задан
secret-used-by = Где используется
secret-unused = нигде
secret-used = Секрет уже используется в бизнес-процессе или разрешении, поэтому он не удалён.
secret-delete-help = Значение будет потеряно. Ни один бизнес-процесс и ни одно разрешение его не используют.
variables = Переменные
variables-none = Переменных нет
variables-help = Переменная — это текст этой установки, например адрес CRM. Бизнес-процессы читают её как $var["имя"]. В выгрузку переменные не входят, поэтому один бизнес-процесс подходит и для тестов, и для работы.
variable-name = Имя
variable-name-wrong = Имя — от 1 до 64 строчных латинских букв, цифр и «_».
variable-value = Значение
variable-value-help = Не более 4096 байт. Новое значение заменяет прежнее везде. POSTERN_VAR_ИМЯ в окружении важнее него.
variable-value-wrong = В значении не более 4096 байт и нет символа NUL.
variable-too-many = Уже есть переменных: { $n }.
variable-set = Задать переменную
variable-change = Новое значение
variable-changed = Задана
variable-used-by = Используют
variable-unused = никто
variable-of-environment = из окружения
variable-used = Бизнес-процесс начал использовать переменную: она не удалена.
variable-delete-help = Значение будет потеряно. Ни один бизнес-процесс его не использует.
token = Токен
token-new = Новый токен
token-add = Создать токен
token-made = Вот токен. Он показывается только один раз: скопируйте его сейчас.
token-name = Имя
token-name-help = Кто или что будет им пользоваться, чтобы потом его можно было отозвать.
token-name-wrong = Имя должно быть текстом от 1 до 64 символов.
token-taken = Токен с этим именем уже есть.
token-too-many = Токенов уже { $n }.
token-created = Создан
token-used = Использован
token-unused = никогда
token-delete-help = Тому, кто им пользуется, доступ будет запрещён.
tokens-none = Токенов нет
tokens-help = С токеном программы и командная строка обращаются к API этого адреса: Authorization: Bearer …
audit-none = Ещё ничего не менялось
audit-none-help = Здесь записано каждое изменение настроек, учётных записей и токенов: кто его сделал и как было раньше.
what = Что
who = Кто
when = Когда
change-none = В тексте ничего не изменилось.
action-save = Сохранено
action-rotate = Перешифровано
action-delete = Удалено
action-create = Создано
action-password = Новый пароль
action-admin = Может изменять всё
action-editor = Стал редактором
action-reader = Может только смотреть
action-viewer = Может только смотреть
kind-module = модуль
kind-workflow = бизнес-процесс
kind-trigger = триггер
kind-permission = разрешение
kind-account = учётная запись
kind-token = токен
kind-secret = секрет
kind-variable = переменная
versions = Версии
version-changed = Что изменилось в
edit = Изменить
workflow-hold = Приостановить
workflow-let-go = Возобновить
workflow-hold-help = Пока бизнес-процесс приостановлен, запросы принимаются, а запуски ждут; затем они начинаются по порядку, по действующей версии. Несохранённое на этой странице будет потеряно.
workflow-waiting = { $n ->
    [one] { $n } запуск ждёт
    [few] { $n } запуска ждут
   *[many] { $n } запусков ждут
}
workflow-delete-help = После этого его ничто не запустит. Начатые запуски закончатся, и версии для них останутся.
refused-only-admins = Это может только администратор
refused-only-admins-help = Обратитесь к администратору.
refused-only-editors = Эта учётная запись может только смотреть
refused-only-editors-help = Обратитесь к тому, кто может менять настройки.
replay = Повторить
discard = Удалить
discard-reason = Почему можно удалить
discard-reason-missing = Напишите причину, не длиннее 500 символов: она останется в журнале изменений.
how-many = Сколько
latest = Последнее
alike = Похожие
alike-all = Все по той же причине
done-replayed = Отправлено снова. Что удастся выполнить, исчезнет из этого списка.
done-discarded = Удалено. Причина осталась в журнале изменений.
action-replay = Повторено
action-discard = Удалено
action-forget = Данные удалены
kind-dead-letter = недоставленное
kind-person = человек
replays-run = повтор запуска { $n }
replaced-by-run = заменён запуском { $n }
started-by = Запущен на шаге { $n } процесса
started-for-item = элемент { $n }
has-started = Запустил
runs-left-out = { $n ->
    [one] Ещё { $n } запуск этой квитанции здесь не показан.
    [few] Ещё { $n } запуска этой квитанции здесь не показаны.
   *[many] Ещё { $n } запусков этой квитанции здесь не показаны.
}
replay-failed = Повторить с шага, где ошибка
replay-newest = Повторить в новой версии
decide-done = Сделано: продолжить
decide-repeat = Сделать ещё раз
decide-fail = Не удалось
action-done = Решено: сделано
action-repeat = Решено: повторить
action-fail = Решено: не удалось
kind-run = запуск
reread = Прочитать снова
reread-all = Прочитать всё снова
reread-help = Как будто запрос пришёл сейчас: по нынешнему разрешению, с прежними адресом и временем. Сначала измените в разрешении кодировку или приём файлов, либо укажите кодировку только для этого запроса.
charset-other = Другая кодировка
charset-unknown = Кодировки с таким названием нет.
show-values = Показать значения
done-reread = Прочитано снова. Исправное отправлено; у остального указана причина отказа.
action-show = Показано
kind-refused-body = отклонённые данные
unmatched = Без соответствия
unmatched-none = Каждый запрос что-то запустил
unmatched-help = Что было принято, но ничего не запустило: бизнес-процесса нет, он выключен, его условие ложно, записи нет или она другого модуля. Всё хранится целиком: исправьте бизнес-процесс и повторите.
replay-all = Повторить все
replay-unmatched-help = С сегодняшними бизнес-процессами, под той же квитанцией.
dropped-files = Файлы не приняты
altered-names = Значения с нечитаемыми символами (вместо них U+FFFD)
kind-receipt = запрос
attention-unmatched = { $n ->
    [one] { $n } запрос за 24 часа ничего не запустил
    [few] { $n } запроса за 24 часа ничего не запустили
   *[other] { $n } запросов за 24 часа ничего не запустили
}
charts-counted = Подсчитано
run-again = Запустить заново с начала
run-again-now = Запустить заново сейчас
run-again-values = Исходные значения
run-again-help = Это присланные значения. Изменение относится только к новому запуску. Квитанция сохраняет присланные значения.
run-again-child = Этот запуск начал другой запуск. Это значения, с которыми он закончился.
run-again-gone = Бизнес-процесс удалён, запускать нечего.
already-done = Уже сделано
already-done-help = Это уже сделали запуск, его повторы и начатые ими запуски. Теперь это может произойти ещё раз.
already-done-none = Запуск не менял записей и не обращался к другим системам.
already-done-more = Сохранены не все шаги этого запуска. Он мог сделать больше, чем указано.
effect-record-created = Создана запись
effect-record-changed = Изменена запись
effect-record-deleted = Удалена запись
effect-comment-written = Добавлен комментарий
effect-request-sent = Отправлен запрос
effect-mail-sent = Отправлено письмо
effect-unclear = Начат запрос или отправка письма; неизвестно, дошло ли
value-no-json = Значение, которое не было текстом, перестало быть JSON. Тексты в нём пишутся в кавычках.
value-new-name = Ещё одно имя
value-new = Его значение
values-left-out = { $n ->
    [one] Ещё { $n } значение останется прежним.
    [few] Ещё { $n } значения останутся прежними.
   *[many] Ещё { $n } значений останутся прежними.
}
cancel-run = Отменить
done-run-again = Запущено заново: новый запуск этой квитанции.
action-run-again = Запущено заново
action-cancel = Отменено
values-beyond = Эти значения превышают то, что можно прислать.
obstacle-not-failed = С шага, где ошибка, продолжается только запуск с ошибкой.
obstacle-not-ended = Заново можно начать только законченный запуск.
obstacle-ended = Запуск уже закончился.
obstacle-not-undecided = Запуск не требует внимания.
obstacle-nothing-kept = Данные для продолжения не сохранены. Запустите заново с начала.
obstacle-replay-under-way = Другой повтор этого запуска ещё не закончился.
obstacle-too-many-runs = У этой квитанции уже наибольшее число запусков.
obstacle-workflow-gone = Бизнес-процесс удалён.
obstacle-workflow-inactive = Бизнес-процесс выключен. Сначала включите его.
obstacle-started-by-run = Этот запуск начал другой запуск, и его исходные значения не сохранены. Запустите заново тот.
obstacle-unknown = Такого запуска нет.
account = Учётная запись
step = Шаг
newest-version = новейшая версия
jobs = Задания
jobs-none = Заданий ещё нет
jobs-none-help = Задание делает что-либо со многими запусками с заданной скоростью: запускает их заново, продолжает или отменяет. Чтобы создать задание, откройте группу запусков с ошибкой.
failures = Запуски с ошибкой
failures-total = { $n ->
    [one] { $n } запуск с ошибкой.
    [few] { $n } запуска с ошибкой.
   *[many] { $n } запусков с ошибкой.
}
failures-help = Одинаковые ошибки собраны в одну строку. Повторённые запуски сюда не входят.
failures-count = Запуски
failures-flat = По одному, вместе с повторёнными
job-progress = Выполнение
job-rate = Запусков в секунду
job-done = сделано: { $n }
job-left = осталось: { $n }
job-failed = не удалось: { $n }
job-stop = Остановить
job-what = Что сделать со всеми
job-create = Начать задание
job-create-help = По новейшей версии. Чтобы попробовать на одном, откройте запуск ниже. Уже сделанное может произойти ещё раз.
job-go-on = Продолжить с шага, где ошибка
job-run-again = Запустить заново с начала
job-cancel = Отменить
obstacle-refused = База данных отказала.
state-done = готово
state-stopped = остановлено
done-job = Задание начато.
done-job-stopped = Остановлено. Сделанное остаётся.
kind-job = задание
action-stop = Остановлено
own-time = Собственное время шага
rows-new = Новых: %
