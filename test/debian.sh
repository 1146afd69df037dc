# shellcheck shell=bash
#
# How Debian's package is built and checked.  Sourced after setup.sh.

need_debian_tools() {
    need_postgresql dpkg-dev debhelper postgresql-server-dev-all lintian
}

# Builds the package from a tree of the unprivileged user's, for the PostgreSQL
# versions of this distribution, and looks at the result with lintian.  What is
# built lands beside the tree.
build_debian_package() { # tree [option of dpkg-buildpackage...]
    local tree=$1 log changes version
    log=$(dirname "$tree")/dpkg-buildpackage.log
    shift

    # debian/control names the versions of one distribution, and the build
    # stops if it is not up to date.  In another distribution it is made anew.
    for version in $(in_tree "$tree" pg_buildext supported-versions); do
        if ! grep -qx "Package: postgresql-$version-taskq" "$tree/debian/control"; then
            in_tree "$tree" pg_buildext updatecontrol
            break
        fi
    done

    say "Building Debian's package ..."
    if ! in_tree "$tree" dpkg-buildpackage -us -uc "$@" </dev/null 2>&1 |
        as_user tee "$log" >/dev/null; then
        as_user tail -n 40 "$log" >&2
        die 'the package could not be built'
    fi

    changes=$(find "$(dirname "$tree")" -maxdepth 1 -name 'taskq_*.changes')
    say lintian
    as_user lintian --fail-on error "$changes" || die 'lintian found errors'
}

in_tree() { # tree command...
    local tree=$1
    shift
    # shellcheck disable=SC2016
    as_user sh -c 'cd "$1" && shift && exec "$@"' sh "$tree" "$@"
}
