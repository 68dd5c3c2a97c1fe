# shellcheck shell=sh
# SPDX-License-Identifier: BSD-3-Clause
# Wireless LAN: two radios of the kernel's simulation in an ad-hoc network; what one sends, the other sees in
# monitor mode.
need 'wifi' iw ip python3 tcpdump setpriv
load 'wifi' mac80211_hwsim
for device in wlan0 wlan1; do
  echo 1 >/proc/sys/net/ipv6/conf/$device/disable_ipv6
  iw dev $device set type ibss
  ip link set $device up
  # A beacon each 10 seconds, so that little but the traffic is on the air.
  iw dev $device ibss join weir 2412 fixed-freq 02:11:22:33:44:55 beacon-interval 10000
done
ip addr add 10.9.0.1/24 dev wlan0
ip route add 239.1.2.3 dev wlan0
sleep 1

traffic="bash -c 'for i in 1 2 3 4; do echo \$i >/dev/udp/239.1.2.3/9; done; echo 012345678901234567890123456789 \
  >/dev/udp/239.1.2.3/9'"
monitors() {
  iw dev | grep -c 'type monitor'
}
no_monitors() {
  [ "$(monitors)" -eq 0 ]
}

# An interface that is in monitor mode.
iw phy phy1 interface add monitor0 type monitor
ip link set monitor0 up
belongs_to monitor0 linux
exercise monitor0 IEEE802_11_RADIO 'type data and greater 100' 5 "$traffic" packets
conforms monitor0 "$traffic"
same_in_tcpdump 'tcpdump shows the same on both libraries' monitor0 5 "$traffic" type data
iw dev monitor0 del

# One that is put into it.
EXERCISE_MONITOR=1 exercise wlan1 IEEE802_11_RADIO 'type data and greater 100' 5 "$traffic"
check 'nothing of monitor mode is left' no_monitors
exercise wlan1 EN10MB 'greater 60' 5 "$traffic" 'link type'
able=$(weir devices --json 2>/dev/null | python3 -I -S -c '
import json, sys
print(*sorted(device["name"] for device in json.load(sys.stdin) if device["monitor_mode"]))')
check 'weir devices tells what has monitor mode' [ "$able" = 'hwsim0 wlan0 wlan1' ]

# tcpdump -I, as it is and killed.
ours timeout 20 tcpdump -I -i wlan1 -nn -t -c 5 type data >shown 2>messages &
tcpdump_id=$!
wait_for grep -q 'listening on' messages
check 'during the capture there is one more interface' [ "$(monitors)" -eq 1 ]
eval "$traffic"
wait $tcpdump_id
check 'tcpdump -I shows packets in monitor mode' \
  [ "$(grep -c '10.9.0.1.* > 239.1.2.3.9: UDP' shown)" -eq 5 -a "$(link_type messages)" = IEEE802_11_RADIO ]
cat messages shown
check 'it is gone when tcpdump has ended' no_monitors
LD_LIBRARY_PATH=$WEIR_BUILD LD_PRELOAD=$(preload) tcpdump -I -i wlan1 -w /dev/null 2>messages &
tcpdump_id=$!
wait_for grep -q 'listening on' messages
kill -9 $tcpdump_id
wait $tcpdump_id
check 'it goes when tcpdump is killed' wait_for no_monitors

# What can go wrong.
setpriv --reuid 65534 --clear-groups --inh-caps=-all,+net_raw --ambient-caps=-all,+net_raw env \
  LD_LIBRARY_PATH="$WEIR_BUILD" LD_PRELOAD="$(preload)" tcpdump -I -i wlan1 -c 1 >messages 2>&1
cat messages
check 'the right to make an interface is asked for' \
  grep -q 'wlan1: no permission to switch to monitor mode (CAP_NET_ADMIN is needed)' messages
ours tcpdump -I -i lo -c 1 >messages 2>&1
cat messages
check 'an interface that is not wireless has no monitor mode' grep -qi "monitor mode" messages
ours timeout 20 tcpdump -I -i wlan1 -nn -t -w left.pcap type data >shown 2>messages &
tcpdump_id=$!
wait_for grep -q 'listening on' messages
eval "$traffic"
sleep 1
rmmod mac80211_hwsim
wait $tcpdump_id
status=$?
cat messages
check 'an adapter that is removed ends the capture, after what came before' \
  [ $status -ne 124 -a "$(tcpdump -r left.pcap 2>/dev/null | wc -l)" -eq 5 ]
check 'and is named' grep -q 'wlan1: the interface' messages
