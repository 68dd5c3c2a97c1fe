/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds the public structures in place: programs that were compiled against libpcap's headers read and write them.
 * The sizes and offsets are those of its 64-bit Linux headers; the values of constants are the same everywhere.
 * Compiling this file is the test; the module interface's layout is held as well, since loadable modules depend on it.
 */
#include <pcap/pcap.h>
#include <pcap/bluetooth.h>
#include <pcap/can_socketcan.h>
#include <pcap/namedb.h>
#include <pcap/nflog.h>
#include <pcap/sll.h>
#include <pcap/usb.h>
#include <pcap/vlan.h>
#include <pcap/weir.h>
#include <pcap-int.h>

#define SIZE(type, size) _Static_assert(sizeof(type) == (size), "the size of " #type " has moved")
#define AT(type, member, offset) \
	_Static_assert(offsetof(type, member) == (offset), "the place of " #member " in " #type " has moved")
#define IS(constant, value) _Static_assert((constant) == (value), "the value of " #constant " has changed")

#if __SIZEOF_POINTER__ == 8 && defined(__linux__)

SIZE(struct pcap_file_header, 24);
AT(struct pcap_file_header, version_major, 4);
AT(struct pcap_file_header, version_minor, 6);
AT(struct pcap_file_header, thiszone, 8);
AT(struct pcap_file_header, sigfigs, 12);
AT(struct pcap_file_header, snaplen, 16);
AT(struct pcap_file_header, linktype, 20);

SIZE(struct pcap_pkthdr, 24);
AT(struct pcap_pkthdr, ts, 0);
AT(struct pcap_pkthdr, caplen, 16);
AT(struct pcap_pkthdr, len, 20);

SIZE(struct pcap_stat, 12);
AT(struct pcap_stat, ps_recv, 0);
AT(struct pcap_stat, ps_drop, 4);
AT(struct pcap_stat, ps_ifdrop, 8);

SIZE(struct pcap_if, 40);
AT(struct pcap_if, next, 0);
AT(struct pcap_if, name, 8);
AT(struct pcap_if, description, 16);
AT(struct pcap_if, addresses, 24);
AT(struct pcap_if, flags, 32);

SIZE(struct pcap_addr, 40);
AT(struct pcap_addr, addr, 8);
AT(struct pcap_addr, netmask, 16);
AT(struct pcap_addr, broadaddr, 24);
AT(struct pcap_addr, dstaddr, 32);

SIZE(struct pcap_rmtauth, 24);
AT(struct pcap_rmtauth, username, 8);
AT(struct pcap_rmtauth, password, 16);

SIZE(struct pcap_samp, 8);
AT(struct pcap_samp, value, 4);

SIZE(struct bpf_program, 16);
AT(struct bpf_program, bf_insns, 8);
SIZE(struct bpf_insn, 8);
AT(struct bpf_insn, jt, 2);
AT(struct bpf_insn, jf, 3);
AT(struct bpf_insn, k, 4);

SIZE(struct pcap_etherent, 128);
AT(struct pcap_etherent, name, 6);

SIZE(pcap_bluetooth_h4_header, 4);
SIZE(pcap_bluetooth_linux_monitor_header, 4);
SIZE(pcap_can_socketcan_hdr, 8);
AT(pcap_can_socketcan_hdr, payload_length, 4);
SIZE(nflog_hdr_t, 4);
SIZE(nflog_tlv_t, 4);
SIZE(nflog_packet_hdr_t, 4);
SIZE(nflog_hwaddr_t, 12);
SIZE(nflog_timestamp_t, 16);
SIZE(struct sll_header, 16);
AT(struct sll_header, sll_protocol, 14);
SIZE(struct sll2_header, 20);
AT(struct sll2_header, sll2_if_index, 4);
AT(struct sll2_header, sll2_hatype, 8);
AT(struct sll2_header, sll2_pkttype, 10);
AT(struct sll2_header, sll2_addr, 12);
SIZE(pcap_usb_setup, 8);
SIZE(pcap_usb_header, 48);
AT(pcap_usb_header, bus_id, 12);
AT(pcap_usb_header, setup_flag, 14);
AT(pcap_usb_header, ts_sec, 16);
AT(pcap_usb_header, urb_len, 32);
AT(pcap_usb_header, setup, 40);
SIZE(pcap_usb_header_mmapped, 64);
AT(pcap_usb_header_mmapped, interval, 48);
AT(pcap_usb_header_mmapped, ndesc, 60);
SIZE(usb_isodesc, 16);
SIZE(struct vlan_tag, 4);

/* Our own, from its first release on. */
SIZE(struct pcap_stats64, 32);
AT(struct pcap_stats64, recv, 8);
AT(struct pcap_stats64, drop, 16);
AT(struct pcap_stats64, ifdrop, 24);
AT(struct pcap_module_info, prefixes, 16);
SIZE(struct pcap_module_info, 40);

/* The module interface, version 1. */
AT(struct pcap, read_op, 0);
AT(struct pcap, break_loop, 8);
AT(struct pcap, snapshot, 12);
AT(struct pcap, priv, 16);
AT(struct pcap, fcode, 24);
AT(struct pcap, fd, 40);
AT(struct pcap, selectable_fd, 44);
AT(struct pcap, required_select_timeout, 48);
AT(struct pcap, linktype, 56);
AT(struct pcap, linktype_ext, 60);
AT(struct pcap, direction, 64);
AT(struct pcap, buffer, 72);
AT(struct pcap, bufsize, 80);
AT(struct pcap, bp, 88);
AT(struct pcap, cc, 96);
AT(struct pcap, opt, 104);
SIZE(struct pcap_opt, 48);
AT(struct pcap_opt, device, 0);
AT(struct pcap_opt, timeout, 8);
AT(struct pcap_opt, buffer_size, 12);
AT(struct pcap_opt, promisc, 16);
AT(struct pcap_opt, rfmon, 20);
AT(struct pcap_opt, immediate, 24);
AT(struct pcap_opt, nonblock, 28);
AT(struct pcap_opt, tstamp_type, 32);
AT(struct pcap_opt, tstamp_precision, 36);
AT(struct pcap_opt, protocol, 40);
AT(struct pcap, dlt_count, 152);
AT(struct pcap, dlt_list, 160);
AT(struct pcap, tstamp_type_count, 168);
AT(struct pcap, tstamp_type_list, 176);
AT(struct pcap, tstamp_precision_count, 184);
AT(struct pcap, tstamp_precision_list, 192);
AT(struct pcap, activate_op, 200);
AT(struct pcap, can_set_rfmon_op, 208);
AT(struct pcap, inject_op, 216);
AT(struct pcap, setfilter_op, 224);
AT(struct pcap, setdirection_op, 232);
AT(struct pcap, set_datalink_op, 240);
AT(struct pcap, getnonblock_op, 248);
AT(struct pcap, setnonblock_op, 256);
AT(struct pcap, stats_op, 264);
AT(struct pcap, breakloop_op, 272);
AT(struct pcap, oneshot_callback, 280);
AT(struct pcap, cleanup_op, 288);
AT(struct pcap, errbuf, 296);
AT(struct pcap, core, 560);
AT(struct pcap, stats64_op, 568);
AT(struct pcap, ancillary_loads, 576);
AT(struct pcap, packet_info_op, 584);
AT(struct pcap, offset, 592);
SIZE(struct pcap, 600);
AT(struct pcap_module, prefixes, 24);
AT(struct pcap_module, create_is_ours, 48);
SIZE(struct pcap_module, 56);
SIZE(struct oneshot_userdata, 24);

#endif

IS(PCAP_VERSION_MAJOR, 2);
IS(PCAP_VERSION_MINOR, 4);
IS(PCAP_ERRBUF_SIZE, 256);
IS(PCAP_BUF_SIZE, 1024);
IS(PCAP_D_INOUT, 0);
IS(PCAP_D_IN, 1);
IS(PCAP_D_OUT, 2);
IS(PCAP_ERROR, -1);
IS(PCAP_ERROR_BREAK, -2);
IS(PCAP_ERROR_NOT_ACTIVATED, -3);
IS(PCAP_ERROR_ACTIVATED, -4);
IS(PCAP_ERROR_NO_SUCH_DEVICE, -5);
IS(PCAP_ERROR_RFMON_NOTSUP, -6);
IS(PCAP_ERROR_NOT_RFMON, -7);
IS(PCAP_ERROR_PERM_DENIED, -8);
IS(PCAP_ERROR_IFACE_NOT_UP, -9);
IS(PCAP_ERROR_CANTSET_TSTAMP_TYPE, -10);
IS(PCAP_ERROR_PROMISC_PERM_DENIED, -11);
IS(PCAP_ERROR_TSTAMP_PRECISION_NOTSUP, -12);
IS(PCAP_WARNING, 1);
IS(PCAP_WARNING_PROMISC_NOTSUP, 2);
IS(PCAP_WARNING_TSTAMP_TYPE_NOTSUP, 3);
IS(PCAP_NETMASK_UNKNOWN, 0xffffffff);
IS(BPF_MEMWORDS, 16);
IS(MAXIMUM_SNAPLEN, 262144);

/* headers.py holds the same, and every declaration, against the headers of the system's libpcap where they are there. */
int main(void)
{
	return 0;
}
