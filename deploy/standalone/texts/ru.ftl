# То, что команды печатают для людей. Тексты команды начинаются с её имени.

hint = подсказка: { $text }
warning = предупреждение: { $text }

# Сервер и его отказы.
token-needed = нужен токен API
token-needed-hint = задайте POSTERN_API_TOKEN, --token или --profile; первый токен печатает `postern serve`
token-refused = { $url } не принимает токен: его удалили, или он от другого Postern
token-refused-hint = новый токен создаёт `postern token create NAME` с действующим токеном, а также панель управления
other-version = { $url } — это Postern { $theirs }, а эта программа — { $ours }
other-version-hint = возьмите программу версии { $theirs }
no-api = по адресу { $url } отвечает не API Postern
no-server = по адресу { $url } нет сервера
no-server-hint = адрес control задают --url, POSTERN_URL или профиль; запускает его `postern serve`
no-trust = серверу { $url } нельзя доверять: { $reason }
no-trust-hint = SSL_CERT_FILE указывает файл с сертификатом центра, который подписал сертификат сервера
no-answer-within = { $url } не ответил за { $n } с
no-answer = { $url } не ответил: соединение оборвалось
no-answer-hint = состояние сервера показывает `postern status`, подробности — в журнале control
answer-unreadable = ответ { $url } не читается: { $reason }
answer-status = сервер ответил { $status }
finding = строка { $line }: { $text }
hint-not-found = что есть, показывают списки: postern get, runs, records, dead list, refused list
hint-conflict = посмотрите ещё раз: с тех пор что-то изменилось
hint-unavailable = попробуйте через несколько секунд; состояние сервера показывает `postern status`
hint-forbidden = возьмите токен с большими правами
hint-server = причина — в журнале control
hint-usage = аргументы команды объясняет --help
hint-fault = это ошибка postern: сообщите о ней вместе с командой
output-full = результат не записывается: { $reason }
output-full-hint = стандартный вывод переполнен или закрыт

# Имена, списки и вопросы.
known-none = здесь ещё ничего нет: { $kind }
known-names = есть такие ({ $kind }): { $names }
list-none = ничего не найдено
list-more = дальше: --before { $cursor }
ask-nobody = спросить некого: { $question }?
ask-nobody-hint = --yes отвечает за вас
ask-nothing-done = ничего не сделано
ask-nothing-done-hint = ответьте y или задайте --yes

# status
status-well = всё в порядке
status-needs = требует внимания: { $n }
status-lost = { $n ->
    [one] { $n } разрыв в нумерации запросов: они потеряны
    [few] { $n } разрыва в нумерации запросов: они потеряны
   *[many] { $n } разрывов в нумерации запросов: они потеряны
}
status-needs-attention = { $n ->
    [one] { $n } запуск ждёт решения
    [few] { $n } запуска ждут решения
   *[many] { $n } запусков ждут решения
}
status-failed = { $n ->
    [one] { $n } запуск закончился ошибкой
    [few] { $n } запуска закончились ошибкой
   *[many] { $n } запусков закончились ошибкой
}
status-unmatched = { $n ->
    [one] { $n } запрос ничего не запустил
    [few] { $n } запроса ничего не запустили
   *[many] { $n } запросов ничего не запустили
}
status-refused = отклонено данных разрешённых отправителей: { $n }
status-dead = недоставленных сообщений: { $n }
status-or-more = { $n } или больше
status-hold = приостановлено бизнес-процессов: { $n } ({ $names })
status-secrets = не могут расшифровать секреты: { $names }; там нет POSTERN_SECRETS_KEY, или это другой ключ
status-away = подключение { $name }: другая система не отвечает; запуски ждут её, ничего не теряется
status-drift = модуль { $name } и vtiger расходятся: { $what }

# find
find-none = такого текста нигде нет
find-none-hint = находятся почта, телефон, целые слова имени или номера — через секунду после отправки
find-too-long = в тексте { $n } знаков, больше { $most }
find-too-long-hint = задайте почту, телефон или несколько слов
find-cursor-hint = нужно то, что названо в конце предыдущей страницы
find-receipt = квитанция { $name } { $status }
find-record = запись { $name } { $module }
find-refused = отклонённые данные { $name } { $code }
find-dead = недоставленное сообщение { $name }
find-dead-of = недоставленное сообщение { $name } квитанция { $receipt }

# get
get-no-versions = { $kind }: версий не бывает
get-no-versions-hint = версии есть только у бизнес-процессов
get-none = пока нет ни одного документа ({ $kind }): первый пишет `postern init`

# apply
apply-applied = { $kind } { $key }: применено
apply-unchanged = { $kind } { $key }: без изменений
apply-short-url = , отвечает по адресу /{ $url }
apply-deleted = { $kind } { $key }: удалено
apply-would-be-created = { $kind } { $key }: будет создано
apply-would-be-changed = { $kind } { $key }: будет изменено
apply-would-be-unchanged = { $kind } { $key }: без изменений
apply-would-be-deleted = { $kind } { $key }: будет удалено
apply-not-yet = ещё не действует на ingress { $ingress }, последний раз на связи { $seen }
apply-in-use = удаляется { $kind } { $key }, но на это ссылается { $users }
apply-strict = с --strict эти предупреждения — ошибки; ничего не применено
apply-strict-hint = исправьте их или уберите --strict
apply-delete = удалить { $names }
