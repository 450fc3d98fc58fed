# The texts of the control panel. The same keys stand in every language; a test compares them.
navigation = Navigation
skip = Skip to the content
runs = Runs
workflows = Workflows
triggers = Triggers
records = Records
http-handler = HTTP handler
modules = Modules
http-handler-title = Settings: HTTP handler
to-http-handler = Settings: HTTP handler
failed-lately = { $n ->
    [one] { $n } run failed in the last 24 hours
   *[other] { $n } runs failed in the last 24 hours
}
search = Search
search-for = Search:
search-help = A receipt, an IP address, a record's number or what it holds (an e-mail address), a key or a title
search-none = Nothing was found.
log-in = Log in
log-out = Log out
account-name = Name
password = Password
password-help = At least 12 characters.
login-wrong = Name and password do not belong together.
login-wait = Too many wrong passwords. { $n ->
    [one] Try again in { $n } second.
   *[other] Try again in { $n } seconds.
}
login-busy = Too many people are logging in just now. Try again in a moment.
setup = The first account
setup-help = This link works once. The account can change everything; keep its password well.
setup-button = Create the account
setup-name-wrong = The name must have 1 to 64 bytes.
setup-password-short = The password must have at least 12 characters.
theme-dark = Dark
theme-light = Light
theme-system = As the system says
to-start = To the start
refused-not-found = There is nothing here
refused-not-found-help = The address is wrong, or what it showed was deleted.
refused-no-token = This form is out of date
refused-no-token-help = It was made for another session. Go back, reload the page, and send it again.
refused-unreadable = The form could not be read
refused-unreadable-help = It was too large, took too long, was cut off, or holds a character that cannot be stored. Send it again.
refused-busy = Too much is under way
refused-busy-help = Too many passwords are being checked just now. Try again in a moment.
refused-away = The database cannot be reached now
refused-away-help = Submissions are still accepted. Try again in a moment; the log says more.
refused-fault = Postern made a mistake
refused-fault-help = The log says what happened.
done-saved = Saved. It is in force from now on.
done-deleted = Deleted.
done-enabled = Switched on.
done-disabled = Switched off. Its callers are refused from now on.
done-held = On hold. What comes is accepted, and its runs wait.
done-let-go = Off hold. What waited is begun, the oldest first.
copy = Copy
copy-json = Copy as JSON
copied = Copied
save = Save
cancel = Cancel
check = Check
delete = Delete
delete-type = To confirm, type
delete-wrong = That is another name. Nothing was deleted.
all = all
filter = Filter
filter-clear = Show all
pages = Pages
newest = Newest
older = Older
state = State
workflow = Workflow
trigger = Trigger
record = Record
module = Module
message = Message
length = Took
started = Started
receipt = Receipt
permission = Permission
target = Target
title = Title
key = Key
number = No.
fields = Fields
created = Created
changed = Changed
comments = Comments
version = Version
steps = Steps
line = Line
without-record = without a record
duplicate-of = Duplicate of
not-run = Did not run:
not-stored = is not stored
tree-empty = Empty.
tree-more = { $n ->
    [one] { $n } more
   *[other] { $n } more
}
path-none = No step was logged.
receipt-queued = Accepted, and waiting for a worker. Reload the page in a moment.
receipt-replayed = The history keeps nothing of this time, so the submission was replayed under a new receipt.
replay-of = In place of the receipt
replayed-as = Replayed as the receipt
receipt-dead = It could not be run, and is kept as a dead letter:
runs-none = Nothing has run yet
runs-none-help = A run begins when a permitted caller posts to a short URL. The page of a permission has ready-made calls for curl, PHP and HTML.
runs-none-filtered = No run is like that.
records-none = There are no records yet
records-none-help = Workflows create them: a step create_record makes one from what was posted.
records-none-here = This module has no records.
triggers-none = There are no triggers yet
triggers-none-help = A trigger is a key that callers name and workflows listen to: one call then starts all of them.
trigger-new = New trigger
trigger-key-help = What callers name: ?workflow_trigger=key. Letters, digits, _ - and a dot; it cannot be changed later.
trigger-delete-help = Workflows that listen to it and permissions that allow it stay; callers who name it start nothing.
listeners = Workflows that listen
listeners-none = none
key-taken = This key is taken.
workflows-none = There are no workflows yet
workflows-none-help = A workflow says what becomes of what is posted: which records are created, changed or found.
workflow-new = New workflow
workflow-as-text = The workflow as YAML
text-fine = No mistakes.
workflow-taken = there is a workflow of this number already
workflow-number-fixed = the number cannot be changed: make a new workflow instead
module-new = New module
module-as-text = The module as YAML
module-name-fixed = the name cannot be changed: make a new module instead
module-delete-help = Its records stay as they are, and any field may hold anything from then on.
module-strict-help = Strict: a record has these fields and no others.
module-open-help = Open: other fields are kept as they are.
module-fields-none = Its fields stand here when the text has no mistakes.
module-types-help = Types: text, integer, number, boolean, date, datetime, email, phone, url, choice and list (options), reference (module). Each field may be required, have a label and a default; one may be unique.
module-undeclared = not declared
module-declare = Declare
modules-none = There are no modules yet
modules-none-help = A module is a type of records, such as leads. Declare its fields, and what workflows write has their types; without that any field may hold anything.
field = Field
field-type = Type
field-rules = Rules
field-required = required
field-unique = unique
unique-field = Unique field
field-default = default
graph-none = The graph is drawn when the text has no mistakes.
permissions-none = Nobody may post yet
permissions-none-help = Every address is refused until a permission lets it in and says what it may run.
permission-new = New permission
permission-key-help = Its name in documents and in the log. Left empty, it is made from the title.
permission-delete-help = Its callers are refused from then on. What they posted before stays.
addresses = IP addresses
addresses-help = One a line: 192.168.0.17 · 192.168.0.* · 192.168.0.100-192.168.0.160 · 192.168.0.0/24 · IPv6 the same. The word any lets everyone in who knows the short URL, which is then made up.
addresses-count = { $n ->
    [one] { $n } address
   *[other] { $n } addresses
}
addresses-many = addresses
covers = covers
covers-one = covers this address alone
covers-any = covers every address
may-run = May run
short-url = Short URL
short-url-help = Left empty, it answers at the default one.
expires = Expires
expires-help = A date, valid to its end (UTC), or a moment such as 2026-12-31T18:00:00+01:00.
switch = Switch
enable = Switch on
disable = Switch off
for-fixed-callers = For callers that cannot be changed
charset = Charset of forms
files = Files
files-refuse = refuse with 415
files-drop = leave out
answer-status = Answer with status
answer-default = 202 and the receipt
answer-body = Answer with text
ping = Test call
ping-help = name=value: a call that posts this is answered and never run.
origins = Origins of pages
dedupe-by = Fields that tell duplicates
dedupe-by-help = Two submissions with the same values start one run.
dedupe-days = For how many days
snippets = Ready-made calls
snippets-help = Put in the host name by which your callers reach Postern.
snippet-origins = A browser names the site of the page that holds the form. List that site here, or the form is refused:
explain = Explain an address
explain-button = Explain
explain-no-address = This is not an IP address.
explain-admitted = is let in
explain-denied = is denied
explain-make = Make a permission for it
explain-covered = lets it in by
explain-not-covered = does not cover it
explain-disabled = covers it, but is switched off
explain-expired = covers it, but has expired
state-finished = finished
state-failed = failed
state-running = running
state-waiting = waiting
state-held = on hold
state-queued = queued
state-needs-attention = needs attention
state-unmatched = unmatched
state-duplicate = duplicate
state-dead-letter = dead letter
state-replayed = replayed
state-enabled = enabled
state-disabled = disabled
state-expired = expired
state-active = active
state-inactive = inactive
state-unreadable = unreadable
state-strict = strict
state-open = open
ago-now = just now
ago-seconds = { $n } s ago
ago-minutes = { $n } min ago
ago-hours = { $n } h ago
ago-days = { $n } d ago
output-then = yes
output-else = no
output-created = created
output-existing = existing
output-found = found
output-not-found = not found
output-failed = failed
address = IP address
reason = Reason
calls = Calls
last-call = Last call
let-in = Let it in…
refused-callers = Refused callers
refused-callers-help = Addresses that no permission lets in, of the last days.
proxy-missing = They come through a private address. Is it a proxy that POSTERN_TRUSTED_PROXIES does not name?
unread-names = Posted but never read
unposted-names = Read but never posted
overview = Overview
settings = Settings
pages-of-group = Pages of this part
dead-letters = Dead letters
dead-letters-short = Dead letters
dead-letter = Dead letter
refused-bodies = Refused bodies
refused-body = Refused body
accounts = Accounts
tokens = API tokens
audit = Audit log
dead-letters-count = { $n ->
    [one] { $n } dead letter
   *[other] { $n } dead letters
}
attention = What needs a hand
attention-none = Nothing: every submission of the last 24 hours went through.
attention-failed = { $n ->
    [one] { $n } run failed in the last 24 hours
   *[other] { $n } runs failed in the last 24 hours
}
attention-undecided = { $n ->
    [one] { $n } run needs attention
   *[other] { $n } runs need attention
}
attention-dead = { $n ->
    [one] { $n } dead letter
   *[other] { $n } dead letters
}
attention-refused = { $n ->
    [one] { $n } body of a permitted caller refused in the last 24 hours
   *[other] { $n } bodies of permitted callers refused in the last 24 hours
}
attention-rejected = { $n ->
    [one] { $n } address was denied in the last 24 hours
   *[other] { $n } addresses were denied in the last 24 hours
}
attention-spooled = { $n ->
    [one] { $n } message waits in the spool
   *[other] { $n } messages wait in the spool
}
chart-accepted = Submissions
chart-ended = Runs
chart-from = 24 h ago
chart-top = highest bar:
this-hour = this hour
hour-accepted = { $n } accepted
hour-finished = { $n } finished
hour-failed = { $n } failed
day-accepted = { $n } accepted in 24 hours,
this-hour-accepted = { $n } of them in this hour.
day-finished = { $n } finished in 24 hours,
day-failed = { $n } failed.
runs-latest = Latest runs
runs-all = All runs
settings-version = This ingress holds settings version
first-steps = Four steps to the first lead
first-steps-help = A caller that is permitted posts to a short URL; a trigger finds the workflows; a workflow makes the lead.
first-done = done
first-trigger = Make a trigger
first-trigger-help = The key that callers name, such as web_lead.
first-workflow = Write a workflow that listens to it
first-workflow-help = The editor begins with one that makes a lead of what was posted.
first-permission = Let an address in
first-permission-help = Every address is denied until a permission says otherwise.
first-lead = Post a lead
first-lead-help = The page of a permission has ready-made calls for curl, PHP and HTML. This page then shows it.
time = Accepted
last-all = at any time
last-hour = in the last hour
last-day = in the last 24 hours
last-week = in the last 7 days
dead-letters-none = There are no dead letters
dead-letters-none-help = What no worker could run is kept here whole, with the reason: a message that cannot be read, or a submission that failed every time. None of it is lost.
attempts = Attempts
since = Since
message-kind = Kind
size = Size
body = Body
query = Query
bytes = { $n ->
    [one] { $n } byte
   *[other] { $n } bytes
}
refused-bodies-none = No body was refused
refused-bodies-help = What a permitted caller sent and Postern could not read: a wrong charset, a file, a limit. Kept for a week, so that a lead is not lost by a setting.
told-caller = Told to the caller
remedy = Setting
type-other = Another type
target-other = Another trigger or workflow
under-other = Another permission
target-unknown = This can be the name of no trigger, workflow or permission.
refusal-origin-denied = The page is of a site that the permission does not list.
refusal-token-denied = The token is missing or wrong.
refusal-target-denied = The permission does not allow this workflow or trigger.
refusal-target-missing = The call names no workflow or trigger.
refusal-ambiguous-target = The call names a workflow and a trigger.
refusal-invalid-selector = The name of the workflow or trigger cannot be read.
refusal-invalid-record-id = The number of the record is no whole number.
refusal-invalid-idempotency-key = The Idempotency-Key cannot be used.
refusal-unknown-short-url = The call went to a short URL that no permission has.
refusal-invalid-body = The body could not be read.
refusal-unsupported-type = The type of the body is not read here.
refusal-file-refused = The form has a file.
refusal-body-too-large = The body is too large.
refusal-body-timeout = The body took too long to arrive.
refused-at = Refused
not-kept = not kept
not-kept-help = The body did not arrive whole, or is too large to keep.
role = Role
role-admin = admin
role-editor = editor
role-viewer = viewer
role-help-admin = Everything: also accounts and tokens.
role-help-editor = Changes settings, decides about runs and submissions, and sees what was posted.
role-help-viewer = Only looks. Runs, records and settings, but no accounts and no tokens. Of what was posted: names and the shapes of values.
account-me = (you)
account-new = Another account
account-add = Add the account
account-taken = There is an account of this name.
account-too-many = There are too many accounts.
account-last-admin = This is the last account that may change anything: it must stay.
account-delete-help = Its sessions end at once. The audit log keeps its name.
password-own = My password
password-old = Present password
password-old-wrong = The present password is another one.
password-new = New password
password-set = Set the password
password-ends-sessions = All sessions of the account end.
token = Token
token-new = Another token
token-add = Make the token
token-made = This is the token. It is shown only this once: copy it now.
token-name = Name
token-name-help = Who or what will use it, so that it can be taken back later.
token-name-wrong = The name must be a text of 1 to 64 characters.
token-taken = There is a token of this name.
token-too-many = There are { $n } tokens already.
token-created = Made
token-used = Last used
token-unused = never
token-delete-help = Whoever uses it is refused from then on.
tokens-none = There are no tokens
tokens-help = Programs and the command line use a token to call the API of this listener: Authorization: Bearer …
audit-none = Nothing was changed yet
audit-none-help = Every change of settings, accounts and tokens is noted here, with who made it and what it was before.
what = What
who = Who
when = When
change-none = Nothing of its text differs.
action-save = Saved
action-delete = Deleted
action-create = Created
action-password = New password
action-admin = May change everything
action-editor = Is an editor
action-reader = May only look
action-viewer = May only look
kind-module = module
kind-workflow = workflow
kind-trigger = trigger
kind-permission = permission
kind-account = account
kind-token = token
versions = Versions
version-changed = What changed in
edit = Edit
workflow-hold = Put on hold
workflow-let-go = Let it go on
workflow-hold-help = On hold, what comes is accepted and its runs wait; then they begin in order, with the version that is in force. What is not saved yet on this page is lost.
workflow-waiting = { $n ->
    [one] { $n } run waits
   *[other] { $n } runs wait
}
workflow-delete-help = Nothing starts it from then on. Runs that began with it go on, and its versions stay for them.
refused-only-admins = Only admins may do this
refused-only-admins-help = Ask an admin.
refused-only-editors = This account may only look
refused-only-editors-help = Ask someone who may change settings.
replay = Replay
discard = Discard
discard-reason = Why it may be discarded
discard-reason-missing = Say why, in up to 500 characters: the audit log keeps it.
how-many = Letters
latest = Latest
alike = Alike
alike-all = All for the same reason
done-replayed = On their way again. What can be run now leaves this list.
done-discarded = Discarded. The audit log keeps the reason.
action-replay = Replayed
action-discard = Discarded
kind-dead-letter = dead letter
replay-number = replay
started-by = Started in step { $n } of
has-started = Has started
runs-left-out = { $n ->
    [one] { $n } more run of this receipt is not shown here.
   *[other] { $n } more runs of this receipt are not shown here.
}
replay-failed = Replay at the failed step
replay-newest = Replay with the newest version
decide-done = It was done: go on
decide-repeat = Do it again
decide-fail = It failed
action-done = Decided: done
action-repeat = Decided: repeat
action-fail = Decided: failed
kind-run = run
reread = Read again
reread-all = Read all of it again
reread-help = As if it came now: under its permission as it is now, with the address and the time that it had. Change the charset or the files of the permission first, or name a charset for this body alone.
charset-other = Another charset
charset-unknown = No charset has this name.
show-values = Show values
done-reread = Read again. What is right now is on its way; what is still refused says why.
action-show = Shown
kind-refused-body = refused body
unmatched = Unmatched
unmatched-none = Every submission started something
unmatched-help = What was accepted and started nothing: no workflow listens, it is inactive, its condition is false, or the record is missing or of another module. It is kept whole; mend the workflow, then replay.
replay-all = Replay all of them
replay-unmatched-help = With the workflows of today, under the same receipt.
dropped-files = Files left out
kind-receipt = submission
attention-unmatched = { $n ->
    [one] { $n } submission of the last 24 hours started nothing
   *[other] { $n } submissions of the last 24 hours started nothing
}
charts-counted = Counted
