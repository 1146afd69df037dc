# shellcheck shell=bash
#
# Throw-away Debian chroots of other suites than this machine's, for
# "make test-majors" and others.  Sourced after setup.sh, never run.
#
#     trap remove_chroot EXIT
#     if ! make_chroot trixie; then
#         say "Skipped: $no_chroot"
#     fi
#     copy_tree_into_chroot /root/taskq
#     in_chroot make -C /root/taskq test
#     remove_chroot
#
# The mirror, its proxy and what else apt is told about fetching are those of
# this machine's own apt.  A base, once made, is kept for a week in
# $TASKQ_CACHE (/var/cache/taskq), to save two minutes on the next run.
#
# Each command runs in namespaces of its own, and the mounts that it needs are
# made in there.  They and all of its processes go when it ends, in whichever
# way: there is nothing to unmount and nothing to stop.

chroot=                 # directory of the present chroot
no_chroot=              # why none could be made
chroot_command=         # process that a signal may have to end
chroot_cache=${TASKQ_CACHE:-/var/cache/taskq}
chroot_cache_days=7

# make_chroot suite [package...]
#
# Makes a chroot of Debian's smallest variant, with further packages of the
# suite, and sets $chroot.  Returns 77, and says why in $no_chroot, if none can
# be made here.
make_chroot() {
    local suite=$1 base=$chroot_cache/$1.tar
    shift
    no_chroot=
    chroots_are_possible || return 77
    if [ -z "$(find "$base" -mtime "-$chroot_cache_days" 2>/dev/null)" ]; then
        make_chroot_base "$suite" "$base" || return 77
    fi
    chroot=$(mktemp -d -p /tmp --suffix="-taskq-$suite")
    chmod 755 "$chroot"
    tar -C "$chroot" --numeric-owner -xf "$base"
    cp /etc/resolv.conf "$chroot/etc/resolv.conf"
    [ "$#" = 0 ] || install_in_chroot "$@"
}

remove_chroot() {
    if [ -n "$chroot_command" ]; then
        kill -KILL "$chroot_command" 2>/dev/null || true
        wait "$chroot_command" 2>/dev/null || true
        chroot_command=
    fi
    [ -n "$chroot" ] || return 0
    rm -rf --one-file-system "$chroot"
    chroot=
}

# Runs a command as root in the chroot, with a bare environment.  A signal ends
# the wait, and remove_chroot the command.
in_chroot() { # command [argument...]
    local status=0
    enter_chroot "$chroot" "$@" <&0 &
    chroot_command=$!
    wait "$chroot_command" || status=$?
    chroot_command=
    return "$status"
}

# The shell stays, as process 1 of its namespace, to bury orphans: the lock file
# of a killed server is good for as long as its process can be found.
enter_chroot() { # directory command [argument...]
    # shellcheck disable=SC2016
    exec unshare --mount --pid --ipc --fork --kill-child bash -c '
        root=$1
        shift
        mount -t proc proc "$root/proc" &&
            mount --rbind /dev "$root/dev" &&
            mount -t tmpfs tmpfs "$root/dev/shm" || exit 126
        env -i --default-signal PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
            chroot "$root" "$@"
        exit $?' enter_chroot "$@"
}

install_in_chroot() { # package...
    local log=$chroot/install.log
    if ! in_chroot sh -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "$@"' sh "$@" >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        die "could not install in the chroot: $*"
    fi
}

# Packages that only an older suite has can be installed after this.
add_suite_to_chroot() { # suite
    printf 'deb %s %s main\n' "$(debian_mirror)" "$1" >"$chroot/etc/apt/sources.list.d/$1.list"
    printf 'Package: *\nPin: release n=%s\nPin-Priority: 100\n' "$1" \
        >"$chroot/etc/apt/preferences.d/$1"
}

# The packages that a source package makes come from another suite after this,
# even from one that nothing is taken from unasked, as is experimental.
add_source_to_chroot() { # source suite
    printf 'deb %s %s main\n' "$(debian_mirror)" "$2" >"$chroot/etc/apt/sources.list.d/$2.list"
    printf 'Package: src:%s\nPin: release a=%s\nPin-Priority: 500\n' "$1" "$2" \
        >"$chroot/etc/apt/preferences.d/$2"
}

# Whether there are such packages for the chroot, with all that they depend on.
can_install_in_chroot() { # package...
    # shellcheck disable=SC2016
    in_chroot sh -c 'apt-get update -qq && apt-get install -s -qq --no-install-recommends "$@"' sh "$@" \
        >"$chroot/install.log" 2>&1
}

# Without what is built, and without what git has of other versions.
copy_tree_into_chroot() { # directory
    mkdir -p "$chroot$1"
    # shellcheck disable=SC2154     # of setup.sh
    tar -C "$top" --exclude=./.git --exclude='*.o' --exclude='*.bc' --exclude='*.so' \
        --exclude=./tmp_check --exclude=./test/output --exclude=./output_iso --exclude=./log -cf - . |
        tar -C "$chroot$1" --no-same-owner -xf -
}

# ------------------------------------------------------------------ the base

chroots_are_possible() {
    if [ "$(id -u)" != 0 ]; then
        no_chroot='only root can make a chroot'
    elif ! unshare --mount --pid --ipc --fork sh -c 'mount -t tmpfs tmpfs /mnt' 2>/dev/null; then
        no_chroot='no permission to mount'
    elif ! command -v apt-get >/dev/null; then
        no_chroot='no apt-get here'
    elif ! (install_packages debootstrap) >&2; then
        no_chroot='no debootstrap here, and it could not be installed'
    elif [ -z "$(debian_mirror)" ]; then
        no_chroot="this machine's apt knows no mirror of Debian"
    else
        return 0
    fi
    return 1
}

# apt knows what a mirror mirrors from the lists that it has fetched.
debian_mirror() {
    local mirror
    mirror=$(list_debian_mirrors)
    if [ -z "$mirror" ]; then
        update_package_lists >/dev/null 2>&1
        mirror=$(list_debian_mirrors)
    fi
    head -n 1 <<<"$mirror"
}

list_debian_mirrors() {
    apt-get indextargets --format "\$(REPO_URI) \$(CREATED_BY) \$(ORIGIN) \$(LABEL) \$(COMPONENT)" |
        sed -n 's/ Packages Debian Debian main$//p'
}

# make_chroot_base suite tarball
make_chroot_base() {
    local suite=$1 work script=/usr/share/debootstrap/scripts/$1 extra=()
    local http_proxy https_proxy
    eval "$(apt-config shell http_proxy Acquire::http::Proxy https_proxy Acquire::https::Proxy)"
    # An older debootstrap does not know the newest suites, which have no
    # peculiarities that its script for unstable does not have.
    [ -e "$script" ] || script=${script%/*}/sid
    [[ $(debian_mirror) != https:* ]] || extra=(--include=ca-certificates)

    say "Making a Debian $suite ..."
    mkdir -p "$chroot_cache"
    work=$(mktemp -d -p "$chroot_cache" "$suite.XXXXXX")
    chroot=$work        # for remove_chroot, if this is interrupted
    # In a namespace of its own, so that what it mounts goes with it.
    env ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
        unshare --mount --pid --fork --mount-proc --kill-child \
        debootstrap --variant=minbase "${extra[@]}" "$suite" "$work/root" "$(debian_mirror)" "$script" \
        </dev/null >"$work/log" 2>&1 &
    chroot_command=$!
    if wait "$chroot_command"; then
        chroot_command=
        rm -f "$work"/root/var/cache/apt/archives/*.deb
        printf '#!/bin/sh\nexit 101\n' >"$work/root/usr/sbin/policy-rc.d"
        chmod 755 "$work/root/usr/sbin/policy-rc.d"
        apt-config dump | grep -E '^Acquire::(http|https|Check-|Force|Retries)' \
            >"$work/root/etc/apt/apt.conf.d/90taskq"
        echo 'force-unsafe-io' >"$work/root/etc/dpkg/dpkg.cfg.d/taskq"
        tar -C "$work/root" --numeric-owner --one-file-system -cf "$work/tar" .
        mv "$work/tar" "$2"
    else
        chroot_command=
        no_chroot="debootstrap $suite failed: $(grep -v '^I: ' "$work/log" | tail -n 1)"
    fi
    remove_chroot
    [ -z "$no_chroot" ]
}
