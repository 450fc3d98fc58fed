# shellcheck shell=bash disable=SC2154
# Sourced by `deploy/dev` and `deploy/quickstart` after `servers.sh`; they set assume_yes and define fail: sees to it that
# the programs of the servers are installed.

# Ends the script unless the programs of these packages are there, or can be installed.
require_packages() {
    local missing
    missing=$(missing_packages "$@")
    [[ -n $missing ]] || return 0
    command -v apt-get >/dev/null ||
        fail "missing: $missing (PostgreSQL must be $oldest_postgres or later), and there is no apt-get to install it. Fedora's names: postgresql-server, rabbitmq-server"
    echo "missing packages: $missing"
    confirm "install them with apt-get (the servers are not started)?" ||
        fail "nothing installed. By hand: apt-get install $missing"
    # shellcheck disable=SC2086 # a list of names
    as_root "$(dirname "${BASH_SOURCE[0]}")/install-packages" $missing
    missing=$(missing_packages "$@")
    [[ -z $missing ]] ||
        fail "still missing after the installation: $missing. PostgreSQL must be $oldest_postgres or later; for an older system see https://www.postgresql.org/download/linux/"
}

missing_packages() {
    local wanted missing=()
    for wanted in "$@"; do
        case $wanted in
            postgresql) find_postgres_bin >/dev/null || missing+=("$wanted") ;;
            rabbitmq-server) { find_rabbitmq_server && command -v epmd; } >/dev/null || missing+=("$wanted") ;;
        esac
    done
    echo "${missing[*]}"
}

# Without a terminal there is nobody to ask: a CI job wants what it needs.
confirm() {
    local answer
    [[ $assume_yes == no && -t 0 ]] || return 0
    read -r -p "$1 [Y/n] " answer
    [[ $answer =~ ^([Yy].*)?$ ]]
}

as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "this needs root, and there is no sudo. As root, run: $*"
    fi
}
