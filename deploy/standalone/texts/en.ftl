# What the commands print for people. Texts of a command begin with its name.

hint = hint: { $text }
warning = warning: { $text }

# The server, and what it refuses.
token-needed = a token of the API is needed
token-needed-hint = set POSTERN_API_TOKEN, or give --token or --profile; `postern serve` prints the first one
token-refused = { $url } refuses the token: it was removed, or is of another Postern
token-refused-hint = `postern token create NAME` makes one, with a token that is valid; so does the control panel
other-version = { $url } is Postern { $theirs }, this program is { $ours }
other-version-hint = use the program of version { $theirs }
no-api = what answers at { $url } is not the API of Postern
no-server = there is no server at { $url }
no-server-hint = --url, POSTERN_URL or a profile names the listener of control; `postern serve` starts one
no-trust = { $url } cannot be trusted: { $reason }
no-trust-hint = SSL_CERT_FILE names a file with the certificate of the authority that has signed it
no-answer-within = no answer from { $url } within { $n } s
no-answer = no answer from { $url }: the connection broke off
no-answer-hint = `postern status` shows how the server is; the log of control has more
answer-unreadable = the answer of { $url } cannot be read: { $reason }
answer-status = the server answers { $status }
finding = line { $line }: { $text }
hint-not-found = the lists show what there is: postern get, runs, records, dead list, refused list
hint-conflict = look at it again: what you have seen of it has changed since
hint-unavailable = try again in some seconds; `postern status` shows how the server is
hint-forbidden = use a token with more rights
hint-server = the log of control has the reason
hint-usage = the command with --help explains its arguments
hint-fault = this is a fault of postern: report it with the command
output-full = cannot write the results: { $reason }
output-full-hint = standard output is full or closed

# Names, lists and questions.
known-none = there is no { $kind } at all yet
known-names = { $kind }s that are there: { $names }
list-none = nothing found
list-more = more: --before { $cursor }
ask-nobody = nobody can be asked here: { $question }?
ask-nobody-hint = --yes answers it
ask-nothing-done = nothing was done
ask-nothing-done-hint = answer with y, or give --yes

# status
status-well = all is { $state }
status-needs = { $n ->
    [one] { $state }: { $n } of these needs a person
   *[other] { $state }: { $n } of these need a person
}
status-lost = { $n ->
    [one] { $n } gap in the numbers of submissions: those are lost
   *[other] { $n } gaps in the numbers of submissions: those are lost
}
status-needs-attention = { $n ->
    [one] { $n } run waits for a decision
   *[other] { $n } runs wait for a decision
}
status-failed = { $n ->
    [one] { $n } run has failed
   *[other] { $n } runs have failed
}
status-unmatched = { $n ->
    [one] { $n } submission has started nothing
   *[other] { $n } submissions have started nothing
}
status-refused = { $n ->
    [one] { $n } body of permitted callers was refused
   *[other] { $n } bodies of permitted callers were refused
}
status-dead = { $n ->
    [one] { $n } dead letter
   *[other] { $n } dead letters
}
status-or-more = { $n } or more
status-hold = { $n ->
    [one] { $n } workflow is on hold: { $names }
   *[other] { $n } workflows are on hold: { $names }
}
status-secrets = { $n ->
    [one] { $n } process cannot decrypt secrets: { $names }; POSTERN_SECRETS_KEY is missing there, or it is another key
   *[other] { $n } processes cannot decrypt secrets: { $names }; POSTERN_SECRETS_KEY is missing there, or it is another key
}
status-away = connection { $name }: the other system does not answer; runs wait for it, and nothing is lost
status-drift = module { $name } and vtiger differ: { $what }

# find
find-none = nothing has this text
find-none-hint = an e-mail, a phone number, or whole words of a name or an id are found, a second after the post
find-too-long = the text has { $n } characters, more than { $most }
find-too-long-hint = give an e-mail, a phone number, or some words of it
find-cursor-hint = it takes what the end of the page before names
find-receipt = receipt { $name } { $status }
find-record = record { $name } { $module }
find-refused = refused body { $name } { $code }
find-dead = dead letter { $name }
find-dead-of = dead letter { $name } receipt { $receipt }

# get
get-no-versions = a { $kind } has no versions
get-no-versions-hint = only workflows have them
get-none = there is no { $kind } yet: `postern init` writes a first one

# apply
apply-applied = { $kind } { $key }: applied
apply-unchanged = { $kind } { $key }: unchanged
apply-short-url = , answers at /{ $url }
apply-deleted = { $kind } { $key }: deleted
apply-would-be-created = { $kind } { $key }: would be created
apply-would-be-changed = { $kind } { $key }: would be changed
apply-would-be-unchanged = { $kind } { $key }: would be unchanged
apply-would-be-deleted = { $kind } { $key }: would be deleted
apply-not-yet = not yet in force at ingress { $ingress }, last heard from at { $seen }
apply-in-use = { $kind } { $key } is removed, and { $users } names it
apply-strict = --strict takes these warnings for errors; nothing was set
apply-strict-hint = mend them, or leave out --strict
apply-delete = delete { $names }
