/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `weir extcap`: the capture modules for a Wireshark that runs on another libpcap. It speaks Wireshark's extcap protocol
 * (extcap(4); doc/extcap.adoc of Wireshark): every device that is no network interface is an interface there.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>
#include <pcap/weir.h>

#include "command.h"
#include "source.h"
#include "stop.h"

/* Before a device's name, so that Wireshark does not take it for one of its own devices. */
#define PREFIX "weir-"
#define BUFFERING_MS 100
#define POLLED_DEVICE_MS 10

struct extcap_settings {
	bool interfaces;
	bool dlts;
	bool config;
	bool capture;
	const char *interface;
	const char *fifo;
	const char *filter;
	const char *version;
	const char *device; /* in place of the interface's: with a module's own options */
	int snaplen;
	int precision;
};

#define FIELD(name) offsetof(struct extcap_settings, name)

static const struct option_row extcap_options[] = {
	{0, "extcap-interfaces", NULL, "list the interfaces", option_flag, FIELD(interfaces)},
	{0, "extcap-version", "N", "Wireshark's version; not looked at", option_text, FIELD(version)},
	{0, "extcap-interface", "NAME", "the interface that is meant", option_text, FIELD(interface)},
	{0, "extcap-dlts", NULL, "list its link types", option_flag, FIELD(dlts)},
	{0, "extcap-config", NULL, "list its options", option_flag, FIELD(config)},
	{0, "extcap-capture-filter", "EXPR", "the capture filter; alone: say what is wrong with it", option_text,
		FIELD(filter)},
	{0, "capture", NULL, "capture", option_flag, FIELD(capture)},
	{0, "fifo", "FILE", "write packets to it, as pcap", option_text, FIELD(fifo)},
	{0, "device", "NAME", "the device, with options of its module, in place of the interface's", option_text,
		FIELD(device)},
	{0, "snaplen", "BYTES", "capture no more of a packet", option_snaplen, FIELD(snaplen)},
	{0, "precision", "UNIT", "time stamps in micro or nano seconds", option_precision, FIELD(precision)},
	{0},
};

/* A text between braces: they, and what is no character, would end it. */
static void put_value(const char *name, const char *value)
{
	printf("{%s=", name);
	for (; *value != '\0'; value++)
		putchar((unsigned char)*value < ' ' || *value == '{' || *value == '}' ? '?' : *value);
	putchar('}');
}

/* ---- The interfaces ---- */

/* Network interfaces are Wireshark's already, and extcap programs are not to be run through themselves. */
static bool is_offered(const char *name)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *handle = pcap_create(name, error);
	const char *module = handle != NULL ? pcap_module_name(handle) : NULL;
	/* One whose module can't open it now is there all the same. */
	bool offered = module == NULL || (strcmp(module, "linux") != 0 && strcmp(module, "extcap") != 0);

	if (handle != NULL)
		pcap_close(handle);
	return offered && strncmp(name, "extcap:", 7) != 0;
}

static int list_interfaces(void)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_if_t *devices;

	printf("extcap ");
	put_value("version", WEIR_VERSION);
	put_value("display", "Weir's capture modules");
	putchar('\n');
	if (pcap_findalldevs(&devices, error) != 0) {
		complain("can't list devices: %s", error);
		return STATUS_NO_DEVICE;
	}
	for (const pcap_if_t *device = devices; device != NULL; device = device->next) {
		char value[256], display[512];

		if (!is_offered(device->name))
			continue;
		snprintf(value, sizeof(value), PREFIX "%s", device->name);
		snprintf(display, sizeof(display), "%s: %s", device->name,
			device->description != NULL ? device->description : "a device of weir");
		printf("interface ");
		put_value("value", value);
		put_value("display", display);
		putchar('\n');
	}
	pcap_freealldevs(devices);
	return STATUS_OK;
}

/* ---- One of them ---- */

/* The device that is meant; NULL after saying what is wrong. */
static const char *device_name(const struct extcap_settings *settings)
{
	if (settings->interface == NULL) {
		complain("--extcap-interface is missing");
		return NULL;
	}
	if (settings->device != NULL && settings->device[0] != '\0')
		return settings->device;
	if (strncmp(settings->interface, PREFIX, strlen(PREFIX)) == 0)
		return settings->interface + strlen(PREFIX);
	complain("%s: no such interface (they begin with \"" PREFIX "\")", settings->interface);
	return NULL;
}

/* NULL after saying what is wrong. */
static pcap_t *open_device(const struct extcap_settings *settings)
{
	const char *name = device_name(settings);
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *handle = name != NULL ? pcap_create(name, error) : NULL;
	int status;

	if (handle == NULL) {
		if (name != NULL)
			complain_of(name, error);
		return NULL;
	}
	if (settings->snaplen > 0)
		pcap_set_snaplen(handle, settings->snaplen);
	pcap_set_timeout(handle, BUFFERING_MS);
	pcap_set_promisc(handle, 1);
	if (pcap_set_tstamp_precision(handle, settings->precision) != 0)
		pcap_set_tstamp_precision(handle, PCAP_TSTAMP_PRECISION_MICRO);
	status = pcap_activate(handle);
	if (status != 0)
		complain_of(name, *pcap_geterr(handle) != '\0' ? pcap_geterr(handle) : pcap_statustostr(status));
	if (status >= 0)
		return handle;
	pcap_close(handle);
	return NULL;
}

static int list_dlts(const struct extcap_settings *settings)
{
	pcap_t *handle = open_device(settings);
	int *dlts, count;

	if (handle == NULL)
		return STATUS_NO_DEVICE;
	count = pcap_list_datalinks(handle, &dlts);
	for (int i = 0; i < count; i++) {
		const char *name = pcap_datalink_val_to_name(dlts[i]);
		const char *description = pcap_datalink_val_to_description(dlts[i]);

		printf("dlt {number=%d}", dlts[i]);
		put_value("name", name != NULL ? name : "unknown");
		put_value("display", description != NULL ? description : "unknown");
		putchar('\n');
	}
	if (count >= 0)
		pcap_free_datalinks(dlts);
	pcap_close(handle);
	return count >= 0 ? STATUS_OK : STATUS_NO_DEVICE;
}

static int list_options(const struct extcap_settings *settings)
{
	const char *name = device_name(settings);

	if (name == NULL)
		return STATUS_USAGE;
	printf("arg {number=0}{call=--device}{display=Device}{type=string}");
	put_value("default", name);
	printf("{tooltip=The device, with options of its module, as in nflog:5,6}\n");
	printf("arg {number=1}{call=--snaplen}{display=Snapshot length}{type=unsigned}{range=0,262144}{default=0}"
	       "{tooltip=Bytes of a packet to capture; 0 for all}\n");
	printf("arg {number=2}{call=--precision}{display=Time stamps}{type=selector}\n"
	       "value {arg=2}{value=micro}{display=Microseconds}{default=true}\n"
	       "value {arg=2}{value=nano}{display=Nanoseconds}{default=false}\n");
	return STATUS_OK;
}

/* Wireshark takes whatever is said for what is wrong. */
static int check_filter(const struct extcap_settings *settings)
{
	pcap_t *handle = open_device(settings);
	struct bpf_program program;
	int status = STATUS_OK;

	if (handle == NULL)
		return STATUS_NO_DEVICE;
	if (pcap_compile(handle, &program, settings->filter, 1, PCAP_NETMASK_UNKNOWN) == 0) {
		pcap_freecode(&program);
	} else {
		puts(pcap_geterr(handle));
		status = STATUS_USAGE;
	}
	pcap_close(handle);
	return status;
}

/* ---- Capturing ---- */

static void write_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	pcap_dump(user, header, data);
}

/* Until a packet may be there, or a stop was asked for. */
static void wait_for_packets(pcap_t *handle)
{
	const struct timeval *interval = pcap_get_required_select_timeout(handle);
	struct pollfd descriptors[2] = {{.fd = pcap_get_selectable_fd(handle), .events = POLLIN},
		{.fd = stop_descriptor(), .events = POLLIN}};
	int wait = interval != NULL ? (int)(interval->tv_sec * 1000 + (interval->tv_usec + 999) / 1000) : -1;

	if (descriptors[0].fd == -1 && interval == NULL)
		wait = POLLED_DEVICE_MS;
	poll(descriptors, 2, wait);
}

static int copy_packets(pcap_t *handle, const char *name, const char *fifo)
{
	pcap_dumper_t *dumper = pcap_dump_open(handle, fifo);
	char error[PCAP_ERRBUF_SIZE];
	int status = STATUS_OK, n = 0;

	if (dumper == NULL) {
		complain("%s", pcap_geterr(handle));
		return STATUS_ERROR;
	}
	pcap_setnonblock(handle, 1, error);
	/* The header at once: Wireshark waits for it. */
	while (!stop_requested() && n >= 0 && pcap_dump_flush(dumper) == 0) {
		n = pcap_dispatch(handle, -1, write_packet, (u_char *)dumper);
		if (n == 0)
			wait_for_packets(handle);
	}
	if (n < 0 && n != PCAP_ERROR_BREAK) {
		complain_of(name, pcap_geterr(handle));
		status = STATUS_DEVICE_LOST;
	}
	/* Who closes the FIFO has ended the capture: that is no error. */
	pcap_dump_close(dumper);
	return status;
}

static int capture_to_fifo(const struct extcap_settings *settings)
{
	pcap_t *handle;
	int status = STATUS_OK;

	if (settings->fifo == NULL) {
		complain("--fifo is missing");
		return STATUS_USAGE;
	}
	stop_on_signals(NULL, NULL);
	handle = open_device(settings);
	if (handle == NULL)
		return STATUS_NO_DEVICE;
	if (settings->filter != NULL && settings->filter[0] != '\0')
		status = set_filter(handle, device_name(settings), settings->filter, PCAP_NETMASK_UNKNOWN);
	if (status == STATUS_OK)
		status = copy_packets(handle, device_name(settings), settings->fifo);
	pcap_close(handle);
	return status;
}

static int run_extcap(const struct command *command, int argc, char **argv)
{
	struct extcap_settings settings = {.precision = PCAP_TSTAMP_PRECISION_MICRO};
	int first = options_parse(command, argc, argv, &settings);

	if (first < 0)
		return first == OPTIONS_HELP ? finish_stdout(STATUS_OK) : STATUS_USAGE;
	if (first < argc)
		return wrong_usage(command, "there is something that is no option", argv[first]);
	if (settings.interfaces)
		return finish_stdout(list_interfaces());
	if (settings.dlts)
		return finish_stdout(list_dlts(&settings));
	if (settings.config)
		return finish_stdout(list_options(&settings));
	if (settings.capture)
		return capture_to_fifo(&settings);
	if (settings.filter != NULL)
		return finish_stdout(check_filter(&settings));
	options_help(command);
	return finish_stdout(STATUS_OK);
}

const struct command extcap_command = {
	.name = "extcap",
	.help = "Offer the capture modules to Wireshark, by its extcap protocol.",
	.synopsis = "[OPTION...]",
	.options = extcap_options,
	.run = run_extcap,
};
