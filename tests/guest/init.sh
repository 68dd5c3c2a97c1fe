#!/bin/busybox sh
# SPDX-License-Identifier: BSD-3-Clause
# The guest's first process: makes the host's tree, with a layer in memory over it that can be written, the root,
# and runs there what the folder "control" says. What that prints, and its exit status, go out by virtio-serial
# ports.
busybox=/bin/busybox
$busybox mount -t devtmpfs devtmpfs /dev
$busybox mount -t proc proc /proc
$busybox mount -t sysfs sysfs /sys
for module in /modules/*; do
  $busybox insmod "$module"
done

# The host's files do not change meanwhile in a way that matters, so that the guest may keep what it has read.
plan9='trans=virtio,version=9p2000.L,msize=262144,cache=loose,ro'
$busybox mount -t 9p -o $plan9 tree /host
$busybox mount -t tmpfs tmpfs /layer
$busybox mkdir /layer/upper /layer/work
$busybox mount -t overlay -o lowerdir=/host,upperdir=/layer/upper,workdir=/layer/work overlay /root
$busybox mkdir -p /root/lib/modules /root/run
for folder in dev proc sys; do
  $busybox mount --move /$folder /root/$folder
done
$busybox mount -t 9p -o $plan9 modules /root/lib/modules
$busybox mkdir -p /root/dev/shm /root/dev/pts
$busybox mount -t tmpfs tmpfs /root/run
$busybox mount -t tmpfs tmpfs /root/dev/shm
$busybox mount -t devpts devpts /root/dev/pts
$busybox mount -t debugfs debugfs /root/sys/kernel/debug
$busybox mkdir /root/run/control
$busybox mount -t 9p -o $plan9 control /root/run/control

# The kernel runs modprobe where its first process has its root: so that stays this one.
$busybox cat >/root/run/second <<'END'
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TMPDIR=/run
export PATH HOME TMPDIR
ip link set lo up
# The ports have the order in which QEMU was told of them.
sh /run/control/command </dev/null >/dev/vport0p1 2>&1
echo $? >/dev/vport0p2
busybox poweroff -f
END
exec $busybox chroot /root /bin/sh /run/second
