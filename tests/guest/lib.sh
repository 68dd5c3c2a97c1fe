# shellcheck shell=sh
# SPDX-License-Identifier: BSD-3-Clause
# For the scripts of the device classes, which classes.sh runs inside the guest in an empty folder of their own.
# What a script prints is for who looks for the reason of a failure, but for the lines that these print.
set -u

# What a test came to: its name, and why it was left out.
ok() {
  echo "ok - $1"
}
not_ok() {
  echo "not ok - $1"
}
skip() {
  echo "ok - $1 # SKIP $2"
}
end() {
  echo end
}

# check NAME COMMAND...: a test that is passed if the command succeeds.
check() {
  name=$1
  shift
  if "$@"; then ok "$name"; else not_ok "$name"; fi
}

# need NAME PROGRAM...: leaves out the rest of the script, as the test NAME, where a program is missing.
need() {
  name=$1
  shift
  for program; do
    command -v "$program" >/dev/null && continue
    skip "$name" "the program '$program' is not installed"
    end
    exit 0
  done
}

# load NAME MODULE...: kernel modules; leaves out the rest likewise.
load() {
  name=$1
  shift
  for module; do
    reason=$(modprobe "$module" 2>&1) && continue
    skip "$name" "no kernel module $module: $reason"
    end
    exit 0
  done
}

# has_module NAME: whether the library was built with this capture module; if not, leaves out the rest.
has_module() {
  weir modules >modules || exit 1
  grep -q "^$1 " modules && return
  skip "$1" "the library is built without the module $1"
  end
  exit 0
}

# wait_for COMMAND...: until it succeeds; fails after some seconds.
wait_for() {
  tries=0
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 200 ] || return 1
    sleep 0.05
  done
}

# Where a sanitizer is in the library, a program that knows nothing of it needs that first.
preload() {
  case ${WEIR_SANITIZE-none} in
  *address*) cc -print-file-name=libasan.so ;;
  esac
}

# ours COMMAND...: on the library as it was built.
ours() {
  LD_LIBRARY_PATH=$WEIR_BUILD LD_PRELOAD=$(preload) ASAN_OPTIONS=detect_leaks=0 "$@"
}

weir() {
  "$WEIR_BUILD/tools/weir" "$@"
}

# exercise ARGUMENT...: what a capture on a device has to do; see exercise.c. It reports tests of its own.
exercise() {
  "$WEIR_BUILD/tests/guest/exercise" "$@"
}

# The name of the link type that tcpdump tells.
link_type() {
  sed -n 's/.*link-type \([A-Z0-9_]*\).*/\1/p' "$1"
}

# same_in_tcpdump NAME DEVICE COUNT TRAFFIC [ARGUMENT...]: that tcpdump shows the same of COUNT packets, byte for
# byte, on this library and on the system's. TRAFFIC is a shell command that makes them.
same_in_tcpdump() {
  name=$1
  device=$2
  count=$3
  traffic=$4
  shift 4
  if ! command -v tcpdump >/dev/null || ! ldconfig -p | grep -q 'libpcap.so.0.8 '; then
    skip "$name" "there is no tcpdump, or no libpcap of the system's"
    return
  fi
  ours timeout 20 tcpdump -i "$device" -c "$count" -nn -e -t -xx --immediate-mode "$@" >ours 2>ours.messages &
  ours_id=$!
  timeout 20 tcpdump -i "$device" -c "$count" -nn -e -t -xx --immediate-mode "$@" >system 2>system.messages &
  system_id=$!
  wait_for grep -q 'listening on' ours.messages
  wait_for grep -q 'listening on' system.messages
  eval "$traffic"
  if wait $ours_id && wait $system_id && [ -s ours ] && cmp ours system &&
    [ "$(link_type ours.messages)" = "$(link_type system.messages)" ]; then
    ok "$name"
  else
    head -n 30 ours ours.messages system system.messages
    not_ok "$name"
  fi
}

# same_in_savefiles NAME DEVICE COUNT TRAFFIC OFFSET SIZE [ARGUMENT...]: the same of what tcpdump writes, for what
# it can't print, and but for the SIZE bytes from OFFSET on, which each capture has of its own.
same_in_savefiles() {
  name=$1
  device=$2
  count=$3
  traffic=$4
  offset=$5
  size=$6
  shift 6
  if ! command -v tcpdump >/dev/null || ! ldconfig -p | grep -q 'libpcap.so.0.8 '; then
    skip "$name" "there is no tcpdump, or no libpcap of the system's"
    return
  fi
  ours timeout 20 tcpdump -i "$device" -c "$count" -s 65535 -U -Z root -w ours.pcap "$@" 2>ours.messages &
  ours_id=$!
  timeout 20 tcpdump -i "$device" -c "$count" -s 65535 -U -Z root -w system.pcap "$@" 2>system.messages &
  system_id=$!
  wait_for grep -q 'listening on' ours.messages
  wait_for grep -q 'listening on' system.messages
  eval "$traffic"
  if wait $ours_id && wait $system_id && "$WEIR_BUILD/tests/guest/compare" ours.pcap system.pcap "$offset" "$size"; then
    ok "$name"
  else
    cat ours.messages system.messages
    not_ok "$name"
  fi
}

# conforms DEVICE TRAFFIC: that no rule of the module interface is found broken on a device, with packets that TRAFFIC makes.
conforms() {
  # What AddressSanitizer keeps of memory that was freed looks like a leak.
  (
    export ASAN_OPTIONS="${ASAN_OPTIONS-}:quarantine_size_mb=0:thread_local_quarantine_size_kb=0"
    weir module check --leak-time 0.1 --limit 60 --traffic "$2; sleep 0.3" "$1" >conforms.output 2>&1
  )
  status=$?
  tail -n 1 conforms.output
  if [ $status -eq 0 ] && ! grep -q 'no packet came' conforms.output; then
    ok "weir module check $1"
  else
    echo "status $status"
    grep -A 2 'BROKEN\|not checked\|^weir:' conforms.output
    not_ok "weir module check $1"
  fi
}

# lost NAME DEVICE COUNT TRAFFIC LOSS MESSAGE: that a capture on a device which LOSS, a shell command, takes away
# ends by an error with MESSAGE in it, and delivers first the COUNT packets, or more, that TRAFFIC has made.
lost() {
  timeout 20 "$WEIR_BUILD/tools/weir" capture -i "$2" --immediate >lost.packets 2>lost.messages &
  lost_id=$!
  wait_for grep -q "$2" lost.messages
  eval "$4"
  eval "$5"
  wait $lost_id
  status=$?
  if [ $status -ne 124 ] && [ $status -ne 0 ] && [ "$(wc -l <lost.packets)" -ge "$3" ] &&
    grep -qF "$6" lost.messages; then
    ok "$1"
  else
    echo "status $status"
    cat lost.packets lost.messages
    not_ok "$1"
  fi
}

# refused NAME DEVICE MESSAGE [PREFIX...]: that no capture can be had on a device, for a reason in which MESSAGE
# stands.
refused() {
  name=$1
  device=$2
  message=$3
  shift 3
  "$@" timeout 20 "$WEIR_BUILD/tools/weir" capture -i "$device" -c 1 >refused.output 2>&1
  status=$?
  if [ $status -ne 0 ] && [ $status -ne 124 ] && grep -qF -e "$message" refused.output; then
    ok "$name"
  else
    echo "status $status"
    cat refused.output
    not_ok "$name"
  fi
}

# unprivileged COMMAND...: as nobody, without a capability.
unprivileged() {
  setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all --inh-caps=-all "$@"
}

# belongs_to DEVICE MODULE: that the command lists the device, once, as one of the module's.
belongs_to() {
  check "weir devices lists $1 as the module $2's" \
    [ "$(weir devices 2>/dev/null | awk -v device="$1" '$1 == device { print $2 }')" = "$2" ]
}
