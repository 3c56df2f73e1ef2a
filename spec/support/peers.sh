#!/bin/sh
# Installs the Debian programs that the tests use as partners. Does nothing where all are there.
set -eu

packages="openssh-client openssl lftp tnftp curl putty-tools python3-paramiko rclone iproute2 nftables procps"

missing=""
for package in $packages; do
  case "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)" in
    "install ok installed") ;;
    *) missing="$missing $package" ;;
  esac
done
[ -z "$missing" ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  echo "peers: this is not a Debian system; install by hand:$missing" >&2
  exit 1
fi

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
