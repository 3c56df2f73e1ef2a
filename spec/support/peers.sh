#!/bin/sh
# Installs the Debian programs that the tests use as partners. Does nothing where all are there.
set -eu

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  else
    echo "peers: packages can only be installed by root; run this as root, or install sudo" >&2
    exit 1
  fi
}

# Servers that stand for partners. Their packages conflict with each other and start services, so they are not
# installed: they are unpacked, with the libraries that they need, into a directory of this tree's own.
unpacked="${SALLYPORT_PEERS:-$(cd "$(dirname "$0")/../.." && pwd)/var/peers}"

unpack_servers() {
  servers="openssh-server vsftpd proftpd-core proftpd-mod-crypto"
  libraries="libhashkit2 libhiredis0.14 libmemcached11 libmemcachedutil2 libpcre2-posix3 libsodium23 libwrap0"
  [ -e "$unpacked/complete" ] && return
  command -v apt-get >/dev/null 2>&1 || {
    echo "peers: this is not a Debian system; unpack by hand into $unpacked: $servers" >&2
    exit 1
  }
  fresh="$unpacked.$$"
  mkdir -p "$fresh/debs"
  chmod 755 "$fresh"
  # shellcheck disable=SC2086
  (cd "$fresh/debs" && apt-get download -qq $servers $libraries 2>/dev/null ||
    { as_root apt-get update -qq && apt-get download -qq $servers $libraries 2>/dev/null; }) || {
    rm -rf "$fresh"
    echo "peers: these packages are not to be had from the sources of this system: $servers $libraries" >&2
    exit 1
  }
  for package in "$fresh"/debs/*.deb; do dpkg -x "$package" "$fresh"; done
  rm -rf "$fresh/debs" "$unpacked"
  touch "$fresh/complete"
  mv "$fresh" "$unpacked"
  echo "peers: unpacked $servers"
}

packages="openssh-client openssl lftp tnftp curl putty-tools python3-paramiko rclone iproute2 nftables procps"

missing=""
for package in $packages; do
  case "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)" in
    "install ok installed") ;;
    *) missing="$missing $package" ;;
  esac
done
if [ -z "$missing" ]; then
  unpack_servers
  exit 0
fi

if ! command -v apt-get >/dev/null 2>&1; then
  echo "peers: this is not a Debian system; install by hand:$missing" >&2
  exit 1
fi

as_root apt-get update -qq || echo "peers: the package lists could not be renewed; going on with those at hand" >&2
for package in $missing; do
  if [ -z "$(apt-cache madison "$package")" ]; then
    echo "peers: the package $package is not to be had from the sources of this system; add Debian's main section to them" >&2
    exit 1
  fi
done
# shellcheck disable=SC2086
as_root apt-get install -qq -y --no-install-recommends $missing >/dev/null || {
  echo "peers: these packages could not be installed:$missing" >&2
  exit 1
}
echo "peers: installed$missing"
unpack_servers
