#!/usr/bin/env bash
# curl, which keeps its connection for the URLs of one call. The first argument is the URL.
set -euo pipefail
url=$1
name='Žofie & Söhne +1 %41'

post() {
    local answer
    answer=$(curl --silent --show-error --write-out ' %{http_code}' "$@" "$url")
    [[ $answer == *'"receipt"'*' 202' ]] || { echo "$answer" >&2 && exit 1; }
}

post --data kind=form --data-urlencode "name=$name" --data 'tags[]=a' --data 'tags[]=b'
post --json "{\"kind\":\"json\",\"name\":\"$name\",\"tags\":[\"a\",\"b\"]}"
post --form kind=multipart --form-string "name=$name" --form 'tags[]=a' --form 'tags[]=b'
requests=()
for number in {0..19}; do
    requests+=(--next --silent --output /dev/null --write-out '%{http_code}\n' --data "kind=burst&name=$number" "$url")
done
answers=$(curl "${requests[@]:1}")
[[ $(grep -c '^202$' <<<"$answers") == 20 ]] || { echo "$answers" >&2 && exit 1; }
