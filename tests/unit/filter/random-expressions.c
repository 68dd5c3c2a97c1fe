/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random filter expressions from a grammar: a row a symbol, with what it may become. "%x" in a text stands for symbol
 * x; the first text of a row ends the recursion.
 */
#include "random-expressions.h"

#include <stdbool.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct symbol {
	char name;
	const char *texts[48];
} grammar[] = {
	{'E', {"%P", "%P", "%P and %E", "%P or %E", "%P && %E", "%P || %E", "not %E", "! %E", "(%E)", "(%E) and %E",
		      "(%E) or %E", "not (%E) and %P", "%I"}},
	/* Primitives, those with ids first. */
	{'P', {"%p", "%h %a", "%h %a or %a", "%h (%a or %a) and not %a", "ip6 %d %6", "ip6 host %6 or %6", "%n %b",
		      "%n %b or %b", "%t %o", "%t (%o or %o or not %o)", "%t %o or %o or %o", "%g %r",
		      "ether proto %e", "ether proto %e or %e", "%k %q", "%k %q or %q", "%k %q and %t %o",
		      "%k %q and %R", "ether %d %m", "ether host %m or %m", "wlan %v %m", "decnet %d %c",
		      "gateway localhost", "%w", "%w", "%f", "%R", "%R"}},
	{'I', {"%p", "host %a and (%a or %E)", "%t %o or (%E) or %o", "%h %a or not (%a and %a) or %a",
		      "%n %b and (%p) and %b"}},
	{'h', {"host", "host", "%d", "ip %d", "arp host", "rarp %d", "ip host", "%d host"}},
	{'n', {"net", "net", "%d net", "ip net", "arp net"}},
	{'t', {"port", "port", "tcp port", "udp %d port", "%d port", "sctp %d port"}},
	{'g', {"portrange", "portrange", "tcp portrange", "udp %d portrange", "%d portrange"}},
	{'k', {"proto", "ip proto", "ip6 proto", "protochain", "ip protochain", "ip6 protochain", "iso proto",
		      "isis proto"}},
	{'d', {"src", "dst", "src or dst", "src and dst", "dst or src", "dst and src"}},
	{'v', {"ra", "ta", "addr1", "addr2", "addr3", "addr4", "src", "dst", "host"}},
	/* Ids. */
	{'a', {"%4", "%4", "%4", "%4", "%4", "%4", "localhost", "%u"}},
	{'4', {"10.0.0.1", "192.168.1.%u", "127.0.0.1", "10.%u.%u.%u", "224.0.0.1", "255.255.255.255", "0.0.0.0",
		      "10.1", "1.2.3"}},
	{'6', {"::1", "fe80::1", "2001:db8::%u", "ff02::2", "::", "2001:db8:1:2:3:4:5:6", "::ffff:1.2.3.4"}},
	{'b', {"10.0.0.0/8", "10/8", "192.168/16", "10", "10.1.2", "172.16.0.0/12", "127.0.0.0 mask 255.0.0.0",
		      "fe80::/10", "2001:db8::/32", "::/0", "0.0.0.0/0", "192.168.1.0/24", "10.1.2.3/32", "fe80::1",
		      "10.0.0.0 mask 255.0.255"}},
	{'c', {"10.123", "1.1", "63.1023"}},
	{'m', {"00:11:22:33:44:55", "ff:ff:ff:ff:ff:ff", "1:2:3:4:5:%s", "0011.2233.4455", "001122334455",
		      "1-2-3-a-b-c"}},
	{'o', {"80", "443", "53", "%u", "0x1f90", "http", "domain", "ftp-data", "65535", "0", "6%u"}},
	{'r', {"80-90", "1-1023", "0-65535", "1024-65535", "http-443", "90-80", "80"}},
	{'q', {"6", "17", "%s", "\\tcp", "\\udp", "\\icmp", "0", "2"}},
	{'e', {"0x800", "\\ip", "\\ip6", "\\arp", "0x0806", "5", "0xffff", "%u", "\\stp", "\\ipx", "\\atalk",
		      "loopback"}},
	{'i', {"1", "2", "4"}},
	/* What stands alone. */
	{'p', {"tcp", "udp", "ip", "ip6", "arp", "rarp", "icmp", "icmp6", "igmp", "sctp", "ah", "esp", "pim",
		      "vrrp", "carp", "stp", "ipx", "netbeui", "atalk", "aarp", "decnet", "lat", "sca", "moprc",
		      "mopdl", "iso", "clnp", "esis", "isis", "l1", "l2", "iih", "lsp", "snp", "csnp", "psnp",
		      "igrp"}},
	{'w', {"vlan", "vlan %u", "vlan %u and %P", "mpls", "mpls %u", "mpls and %P", "pppoes", "pppoes %u and ip",
		      "pppoed", "geneve", "geneve %u and %P", "vxlan %u and tcp", "broadcast", "multicast",
		      "ip broadcast", "ip multicast", "ip6 multicast", "ether broadcast", "ether multicast",
		      "less %u", "greater %u", "inbound", "outbound", "ifindex %u", "llc", "llc %l", "type %y",
		      "type mgt subtype beacon", "subtype ack", "wlan dir tods", "dir 2",
		      "type data subtype qos-data", "on eth%u", "rset \\host", "rnr %u", "srnr %u", "reason match",
		      "action pass", "reason %u", "lane", "oamf4", "metac", "connectmsg", "fisu", "hmsu"}},
	{'l', {"i", "s", "u", "rr", "rnr", "rej", "ui", "ua", "disc", "dm", "sabme", "test", "xid", "frmr"}},
	{'y', {"mgt", "ctl", "data", "4", "8 subtype 0x80"}},
	{'f', {"vpi %u", "vci (%u or > %u)", "vpi != %u", "sio %u", "opc (1 or 2 or 3)", "dpc >= %u", "sls %s",
		      "hsio < %u", "byte %u = %u", "byte %u & %u", "byte 3 | 1"}},
	/* Relations. */
	{'R', {"%L %z %N", "%L %z %N", "%L & %N %z %N", "%A %z %A", "len %z %N", "(%A) %z %A", "%T"}},
	{'T', {"tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", "ip[6:2] & 0x1fff = 0", "icmp[icmptype] != icmp-echo",
		      "ether[0] & 1 = 0", "icmp6[icmp6type] = icmp6-echo",
		      "tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420"}},
	{'L', {"ip[%s]", "tcp[%s]", "ether[%s:2]", "udp[%s:4]", "ip6[%s:%i]", "icmp[0]", "arp[%s:2]", "link[%s]",
		      "ip[%A]", "tcp[ip[%s]:2]", "radio[%s]", "sctp[%s]", "igmp[%s]"}},
	{'A', {"%N", "%L", "len", "%A %x %A", "%A + %N", "%L & %N", "(%A)", "-%A", "(%A %x %A) %x %N"}},
	{'z', {"=", "!=", ">", ">=", "<", "<=", "=="}},
	{'x', {"+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"}},
	{'N', {"1", "0", "%u", "0x%u", "0xffffffff", "2147483648", "4", "017", "%s", "tcp-syn"}},
	{'u', {"1", "2", "5", "10", "23", "100", "255", "0", "64", "128"}},
	{'s', {"0", "1", "2", "4", "6", "8", "9", "12", "14"}},
};

struct writer {
	uint64_t *state;
	char *text;
	size_t size;
	size_t used;
};

static const struct symbol *find_symbol(char name)
{
	const struct symbol *symbol = grammar;

	while (symbol->name != name)
		symbol++;
	return symbol;
}

/* "%x" is an operator in the grammar, too: a lone "%" is written where no symbol follows. */
static void expand(struct writer *out, char name, int levels)
{
	const struct symbol *symbol = find_symbol(name);
	size_t count = 0;

	while (count < LENGTH(symbol->texts) && symbol->texts[count] != NULL)
		count++;
	/* When it is getting long: what is short. */
	bool end = levels == 0 || out->used > out->size / 2;
	const char *text =
		symbol->texts[end && strchr("EPIRA", name) != NULL ? 0 : random_below(out->state, (uint32_t)count)];
	for (; *text != '\0'; text++) {
		if (*text == '%' && text[1] != '\0')
			expand(out, *++text, levels > 0 ? levels - 1 : 0);
		else if (out->used + 1 < out->size)
			out->text[out->used++] = *text;
	}
}

void random_expression(uint64_t *state, char *text, size_t size)
{
	struct writer out = {state, text, size, 0};

	expand(&out, 'E', 8);
	text[out.used] = '\0';
}
