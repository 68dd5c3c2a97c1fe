/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The module for USB buses on Linux: usbmon1, usbmon2 and so on, a device a bus, and usbmon0, which is all of them. It
 * reads the kernel's usbmon devices by their binary interface, which Documentation/usb/usbmon.rst in the kernel's
 * sources describes.
 */
#include "usb/usb.h"

#include <pcap/usb.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int pcap_usb_findalldevs(pcap_if_list_t *list, char *errbuf);
pcap_t *pcap_usb_create(const char *device, char *errbuf);

#define NAME_PREFIX "usbmon"
#define DEVICE_PATH "/dev/usbmon%u"
#define SYSFS_DEVICES "/sys/bus/usb/devices"

/* ---- The binary interface; the kernel has no public header for it ---- */

struct usbmon_stats {
	uint32_t queued;
	uint32_t dropped; /* since the last time they were asked for */
};

struct usbmon_get {
	void *header;
	void *data;
	size_t data_size; /* the room there is for data */
};

struct usbmon_fetch {
	uint32_t *offsets;
	uint32_t fetch; /* how many events; becomes how many there were */
	uint32_t flush; /* how many to give back first */
};

#define USBMON_IOC_MAGIC 0x92
#define USBMON_IOCG_STATS _IOR(USBMON_IOC_MAGIC, 3, struct usbmon_stats)
#define USBMON_IOCT_RING_SIZE _IO(USBMON_IOC_MAGIC, 4)
#define USBMON_IOCQ_RING_SIZE _IO(USBMON_IOC_MAGIC, 5)
#define USBMON_IOCX_MFETCH _IOWR(USBMON_IOC_MAGIC, 7, struct usbmon_fetch)
#define USBMON_IOCH_MFLUSH _IO(USBMON_IOC_MAGIC, 8)
#define USBMON_IOCX_GETX _IOW(USBMON_IOC_MAGIC, 10, struct usbmon_get)

#define EVENT_FILLER '@' /* takes up the room at the ring's end where no event fits */
#define EVENT_ALIGNMENT 64

/*
 * An event can have a fifth of the ring. The default is for events of MAXIMUM_SNAPLEN; but there are kernels, such as
 * 6.1, that give no more than 1200 KiB.
 */
#define DEFAULT_RING_SIZE (2u << 20)
#define SURE_RING_SIZE (1200u << 10)
#define SMALLEST_RING_SIZE (8u << 10)

/* As many offsets as one call asks for. */
#define EVENTS_AT_ONCE 128
/* What is read is given back together; but no more of the ring is kept than this part. */
#define HELD_SHARE 8

#ifndef MAP_32BIT
#define MAP_32BIT 0
#endif

struct pcap_usb {
	unsigned int bus; /* 0: all */
	int device;       /* /dev/usbmonN; the handle's fd is an epoll descriptor over it and watch */
	int watch;        /* an inotify descriptor that tells when /dev/usbmonN is taken away; or -1 */
	u_char *ring;     /* mapped; NULL: events are copied into the handle's buffer */
	size_t ring_size;
	uint32_t offsets[EVENTS_AT_ONCE]; /* where in the ring the events are that were fetched */
	uint32_t fetched;
	uint32_t next;    /* the first that was not read */
	uint32_t kept;    /* the first that was not given back */
	size_t held;      /* bytes of the ring between the two */
	uint64_t dropped; /* as far as the kernel was asked */
};

/* ---- One event ---- */

/* The bytes from the start of an isochronous transfer's buffer to the end of the last part that has data. */
static uint64_t isochronous_extent(const u_char *descriptors, uint32_t count)
{
	uint64_t extent = 0;

	for (uint32_t i = 0; i < count; i++) {
		usb_isodesc descriptor;

		memcpy(&descriptor, descriptors + i * sizeof(descriptor), sizeof(descriptor));
		if (descriptor.len != 0 && extent < (uint64_t)descriptor.offset + descriptor.len)
			extent = (uint64_t)descriptor.offset + descriptor.len;
	}
	return extent;
}

/*
 * What the event would have if nothing had been left out: header, descriptors, and, where the transfer has data at this
 * point, all of that. An isochronous transfer that was received has gaps in its data, which urb_len does not count.
 */
static uint64_t full_size(const pcap_usb_header_mmapped *usb, const u_char *data)
{
	uint64_t descriptors = (uint64_t)usb->ndesc * sizeof(usb_isodesc), size = usb->urb_len;

	if (usb->data_flag != 0 || descriptors > usb->data_len)
		return sizeof(*usb) + (uint64_t)usb->data_len;
	if (usb->transfer_type == URB_ISOCHRONOUS && usb->event_type == URB_COMPLETE &&
		(usb->endpoint_number & URB_TRANSFER_IN))
		size = isochronous_extent(data, usb->ndesc);
	if (size < usb->data_len - descriptors)
		size = usb->data_len - descriptors;
	return sizeof(*usb) + descriptors + size;
}

/* The packet's header, of an event whose data (data_size bytes of them) follow its header. */
static void describe_event(struct pcap_pkthdr *header, const u_char *event, size_t data_size)
{
	pcap_usb_header_mmapped usb;
	uint64_t size;

	memcpy(&usb, event, sizeof(usb));
	if (usb.data_len > data_size)
		usb.data_len = data_size;
	size = full_size(&usb, event + sizeof(usb));
	header->ts.tv_sec = usb.ts_sec;
	header->ts.tv_usec = usb.ts_usec;
	header->caplen = sizeof(usb) + usb.data_len;
	header->len = size > UINT32_MAX ? UINT32_MAX : size;
}

static uint32_t data_length(const u_char *event)
{
	uint32_t length;

	memcpy(&length, event + offsetof(pcap_usb_header_mmapped, data_len), sizeof(length));
	return length;
}

/* ---- Getting events ---- */

static int read_error(pcap_t *p)
{
	pcapint_fmt_errmsg_for_errno(
		p->errbuf, PCAP_ERRBUF_SIZE, errno, "%.32s: can't read from the kernel's usbmon", p->opt.device);
	return PCAP_ERROR;
}

/*
 * With no event at hand: 0, or the error that there will be none. The kernel does not end a capture of a bus that is
 * taken away, but its device file goes.
 */
static int nothing_there(pcap_t *p)
{
	struct pcap_usb *pu = p->priv;
	struct stat status;
	char notice[sizeof(struct inotify_event) + 256];

	while (pu->watch != -1 && read(pu->watch, notice, sizeof(notice)) > 0)
		;
	if (fstat(pu->device, &status) == -1 || status.st_nlink > 0)
		return 0;
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
		"%.32s: the USB bus is gone: its controller or the driver was removed", p->opt.device);
	return PCAP_ERROR;
}

/* Gets the offsets of more events, and gives back those of before; 1, or as nothing_there(). */
static int fetch_events(pcap_t *p)
{
	struct pcap_usb *pu = p->priv;
	struct usbmon_fetch request = {pu->offsets, EVENTS_AT_ONCE, pu->fetched - pu->kept};
	int status = ioctl(pu->device, USBMON_IOCX_MFETCH, &request);

	/* They are given back before the kernel looks for others, also where it finds none. */
	pu->fetched = pu->next = pu->kept = 0;
	pu->held = 0;
	if (status == -1)
		return errno == EAGAIN || errno == EINTR ? nothing_there(p) : read_error(p);
	pu->fetched = request.fetch < EVENTS_AT_ONCE ? request.fetch : EVENTS_AT_ONCE;
	return pu->fetched > 0 ? 1 : nothing_there(p);
}

/* Gives back the events that were read, so that a slow reader of few at a time does not keep the ring full. */
static int give_back(pcap_t *p)
{
	struct pcap_usb *pu = p->priv;

	if (ioctl(pu->device, USBMON_IOCH_MFLUSH, pu->next - pu->kept) == -1)
		return read_error(p);
	pu->kept = pu->next;
	pu->held = 0;
	return 0;
}

static int malformed(pcap_t *p, uint32_t offset, uint32_t size)
{
	const struct pcap_usb *pu = p->priv;

	snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
		"%.32s: the kernel's event at %u with %u bytes of data does not lie in the buffer of %zu bytes",
		p->opt.device, offset, size, pu->ring_size);
	return PCAP_ERROR;
}

static int next_in_ring(pcap_t *p, struct pcap_pkthdr *header, const u_char **data)
{
	struct pcap_usb *pu = p->priv;
	int status;

	if (pu->held > pu->ring_size / HELD_SHARE && give_back(p) < 0)
		return PCAP_ERROR;
	for (;;) {
		if (pu->next == pu->fetched && (status = fetch_events(p)) <= 0)
			return status;
		uint32_t offset = pu->offsets[pu->next++];
		size_t room = offset < pu->ring_size ? pu->ring_size - offset : 0;
		if (room < sizeof(pcap_usb_header_mmapped))
			return malformed(p, offset, 0);
		const u_char *event = pu->ring + offset;
		uint32_t size = data_length(event);
		room -= sizeof(pcap_usb_header_mmapped);
		if (size > room)
			return malformed(p, offset, size);
		pu->held += sizeof(pcap_usb_header_mmapped) + size + EVENT_ALIGNMENT - 1;
		if (event[offsetof(pcap_usb_header_mmapped, event_type)] == EVENT_FILLER)
			continue;
		describe_event(header, event, room);
		*data = event;
		return 1;
	}
}

static int next_copied(pcap_t *p, struct pcap_pkthdr *header, const u_char **data)
{
	struct pcap_usb *pu = p->priv;
	size_t room = p->bufsize - sizeof(pcap_usb_header_mmapped);
	struct usbmon_get request = {p->buffer, p->buffer + sizeof(pcap_usb_header_mmapped), room};

	do {
		if (ioctl(pu->device, USBMON_IOCX_GETX, &request) == -1)
			return errno == EAGAIN || errno == EINTR ? nothing_there(p) : read_error(p);
	} while (p->buffer[offsetof(pcap_usb_header_mmapped, event_type)] == EVENT_FILLER);
	describe_event(header, p->buffer, room);
	*data = p->buffer;
	return 1;
}

/* ---- Operations ---- */

static int usb_read(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	const struct pcap_usb *pu = p->priv;

	return pcapint_read_messages(p, cnt, callback, user, pu->ring != NULL ? next_in_ring : next_copied);
}

static int usb_inject(pcap_t *p, const void *data _U_, int size _U_)
{
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.32s: packets can't be sent on a USB bus: usbmon only watches it",
		p->opt.device);
	return PCAP_ERROR;
}

static int usb_stats64(pcap_t *p, struct pcap_stats64 *stats)
{
	struct pcap_usb *pu = p->priv;
	struct usbmon_stats kernel;

	if (ioctl(pu->device, USBMON_IOCG_STATS, &kernel) == -1) {
		pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno,
			"%.32s: can't get the kernel's statistics", p->opt.device);
		return PCAP_ERROR;
	}
	pu->dropped += kernel.dropped;
	stats->available = PCAP_STATS64_RECV | PCAP_STATS64_DROP;
	stats->recv = pcapint_messages_delivered(p);
	stats->drop = pu->dropped;
	return 0;
}

static void usb_cleanup(pcap_t *p)
{
	struct pcap_usb *pu = p->priv;

	if (pu->ring != NULL)
		munmap(pu->ring, pu->ring_size);
	if (pu->watch != -1)
		close(pu->watch);
	if (pu->device != -1)
		close(pu->device);
	*pu = (struct pcap_usb){.bus = pu->bus, .device = -1, .watch = -1};
	pcapint_cleanup_live_common(p);
}

/* ---- Activating ---- */

static bool monitor_is_loaded(void)
{
	return access("/dev/usbmon0", F_OK) == 0;
}

static void no_such_bus(const char *device, char *errbuf)
{
	snprintf(errbuf, PCAP_ERRBUF_SIZE,
		monitor_is_loaded() ? "%.32s: there is no such USB bus (usbmon0 captures on all buses)"
				    : "%.32s: the kernel does not monitor USB; \"modprobe usbmon\" makes it do so",
		device);
}

static int open_device(pcap_t *p)
{
	struct pcap_usb *pu = p->priv;
	char path[32];

	snprintf(path, sizeof(path), DEVICE_PATH, pu->bus);
	pu->device = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (pu->device == -1 && (errno == ENOENT || errno == ENODEV || errno == ENXIO)) {
		no_such_bus(p->opt.device, p->errbuf);
		return PCAP_ERROR_NO_SUCH_DEVICE;
	}
	if (pu->device == -1 && (errno == EACCES || errno == EPERM)) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%.32s: no permission to read %s: it needs root, or a group that may read that file",
			p->opt.device, path);
		return PCAP_ERROR_PERM_DENIED;
	}
	if (pu->device == -1) {
		pcapint_fmt_errmsg_for_errno(
			p->errbuf, PCAP_ERRBUF_SIZE, errno, "%.32s: can't open %s", p->opt.device, path);
		return PCAP_ERROR;
	}
	/* That the file goes, as its number of links, is a change of its attributes while it is open. */
	pu->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (pu->watch != -1 && inotify_add_watch(pu->watch, path, IN_ATTRIB | IN_DELETE_SELF) == -1) {
		close(pu->watch);
		pu->watch = -1;
	}
	return 0;
}

/* One descriptor to wait for, whatever happens first. */
static int make_waitable(pcap_t *p)
{
	struct pcap_usb *pu = p->priv;
	struct epoll_event readable = {.events = EPOLLIN};

	p->fd = epoll_create1(EPOLL_CLOEXEC);
	if (p->fd == -1 || epoll_ctl(p->fd, EPOLL_CTL_ADD, pu->device, &readable) == -1 ||
		(pu->watch != -1 && epoll_ctl(p->fd, EPOLL_CTL_ADD, pu->watch, &readable) == -1)) {
		pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno,
			"%.32s: can't make a descriptor to wait on", p->opt.device);
		return PCAP_ERROR;
	}
	p->selectable_fd = p->fd;
	return pcapint_make_wakeable(p);
}

/* Sets the ring to the wanted size, or to the largest that the kernel gives; 0, or PCAP_WARNING with a text. */
static int set_ring_size(pcap_t *p)
{
	struct pcap_usb *pu = p->priv;
	unsigned int wanted = p->opt.buffer_size != 0 ? p->opt.buffer_size : DEFAULT_RING_SIZE;
	int status;

	if (wanted < SMALLEST_RING_SIZE)
		wanted = SMALLEST_RING_SIZE;
	status = ioctl(pu->device, USBMON_IOCT_RING_SIZE, wanted);
	while (status == -1 && wanted > SURE_RING_SIZE) {
		wanted = wanted / 2 > SURE_RING_SIZE ? wanted / 2 : SURE_RING_SIZE;
		status = ioctl(pu->device, USBMON_IOCT_RING_SIZE, wanted);
	}
	/* Where none will do, the ring is as the kernel made it. */
	status = ioctl(pu->device, USBMON_IOCQ_RING_SIZE);
	if (status <= 0)
		return read_error(p);
	pu->ring_size = status;
	if (p->opt.buffer_size <= pu->ring_size)
		return 0;
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
		"%.32s: the kernel gives no buffer of %u bytes; it has %zu bytes, and may lose packets",
		p->opt.device, p->opt.buffer_size, pu->ring_size);
	return PCAP_WARNING;
}

/* Maps the ring; where the kernel doesn't let that be done, makes room for the copy of an event. */
static int make_room(pcap_t *p)
{
	struct pcap_usb *pu = p->priv;
	int flags = MAP_SHARED | (pcapint_map_32bit() ? MAP_32BIT : 0);
	void *ring = mmap(NULL, pu->ring_size, PROT_READ, flags, pu->device, 0);

	if (ring != MAP_FAILED) {
		pu->ring = ring;
		p->bufsize = pu->ring_size;
		return 0;
	}
	p->bufsize = sizeof(pcap_usb_header_mmapped) + pu->ring_size;
	p->buffer = malloc(p->bufsize);
	if (p->buffer != NULL)
		return 0;
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.32s: no memory for a packet of %d bytes", p->opt.device,
		p->bufsize);
	return PCAP_ERROR;
}

static int ask_devices(pcap_t *p)
{
	const struct pcap_usb *pu = p->priv;

	pcapint_usb_request_descriptors(pu->bus);
	return 0;
}

static int usb_activate(pcap_t *p)
{
	/* In this order: a change of the ring's size empties it, and no event may be split at its end. */
	static int (*const steps[])(pcap_t *) = {open_device, make_waitable, set_ring_size, make_room, ask_devices};
	struct pcap_usb *pu = p->priv;
	int warning = 0;

	*pu = (struct pcap_usb){.bus = pu->bus, .device = -1, .watch = -1};
	p->cleanup_op = usb_cleanup;
	if (p->opt.rfmon)
		return PCAP_ERROR_RFMON_NOTSUP;
	if (p->snapshot <= 0 || p->snapshot > MAXIMUM_SNAPLEN)
		p->snapshot = MAXIMUM_SNAPLEN;
	p->linktype = DLT_USB_LINUX_MMAPPED;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int status = steps[i](p);
		if (status < 0)
			return status;
		if (status > 0)
			warning = status;
	}
	p->read_op = usb_read;
	p->inject_op = usb_inject;
	p->setfilter_op = install_bpf_program;
	p->stats64_op = usb_stats64;
	p->oneshot_callback = pcapint_oneshot_in_place;
	return warning;
}

/* ---- The two routines that the library calls ---- */

/* The number behind the prefix, as the kernel writes it: no sign, no leading zeros. */
static bool get_bus(const char *name, const char *prefix, unsigned int *bus)
{
	size_t length = strlen(prefix);
	bpf_u_int32 number;

	if (strncmp(name, prefix, length) != 0 || (name[length] == '0' && name[length + 1] != '\0') ||
		pcapint_get_decuint(name + length, NULL, &number) != 0)
		return false;
	*bus = number;
	return true;
}

static int add_bus(pcap_if_list_t *list, unsigned int bus, char *errbuf)
{
	char name[32], description[64];
	bpf_u_int32 flags = bus == 0 ? PCAP_IF_CONNECTION_STATUS_NOT_APPLICABLE : 0;

	snprintf(name, sizeof(name), NAME_PREFIX "%u", bus);
	snprintf(description, sizeof(description), bus == 0 ? "All USB buses" : "USB bus %u", bus);
	return pcapint_add_dev(list, name, flags, description, errbuf) != NULL ? 0 : PCAP_ERROR;
}

static int compare_numbers(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;

	return (x > y) - (x < y);
}

/* The buses' numbers, in order; there are no more than the kernel has minor numbers for. */
#define BUSES_MAX 128

static size_t find_buses(unsigned int buses[BUSES_MAX])
{
	DIR *devices = opendir(SYSFS_DEVICES);
	struct dirent *entry;
	size_t count = 0;

	while (devices != NULL && count < BUSES_MAX && (entry = readdir(devices)) != NULL)
		count += get_bus(entry->d_name, "usb", &buses[count]);
	if (devices != NULL)
		closedir(devices);
	qsort(buses, count, sizeof(buses[0]), compare_numbers);
	return count;
}

int pcap_usb_findalldevs(pcap_if_list_t *list, char *errbuf)
{
	unsigned int buses[BUSES_MAX];

	if (!monitor_is_loaded())
		return 0;
	size_t count = find_buses(buses);
	for (size_t i = 0; i < count; i++)
		if (add_bus(list, buses[i], errbuf) < 0)
			return PCAP_ERROR;
	return add_bus(list, 0, errbuf);
}

pcap_t *pcap_usb_create(const char *device, char *errbuf)
{
	unsigned int bus;
	char path[32];

	/* Not one of ours: NULL and an empty errbuf, and the next module is asked. */
	if (!get_bus(device, NAME_PREFIX, &bus))
		return NULL;
	snprintf(path, sizeof(path), DEVICE_PATH, bus);
	if (access(path, F_OK) == -1) {
		no_such_bus(device, errbuf);
		return NULL;
	}
	pcap_t *p = PCAP_CREATE_COMMON(errbuf, struct pcap_usb);
	if (p == NULL)
		return NULL;
	*(struct pcap_usb *)p->priv = (struct pcap_usb){.bus = bus, .device = -1, .watch = -1};
	p->activate_op = usb_activate;
	return p;
}
