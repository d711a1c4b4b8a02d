#!/usr/bin/env bash
# Brings this machine to the point where `make demo` and `make test` work: RabbitMQ, PostgreSQL and Python's venv
# from Debian's packages when they are missing, then a virtual environment with every dependency checked against
# its hash. Running it again costs a fraction of a second. No service of the machine is started, stopped or changed:
# Lianxi runs a broker and a database of its own under .lianxi/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

has_broker() { [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || command -v rabbitmq-server > /dev/null; }
has_watch() { command -v prometheus > /dev/null && command -v promtool > /dev/null; }
has_alerts() { command -v amtool > /dev/null; }
has_scanner() { command -v clamd > /dev/null || [ -x /usr/sbin/clamd ]; }
has_node() { command -v node > /dev/null && command -v npm > /dev/null; }
has_database() { compgen -G '/usr/lib/postgresql/*/bin/initdb' > /dev/null || command -v initdb > /dev/null; }
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; }
can_make_venv() { new_enough "$1" && "$1" -c 'import venv, ensurepip' 2> /dev/null; }

find_python() {
    local candidate
    for candidate in "${PYTHON:-python3}" python3 python3.11 python3.12 python3.13 /usr/bin/python3; do
        if can_make_venv "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo > /dev/null; then
        sudo "$@"
    else
        fail "installing packages needs root: run 'make setup' as root once, or install: $*"
    fi
}

# Debian's packages start their services when they are installed, unless this file says no. One that exists already
# is the machine owner's and stays as it is.
POLICY=/usr/sbin/policy-rc.d
install_packages() {
    say "installing $*"
    local ours=
    if [ ! -e "$POLICY" ]; then
        ours=yes
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$POLICY" > /dev/null
        as_root chmod 755 "$POLICY"
        trap 'as_root rm -f "$POLICY"' EXIT
    fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
    if [ -n "$ours" ]; then
        as_root rm -f "$POLICY"
        trap - EXIT
        say "the new services were not started; the machine may start them at its next boot, Lianxi does not need them"
    fi
}

install_what_is_missing() {
    local missing=()
    has_broker || missing+=(rabbitmq-server)
    has_database || missing+=(postgresql)
    has_watch || missing+=(prometheus)
    has_alerts || missing+=(prometheus-alertmanager)
    has_scanner || missing+=(clamav-daemon)
    has_node || missing+=(nodejs npm)
    find_python > /dev/null || missing+=(python3 python3-venv)
    [ ${#missing[@]} -gt 0 ] || return 0
    if ! command -v apt-get > /dev/null; then
        fail "this is not Debian or Ubuntu. Install these and run 'make setup' again:
         RabbitMQ 3.10 or newer with its plugins and epmd (rabbitmq-server must be in PATH),
         PostgreSQL 15 or newer with its server programs (initdb and postgres must be in PATH),
         Prometheus and Alertmanager, for the tests (prometheus, promtool and amtool must be in PATH),
         ClamAV's daemon, for the tests (clamd must be in PATH or /usr/sbin; its signatures are not needed),
         Node.js 18 or newer with npm, for one test (node and npm must be in PATH),
         Python 3.11 or newer with the modules venv and ensurepip."
    fi
    install_packages "${missing[@]}"
    command -v promtool > /dev/null || install_packages promtool  # a package of its own since Debian 13
    has_broker || fail "rabbitmq-server was installed but is not to be found"
    has_database || fail "postgresql was installed but initdb is not to be found"
    has_watch || fail "prometheus was installed but prometheus or promtool is not to be found"
    has_node || fail "nodejs and npm were installed but node or npm is not to be found"
    has_scanner || fail "clamav-daemon was installed but clamd is not to be found"
    has_alerts || fail "prometheus-alertmanager was installed but amtool is not to be found"
    find_python > /dev/null || fail "no Python 3.11 or newer with venv: set PYTHON to one, for example PYTHON=python3.12"
}

# Chromium and a Chinese font, for the tests that look at the pages as a person would; only when asked for.
has_browser() { command -v chromium > /dev/null && fc-list :lang=zh 2> /dev/null | grep -q .; }
install_browser() {
    has_browser && return
    command -v apt-get > /dev/null || fail "install Chromium and a Chinese font for the browser tests"
    install_packages chromium fonts-noto-cjk fontconfig
}

VENV=.venv
STAMP=$VENV/lianxi-setup.stamp
# What the environment was made from: when any of it changes, it is made to fit again.
fingerprint() { { printf '%s\n' "$PWD"; cat deploy/setup.sh requirements/run.txt requirements/test.txt; } | sha256sum; }

make_environment() {
    local python
    python=$(find_python)
    if ! "$VENV/bin/python" -m pip --version > /dev/null 2>&1 || ! new_enough "$VENV/bin/python"; then
        say "making $VENV with $("$python" --version)"
        "$python" -m venv --clear "$VENV"
    fi
    say "installing the locked dependencies"
    "$VENV/bin/python" -m pip install --quiet --no-input --disable-pip-version-check --require-hashes \
        -r requirements/run.txt -r requirements/test.txt
}

# Programs that are not ours, for tests: a client that reads an agency's queue, the parser of AsyncAPI's makers. They are
# checked against their hashes like everything else. Nothing else needs them, so a machine that cannot get them is ready
# all the same, and those tests say what is missing.
FOREIGN=tests/integration/notify/foreign
has_foreign_client() { [ ! -f "$FOREIGN/package-lock.json" ] || cmp -s "$FOREIGN/package-lock.json" "$FOREIGN/node_modules/lianxi-setup.lock"; }
make_foreign_client() {
    has_foreign_client && return
    say "installing the locked packages for Node"
    if npm ci --prefix "$FOREIGN" --ignore-scripts --no-audit --no-fund --loglevel=error > /dev/null; then
        cp "$FOREIGN/package-lock.json" "$FOREIGN/node_modules/lianxi-setup.lock"
    else
        say "the packages for Node could not be installed: the tests that use them will fail"
    fi
}

# The project is imported from where it lies; a path file and a three-line command need no build and no network.
link_project() {
    local packages
    packages=$("$VENV/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    printf '%s\n' "$PWD" > "$packages/lianxi.pth"
    printf '#!%s\nfrom lianxi.ops.__main__ import main\nmain()\n' "$PWD/$VENV/bin/python" > "$VENV/bin/lianxi"
    chmod +x "$VENV/bin/lianxi"
}

if [ "${1:-}" = --browser ]; then
    install_browser
fi
if has_broker && has_database && has_watch && has_alerts && has_scanner && has_node && has_foreign_client && [ -x "$VENV/bin/python" ] && [ "$(cat "$STAMP" 2> /dev/null)" = "$(fingerprint)" ]; then
    exit 0
fi
install_what_is_missing
make_environment
make_foreign_client
link_project
fingerprint > "$STAMP"
say "ready: try 'make demo', or $VENV/bin/lianxi --help"
