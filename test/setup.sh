# shellcheck shell=bash
#
# What "make demo", "make test" and "make lint" have in common: install what
# is missing, build and install taskq from a copy of the tree, run servers of
# their own.  Sourced, never run.
#
# A server refuses to run as root.  Started as root, everything that needs no
# privilege (building, servers, tests) is done as postgres; started by
# somebody else, as that user, with sudo for packages and "make install".
# The tree may lie where postgres cannot read, and must not fill with files
# of root's: so the work is done in a copy under /tmp.
#
# Existing clusters are left alone, and nothing is left running.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tmp=                    # directory of this run, removed at the end
undo=()                 # files to remove when packages have been installed
lists_are_fresh=false   # apt's lists of packages, updated at most once a run
cd /                    # runuser keeps the directory, and postgres may not be let in

# An outer make or the user's shell must not reach into what is run here.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
unset PGHOST PGHOSTADDR PGPORT PGDATABASE PGUSER PGPASSWORD PGPASSFILE \
    PGSERVICE PGSERVICEFILE PGOPTIONS PGAPPNAME PGDATESTYLE PGTZ PGDATA \
    PGCLIENTENCODING PGSSLMODE PGREQUIRESSL PGTARGETSESSIONATTRS
export LC_ALL=C.UTF-8

say() {
    printf '%s\n' "$*"
}

die() {
    printf 'taskq: %s\n' "$*" >&2
    exit 1
}

# ------------------------------------------------------------ who does what

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "needs root or sudo for: $*"
    fi
}

# For root this works once PostgreSQL is installed.
as_user() {
    if [ "$(id -u)" = 0 ]; then
        runuser -u postgres -- env USER=postgres LOGNAME=postgres HOME="${tmp:-/}" "$@"
    else
        "$@"
    fi
}

# ---------------------------------------------------------------- packages

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

remove_temporary_files() {
    [ "${#undo[@]}" -gt 0 ] || return 0
    as_root rm -f "${undo[@]}"
    undo=()
}

# Writes a file, to be removed again, unless there is one already.
temporary_file() { # path mode text
    [ ! -e "$1" ] || return 0
    as_root mkdir -p "$(dirname "$1")"
    printf '%s\n' "$3" | as_root tee "$1" >/dev/null
    as_root chmod "$2" "$1"
    undo+=("$1")
}

# Installs those of the packages that are missing.  No cluster is made for a
# new server and no service is started, whatever the packages would do.  Of
# several runs one at a time installs: apt does not wait for its lists, and one
# run must not remove the temporary files of another.
install_packages() {
    local missing=() package log lock
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    [ "${#missing[@]}" -gt 0 ] || return 0
    command -v apt-get >/dev/null ||
        die "no apt-get here; install by hand: ${missing[*]}"

    say "Installing ${missing[*]} ..."
    exec {lock}</var/lib/dpkg
    flock "$lock"
    log=$(mktemp)
    temporary_file /etc/postgresql-common/createcluster.d/taskq.conf 644 \
        'create_main_cluster = false'
    temporary_file /usr/sbin/policy-rc.d 755 $'#!/bin/sh\nexit 101'
    if ! {
        update_package_lists
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
            --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}"
    } </dev/null >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        rm -f "$log"
        die "could not install ${missing[*]}"
    fi
    rm -f "$log"
    remove_temporary_files
    if [[ " ${missing[*]} " = *' pgbouncer '* ]]; then
        as_root update-rc.d pgbouncer disable   # nor at the next boot
    fi
    exec {lock}<&-
}

# Installs those of the packages that the distribution has, and says which it
# has not.
install_if_packaged() { # package...
    local package there=()
    for package in "$@"; do
        if is_packaged "$package"; then
            there+=("$package")
        else
            say "There is no package $package here."
        fi
    done
    install_packages "${there[@]}"
}

is_packaged() { # package
    is_installed "$1" && return
    command -v apt-cache >/dev/null || return
    apt-cache show "$1" >/dev/null 2>&1 && return
    update_package_lists >/dev/null 2>&1
    apt-cache show "$1" >/dev/null 2>&1
}

# A list that cannot be had need not be one that matters.
update_package_lists() {
    "$lists_are_fresh" || as_root apt-get update -qq || true
    lists_are_fresh=true
}

# -------------------------------------------------------------- PostgreSQL

# Sets PG_CONFIG, bindir and major.  The server is that of PG_CONFIG if given,
# else that of the pg_config in PATH, else the distribution's own, which is
# installed with what it takes to build an extension, and further packages
# (%N in their names is the major version).
need_postgresql() { # [package...]
    local config=${PG_CONFIG:-}
    if [ -n "$config" ]; then
        command -v "$config" >/dev/null || die "PG_CONFIG=$config: no such program"
    else
        config=$(command -v pg_config || true)
    fi
    if [ -n "$config" ]; then
        major=$("$config" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
    else
        set_major_of_distribution
    fi
    [ "$major" -ge 15 ] ||
        die "taskq needs PostgreSQL 15 or later, this is $major; install a newer one and pass PG_CONFIG"

    set -- "${@//%N/$major}"
    if [ -n "${PG_CONFIG:-}" ] && [ -x "$("$config" --bindir)/postgres" ] && [ -f "$("$config" --pgxs)" ]; then
        install_packages gcc libc6-dev "$@"
    else
        install_packages "postgresql-$major" "postgresql-server-dev-$major" gcc libc6-dev "$@"
        PG_CONFIG=/usr/lib/postgresql/$major/bin/pg_config
    fi
    export PG_CONFIG
    bindir=$("$PG_CONFIG" --bindir)
}

set_major_of_distribution() {
    command -v apt-get >/dev/null ||
        die "no pg_config and no apt-get here; install PostgreSQL with its server headers, and pass PG_CONFIG"
    major=$(candidate_major)
    if [ -z "$major" ]; then
        update_package_lists >/dev/null 2>&1
        major=$(candidate_major)
    fi
    [ -n "$major" ] || die 'this distribution has no package "postgresql"'
}

# "15+248+deb12u1" is how the package names the version that it stands for.
candidate_major() {
    apt-cache policy postgresql | sed -n 's/^ *Candidate: *\([0-9][0-9]*\).*/\1/p'
}

# ------------------------------------------------------- copy, build, install

# Makes the directory of this run, with a copy of the tree in $tmp/taskq.
make_copy() {
    tmp=$(as_user mktemp -d -p /tmp --suffix=-taskq)
    as_user chmod 755 "$tmp"
    as_user mkdir "$tmp/taskq"
    tar -C "$top" --exclude=./.git --exclude='*.o' --exclude='*.bc' --exclude='*.so' \
        --exclude=./bench/queues/node_modules --exclude=./examples/ops-console/node_modules --exclude=./test/drivers/node/node_modules --exclude=./tmp_check --exclude=./router/tmp_check --exclude=./test/output --exclude=./output_iso --exclude=./log -cf - . |
        as_user tar -C "$tmp/taskq" --no-same-owner --no-same-permissions -xf -
}

# make in the copy, as the unprivileged user.
make_there() {
    as_user make -s -C "$tmp/taskq" --no-print-directory PG_CONFIG="$PG_CONFIG" "$@"
}

# Without the clang that the server was built with there is no bitcode.
set_llvm() {
    local clang
    llvm=()
    clang=$(sed -n 's/^CLANG *= *//p' "$(dirname "$("$PG_CONFIG" --pgxs)")/../Makefile.global")
    command -v "${clang:-none}" >/dev/null || llvm=(with_llvm=no)
}

build_and_install() {
    local llvm
    set_llvm
    say "Building taskq for $("$PG_CONFIG" --version) ..."
    make_there -j"$(nproc)" "${llvm[@]}"
    as_root make -s -C "$tmp/taskq" --no-print-directory PG_CONFIG="$PG_CONFIG" \
        "${llvm[@]}" install >/dev/null
}

build_and_install_router() {
    local llvm
    set_llvm
    say 'Building taskq_router ...'
    make_there -C "$tmp/taskq/router" "${llvm[@]}"
    as_root make -s -C "$tmp/taskq/router" --no-print-directory PG_CONFIG="$PG_CONFIG" \
        "${llvm[@]}" install >/dev/null
}

# ----------------------------------------------------------------- a server

# Makes a cluster in a directory of the unprivileged user's and starts it.  Its
# socket lies there too: nobody else may enter, so none needs a password there.
# Over the network, if a setting turns that on, superuser postgres has the
# password given.  $server_program, if set, runs in place of postgres.
start_server() { # directory password [setting=value...]
    local dir=$1 setting
    as_user chmod 700 "$dir"
    as_user tee "$dir/password" <<<"$2" >/dev/null
    shift 2
    if ! as_user "$bindir/initdb" -D "$dir/data" -U postgres --no-sync --encoding=UTF8 \
        --auth-local=trust --auth-host=scram-sha-256 --pwfile="$dir/password" 2>&1 |
        as_user tee "$dir/initdb.log" >/dev/null; then
        as_user cat "$dir/initdb.log" >&2
        die "could not make a database cluster in $dir"
    fi
    for setting in shared_preload_libraries=taskq "unix_socket_directories=$dir" \
        listen_addresses= fsync=off "$@"; do
        say "${setting%%=*} = '${setting#*=}'"
    done | as_user tee -a "$dir/data/postgresql.conf" >/dev/null
    if ! as_user "$bindir/pg_ctl" ${server_program:+-p "$server_program"} -D "$dir/data" -l "$dir/log" -w -s start </dev/null; then
        as_user tail -n 30 "$dir/log" >&2
        die "could not start a server in $dir"
    fi
}

# Stops the server of a directory, if one is running.
stop_server() { # directory [mode]
    local program
    as_user test -f "$1/data/postmaster.pid" || return 0
    # The first word of this file is the server that is running.
    program=$(as_user sed -n '1s/ .*//p' "$1/data/postmaster.opts")
    as_user "$(dirname "$program")/pg_ctl" -D "$1/data" -m "${2:-fast}" -w -s stop || true
}

remove_copy() {
    remove_temporary_files
    [ -n "$tmp" ] || return 0
    stop_server "$tmp/server" immediate
    if [ -n "${KEEP:-}" ]; then
        say "Kept $tmp" >&2
    else
        as_user rm -rf "$tmp"
    fi
    tmp=
}
