# shellcheck shell=sh
# SPDX-License-Identifier: BSD-3-Clause
# Netlink: all messages on an nlmon interface, and those of one family.
has_module netlink
need 'netlink' ip
load 'netlink' nlmon
ip link add nlmon0 type nlmon
ip link set nlmon0 up

# Requests, their answers, and what the kernel tells all who listen.
cat >commands <<'END'
link set lo mtu 65000
address add 127.0.0.9/8 dev lo
address del 127.0.0.9/8 dev lo
link set lo mtu 65536
link show lo
END
traffic='ip -batch commands >/dev/null'

belongs_to nlmon0 netlink
belongs_to netlink-route netlink
exercise nlmon0 NETLINK 'greater 100' 8 "$traffic"
exercise netlink NETLINK 'greater 100' 8 "$traffic" packets
exercise netlink-route NETLINK 'greater 100' 8 "$traffic"
conforms nlmon0 "$traffic"
same_in_tcpdump 'tcpdump shows the same on both libraries' nlmon0 8 "$traffic"

refused 'an interface needs a right to capture on' nlmon0 'nlmon0: no permission to capture (CAP_NET_RAW' unprivileged
check 'multicast groups need none' sh -c "
  setpriv --reuid 65534 --clear-groups --bounding-set=-all timeout 20 $WEIR_BUILD/tools/weir capture -i netlink-route \
    -c 1 >got & sleep 1; $traffic; wait; [ -s got ]"
for device in nlmon nlmon00 nlmon-1 nlmon+0 nlmon1 nlmon99999999999 netlinkx netlink0; do
  refused "$device is no device" "$device" 'no such device'
done
refused 'a family that is not there' netlink-nosuch 'no such netlink family (they are: route,'
lost 'an interface that goes down says so' nlmon0 0 '' 'ip link set nlmon0 down' 'nlmon0: the interface went down'
refused 'all families need an interface' netlink 'netlink: there is no nlmon interface that is up'
exercise netlink-route NETLINK 'greater 200' 2 "$traffic" filters
ip link set nlmon0 up
lost 'an interface that disappears says so' nlmon0 0 '' 'ip link del nlmon0' 'nlmon0: the interface has disappeared'
