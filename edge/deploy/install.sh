#!/bin/sh
# Install Wattledger as a service on a clean Debian 12 or newer: a user, an environment, a unit. Again is an upgrade.
#
#     sudo sh install.sh WHEEL REQUIREMENTS
#
# WHEEL is the built wheel, REQUIREMENTS is requirements/edge.txt of the same version. Where packages come from is pip's
# own configuration. With DESTDIR=FOLDER everything is put below FOLDER, nothing is started, and root is not needed.
set -eu

refuse() { echo "error: $1" >&2; exit 2; }

[ $# -eq 2 ] || refuse "usage: sh install.sh WHEEL REQUIREMENTS"
wheel=$1 requirements=$2 here=$(cd "$(dirname "$0")" && pwd)
root=${DESTDIR:-}
python=${PYTHON:-python3}
home=$root/usr/local/lib/wattledger

[ -f "$wheel" ] || refuse "$wheel: there is no such wheel; build it with: python3 -m build --wheel"
[ -f "$requirements" ] || refuse "$requirements: there is no such file; it is requirements/edge.txt"
[ -n "$root" ] || [ "$(id -u)" -eq 0 ] || refuse "a service is installed by root; run it with sudo"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || refuse "$python is older than 3.11; set PYTHON"
"$python" -c 'import venv, ensurepip' 2>/dev/null || refuse "venv is missing; run: apt-get install python3-venv"

if [ -z "$root" ] && ! id wattledger >/dev/null 2>&1; then
    useradd --system --home-dir /var/lib/wattledger --shell /usr/sbin/nologin wattledger
fi

# A new environment beside the old one: an upgrade that fails half-way leaves the device running as it was.
mkdir -p "$root/usr/local/lib" "$root/usr/local/bin" "$root/etc/wattledger" "$root/etc/systemd/system"
new=$home-$(date +%Y%m%d%H%M%S)-$$
trap 'rm -rf "$new"' EXIT
"$python" -m venv "$new"
"$new/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
    --require-hashes --only-binary :all: -r "$requirements"
"$new/bin/python" -m pip install --quiet --no-input --disable-pip-version-check --no-deps --no-index "$wheel"
"$new/bin/python" -I -c 'import edge.running'
trap - EXIT
old=$(readlink "$home" 2>/dev/null || true)
ln -sfn "$(basename "$new")" "$home"
ln -sfn ../lib/wattledger/bin/wattledger "$root/usr/local/bin/wattledger"

cp "$here/wattledger.service" "$root/etc/systemd/system/wattledger.service"
[ -f "$root/etc/wattledger/edge.toml" ] || cp "$here/edge.toml" "$root/etc/wattledger/edge.toml"

if [ -z "$root" ]; then
    chown -R root:wattledger /etc/wattledger
    chmod 0770 /etc/wattledger
    chmod 0640 /etc/wattledger/edge.toml
    systemctl daemon-reload
    systemctl enable wattledger
    systemctl restart wattledger
fi
[ -z "$old" ] || [ ! -d "$root/usr/local/lib/$old" ] || rm -rf "$root/usr/local/lib/$old"

echo "installed. Next: edit /etc/wattledger/edge.toml, then: sudo -u wattledger wattledger edge enroll,"
echo "sudo systemctl restart wattledger, and: sudo -u wattledger wattledger edge doctor"
