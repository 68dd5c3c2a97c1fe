/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Active mode, where the other host's daemon makes the connection. This build has no remote capture, so that there
 * is never such a connection; programs that ask for one are told.
 */
#include <stdio.h>

#include "core/core.h"

SOCKET pcap_remoteact_accept_ex(const char *address _U_, const char *port _U_, const char *hostlist _U_,
	char *connectinghost, struct pcap_rmtauth *auth _U_, int uses_ssl _U_, char *errbuf)
{
	if (connectinghost != NULL)
		connectinghost[0] = '\0';
	snprintf(errbuf, PCAP_ERRBUF_SIZE,
		"this library can't reach the devices of another host; run a program there that can, for example: "
		"ssh HOST weir capture -w -");
	return INVALID_SOCKET;
}

SOCKET pcap_remoteact_accept(const char *address, const char *port, const char *hostlist, char *connectinghost,
	struct pcap_rmtauth *auth, char *errbuf)
{
	return pcap_remoteact_accept_ex(address, port, hostlist, connectinghost, auth, 0, errbuf);
}

int pcap_remoteact_list(char *hostlist, char separator _U_, int size, char *errbuf)
{
	if (hostlist == NULL || size < 1) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "pcap_remoteact_list: the buffer has no room for a list");
		return PCAP_ERROR;
	}
	hostlist[0] = '\0';
	return 0;
}

int pcap_remoteact_close(const char *host, char *errbuf)
{
	snprintf(errbuf, PCAP_ERRBUF_SIZE, "%.100s: there is no active connection with this host",
		host != NULL ? host : "(no host)");
	return PCAP_ERROR;
}

void pcap_remoteact_cleanup(void)
{
}
