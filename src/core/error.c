/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Error texts: of the status codes, of errno, and messages that end in errno's text. For programs that show them and
 * for modules that write them.
 */
#include "core/core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct status_text {
	int status;
	const char *text;
};

static const struct status_text status_texts[] = {
	{0, "Success"},
	{PCAP_WARNING, "Warning"},
	{PCAP_WARNING_PROMISC_NOTSUP, "The device has no promiscuous mode"},
	{PCAP_WARNING_TSTAMP_TYPE_NOTSUP, "The device has no time stamps of that type"},
	{PCAP_ERROR, "Error"},
	{PCAP_ERROR_BREAK, "The loop was ended by pcap_breakloop"},
	{PCAP_ERROR_NOT_ACTIVATED, "The capture has not been activated yet"},
	{PCAP_ERROR_ACTIVATED, "The capture has been activated already"},
	{PCAP_ERROR_NO_SUCH_DEVICE, "No such device"},
	{PCAP_ERROR_RFMON_NOTSUP, "The device has no monitor mode"},
	{PCAP_ERROR_NOT_RFMON, "That is possible in monitor mode only"},
	{PCAP_ERROR_PERM_DENIED, "No permission to capture on the device"},
	{PCAP_ERROR_IFACE_NOT_UP, "The device is not up"},
	{PCAP_ERROR_CANTSET_TSTAMP_TYPE, "The device does not let the time stamp type be chosen"},
	{PCAP_ERROR_PROMISC_PERM_DENIED, "No permission to use promiscuous mode on the device"},
	{PCAP_ERROR_TSTAMP_PRECISION_NOTSUP, "The device has no time stamps of that precision"},
	{PCAP_ERROR_CAPTURE_NOTSUP, "Packets can't be captured on the device"},
};

const char *pcap_statustostr(int status)
{
	static _Thread_local char unknown[40];

	for (size_t i = 0; i < sizeof(status_texts) / sizeof(status_texts[0]); i++)
		if (status_texts[i].status == status)
			return status_texts[i].text;
	snprintf(unknown, sizeof(unknown), "Unknown status: %d", status);
	return unknown;
}

const char *pcap_strerror(int errnum)
{
	static _Thread_local char text[PCAP_ERRBUF_SIZE];
	return strerror_r(errnum, text, sizeof(text));
}

void pcapint_vfmt_errmsg_for_errno(char *errbuf, size_t errbuflen, int errnum, const char *format, va_list ap)
{
	char text[128];

	if (errbuflen == 0)
		return;
	int used = vsnprintf(errbuf, errbuflen, format, ap);
	if (used < 0 || (size_t)used >= errbuflen)
		return;
	snprintf(errbuf + used, errbuflen - used, ": %s", strerror_r(errnum, text, sizeof(text)));
}

void pcapint_fmt_errmsg_for_errno(char *errbuf, size_t errbuflen, int errnum, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	pcapint_vfmt_errmsg_for_errno(errbuf, errbuflen, errnum, format, ap);
	va_end(ap);
}

int pcapint_get_decuint(const char *text, char **endp, bpf_u_int32 *value)
{
	const char *at = text;
	uint64_t number = 0;

	for (; *at >= '0' && *at <= '9'; at++) {
		number = number * 10 + (*at - '0');
		if (number > UINT32_MAX)
			return -1;
	}
	if (at == text || (endp == NULL && *at != '\0'))
		return -1;
	if (endp != NULL)
		*endp = (char *)at;
	*value = number;
	return 0;
}
