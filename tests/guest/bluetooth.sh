# shellcheck shell=sh disable=SC2016,SC2086
# SPDX-License-Identifier: BSD-3-Clause
# Bluetooth: a controller that bluetooth-adapter.c is.
has_module bt
has_module bt_monitor
load bluetooth bluetooth hci_vhci
adapter=$WEIR_BUILD/tests/guest/bluetooth-adapter

# refuses DEVICE TEXT: tcpdump does not capture there, and the reason it gives has this text.
refuses() {
  ours timeout 10 tcpdump -i "$1" -c 1 -w /dev/null >refused 2>&1
  [ $? -eq 1 ] && grep -q "$2" refused
}

list_bluetooth() {
  "$@" tcpdump -D | sed -n 's/^[0-9]*\.\(bluetooth[^ ]*\) ([^)]*)/\1/p' | sort
}

check 'an adapter that is not there is told' refuses bluetooth0 'bluetooth0: there is no such Bluetooth adapter'
"$adapter" serve &
serve_id=$!
wait_for test -e /sys/class/bluetooth/hci0
"$adapter" up
list_bluetooth ours >list.ours
list_bluetooth env >list.system
check 'the list has what the system'\''s libpcap lists' cmp list.ours list.system
weir devices >list.weir
check 'weir lists the adapter with its module' grep -q '^bluetooth0  *bt  *BLUETOOTH_HCI_H4_WITH_PHDR' list.weir
check 'weir lists the monitor with its module' grep -q '^bluetooth-monitor  *bt_monitor  *BLUETOOTH_LINUX_MONITOR' list.weir

# Two commands, two events, two packets of data each way.
exercise bluetooth0 BLUETOOTH_HCI_H4_WITH_PHDR 'greater 20' 8 "$adapter send 2"
exercise bluetooth-monitor BLUETOOTH_LINUX_MONITOR 'greater 20' 8 "$adapter send 2"
conforms bluetooth0 "$adapter send 2"
conforms bluetooth-monitor "$adapter send 2"
same_in_savefiles 'tcpdump writes the same of an adapter on both libraries' bluetooth0 8 "$adapter send 2" 0 0
same_in_savefiles 'tcpdump writes the same of the monitor on both libraries' bluetooth-monitor 8 "$adapter send 2" 0 0
same_in_savefiles 'tcpdump writes the same of what goes out' bluetooth0 4 "$adapter send 2" 0 0 -Q out

as_nobody='setpriv --reuid 65534 --regid 65534 --clear-groups'
check 'without privileges the monitor is refused, with the reason' sh -c '! "$@" 2>refused && grep -q CAP_NET_RAW refused' \
  sh $as_nobody "$WEIR_BUILD/tools/weir" capture -i bluetooth-monitor -c 1
ours timeout 10 $as_nobody tcpdump -i bluetooth0 -c 2 -w - >nobody.pcap 2>nobody.messages &
nobody_id=$!
wait_for grep -q 'listening on' nobody.messages
"$adapter" send 2
wait $nobody_id
check 'without privileges an adapter gives some events, and a warning says so' sh -c \
  'grep -q "WARNING.*CAP_NET_RAW" nobody.messages && grep -q "^2 packets captured" nobody.messages'

# The adapter is unplugged.
ours timeout 30 tcpdump -i bluetooth0 -U -Z root -w gone.pcap 2>gone.messages &
gone_id=$!
ours timeout 30 sh -c 'echo $$ >id; exec tcpdump -i bluetooth-monitor -U -Z root -w monitor.pcap' 2>monitor.messages &
monitor_id=$!
wait_for grep -q 'listening on' gone.messages
wait_for grep -q 'listening on' monitor.messages
"$adapter" send 1
kill $serve_id
wait $gone_id
cat gone.messages
check 'that the adapter is gone ends the capture, and is told' grep -q 'bluetooth0: the Bluetooth adapter is gone' gone.messages
check 'what came before is there' grep -q '^[4-9] packets captured\|^[1-9][0-9] packets captured' gone.messages
check 'the monitor goes on' kill "$(cat id)"
check 'the monitor ends when it is told to' wait $monitor_id
