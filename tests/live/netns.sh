#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Runs a program in a network of its own: a fresh network namespace with a veth pair. For tests that capture and
# send.
#
# usage: tests/live/netns.sh [--ipv6] [--peer] PROGRAM [ARGUMENT...]
#
# As root it takes a plain network namespace; anyone else gets a user namespace too, in which he has all
# capabilities and is still himself, since programs that find themselves root try to become another user, whom such
# a namespace lacks. (Where unshare is too old for that, before 2.35, he is root.) What the program sees:
#   WEIR_IF       weir0, up, 10.77.0.1/24, 02:00:00:00:00:01
#   WEIR_PEER_IF  weir1, up, the other end of the wire, 02:00:00:00:00:02; no address, so that nothing answers
#   WEIR_PEER     with --peer: a command prefix ("nsenter ...") that runs a command where the other end is: a second
#                 namespace, in which weir1 has 10.77.0.2/24. Empty without it: both ends are in the one namespace.
#   lo            up, 127.0.0.1
#   /sys          that of the new namespace, where the machine lets us mount it
#
# Nothing but the program's own traffic is on the wire: IPv6 is off, unless --ipv6 asks for it. The exit status is
# the program's. Where the machine refuses namespaces or veth pairs, it is 77 and the reason is printed.
set -u
PATH=$PATH:/usr/sbin:/sbin

ipv6=no
peer=no
inside=no
mount=no
while [ $# -gt 0 ]; do
  case $1 in
  --ipv6) ipv6=yes ;;
  --peer) peer=yes ;;
  --inside) inside=yes ;;
  --mount) mount=yes ;;
  --*)
    echo "netns.sh: no option $1 (the options are: --ipv6, --peer)" >&2
    exit 2
    ;;
  *) break ;;
  esac
  shift
done
if [ $# -eq 0 ]; then
  echo "usage: netns.sh [--ipv6] [--peer] PROGRAM [ARGUMENT...]" >&2
  exit 2
fi

skip() {
  echo "skipped: $1"
  exit 77
}

enter() {
  for tool in ip unshare nsenter; do
    command -v $tool >/dev/null || skip "no network namespace: the program '$tool' is not installed"
  done
  if [ "$(id -u)" -eq 0 ] && unshare -nm true 2>/dev/null; then
    unshare='unshare -nm'
  elif [ "$(id -u)" -eq 0 ] && unshare -n true 2>/dev/null; then
    unshare='unshare -n'
  elif unshare -Unm --map-current-user --keep-caps true 2>/dev/null; then
    unshare='unshare -Unm --map-current-user --keep-caps'
  elif unshare -Urnm true 2>/dev/null; then
    unshare='unshare -Urnm'
  else
    skip "no network namespace: $(unshare -Urnm true 2>&1 | head -n 1)"
  fi
  options=--inside
  [ "$unshare" = 'unshare -n' ] || options="$options --mount"
  [ $ipv6 = yes ] && options="$options --ipv6"
  [ $peer = yes ] && options="$options --peer"
  # shellcheck disable=SC2086 # lists of words
  exec $unshare sh "$0" $options "$@"
}

add_wire() {
  [ $mount = yes ] && mount -t sysfs sysfs /sys 2>/dev/null
  if [ $ipv6 = no ] && [ -e /proc/sys/net/ipv6 ]; then
    echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
    echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
  fi
  echo 0 >/proc/sys/net/ipv4/ip_forward
  reason=$(ip link add name weir0 address 02:00:00:00:00:01 type veth \
    peer name weir1 address 02:00:00:00:00:02 2>&1) || skip "no veth pair: $reason"
  ip link set lo up
  ip addr add 10.77.0.1/24 dev weir0
  ip link set weir0 up
}

# The namespace of the other end lives as long as the process that holds it.
add_peer() {
  unshare -n sleep 3600 </dev/null >/dev/null 2>&1 &
  holder=$!
  trap 'kill $holder 2>/dev/null' EXIT
  trap 'exit 143' TERM INT HUP
  while [ "$(readlink /proc/$holder/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do
    kill -0 $holder 2>/dev/null || skip "no second network namespace"
    sleep 0.02
  done
  WEIR_PEER="nsenter -t $holder -n"
  if [ $ipv6 = no ] && [ -e /proc/sys/net/ipv6 ]; then
    $WEIR_PEER sh -c 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6'
  fi
  ip link set weir1 netns $holder
  $WEIR_PEER ip link set lo up
  $WEIR_PEER ip addr add 10.77.0.2/24 dev weir1
}

# A link is up, as the kernel sees it, a moment after both its ends are.
wait_for_wire() {
  tries=0
  while [ $tries -lt 250 ]; do
    case $(ip -o link show weir0) in *,LOWER_UP* | *LOWER_UP,*) return 0 ;; esac
    sleep 0.02
    tries=$((tries + 1))
  done
  skip "the veth pair does not come up: $(ip -o link show weir0)"
}

[ $inside = yes ] || enter "$@"
WEIR_PEER=
add_wire
[ $peer = yes ] && add_peer
$WEIR_PEER ip link set weir1 up
wait_for_wire
export WEIR_IF=weir0 WEIR_PEER_IF=weir1 WEIR_PEER
[ $peer = yes ] || exec "$@"
"$@"
