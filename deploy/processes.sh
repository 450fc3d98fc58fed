# shellcheck shell=bash disable=SC2154
# Sourced by `deploy/dev` and `deploy/quickstart`, which set dev_dir and hold the lock: starts and
# stops background processes that belong to one data folder, and asks what answers on a port.

# Where the data lives: outside the repository, because PostgreSQL refuses to run as root and the
# unprivileged user it runs as must reach it. Two clones and two users get two folders.
# $1: what the folder is for.
default_dev_dir() {
    local repository hash
    repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
    hash=$(printf '%s' "$repository" | cksum | cut -d ' ' -f 1)
    echo "/tmp/postern-$1-$EUID-$hash"
}

# Runs a process in a session of its own, so that Ctrl-C in the terminal does not reach it, and
# without the lock, which it would otherwise hold for life.
launch() {
    local name=$1
    shift
    (
        cd "$dev_dir" || exit
        echo "$BASHPID" >"$name.pid"
        exec setsid "$@" </dev/null >"$name.log" 2>&1 {lock}>&-
    ) &
    disown # or bash would report its end on our terminal
    # Until the exec above, its command line is still ours, and server_pid would not know it.
    while cmp -s "/proc/$!/cmdline" "/proc/$$/cmdline"; do sleep 0.01; done
}

# Prints the pid of server $1 if that process lives and is ours. After a reboot a recorded pid may
# belong to anybody, so its command line must name our folder: see the arguments that the servers are
# given. (Their environment would not do: root in a container may not read that of another user.)
server_pid() {
    local pid try command_line
    pid=$(cat "$dev_dir/$1.pid" 2>/dev/null) && [[ $pid =~ ^[0-9]+$ ]] || return 1
    for try in 1 2 3 4 5; do
        command_line=$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") || return 1
        # A bare return in a trap would return the exit code of the script.
        [[ $command_line != *"$dev_dir/"* ]] || { echo "$pid" && return 0; }
        # In the middle of an exec it is empty for a moment; that of a zombie stays empty.
        [[ -z $command_line ]] || return 1
        sleep "0.0$try"
    done 2>/dev/null
    return 1
}

# Sends server $1 the signal $2, and SIGKILL if it is still there after ten seconds.
stop_server() {
    local pid try
    pid=$(server_pid "$1") || return 0
    kill -s "$2" "$pid" 2>/dev/null || true
    for ((try = 0; try < 100; try++)); do
        server_pid "$1" >/dev/null || return 0
        sleep 0.1
    done
    kill -s KILL "$pid" 2>/dev/null || true
}

# True if a GET on 127.0.0.1 answers 200. $1: port, $2: path, $3: a header. No curl: a fresh machine
# may not have it.
http_succeeds() {
    [[ $(timeout 5 bash -c "exec 3<>/dev/tcp/127.0.0.1/$1 &&
        printf '%s\\r\\n' 'GET $2 HTTP/1.0' 'Host: 127.0.0.1' '${3:-Accept: */*}' '' >&3 &&
        head -n 1 <&3" 2>/dev/null) == *' 200 '* ]]
}

# Prints a port of 127.0.0.1 on which nobody listens. Below 32768 begins the range from which Linux
# takes the local ports of outgoing connections; above 20000 hardly any service has its default.
free_port() {
    local port
    while true; do
        port=$((20000 + RANDOM % 12000))
        port_is_taken "$port" || break
    done
    echo "$port"
}

port_is_taken() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Shows the end of the log of process $1.
log_tail() {
    echo "The end of $dev_dir/$1.log:" >&2
    tail -n 20 "$dev_dir/$1.log" >&2 || true
}
