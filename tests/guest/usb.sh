# shellcheck shell=sh disable=SC2016,SC2086
# SPDX-License-Identifier: BSD-3-Clause
# USB: a disk that QEMU has, and a device of usb-transfers.c's, which uses all types of transfers.
# qemu: -device qemu-xhci
# qemu: -blockdev driver=null-co,node-name=usb-disk,size=16777216,read-zeroes=on -device usb-storage,drive=usb-disk
has_module usb
load usb usbmon xhci_pci usb-storage sd_mod
wait_for test -b /dev/sda
disk=$(readlink -f /sys/block/sda | sed 's|\(/usb[0-9]*/[^/]*\)/.*|\1|')
bus=$(echo "$disk" | sed 's|.*/usb\([0-9]*\)/.*|\1|')
controller=$(basename "$(dirname "$(dirname "$disk")")")
read_disk='dd if=/dev/sda of=/dev/null bs=4k count=3 iflag=direct 2>/dev/null'

# refuses DEVICE TEXT: tcpdump does not capture there, and the reason it gives has this text.
refuses() {
  ours timeout 10 tcpdump -i "$1" -c 1 >refused 2>&1
  [ $? -eq 1 ] && grep -q "$2" refused
}

list_usb() {
  "$@" tcpdump -D | sed -n 's/^[0-9]*\.\(usbmon[0-9]*\) ([^)]*)/\1/p' | sort
}

list_usb ours >list.ours
list_usb env >list.system
check 'the list has the buses that the system'\''s libpcap lists' cmp list.ours list.system
weir devices >list.weir
check 'weir lists the buses with their module' grep -q "^usbmon$bus  *usb  *USB_LINUX_MMAPPED" list.weir

# Not the descriptors, which each capture that begins has sent again. Each has its own time stamp in the packet.
same_in_savefiles 'tcpdump writes the same of a disk on both libraries' usbmon0 3 "$read_disk" 16 12 greater 200
# The first packets are a GET_DESCRIPTOR for a device, and its answer, which has the length 18 and the type 1.
ours timeout 10 tcpdump -i "usbmon$bus" -c 6 -nn -xx >first 2>first.messages
check 'a capture begins with the descriptors of what is plugged in' sh -c '
  grep -q "0x0020:.* 8006 0001 0000 1200" first && grep -q "0x0040:  1201" first && grep -q "0x0040:  0902" first'

check 'a bus that is not there is told' refuses usbmon99 'usbmon99: there is no such USB bus'
check 'a missing permission is told' sh -c '! "$@" 2>refused && grep -q "no permission to read /dev/usbmon0" refused' \
  sh setpriv --reuid 65534 --regid 65534 --clear-groups "$WEIR_BUILD/tools/weir" capture -i usbmon0 -c 1

# What is unplugged does not end the capture of its bus; that the bus goes does, after what came before.
start_capture() {
  ours timeout 30 sh -c 'echo $$ >"$0.id"; exec tcpdump -i "$0" -U -Z root -w "$0.pcap"' "$1" 2>"$1.messages" &
  capture_id=$!
  wait_for grep -q 'listening on' "$1.messages"
}

start_capture usbmon0
all_id=$capture_id
start_capture "usbmon$bus"
check 'the kernel keeps usbmon while it is used' sh -c '! rmmod usbmon 2>/dev/null'
echo 1 >"$disk/remove"
wait_for test ! -e /sys/block/sda
check 'unplugging a device does not end the capture' kill -0 $capture_id
echo "$controller" >/sys/bus/pci/drivers/xhci_hcd/unbind
wait $capture_id
cat "usbmon$bus.messages"
check 'that the bus is gone ends the capture, and is told' grep -q "usbmon$bus: the USB bus is gone" "usbmon$bus.messages"
check 'what came before is there' sh -c '[ "$(tcpdump -r "$0" 2>/dev/null | wc -l)" -gt 6 ]' "usbmon$bus.pcap"
check 'a capture of all buses goes on' kill "$(cat usbmon0.id)"
wait $all_id

rmmod usbmon
check 'without usbmon, the way to load it is told' refuses usbmon0 'modprobe usbmon'
check 'without usbmon no bus is listed' [ -z "$(list_usb ours)" ]

load usb usbmon vhci_hcd
transfers=$WEIR_BUILD/tests/guest/usb-transfers
"$transfers" serve &
serve_id=$!
wait_for "$transfers" bus
bus=$("$transfers" bus)
# Two rounds of a submission and a completion for each type of transfer, each way.
conforms "usbmon$bus" "$transfers run"
exercise "usbmon$bus" USB_LINUX_MMAPPED 'greater 200' 24 "$transfers run" 16 12
# Of control transfers, those of the vendor's own.
same_in_savefiles 'tcpdump writes the same of all transfer types on both libraries' "usbmon$bus" 22 "$transfers run" \
  16 12 'link[9] != 2 or link[40] = 0x40'
kill $serve_id
