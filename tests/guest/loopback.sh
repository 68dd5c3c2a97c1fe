# shellcheck shell=sh
# SPDX-License-Identifier: BSD-3-Clause
# The guest itself, on a device that each kernel has: what the other classes rely on works.

# Four datagrams to a port that nobody listens on, and the four answers that say so.
traffic="bash -c 'for i in 1 2 3 4; do echo \$i >/dev/udp/127.0.0.1/9; done' 2>/dev/null"

check 'stock programs run on this library' sh -c 'LD_LIBRARY_PATH=$WEIR_BUILD LD_PRELOAD=$0 tcpdump --version 2>&1 |
  grep -q Weir' "$(preload)"
exercise lo EN10MB udp 8 "$traffic"
same_in_tcpdump 'tcpdump shows the same on both libraries' lo 8 "$traffic"
