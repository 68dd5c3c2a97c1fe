/* SPDX-License-Identifier: BSD-3-Clause */
/* The grammar of expressions.h: a row a symbol, with what it may become; "%x" stands for symbol x. */
#include "expressions.h"

#include <stdbool.h>
#include <string.h>

#include <pcap.h>

#include "../lib/random-numbers.h"

static const struct symbol {
	char name;
	const char *texts[48];
} grammar[] = {
	{'E', {"%P", "%P", "%P and %P", "%P and %P", "%P or %P", "%P or %P", "not %P", "%P and not %P",
		      "%P and (%P or %P)", "(%P or %P) and %P", "not (%E) and %E", "(%E) or (%E)", "(%E) and (%E)",
		      "%P and %P and %P", "%P or %P or %P", "%P or %P and not (%E)", "%L and %P", "%L and %E",
		      "%L and (%P or %P)", "%L and %L and %P", "%J", "not (%P or %P)", "not %P and not %P"}},
	{'P', {"%p", "%p", "%p", "%H", "%H", "%H", "%N", "%T", "%T", "%T", "%G", "%X", "%R", "%R", "%R", "%A", "%A",
		      "%W", "%L", "%Q"}},
	{'p', {"ip", "ip", "ip6", "ip6", "tcp", "tcp", "udp", "udp", "icmp", "icmp6", "arp", "rarp", "sctp", "igmp",
		      "ah", "esp", "pim", "vrrp", "igrp", "stp", "ipx", "netbeui", "atalk", "aarp", "decnet", "lat",
		      "sca", "moprc", "mopdl", "iso", "clnp", "esis", "isis", "l1", "l2", "iih", "lsp", "snp",
		      "csnp", "psnp", "carp"}},
	/* Hosts and nets. */
	{'H', {"%d host %4", "%d host %4", "%d host %4 or %4", "ip %d host %4", "arp %d host %4", "rarp %d host %4",
		      "host %4 or %4 or %4", "host %4 and %4", "%d host %4 and not port %o", "ip6 %d host %6",
		      "%d host %6", "%d host %6 or %6", "host %6 or %4", "decnet %d host %D"}},
	{'d', {"", "", "src", "dst", "src or dst", "src and dst"}},
	{'4', {"10.0.0.1", "10.0.0.2", "10.1.0.255", "192.168.1.5", "172.16.3.4", "224.0.0.1", "255.255.255.255",
		      "10.0.0.0"}},
	{'6', {"2001:db8::1", "2001:db8::2", "2001:db8:1:2:3:4:5:6", "fe80::1", "ff02::1", "::ffff:a00:1"}},
	{'D', {"1.1", "10.123"}},
	{'N', {"%d net %n", "%d net %n", "ip %d net %n", "arp %d net %n", "%d net %n or %n", "%d net %8",
		      "ip6 %d net %8", "net %8 or %n"}},
	{'n', {"10", "10.0.0.0/8", "10.0.0.0/24", "192.168", "172.16.0.0/12", "10.1.0.0/16", "224.0.0.0/4",
		      "0.0.0.0/0", "10.0.0.1/32", "10.0.0.0 mask 255.0.0.255", "128.0.0.0/1", "10.0.0"}},
	{'8', {"2001:db8::/32", "fe80::/10", "ff00::/8", "2001:db8::/64", "::/0", "2001:db8::2/128",
		      "2001:db8:1:2:3::/80"}},
	/* Ports and protocols. */
	{'T', {"%t %d port %o", "%t %d port %o", "%t %d port %o or %o", "%t %d port %o or %o or %o",
		      "%t %d portrange %r", "%t %d portrange %r", "%t %d portrange %r or %r",
		      "port %o and not %o"}},
	{'t', {"", "", "tcp", "udp", "sctp"}},
	{'o', {"80", "443", "53", "8080", "1024", "20", "http", "domain", "4789", "0", "65535", "81"}},
	{'r', {"80-443", "53-53", "0-1023", "1024-65535", "0-65535", "20-21", "443-80", "8000-9000"}},
	{'G', {"ip proto %q", "ip6 proto %q", "proto %q", "ip proto %q or %q", "proto %q or %q or %q",
		      "ip protochain %q", "ip6 protochain %q", "protochain %q", "ether proto %e",
		      "ether proto %e or %e", "iso proto %i", "isis proto %s", "link proto %e"}},
	/* What is behind the headers of a chain. */
	{'J', {"%C and %T", "%C and %F", "%C and %B %z %y", "%C and (%T or %F)", "not (%C and %T) and %P",
		      "(%C and %T) or (%C and %T)", "%C and (%C or %T) and %F", "%C and %p",
		      "%C and %L and %C and %T"}},
	{'C', {"ip6 protochain %S", "ip6 protochain %S", "ip protochain %S", "protochain %S"}},
	{'S', {"6", "17", "\\tcp", "\\udp", "58", "132", "%q"}},
	{'q', {"6", "17", "132", "1", "58", "50", "51", "103", "112", "0", "44", "255", "\\tcp", "\\udp", "2"}},
	{'e', {"0x800", "0x86dd", "\\arp", "\\ip", "\\ip6", "0x8847", "0x8137", "0x42", "0xfe", "0xf0", "0xe0",
		      "0x9000", "\\rarp", "0x1234", "0x21", "5", "\\atalk", "\\aarp"}},
	{'i', {"0x81", "0x82", "0x83", "\\clnp", "\\isis"}},
	{'s', {"15", "16", "17", "18", "24", "27"}},
	/* Link layer. */
	{'X', {"ether %d host %m", "ether %d host %m or %m", "ether src %m", "ether dst %m", "ether broadcast",
		      "ether multicast", "broadcast", "multicast", "wlan %w %m", "llc", "llc %c", "link[0] & 1 = 0",
		      "ether host %m and not %m"}},
	{'m', {"00:11:22:33:44:55", "02:00:00:00:00:01", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01",
		      "aa:00:04:00:01:04"}},
	{'w', {"src", "dst", "host", "ra", "ta", "addr1", "addr2", "addr3", "addr4", "src and dst"}},
	{'c', {"i", "s", "u", "rr", "rnr", "rej", "ui", "ua", "disc", "dm", "sabme", "test", "xid", "frmr"}},
	/* Layers. */
	{'L', {"vlan", "vlan %v", "vlan %v", "mpls", "mpls %l", "pppoes", "pppoes %u", "vxlan", "vxlan %k",
		      "geneve", "geneve %k"}},
	{'v', {"5", "10", "20", "0", "4095"}},
	{'l', {"3", "100", "1024"}},
	{'u', {"1", "7", "0xffff"}},
	{'k', {"1", "5", "10"}},
	/* Relations. */
	{'R', {"%B %z %y", "%B %z %y", "%B & %x %z %y", "%F", "%F"}},
	{'F', {"tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", "tcp[tcpflags] & tcp-syn != 0", "tcp[tcpflags] = tcp-syn",
		      "tcp[13] & 3 != 0", "ip[6:2] & 0x1fff = 0", "ip[0] & 0xf != 5", "icmp[icmptype] = icmp-echo",
		      "icmp[icmptype] != icmp-echo and icmp[icmptype] != icmp-echoreply",
		      "icmp6[icmp6type] = icmp6-echo", "ether[0] & 1 = 0", "ip6[6] = 6", "ip[8] < 5",
		      "tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420", "ip[16] >= 224",
		      "((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0", "udp[4:2] > 40", "ip[2:2] > 100",
		      "ip[8] = 64 or ip[8] = 1", "ether[12:2] > 1500", "ip[9] = 6 or ip[9] = 17"}},
	{'B', {"ip[%b]", "ip[%b:2]", "tcp[%b]", "tcp[%b:2]", "udp[%b:2]", "ether[%b]", "ether[%b:2]", "ether[%b:4]",
		      "ip6[%b]", "ip6[%b:2]", "ip6[%b:4]", "icmp[%b]", "icmp6[%b]", "arp[%b:2]", "sctp[%b:2]",
		      "igmp[%b]", "link[%b:2]", "rarp[%b]", "ip[%b:4]", "tcp[%b:4]"}},
	{'b', {"0", "1", "2", "4", "6", "8", "9", "10", "12", "13", "16", "20", "24"}},
	{'z', {"=", "!=", ">", ">=", "<", "<="}},
	{'y', {"0", "1", "2", "6", "17", "64", "80", "0x45", "0xff", "0x0800", "0x10", "256", "0x60000000",
		      "0xffffffff"}},
	{'x', {"1", "3", "0x0f", "0xf0", "0xff", "0x1fff", "0xffffffff", "0"}},
	{'A', {"%V %z %V", "%V %z %y", "%V + %y %z %V", "(%V - %V) %z %y", "%V %f %V %z %y", "%V * 4 = %V",
		      "-%V %z %y", "%V << 2 > %y", "%V / 4 = %y", "%V % 4 = %y", "%V ^ %V != 0", "len - %V > %y",
		      "ip[%V] = %y", "ether[%V + 2:2] = %y", "%V | %x = %x", "%V >> 4 = 4", "%V / %V = 1",
		      "%V << %V > 9", "(%V %f %V) %f (%V %f %V) = %y"}},
	{'V', {"%B", "%B", "%B", "len", "ip[0]", "5"}},
	{'f', {"+", "-", "*", "&", "|", "^", "/", "%", "<<", ">>"}},
	{'W', {"less %g", "greater %g", "len > %g", "len <= %g", "len = %g", "len != 60", "ip broadcast",
		      "ip multicast", "ip6 multicast", "byte %b %z 6", "byte %b = 0x45"}},
	{'g', {"60", "64", "100", "200", "1000", "0", "1514", "42"}},
	/* What a family of link types has. */
	{'a', {"vpi %1", "vci %1", "vpi != %1", "vci (%1 or > %1)", "vci > %1", "lane", "metac", "bcc", "oamf4",
		      "oamf4sc", "oamf4ec", "sc", "ilmic", "oam", "connectmsg", "metaconnect", "llc", "vci <= %1"}},
	{'7', {"fisu", "lssu", "msu", "hfisu", "hlssu", "hmsu", "sio %1", "opc %1", "dpc %1", "sls %1", "hsio %1",
		      "hopc %1", "hdpc %1", "hsls %1", "sio != %1", "opc > %1", "dpc (%1 or %1)",
		      "sls (1 or > 2)"}},
	{'9', {"type mgt", "type ctl", "type data", "type mgt subtype beacon", "subtype ack", "subtype qos-data",
		      "wlan dir tods", "dir fromds", "dir dstods", "dir nods", "type data subtype data",
		      "wlan %w %m", "wlan %w %m", "type ctl subtype ps-poll", "radio[2] > 8", "wlan[0] = 8"}},
	{'0', {"on eth0", "ifname eth1", "rset main", "ruleset other", "rnr 1", "srnr 2", "reason match",
		      "reason 2", "action pass", "action block", "inbound", "outbound"}},
	{'2', {"inbound", "outbound", "ifindex 1"}},
	{'1', {"0", "1", "2", "3", "5", "100"}},
};

struct expansion {
	uint64_t *state;
	char *text;
	size_t size;
	size_t used;
	char own; /* the symbol of what the link type has of its own */
};

static char own_symbol(int linktype)
{
	switch (linktype) {
	case DLT_SUNATM:
		return 'a';
	case DLT_MTP2:
	case DLT_MTP2_WITH_PHDR:
	case DLT_ERF:
		return '7';
	case DLT_IEEE802_11:
	case DLT_IEEE802_11_RADIO:
	case DLT_IEEE802_11_RADIO_AVS:
	case DLT_PRISM_HEADER:
	case DLT_PPI:
		return '9';
	case DLT_PFLOG:
		return '0';
	default:
		return '2';
	}
}

static const struct symbol *find_symbol(char name)
{
	const struct symbol *symbol = grammar;

	while (symbol->name != name)
		if (++symbol == grammar + sizeof(grammar) / sizeof(grammar[0]))
			return NULL;
	return symbol;
}

/* "%" is an operator, too: it stands for itself where no symbol follows. */
static void expand(struct expansion *out, char name, int levels)
{
	const struct symbol *symbol = find_symbol(name == 'Q' ? out->own : name);
	uint32_t count = 0;

	while (count < sizeof(symbol->texts) / sizeof(symbol->texts[0]) && symbol->texts[count] != NULL)
		count++;
	const char *text = symbol->texts[levels == 0 && name == 'E' ? 0 : random_below(out->state, count)];
	for (; *text != '\0'; text++) {
		if (*text == '%' && (text[1] == 'Q' || find_symbol(text[1]) != NULL))
			expand(out, *++text, levels > 0 ? levels - 1 : 0);
		else if (out->used + 1 < out->size)
			out->text[out->used++] = *text;
	}
}

static void start(uint64_t *state, int linktype, char symbol, char *text, size_t size)
{
	struct expansion out = {state, text, size, 0, own_symbol(linktype)};

	expand(&out, symbol, 3);
	text[out.used] = '\0';
}

void random_filter(uint64_t *state, int linktype, char *text, size_t size)
{
	start(state, linktype, 'E', text, size);
}

void random_primitive(uint64_t *state, int linktype, char *text, size_t size)
{
	start(state, linktype, 'P', text, size);
}
