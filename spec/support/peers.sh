#!/bin/sh
# Gets the Debian programs that the tests and benches use as partners. Does nothing where all are there.
set -eu

packages="openssh-client openssl lftp tnftp curl putty-tools python3-paramiko rclone iproute2 nftables procps swaks libnet-ssleay-perl chromium wrk wrk"

# Unpacked under var/peers and not installed: a tree a line, and the packages that it is made of. Installed, these would
# start a service of the machine or conflict with one another; so they get along without root, too.
unpacked="\
partners openssh-server vsftpd proftpd-core proftpd-mod-crypto libhashkit2 libhiredis0.14 libmemcached11 libmemcachedutil2 libnsl2 libpcre2-posix3 libsodium23 libtirpc3 libwrap0
mail postfix libicu72 libnsl2 libtirpc3 libdb5.3 libsasl2-2
exim exim4-daemon-light libdb5.3 libgnutls-dane0 libunbound8 libevent-2.1-7 libidn12 libnss-wrapper
dns dnsmasq-base libnetfilter-conntrack3 libnfnetlink0 libnettle8 libhogweed6
web nginx"
trees="$(dirname "$0")/../../var/peers"

missing=""
for package in $packages; do
  case "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)" in
    "install ok installed") ;;
    *) missing="$missing $package" ;;
  esac
done
absent=""
while read -r tree of; do
  [ -d "$trees/$tree" ] || absent="$absent $of"
done <<END
$unpacked
END
[ -z "$missing$absent" ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  echo "peers: this is not a Debian system; install by hand:$missing$absent" >&2
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

# Whether the package lists of this machine know all of these packages.
known() {
  for package; do
    [ -n "$(apt-cache madison "$package")" ] || return 1
  done
}

# Unpacks packages into the tree $1, whole or not at all.
unpack() {
  tree="$trees/$1"
  shift
  [ -d "$tree" ] && return
  mkdir -p "$trees"
  new=$(mktemp -d "$trees/.new-XXXXXX")
  for package; do
    (cd "$new" && apt-get download -qq "$package" 2>said) || {
      cat "$new/said" >&2
      rm -rf "$new"
      echo "peers: the package $package could not be downloaded" >&2
      exit 1
    }
    dpkg-deb -x "$new/$package"_*.deb "$new/tree"
  done
  # Nobody gains rights by a program that only lies here.
  chmod -R a-s "$new/tree"
  mv -T "$new/tree" "$tree"
  rm -rf "$new"
  echo "peers: unpacked $*"
}

# shellcheck disable=SC2086
if [ -n "$missing" ] || ! known $absent; then
  as_root apt-get update -qq || echo "peers: the package lists could not be renewed; going on with those at hand" >&2
fi
for package in $missing $absent; do
  known "$package" || {
    echo "peers: the package $package is not to be had from the sources of this system; add Debian's main section to them" >&2
    exit 1
  }
done
if [ -n "$missing" ]; then
  # shellcheck disable=SC2086
  as_root apt-get install -qq -y --no-install-recommends $missing >/dev/null || {
    echo "peers: these packages could not be installed:$missing" >&2
    exit 1
  }
  echo "peers: installed$missing"
fi
while read -r tree of; do
  # shellcheck disable=SC2086
  unpack "$tree" $of </dev/null
done <<END
$unpacked
END
