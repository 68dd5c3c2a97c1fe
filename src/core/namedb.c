/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names to numbers: hosts, networks, ports, protocols, Ethernet types and LLC service access points. For programs that
 * read what a filter expression would; pcap/namedb.h is the contract.
 */
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include <pcap/namedb.h>

#include "compat/netdb.h"
#include "core/ascii.h"
#include "core/core.h"

#define PORT_MAX 65535

/* No service has a longer name; longer text isn't looked for in the databases, which can take long. */
#define SERVICE_NAME_MAX 255

/* A row of eproto_db, whose layout programs know though no header declares it. */
struct eproto {
	const char *s;
	u_short p;
};

/*
 * Ethernet types (IEEE registry). Exported since early libpcap: neither the rows nor their number can change, since a
 * program that uses the table has a copy of its size.
 */
PCAP_API const struct eproto eproto_db[];
const struct eproto eproto_db[] = {
	{"aarp", 0x80f3},
	{"arp", 0x0806},
	{"atalk", 0x809b},
	{"decnet", 0x6003},
	{"ip", 0x0800},
	{"ip6", 0x86dd},
	{"lat", 0x6004},
	{"loopback", 0x9000},
	{"mopdl", 0x6001},
	{"moprc", 0x6002},
	{"rarp", 0x8035},
	{"sca", 0x6007},
	{NULL, 0},
};

/* LLC service access points (IEEE 802.2, and the vendors' own). */
static const struct eproto llc_saps[] = {
	{"iso", 0xfe},
	{"stp", 0x42},
	{"ipx", 0xe0},
	{"netbeui", 0xf0},
	{NULL, 0},
};

static int number_of(const struct eproto *rows, const char *name)
{
	for (; rows->s != NULL; rows++) {
		if (strcmp(rows->s, name) == 0)
			return rows->p;
	}
	return PROTO_UNDEF;
}

int pcap_nametoeproto(const char *name)
{
	return number_of(eproto_db, name);
}

int pcap_nametollc(const char *name)
{
	return number_of(llc_saps, name);
}

int pcap_nametoproto(const char *name)
{
	int number = pcapint_protocol_number(name);

	return number >= 0 ? number : PROTO_UNDEF;
}

bpf_u_int32 pcap_nametonetaddr(const char *name)
{
	return pcapint_network_number(name);
}

/* A port of digits alone: its number, -1 if it is too large, or -2 if it is no number. */
static int port_number(const char *text)
{
	int number = 0;

	if (*text == '\0')
		return -2;
	for (const char *digit = text; *digit != '\0'; digit++) {
		if (!ascii_is_digit(*digit))
			return -2;
		number = number > PORT_MAX ? number : number * 10 + (*digit - '0');
	}
	return number <= PORT_MAX ? number : -1;
}

/*
 * A name that is registered for TCP and UDP with two different ports stands for the TCP one: the result has room for
 * one port only.
 */
int pcap_nametoport(const char *name, int *port, int *proto)
{
	int number = port_number(name);
	if (number == -1)
		return 0;
	if (number >= 0) {
		*port = number;
		*proto = PROTO_UNDEF;
		return 1;
	}
	if (name[0] == '\0' || strlen(name) > SERVICE_NAME_MAX)
		return 0;
	int tcp = pcapint_service_port(name, "tcp");
	int udp = pcapint_service_port(name, "udp");
	if (tcp < 0 && udp < 0)
		return 0;
	*port = tcp >= 0 ? tcp : udp;
	*proto = tcp == udp ? PROTO_UNDEF : tcp >= 0 ? IPPROTO_TCP : IPPROTO_UDP;
	return 1;
}

/* Both ends; their protocol is the one that they share, or PROTO_UNDEF. */
static int port_pair(const char *low, const char *high, int *port1, int *port2, int *proto)
{
	int low_port, high_port, low_proto, high_proto;

	if (!pcap_nametoport(low, &low_port, &low_proto) || !pcap_nametoport(high, &high_port, &high_proto))
		return 0;
	*port1 = low_port;
	*port2 = high_port;
	*proto = low_proto == high_proto ? low_proto : PROTO_UNDEF;
	return 1;
}

/* Names have hyphens too ("ftp-data-ssh"), so each hyphen is tried as the one between the ends. */
int pcap_nametoportrange(const char *name, int *port1, int *port2, int *proto)
{
	char copy[2 * SERVICE_NAME_MAX + 2];
	int found = 0;

	if (strlen(name) >= sizeof(copy))
		return 0;
	strcpy(copy, name);
	for (char *hyphen = strchr(copy, '-'); hyphen != NULL && !found; hyphen = strchr(hyphen + 1, '-')) {
		*hyphen = '\0';
		found = port_pair(copy, hyphen + 1, port1, port2, proto);
		*hyphen = '-';
	}
	return found;
}

/* One socket type only, or each address would come once for every type. */
static struct addrinfo *addresses_of(const char *name, int family)
{
	const struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP};
	struct addrinfo *list = NULL;

	return getaddrinfo(name, NULL, &hints, &list) == 0 ? list : NULL;
}

struct addrinfo *pcap_nametoaddrinfo(const char *name)
{
	return addresses_of(name, AF_UNSPEC);
}

bpf_u_int32 **pcap_nametoaddr(const char *name)
{
	enum { ADDRESS_MAX = 64 };
	static _Thread_local bpf_u_int32 addresses[ADDRESS_MAX];
	static _Thread_local bpf_u_int32 *list[ADDRESS_MAX + 1];
	struct addrinfo *found = addresses_of(name, AF_INET);
	size_t count = 0;

	for (const struct addrinfo *entry = found; entry != NULL && count < ADDRESS_MAX; entry = entry->ai_next) {
		struct sockaddr_in ip;
		memcpy(&ip, entry->ai_addr, sizeof(ip));
		addresses[count] = ntohl(ip.sin_addr.s_addr);
		list[count] = &addresses[count];
		count++;
	}
	list[count] = NULL;
	if (found != NULL)
		freeaddrinfo(found);
	return count > 0 ? list : NULL;
}
