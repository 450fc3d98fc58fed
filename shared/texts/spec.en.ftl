# Titles and helps of tasks, documents and their settings: one message a key, its help as an attribute.

comment = Comment
    .help = Adds a comment to a record.

comment-comment = Text
    .help = What the comment says. An empty text adds no comment.

comment-record = Record
    .help = The id of the record. Without it: the record of the run.

condition = Condition
    .help = Evaluates an expression: the run goes on by `then` (yes) or by `else` (no).

condition-condition = Expression
    .help = The expression that decides.

create-record = Create record
    .help = Creates a record of a module. With a key, one key is one record, also when many calls come at once: if the key has a record already, the run goes on by `existing`.

create-record-create-record = Module
    .help = The module of the new record.

create-record-fields = Fields
    .help = The fields of the record and their values.

create-record-unique = Unique key
    .help = The key of the record. An empty key is no key. Without it: the value of the module's unique field, if the module has one.

create-record-if-exists = If it exists
    .help = `skip`: the existing record stays as it is. `update`: the fields are set on it.

create-record-unknown = If the outcome is unknown
    .help = What to do when it is not known whether another system has created a record without a unique key. `ask`: the run waits for a person. `repeat`: the record is created again.

create-record-store-id = Store the id
    .help = The name of `$env` that gets the id of the record, new or existing.

delay = Delay
    .help = The run waits here until a time has come. Its other branches go on.

delay-delay = Time
    .help = For how long, or until when: `5 minutes`, `18:00`, `monday 9:00`, `24.12.2026 18:00`; or the settings `for`, `until` and `zone`.

delay-for = For
    .help = A duration: `45s`, `90m`, `1h 30m`, `2 days`, `5 минут`; at most 90 days.

delay-until = Until
    .help = A clock time (`18:00`), a weekday (`monday 9:00`), `tomorrow 9:00`, or a moment (`2026-12-24 18:00`, `24.12.2026`).

delay-zone = Time zone
    .help = The time zone of `until`. Without it: that of the workflow.

delete-record = Delete record
    .help = Deletes a record. Deleting a missing record succeeds.

delete-record-delete-record = Delete
    .help = Always `true`.

delete-record-record = Record
    .help = The id of the record. Without it: the record of the run.

find-record = Find record
    .help = Finds records of a module: the run goes on by `found` or by `not_found`. Only the module's unique field has an index; a search by other fields reads all records of the module.

find-record-find-record = Module
    .help = The module to search.

find-record-where = Conditions
    .help = All must hold. A value alone is compared with `is`; the operators are `is`, `is_not`, `contains`, `above` and `below`.

find-record-sort = Sort
    .help = Fields by which the records are sorted; `-` before a name is descending.

find-record-limit = Limit
    .help = How many records are found at most. Without it: 1, or 1000 with `store_ids`.

find-record-store-id = Store the id
    .help = The name of `$env` that gets the id of the first record.

find-record-store-ids = Store all ids
    .help = The name of `$env` that gets the list of all ids.

for-each = For each
    .help = Takes steps once for each item of a list: those to which `each` leads, and those to which these lead. After the last item the run goes on by `next`. The next item follows when all branches of an item have ended, whatever they waited for. A loop may stand inside another.

for-each-for-each = List
    .help = The list, of at most 1000 items. A value that is no list is one item; an empty value is none.

for-each-item = Item
    .help = The name of `$env` that is the item. Without it: `item`. After the loop the name has its earlier value.

for-each-index = Index
    .help = The name of `$env` that is the place of the item, from 1. Without it: `index`.

for-each-collect = Collect
    .help = What each item gives, read when its steps have ended.

for-each-store = Store the list
    .help = The name of `$env` that gets the list of what the items gave, in their order.

for-each-on-error = If an item fails
    .help = `fail`: the run goes on by `failed`, and fails where that leads nowhere; a replay of the run goes on with the failed item. `collect`: puts `{error: …}` into the list and goes on with the next item. A step `stop` ends the run in any case.

for-each-parallel = At a time
    .help = How many items run at a time, at most 50: each in a run of its own with a copy of `$env`, for which this run waits. Then `fail` goes on by `failed` when all have ended. Without it: one item after another in this run.

http-request = HTTP request
    .help = Sends a request to another system. The run goes on by `next` when the status is expected, else by `failed`. All tries of a step send the same request with the same `Idempotency-Key`.

http-request-http-request = URL
    .help = The address of the other system, with `https://` or `http://`. Scheme, host and port are written out. A value in a path, a query or a fragment is percent-encoded; `|safe` opts out.

http-request-any-host = Values choose the host
    .help = Values may choose scheme, host and port of the URL.

http-request-query = Query
    .help = Names and values that are added to the query of the URL; a list is several values of its name.

http-request-method = Method
    .help = Without it: `POST` with a body, else `GET`.

http-request-headers = Headers
    .help = Headers of the request.

http-request-json = JSON body
    .help = A body that is sent as JSON.

http-request-form = Form body
    .help = A body that is sent as a form; a list is several values of its name.

http-request-text = Text body
    .help = A body that is sent as it is.

http-request-expect = Expected statuses
    .help = The statuses that are no failure.

http-request-max-bytes = Largest answer
    .help = Bytes of an answer, headers included; a longer answer is a failure.

tries-timeout = Time-out
    .help = From connecting to the last byte of the answer.

tries-retries = Retries
    .help = How often it is tried again after a failure that may pass. The waits double.

tries-at-most-once = At most once
    .help = When it is not known whether the other system received it, the run waits for the decision of a person.

tries-store = Store the outcome
    .help = The name of `$env` that gets the outcome: `status` and what was answered, or `error`.

respond = Respond
    .help = Answers a caller that waits (`Prefer: wait=10`). The first response of a receipt counts.

respond-respond = Status
    .help = 200 to 299 or 400 to 599.

respond-json = JSON body
    .help = A body that is sent as JSON.

respond-text = Text body
    .help = A body that is sent as it is.

respond-type = Media type
    .help = Without it: `application/json` for `json`, `text/plain; charset=utf-8` for `text`.

run-workflow = Run workflow
    .help = Starts another workflow, or the same one, and goes on without waiting, or waits for it with `wait: true`. Each run has a copy of `$env`.

run-workflow-run-workflow = Workflow
    .help = The number of the workflow.

run-workflow-record = Record
    .help = The id of the record to run on, or a list of ids with a run on each; empty or 0 is without a record. Without it: the record of this run.

run-workflow-for-each = For each
    .help = A list; each item gets a run.

run-workflow-item = Item
    .help = The name of `$env` that is the item of `for_each`. Without it: `item`.

run-workflow-index = Index
    .help = The name of `$env` that is the place of the item, from 1. Without it: `index`.

run-workflow-env = More variables
    .help = Names and values that are added to `$env` of the new runs.

run-workflow-wait = Wait
    .help = On (`true`): the step waits until all of its runs have ended. The run goes on by `failed` when one of them failed, was cancelled, or has not ended in time. What a run responds goes to this run, and not to the caller.

run-workflow-timeout = Longest wait
    .help = How long the step waits for its runs.

run-workflow-store = Store the results
    .help = The name of `$env` that gets what the run left: `{run, state, message, status, body}`, or a list of these with `for_each` or a list of records. `status` and `body` come from its `respond`.

send-mail = Send mail
    .help = Sends a mail. The run goes on by `next` when the mail server has taken it, else by `failed`. All tries send the same mail with the same `Message-ID`.

send-mail-send-mail = To
    .help = The addresses of those who receive it: a text, joined by commas, or a list.

send-mail-subject = Subject
    .help = The subject of the mail.

send-mail-text = Text
    .help = The body as plain text. A mail has `text`, `html` or both.

send-mail-html = HTML
    .help = The body as HTML. Values in it are escaped; `|safe` opts out.

send-mail-cc = Copy
    .help = The addresses of those who receive a copy.

send-mail-bcc = Blind copy
    .help = The addresses of those who receive a copy that others do not see.

send-mail-from = From
    .help = The address of the sender. Without it: the setting `POSTERN_MAIL_FROM` of the worker.

send-mail-reply-to = Reply to
    .help = The address that receives the replies. Without it: the sender.

set-env = Set variables
    .help = Assigns names of `$env`, in written order: a later value sees the earlier ones.

set-env-set-env = Variables
    .help = The names and their new values.

set-value = Set values
    .help = Changes fields of a record. All values are evaluated before any is set.

set-value-set-value = Fields
    .help = The fields and their new values.

set-value-record = Record
    .help = The id of the record. Without it: the record of the run.

stop = Stop
    .help = Ends the run.

stop-stop = End
    .help = `finished`: the run counts as finished. `failed`: it counts as failed.

stop-message = Message
    .help = Shown with the run.

switch = Switch
    .help = Compares one value with several cases. The run goes on by the first case that is equal, else by `else`. The path of the run shows the output of the case `Rome` as `= Rome`.

switch-switch = Value
    .help = The value that is compared. A list or a map is equal to no case.

switch-cases = Cases
    .help = Texts, each with the steps that follow. A number is equal to a case that reads as the same number; an unknown name is equal to the empty case. At most 100.

workflow = Workflow
    .help = One start, then a graph of steps.

workflow-workflow = Number
    .help = The number of the workflow.

workflow-title = Title
    .help = A text for people; nothing depends on it.

workflow-active = Active
    .help = Off (`false`): no submission starts it.

workflow-zone = Time zone
    .help = The time zone of clock times, dates and weekdays, such as `Europe/Moscow`. Without it: that of the installation (`POSTERN_ZONE`).

workflow-start = Start
    .help = What starts it, and with which steps it begins.

workflow-steps = Steps
    .help = The steps by their names. Each step has one task.

start-module = Module
    .help = The module of the records that it runs on.

start-triggers = Triggers
    .help = The triggers that it listens to.

start-condition = Condition
    .help = Must be true for it to run.

start-order = Order
    .help = Workflows of one trigger run by this number, then by their own.

start-without-record = Without a record
    .help = Whether it runs when the submission names no record.

start-once-per-record = Once per record
    .help = Whether it runs on one record only once, whatever becomes of that run.

start-parallel = Parallel
    .help = Off (`false`): of two runs on one record the second begins when the first has ended.

start-hold = Hold
    .help = On (`true`): submissions are accepted, and their runs begin when it is off again.

start-at-most = Runs at a time
    .help = The most runs of it that call other systems at a time, over all workers.

start-keep-log = Keep log
    .help = Whose steps are kept in the log: of all runs, of those that fail, or of none.

start-next = First steps
    .help = The steps that it begins with.

step = Step
    .help = One task, its settings, and for each output the steps that follow.

output = Output
    .help = The steps that follow when the run goes on by this output, in written order.

trigger = Trigger
    .help = A key that callers name and workflows listen to.

trigger-trigger = Key
    .help = What callers name in `workflow_trigger`.

trigger-title = Title
    .help = A text for people; nothing depends on it.

module = Module
    .help = A type of records. A module without a document is open: any field may hold anything.

module-module = Name
    .help = The name of the module.

module-title = Title
    .help = A text for people; nothing depends on it.

module-connection = Connection
    .help = The connection to the vtiger in which the records of the module live. Without it the records live here.

module-strict = Strict
    .help = `true`: fields that are not declared are refused.

module-fields = Fields
    .help = The declared fields: a type, or a map with more.

field-type = Type
    .help = What the values of the field are.

field-label = Label
    .help = A text for people; nothing depends on it.

field-required = Required
    .help = Whether a record must have a value.

field-unique = Unique
    .help = Whether one value belongs to one record of the module. A module has at most one such field.

field-default = Default
    .help = The value of a new record that names none.

field-on-error = Other values
    .help = What becomes of a value that is none of the type. `drop`: it is left out, and the path of the run names the field; `$env` keeps the value. `fail`: the step fails. Without it: `fail` for required and unique fields, else `drop`.

field-options = Options
    .help = The texts to choose from, for `choice` and `list`.

field-module = Module
    .help = The module of the records, for `reference`.

permission = Permission
    .help = Which callers may start what. Access is denied by default.

permission-permission = Key
    .help = The key by which the permission is known.

permission-title = Title
    .help = A text for people; nothing depends on it.

permission-addresses = Addresses
    .help = `192.168.0.7`, `192.168.0.*`, `192.168.0.100-192.168.0.160`, `192.168.0.0/24`, or `any`, which needs a generated short URL.

permission-workflows = Workflows
    .help = The workflows that callers may name.

permission-triggers = Triggers
    .help = The triggers that callers may name.

permission-short-url = Short URL
    .help = Its own short URL; the permission then answers only there.

permission-expires = Expires
    .help = From this moment on it admits nobody; a date is valid to its end (UTC).

permission-enabled = Enabled
    .help = `false`: it admits nobody.

permission-charset = Charset
    .help = The charset of forms that do not name theirs.

permission-files = Files
    .help = A file in a form is refused, or left out.

permission-answer = Answer
    .help = The answer to an accepted submission, instead of the receipt as JSON.

permission-ping = Test call
    .help = Pairs such as `test=test`: a call that posts them and nothing else is answered and never run.

permission-dedupe-by = Same submission
    .help = Posted fields, such as `lead_id`, `data[FIELDS][ID]` or `data.FIELDS.ID`; two submissions with the same values are one.

permission-dedupe-days = Days
    .help = For how many days a submission counts as already made.

permission-origins = Origins
    .help = Web pages whose forms and scripts may post, such as `https://www.example.com`. Their scripts can read the answers (CORS).

permission-query-values = Query values
    .help = `env`: the variables of the query are `$env` names too; the body wins. `query`: they are only `$query` names.

permission-wait = Wait
    .help = For how many seconds its callers wait for what a workflow responds, as with `Prefer: wait=10`.

permission-headers = Headers
    .help = Request headers that are kept as `$request["headers"]["x-github-event"]`.

permission-verify = Challenge
    .help = A challenge with which a platform proves a new URL is answered, and nothing runs.

verify-query = Query variable
    .help = This variable of the query is the answer, as text: `hub.challenge` (Meta), `challenge` (Dropbox), `validationToken` (Microsoft Graph).

verify-token = Token
    .help = A challenge of the query is answered only with this token, a text or `$secret["name"]`; another one is refused.

verify-token-query = Variable of the token
    .help = The variable of the query that holds the token.

verify-field = Field
    .help = A JSON body with nothing but this field, `type` and `token` is answered with the field: `challenge` (Slack, monday.com).

permission-token = Token
    .help = Callers show this secret: `$secret["name"]` as `Authorization: Bearer …`, or `{header: X-Api-Key, value: $secret["name"]}`, or `{query: key, value: …}`. Without it 403 `token_denied`.

token-header = Header
    .help = The header that holds the token.

token-query = Query variable
    .help = The query variable that holds the token. It is taken out of the query: neither `$query` nor a receipt nor a refusal holds it.

token-value = Value
    .help = The secret that callers show.

permission-signature = Signature
    .help = Callers sign the body as they send it. Without a right signature 403 `signature_denied`, and nothing of the call is kept.

signature-standard-webhooks = Standard Webhooks
    .help = The secret by which the caller signs as Standard Webhooks says, `whsec_…`.

signature-preset = Platform
    .help = The platform that signs.

signature-secret = Secret
    .help = The secret that the platform or the caller shares.

signature-secrets = Secrets
    .help = Several secrets, of which any may sign: the new and the old one during a rotation.

signature-public-url = Public URL
    .help = Only with `twilio`: the URL as it is set at Twilio, without its query. Twilio signs it.

signature-header = Header
    .help = The header with the signature, for a caller without a preset.

signature-algorithm = Algorithm
    .help = The hash function of the HMAC.

signature-encoding = Encoding
    .help = How the bytes of the signature are written.

signature-prefix = Prefix
    .help = What stands before the signature in its header, such as `sha256=`.

signature-signed = Signed text
    .help = What is signed, as a text with `{body}`, `{timestamp}` and `{header.NAME}`. Without it the body alone.

signature-timestamp = Header of the time
    .help = The header that holds the signed time in seconds since 1970, if the signed text has `{timestamp}`.

signature-tolerance = Tolerance
    .help = How far the signed time may be from now.

permission-raw = Raw body
    .help = `true`: a text of any type is `$env["body"]`; the filter `from_xml` makes nested values of XML.

permission-batch = Batch
    .help = `true`: a JSON list is several submissions, all or none of which are accepted; at most 1000. Not together with `wait`.

permission-limit = Limit
    .help = Calls in a time, such as `50/s`: more gets 429 with `Retry-After`. Each ingress counts for itself.

answer-status = Status
    .help = 200, 202, or 204 without a body.

answer-type = Type
    .help = The media type of the text; plain text without it.

answer-body = Body
    .help = A text of 1000 bytes at most.

answer-redirect = Thank-you page
    .help = The visitor of a plain HTML form lands on this page (303). A script gets JSON.

answer-redirect-error = Error page
    .help = The visitor of a plain HTML form that is refused lands on this page (303). A script gets the error as JSON.

connection = Connection
    .help = The way to another system, with what opens it: a vtiger CRM, an API over HTTP, or a mail server. Exactly one of them stands in it.

connection-connection = Name
    .help = The name by which modules and steps name the connection.

connection-title = Title
    .help = A text for people; nothing depends on it.

connection-vtiger = vtiger
    .help = The vtiger CRM. Modules that name the connection have their records there.

connection-http = HTTP
    .help = The API over HTTP, for the task `http_request`.

connection-smtp = Mail server
    .help = The mail server, for the task `send_mail`.

vtiger-url = Address
    .help = The address of vtiger as a browser opens it, without `index.php`.

vtiger-user = User
    .help = The user of vtiger in whose name records are read and written.

vtiger-access-key = Access key
    .help = The secret that holds the user's access key. vtiger shows the key under My Preferences.

vtiger-sessions = Sessions
    .help = How many calls are made at once, each in a session of its own.

vtiger-rate = Rate
    .help = The most calls in a time, such as `20/s`. Without it: as many as vtiger answers.

http-base = Base address
    .help = The address below which all calls are made. The path of a step cannot leave it.

http-headers = Headers
    .help = The headers of every call. Their texts may read secrets. A header of the step wins over one of the same name.

http-auth = Login
    .help = How calls show who makes them. Exactly one way stands in it.

auth-basic = Name and password
    .help = A name with a password, sent with every call.

auth-bearer = Token
    .help = The secret that holds a token, sent with every call as `Authorization: Bearer`.

auth-oauth2-client-credentials = OAuth 2.0 client
    .help = A token that Postern fetches and renews by itself.

basic-user = Name
    .help = The name.

basic-password = Password
    .help = The secret that holds the password.

oauth2-token-url = Token address
    .help = The address at which the token is fetched.

oauth2-client-id = Client
    .help = The id of the client.

oauth2-client-secret = Client secret
    .help = The secret that holds the client's secret.

oauth2-scope = Scope
    .help = What the token shall allow, as the API names it.

oauth2-audience = Audience
    .help = The API for which the token shall be, if the server asks for it.

smtp-host = Host
    .help = The name or the address of the mail server.

smtp-port = Port
    .help = The port of the mail server. Without it: 587, with `tls` 465, with `none` 25.

smtp-security = Encryption
    .help = `starttls` encrypts after a greeting, `tls` from the first byte, `none` not at all.

smtp-user = User
    .help = The user of the mail server. Without it, mails are sent without a login.

smtp-password = Password
    .help = The secret that holds the user's password.

smtp-from = Sender
    .help = The sender of mails whose step names none: an address, or a name with an address.

call-connection = Connection
    .help = The connection to the API. It names the address and the login.

call-path = Path
    .help = The path below the base address of the connection, such as `leads/$env["id"]`. Values in it are encoded, and it cannot leave the base address.

call-query = Query
    .help = What is added to the query. A list is several values of its name.

send-mail-attachments = Attachments
    .help = Files that go with the mail, at most 10.

send-mail-connection = Connection
    .help = The connection to the mail server. Without it: the mail server that the worker is set to.

attachment-name = Name
    .help = The name of the file.

attachment-text = Text
    .help = What stands in the file.

attachment-type = Type
    .help = The media type of the file.
