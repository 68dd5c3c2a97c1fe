/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The module for D-Bus: dbus-system and dbus-session are the two well-known buses, dbus://ADDRESS any other, and each
 * shows what all programs on it say to each other, by the bus's monitor interface (D-Bus specification,
 * org.freedesktop.DBus.Monitoring). A "?" and match rules may follow: dbus-session?type='signal'. Uses libdbus.
 */
#include <pcap-int.h>

#include <dbus/dbus.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int pcap_dbus_findalldevs(pcap_if_list_t *list, char *errbuf);
pcap_t *pcap_dbus_create(const char *device, char *errbuf);

/* D-Bus specification: the maximum length of a message, 128 MiB. */
#define LARGEST_MESSAGE (1 << 27)
#define SYSTEM_BUS "unix:path=/var/run/dbus/system_bus_socket"

struct pcap_dbus {
	DBusConnection *monitor;
	DBusConnection *sender; /* a monitor may not send; made when it is needed */
	char *message;          /* the one that was handed out last */
};

static void get_error(pcap_t *p, const char *what, DBusError *error)
{
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.80s: %s: %.120s", p->opt.device, what,
		dbus_error_is_set(error) ? error->message : "no memory");
	dbus_error_free(error);
}

/* ---- The bus ---- */

/* The address of the session's bus, malloc'ed, or NULL if there is none. No bus is started for it. */
static char *session_address(void)
{
	const char *address = secure_getenv("DBUS_SESSION_BUS_ADDRESS"), *folder = secure_getenv("XDG_RUNTIME_DIR");
	char *text = NULL;

	if (address != NULL && *address != '\0')
		return strdup(address);
	if (folder == NULL || *folder != '/' || asprintf(&text, "unix:path=%s/bus", folder) == -1)
		return NULL;
	return text;
}

/* malloc'ed; NULL with a text in errbuf. */
static char *bus_address(pcap_t *p)
{
	const char *device = p->opt.device, *given = secure_getenv("DBUS_SYSTEM_BUS_ADDRESS");
	char *address;

	if (strncmp(device, "dbus://", 7) == 0)
		address = strndup(device + 7, strcspn(device + 7, "?"));
	else if (strncmp(device, "dbus-system", 11) == 0)
		address = strdup(given != NULL && *given != '\0' ? given : SYSTEM_BUS);
	else
		address = session_address();
	if (address == NULL)
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%.80s: there is no session bus: neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is "
			"set "
			"(dbus-run-session starts one; sudo -E keeps yours)",
			device);
	return address;
}

static void hang_up(DBusConnection **connection)
{
	if (*connection == NULL)
		return;
	dbus_connection_close(*connection);
	dbus_connection_unref(*connection);
	*connection = NULL;
}

/* A connection that has said Hello; NULL with a text in errbuf. */
static DBusConnection *connect_to_bus(pcap_t *p)
{
	char *address = bus_address(p);
	DBusError error = DBUS_ERROR_INIT;
	DBusConnection *connection;

	if (address == NULL)
		return NULL;
	connection = dbus_connection_open_private(address, &error);
	if (connection == NULL) {
		get_error(p, "can't connect to the bus", &error);
	} else {
		/* Or a bus that goes away would end the program. */
		dbus_connection_set_exit_on_disconnect(connection, FALSE);
		if (!dbus_bus_register(connection, &error)) {
			get_error(p, "the bus would not have us", &error);
			hang_up(&connection);
		}
	}
	free(address);
	return connection;
}

/* The end of a match rule: a ';' outside of quotes, or the end of the text. */
static size_t rule_length(const char *text)
{
	size_t length = 0;

	for (int quoted = 0; text[length] != '\0' && (quoted || text[length] != ';'); length++)
		quoted ^= text[length] == '\'';
	return length;
}

/* The rules behind the device's "?"; none asks for all. */
static dbus_bool_t add_rules(DBusMessageIter *to, const char *device)
{
	const char *text = strchr(device, '?');
	DBusMessageIter rules;
	dbus_bool_t fits = dbus_message_iter_open_container(to, DBUS_TYPE_ARRAY, "s", &rules);

	text = text != NULL ? text + 1 : "";
	while (fits && *text != '\0') {
		size_t length = rule_length(text);
		char *rule = strndup(text, length);
		fits = rule != NULL && dbus_message_iter_append_basic(&rules, DBUS_TYPE_STRING, &rule);
		free(rule);
		text += length + (text[length] == ';');
	}
	return fits && dbus_message_iter_close_container(to, &rules);
}

static int refused(pcap_t *p, DBusError *error)
{
	if (dbus_error_has_name(error, DBUS_ERROR_ACCESS_DENIED)) {
		get_error(p, "you may not watch this bus (root may)", error);
		return PCAP_ERROR_PERM_DENIED;
	}
	if (dbus_error_has_name(error, DBUS_ERROR_MATCH_RULE_INVALID))
		get_error(p, "wrong match rule", error);
	else
		get_error(p, "the bus does not let itself be watched", error);
	return PCAP_ERROR;
}

static int become_monitor(pcap_t *p)
{
	struct pcap_dbus *bus = p->priv;
	DBusMessage *call = dbus_message_new_method_call(
		DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, "org.freedesktop.DBus.Monitoring", "BecomeMonitor");
	DBusMessage *answer = NULL;
	DBusError error = DBUS_ERROR_INIT;
	DBusMessageIter arguments;
	dbus_uint32_t flags = 0;
	int status = 0;

	if (call != NULL) {
		dbus_message_iter_init_append(call, &arguments);
		if (add_rules(&arguments, p->opt.device) &&
			dbus_message_iter_append_basic(&arguments, DBUS_TYPE_UINT32, &flags))
			answer = dbus_connection_send_with_reply_and_block(bus->monitor, call, -1, &error);
		dbus_message_unref(call);
	}
	if (answer == NULL)
		status = refused(p, &error);
	else
		dbus_message_unref(answer);
	return status;
}

/* ---- Operations ---- */

/* What arrived since; the connection is still there, or PCAP_ERROR. */
static int receive(pcap_t *p, DBusMessage **message)
{
	struct pcap_dbus *bus = p->priv;
	dbus_bool_t there = TRUE;

	*message = dbus_connection_pop_message(bus->monitor);
	if (*message == NULL) {
		there = dbus_connection_read_write(bus->monitor, 0);
		*message = dbus_connection_pop_message(bus->monitor);
	}
	/* libdbus's own word that the bus is gone; it is no message of the bus. */
	if (*message != NULL && dbus_message_is_signal(*message, DBUS_INTERFACE_LOCAL, "Disconnected")) {
		dbus_message_unref(*message);
		*message = NULL;
		there = FALSE;
	}
	if (*message != NULL || there)
		return *message != NULL;
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
		"%.80s: the bus closed the connection (it has ended or was restarted): open the device again",
		p->opt.device);
	return PCAP_ERROR;
}

/* A monitor has no name any more, and is told so: that is no part of what others say. */
static bool is_for_us(DBusConnection *monitor, DBusMessage *message)
{
	const char *name = dbus_bus_get_unique_name(monitor);

	return name != NULL && dbus_message_has_destination(message, name);
}

static int next_message(pcap_t *p, struct pcap_pkthdr *header, const u_char **data)
{
	struct pcap_dbus *bus = p->priv;
	struct timespec now;
	DBusMessage *message;
	int size, status;

	while ((status = receive(p, &message)) > 0 && is_for_us(bus->monitor, message))
		dbus_message_unref(message);
	if (status <= 0)
		return status;
	dbus_free(bus->message);
	bus->message = NULL;
	status = dbus_message_marshal(message, &bus->message, &size);
	dbus_message_unref(message);
	if (!status) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.80s: no memory for a message", p->opt.device);
		return PCAP_ERROR;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	header->ts = pcapint_timestamp(p, now);
	header->caplen = header->len = size;
	*data = (const u_char *)bus->message;
	return 1;
}

static int dbus_read(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	return pcapint_read_messages(p, cnt, callback, user, next_message);
}

/* What the bus says to the sending connection is nobody's; kept, it would fill the memory. */
static void forget_answers(DBusConnection *connection)
{
	DBusMessage *answer;

	dbus_connection_read_write(connection, 0);
	while ((answer = dbus_connection_pop_message(connection)) != NULL)
		dbus_message_unref(answer);
}

static int dbus_inject(pcap_t *p, const void *data, int size)
{
	struct pcap_dbus *bus = p->priv;
	DBusError error = DBUS_ERROR_INIT;
	DBusMessage *message = dbus_message_demarshal(data, size, &error), *copy;

	if (message == NULL) {
		get_error(p, "this is no D-Bus message", &error);
		return PCAP_ERROR;
	}
	/* Without its serial number, which is the connection's to give. */
	copy = dbus_message_copy(message);
	dbus_message_unref(message);
	if (bus->sender != NULL && !dbus_connection_get_is_connected(bus->sender))
		hang_up(&bus->sender);
	if (bus->sender == NULL)
		bus->sender = connect_to_bus(p);
	if (bus->sender == NULL || copy == NULL || !dbus_connection_send(bus->sender, copy, NULL)) {
		if (bus->sender != NULL)
			snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.80s: no memory for a message", p->opt.device);
		size = PCAP_ERROR;
	} else {
		dbus_connection_flush(bus->sender);
		forget_answers(bus->sender);
	}
	if (copy != NULL)
		dbus_message_unref(copy);
	return size;
}

static int dbus_stats64(pcap_t *p, struct pcap_stats64 *stats)
{
	stats->available = PCAP_STATS64_RECV;
	stats->recv = pcapint_messages_delivered(p);
	return 0;
}

static void dbus_cleanup(pcap_t *p)
{
	struct pcap_dbus *bus = p->priv;

	hang_up(&bus->monitor);
	hang_up(&bus->sender);
	dbus_free(bus->message);
	bus->message = NULL;
	pcapint_cleanup_live_common(p);
}

static int dbus_activate(pcap_t *p)
{
	struct pcap_dbus *bus = p->priv;
	int fd, status;

	p->cleanup_op = dbus_cleanup;
	if (p->opt.rfmon)
		return PCAP_ERROR_RFMON_NOTSUP;
	if (p->snapshot <= 0 || p->snapshot > LARGEST_MESSAGE)
		p->snapshot = LARGEST_MESSAGE;
	bus->monitor = connect_to_bus(p);
	if (bus->monitor == NULL)
		return PCAP_ERROR;
	status = become_monitor(p);
	if (status < 0)
		return status;
	/* A copy, since the other is libdbus's to close. */
	p->fd = dbus_connection_get_unix_fd(bus->monitor, &fd) ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
	if (p->fd == -1) {
		pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno,
			"%.80s: can't make a descriptor to wait on", p->opt.device);
		return PCAP_ERROR;
	}
	if (pcapint_make_wakeable(p) < 0)
		return PCAP_ERROR;
	p->selectable_fd = p->fd;
	p->linktype = DLT_DBUS;
	p->read_op = dbus_read;
	p->inject_op = dbus_inject;
	p->setfilter_op = install_bpf_program;
	p->stats64_op = dbus_stats64;
	return 0;
}

/* ---- The two routines that the library calls ---- */

/* Which of them can be watched is seen only by connecting, which listing should not do. */
int pcap_dbus_findalldevs(pcap_if_list_t *list, char *errbuf)
{
	if (pcapint_add_dev(list, "dbus-system", PCAP_IF_CONNECTION_STATUS_NOT_APPLICABLE, "D-Bus system bus",
		    errbuf) == NULL ||
		pcapint_add_dev(list, "dbus-session", PCAP_IF_CONNECTION_STATUS_NOT_APPLICABLE, "D-Bus session bus",
			errbuf) == NULL)
		return PCAP_ERROR;
	return 0;
}

pcap_t *pcap_dbus_create(const char *device, char *errbuf)
{
	size_t name = strcspn(device, "?");

	/* Not one of ours: NULL and an empty errbuf, and the next module is asked. */
	if (strncmp(device, "dbus://", 7) != 0 && !(name == 11 && strncmp(device, "dbus-system", name) == 0) &&
		!(name == 12 && strncmp(device, "dbus-session", name) == 0))
		return NULL;
	if (strncmp(device, "dbus://", 7) == 0 && name == 7) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE,
			"%.100s: no such device (after \"dbus://\" comes the address of a bus, as in "
			"dbus://unix:path=/run/user/1000/bus)",
			device);
		return NULL;
	}
	pcap_t *p = PCAP_CREATE_COMMON(errbuf, struct pcap_dbus);
	if (p == NULL)
		return NULL;
	if (pcapint_offer_precisions(p, errbuf) < 0) {
		pcap_close(p);
		return NULL;
	}
	p->activate_op = dbus_activate;
	return p;
}
