# shellcheck shell=bash
#
# Installing the console's packages, for scripts that have sourced test/setup.sh:
# exactly those of package-lock.json, as the unprivileged user.

install_node_modules() { # directory [npm's options...]
    local dir=$1
    shift
    if ! as_user npm ci --prefix "$dir" --cache "${npm_config_cache:-$tmp/npm}" --prefer-offline \
        --no-audit --no-fund --ignore-scripts "$@" 2>&1 | as_user tee "$tmp/npm.log" >/dev/null; then
        as_user tail -n 30 "$tmp/npm.log" >&2
        die "npm ci failed in $dir"
    fi
}
