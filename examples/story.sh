# shellcheck shell=bash
# shellcheck disable=SC2154  # set by whoever sources this
#
# How a demo tells its story: chapters, text, and SQL that is printed with what
# it gives.  Sourced after test/setup.sh, by what sets $url and $database; with
# $quiet set only the chapters are printed.

# The first of some ports that nobody uses.
free_port() { # from to
    local port
    for ((port = $1; port <= $2; port++)); do
        if ! (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return
        fi
    done
    die "no free port from $1 to $2"
}

chapter() {
    [ -n "$quiet" ] || printf '\n\n'
    printf '=== %s\n' "$1"
}

# Text in full-width lines between the steps.
tell() {
    [ -z "$quiet" ] || return 0
    echo
    printf '%s\n' "$@"
}

# Runs SQL, each statement printed before what it gives.  The story goes on
# after an error: some are part of it.
sql() { # [psql's options...]
    if [ -n "$quiet" ]; then
        "$bindir/psql" -X -f - "$url/$database" >/dev/null 2>&1
        return
    fi
    echo
    "$bindir/psql" -X -e -P pager=off -P null=- -v SHOW_CONTEXT=never "$@" -f - "$url/$database" 2>&1 |
        sed -e 's/^psql:<stdin>:[0-9]*: //'
}

value() { # query
    "$bindir/psql" -X -q -A -t -d "$url/$database" -c "$1"
}

# Runs a command until it succeeds, for about a minute and a half at most.
wait_for() {
    local tries=300
    until "$@"; do
        ((tries-- > 0)) || die "waited too long for: $*"
        sleep 0.2
    done
}
