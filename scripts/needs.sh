#!/usr/bin/env bash
# What the tests need beside Rust. On Debian and Ubuntu as root it is installed; elsewhere it is named, and the tests that need it say SKIP.
set -euo pipefail

# Whether a Debian package, or the same thing from elsewhere, is there.
have() {
    case $1 in
        slapd) PATH=$PATH:/usr/sbin:/usr/libexec command -v slapd ;;
        slapd-contrib) compgen -G '/usr/lib/ldap/argon2.so*' || compgen -G '/usr/lib/ldap/pw-argon2.so*' ;;
        ldap-utils) command -v ldapsearch ;;
        libfaketime) compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' ;;
        postgresql) command -v initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' ;;
        strace) command -v strace ;;
        systemd) command -v systemd-analyze ;;
        chromium-headless-shell) command -v chromium-headless-shell ;;
        fonts-noto-core) compgen -G '/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf' ;;
        nodejs) command -v node ;;
        npm) command -v npm ;;
        python3) command -v python3 ;;
    esac >/dev/null 2>&1
}

missing=()
for package in slapd slapd-contrib ldap-utils libfaketime postgresql strace systemd chromium-headless-shell fonts-noto-core nodejs npm python3; do
    have "$package" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "missing for the tests with real servers: ${missing[*]} (names of Debian packages)"
    exit 0
fi
echo "installing with apt-get: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
# RUNLEVEL=1: the servers are installed and not started; each test starts its own, on a port of its own.
apt-get update -qq </dev/null >/dev/null || echo "apt-get update failed; trying with the lists that are there"
RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >/dev/null 2>&1 ||
    echo "apt-get could not install all of: ${missing[*]}"
