# shellcheck shell=bash disable=SC1091,SC2154
# Sourced by `deploy/dev`, which sets dev_dir and holds the lock: starts, checks and repairs the
# throwaway PostgreSQL and RabbitMQ of one data folder. All they own lives in that folder, all they
# listen on is 127.0.0.1, and one counts as running only when it lets us log in. The folder is all
# that tells one instance from another, so any number of them can run side by side, and a test may
# kill -9 what it likes: `up` starts it again on the same data.
#
# Layout of $dev_dir: `postern-dev` (marks the folder as ours to delete), `password`,
# `<server>.ports` (shell assignments), `<server>.pid`, `<server>.log`, `postgres/`, `rabbitmq/`.

# A first boot takes 2 s and 6 s; a loaded two-core machine has needed ten times that.
readonly start_limit_s=120
# Each failed try costs a boot, and two collisions in a row on random ports do not happen by chance.
readonly port_tries=5
# The oldest PostgreSQL that Postern supports.
readonly oldest_postgres=15

# The database and broker addresses, as `export` lines for `eval`.
print_environment() {
    # shellcheck source=/dev/null
    source "$dev_dir/postgres.ports" && source "$dev_dir/rabbitmq.ports"
    echo "export DATABASE_URL=$(database_url)"
    echo "export AMQP_URL=amqp://postern:$(<"$dev_dir/password")@127.0.0.1:$amqp_port"
    echo "export POSTERN_DEV_RABBITMQ_MANAGEMENT=http://postern:$(<"$dev_dir/password")@127.0.0.1:$management_port"
    [[ ! -d $dev_dir/rabbitmq/tls ]] || echo "export POSTERN_DEV_AMQPS=amqps://postern:$(<"$dev_dir/password")@localhost:$amqps_port"
}

# --- PostgreSQL ---------------------------------------------------------------------------------

# Prints the folder of the newest PostgreSQL server programs that are new enough; fails if none are.
find_postgres_bin() {
    local bin version
    for bin in $(printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin | sort -rV) \
        "$(dirname "$(command -v postgres || echo /nowhere/postgres)")"; do
        [[ -x $bin/postgres && -x $bin/initdb && -x $bin/psql ]] || continue
        version=$("$bin/postgres" --version | grep -oE '[0-9]+' | head -n 1 || true)
        if [[ -n $version ]] && ((version >= oldest_postgres)); then
            echo "$bin"
            return
        fi
    done
    return 1
}

postgres_answers() {
    local bin postgres_port
    server_pid postgres >/dev/null && bin=$(find_postgres_bin) || return 1
    source "$dev_dir/postgres.ports"
    PGCONNECT_TIMEOUT=5 timeout 10 "$bin/psql" -wqAt -c 'select 1' "$(database_url)" >/dev/null 2>&1
}

# Makes PostgreSQL answer: leaves a running one alone, restarts a dead one on its old data and, if
# it is still free, its old port.
postgres_up() {
    wait_if_alive postgres && return
    [[ -d $dev_dir/postgres/data ]] || create_cluster
    [[ -f $dev_dir/postgres.ports ]] || choose_postgres_ports
    start_on_free_ports postgres
}

postgres_stop() {
    stop_server postgres QUIT # immediate, but it still gives its shared memory back
}

database_url() {
    echo "postgres://postern:$(<"$dev_dir/password")@127.0.0.1:$postgres_port/postern"
}

choose_postgres_ports() {
    echo "postgres_port=$(free_port)" >"$dev_dir/postgres.ports"
}

# Built aside and renamed, so that a folder called `data` is always complete.
create_cluster() {
    local bin new=$dev_dir/postgres/new
    bin=$(find_postgres_bin)
    rm -rf "$dev_dir/postgres"
    mkdir -p "$dev_dir/postgres"
    install -m 600 "$dev_dir/password" "$dev_dir/postgres/password"
    ((EUID != 0)) || chown -R "$(server_user)" "$dev_dir/postgres"
    {
        as_server_user "$bin/initdb" -D "$new" -U postern --auth=scram-sha-256 \
            --pwfile="$dev_dir/postgres/password" --encoding=UTF8 --locale=C.UTF-8 --no-sync &&
            as_server_user "$bin/postgres" --single -D "$new" postgres <<<'create database postern'
    } >"$dev_dir/postgres.log" 2>&1 || fail_with_log postgres 'cannot create the database cluster'
    [[ -z ${POSTERN_DEV_TLS:-} ]] || copy_certificates "$new" "$(server_user)"
    mv "$new" "$dev_dir/postgres/data"
}

# fsync and synchronous_commit stay on: what tests and benchmarks measure is a durable commit.
# track_commit_timestamp dates the commits for the benchmark.
postgres_launch() {
    local bin postgres_port prefix tls=()
    bin=$(find_postgres_bin)
    source "$dev_dir/postgres.ports"
    forget_dead_postmaster
    server_user_prefix
    [[ ! -d $dev_dir/postgres/data/tls ]] ||
        tls=(-c ssl=on -c ssl_ca_file=tls/ca.pem -c ssl_cert_file=tls/cert.pem -c ssl_key_file=tls/key.pem)
    launch postgres "${prefix[@]}" "$bin/postgres" -D "$dev_dir/postgres/data" \
        -c listen_addresses=127.0.0.1 -c port="$postgres_port" -c unix_socket_directories= \
        -c max_connections=300 -c shared_buffers=256MB -c track_commit_timestamp=on \
        "${tls[@]}"
}

# After kill -9 PostgreSQL refuses to start while a process with the old pid exists: one that its
# parent has not collected yet, or, after a reboot, anybody's. We know that it is not a PostgreSQL;
# the wait is for its last children, which end when they notice that it is gone.
forget_dead_postmaster() {
    local file=$dev_dir/postgres/data/postmaster.pid try
    for ((try = 0; try < 20; try++)); do
        [[ -e $file && -e /proc/$(head -n 1 "$file") ]] || break
        sleep 0.1
    done
    rm -f "$file"
}

# --- RabbitMQ -----------------------------------------------------------------------------------

# Prints the path of the start script. Debian's own wrapper in /usr/sbin insists on the system user
# `rabbitmq`, so the script that it wraps comes first.
find_rabbitmq_server() {
    local path
    for path in /usr/lib/rabbitmq/bin/rabbitmq-server "$(command -v rabbitmq-server || true)"; do
        [[ ! -x $path ]] || { echo "$path" && return; }
    done
    return 1
}

# The AMQP listener and the management plugin come up one after the other: both must answer.
rabbitmq_answers() {
    local amqp_port management_port
    server_pid rabbitmq >/dev/null || return 1
    source "$dev_dir/rabbitmq.ports"
    amqp_answers "$amqp_port" && management_answers "$management_port"
}

# Like postgres_up.
rabbitmq_up() {
    wait_if_alive rabbitmq && return
    rabbitmq_stop
    mkdir -p "$dev_dir/rabbitmq"
    [[ -z ${POSTERN_DEV_TLS:-} ]] || copy_certificates "$dev_dir/rabbitmq" "$EUID"
    [[ -f $dev_dir/rabbitmq.ports ]] || choose_rabbitmq_ports
    start_on_free_ports rabbitmq
}

# Nothing here outlives `down`, so nothing is worth a clean shutdown of several seconds. RabbitMQ
# starts another epmd if ours dies: it has no pid file, but it listens on our port. (`-kill` does
# nothing to one that a living node is registered with, which would be a stranger's.)
rabbitmq_stop() {
    local epmd_port try
    stop_server rabbitmq KILL
    stop_server epmd KILL
    [[ -f $dev_dir/rabbitmq.ports ]] || return 0
    source "$dev_dir/rabbitmq.ports"
    for try in 1 2 3; do
        port_is_taken "$epmd_port" || break
        timeout 5 epmd -port "$epmd_port" -kill >/dev/null 2>&1 || sleep "0.$try"
    done
}

choose_rabbitmq_ports() {
    local name
    for name in amqp_port amqps_port management_port epmd_port distribution_port; do
        echo "$name=$(free_port)"
    done >"$dev_dir/rabbitmq.ports"
}

# epmd, which tells Erlang nodes about each other, is started by hand: left to itself, Erlang would
# start one that nobody can stop by pid, or join one that belongs to another RabbitMQ.
rabbitmq_launch() {
    local home=$dev_dir/rabbitmq amqp_port management_port epmd_port distribution_port
    source "$dev_dir/rabbitmq.ports"
    write_rabbitmq_settings
    ln -sfn "$(command -v epmd)" "$home/epmd" # so that its command line names our folder
    launch epmd "$home/epmd" -port "$epmd_port" -address 127.0.0.1
    # Erlang takes memory for every file that it may open: "unlimited" would mean gigabytes.
    ulimit -n 65536 2>/dev/null || true
    # RUNNING_UNDER_SYSTEMD: the script becomes the server instead of waiting for a child.
    # inet_dist_use_interface: otherwise the distribution port binds to every interface.
    # The node's name stays the same when its ports change, because its data belongs to that name.
    # SCHEDULER_BIND_TYPE=u: several instances would otherwise all pin themselves to the same cores.
    launch rabbitmq env -u NOTIFY_SOCKET RUNNING_UNDER_SYSTEMD=1 HOME="$home" \
        ERL_EPMD_PORT="$epmd_port" ERL_EPMD_ADDRESS=127.0.0.1 \
        RABBITMQ_NODENAME=postern@localhost RABBITMQ_DIST_PORT="$distribution_port" \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}' \
        RABBITMQ_SCHEDULER_BIND_TYPE=u RABBITMQ_CONF_ENV_FILE="$home/rabbitmq-env.conf" \
        RABBITMQ_CONFIG_FILE="$home/rabbitmq.conf" RABBITMQ_ADVANCED_CONFIG_FILE="$home/advanced.config" \
        RABBITMQ_ENABLED_PLUGINS_FILE="$home/enabled_plugins" RABBITMQ_MNESIA_BASE="$home/data" \
        RABBITMQ_LOG_BASE="$home/log" "$(find_rabbitmq_server)" -postern_dev "$home"
}

write_rabbitmq_settings() {
    local home=$dev_dir/rabbitmq
    : >"$home/rabbitmq-env.conf"
    echo '[].' >"$home/advanced.config"
    echo '[rabbitmq_management].' >"$home/enabled_plugins"
    cat >"$home/rabbitmq.conf" <<CONF
listeners.tcp.local = 127.0.0.1:$amqp_port
management.tcp.ip = 127.0.0.1
management.tcp.port = $management_port
default_user = postern
default_pass = $(<"$dev_dir/password")
disk_free_limit.absolute = 50MB
log.console = true
log.console.use_colors = off
log.file = false
CONF
    [[ -d $home/tls ]] || return 0
    cat >>"$home/rabbitmq.conf" <<CONF
listeners.ssl.local = 127.0.0.1:$amqps_port
ssl_options.cacertfile = $home/tls/ca.pem
ssl_options.certfile = $home/tls/cert.pem
ssl_options.keyfile = $home/tls/key.pem
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = false
CONF
}

# True if the broker answers AMQP's protocol header with a method frame (type 1).
amqp_answers() {
    [[ $(timeout 5 bash -c "exec 3<>/dev/tcp/127.0.0.1/$1 && printf 'AMQP\\0\\0\\x09\\x01' >&3 &&
        head -c 1 <&3 | od -An -tu1" 2>/dev/null) =~ ^\ *1$ ]]
}

management_answers() {
    http_succeeds "$1" /api/whoami "Authorization: Basic $(printf 'postern:%s' "$(<"$dev_dir/password")" | base64 -w 0)"
}

# The certificate of a server and its key, for its user alone. $1: the folder of the server, $2: the user.
copy_certificates() {
    local file
    mkdir -p "$1/tls"
    for file in ca.pem cert.pem key.pem; do
        install -m 600 "$POSTERN_DEV_TLS/$file" "$1/tls/$file"
    done
    ((EUID != 0)) || chown -R "$2" "$1/tls"
}

# --- What both have in common -------------------------------------------------------------------

# True once server $1 answers. A server whose process lives is never given up on early: it may only
# be slow, and somebody else may be using it.
wait_if_alive() {
    ! "$1_answers" || return 0
    server_pid "$1" >/dev/null || return 1
    wait_until_answers "$1" && return 0
    "$1_stop"
    return 1
}

start_on_free_ports() {
    local try
    for ((try = 1; try <= port_tries; try++)); do
        "$1_launch"
        wait_until_answers "$1" && companions_live "$1" && return
        companions_live "$1" && ! grep -qisE 'address already in use|eaddrinuse|port [0-9]+ in use' \
            "$dev_dir/$1.log" && break
        "$1_stop"
        "choose_$1_ports"
    done
    "$1_stop"
    fail_with_log "$1" "$1 did not start"
}

# An epmd that could not bind has left RabbitMQ with a stranger's, or with none.
companions_live() {
    [[ $1 != rabbitmq ]] || server_pid epmd >/dev/null
}

# False as soon as the process has ended, or after the time limit.
wait_until_answers() {
    local end=$((SECONDS + start_limit_s))
    until "$1_answers"; do
        server_pid "$1" >/dev/null && ((SECONDS < end)) || return 1
        sleep 0.2
    done
}

# The user that PostgreSQL runs as when we are root: the package makes it, so ask after installing.
server_user() {
    id -un postgres 2>/dev/null || echo nobody
}

as_server_user() {
    local prefix
    server_user_prefix
    (cd "$dev_dir" && "${prefix[@]}" "$@")
}

# Sets `prefix` to the words that make a command run as server_user: an array, because `launch`
# replaces a process with the command and a function cannot do that.
server_user_prefix() {
    prefix=()
    ((EUID == 0)) || return 0
    prefix=(setpriv "--reuid=$(id -u "$(server_user)")" "--regid=$(id -g "$(server_user)")" --clear-groups --)
}

# Ends the script with the end of the log of server $1. $2: what went wrong.
fail_with_log() {
    log_tail "$1"
    echo "error: $2. To begin again from nothing: POSTERN_DEV_DIR='$dev_dir' deploy/dev down" >&2
    exit 1
}
