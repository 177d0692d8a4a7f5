#!/bin/sh
# Installs, by name, the Debian packages that a job needs and this machine lacks.
#
#     sh tests/install_packages.sh build test
#
# Silent and quick when nothing is missing. On a system without dpkg it does nothing: there the
# compiler says what it misses.
set -u

packages_of() {
    case $1 in
    build)
        echo gcc libc6-dev pkg-config libsdl2-dev libsdl2-ttf-dev libopenblas-pthread-dev \
            libfontconfig-dev libutf8proc-dev libcjson-dev libstb-dev libcairo2-dev zlib1g-dev \
            libpango1.0-dev libcurl4-openssl-dev libssl-dev ca-certificates
        # fontconfig keeps the list of fonts ready, or else every first start would search for them.
        echo fontconfig fonts-dejavu-core fonts-noto-core
        ;;
    # rsvg-convert and pdftoppm: figures are looked at as other programs show them.
    test) echo libcmocka-dev xvfb xdotool librsvg2-bin poppler-utils strace ;;
    # Longer runs: another memory checker, another processor, another language.
    soak) echo valgrind qemu-user locales clang ;;
    lint) echo clang llvm clang-format clang-tidy cppcheck ;;
    *)
        echo "install_packages.sh: no such set of packages: $1" >&2
        return 1
        ;;
    esac
}

wanted=
for set in "$@"; do
    names=$(packages_of "$set") || exit 2
    wanted="$wanted $names"
done
command -v dpkg-query >/dev/null || exit 0

# Word splitting is meant: $wanted is a list of names.
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null |
    sed -n 's/^installed //p')
missing=
for name in $(echo $wanted); do
    case " $(echo $installed) $missing " in
    *" $name "*) ;;
    *) missing="$missing${missing:+ }$name" ;;
    esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null; then
    as_root=sudo
else
    echo "Packages are missing and this is neither root nor a user with sudo; as root, run:" \
        "apt-get install --no-install-recommends $missing" >&2
    exit 1
fi

echo "Installing what is missing: $missing"
apt() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@"
}
# A list that can't be refreshed may still be good enough; if it is not, the next line says so.
apt update || true
apt install --no-install-recommends $missing || {
    echo "The packages could not be installed; by hand it is:" \
        "apt-get update && apt-get install --no-install-recommends $missing" >&2
    exit 1
}
