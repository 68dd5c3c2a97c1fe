/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opening devices and savefiles by source strings, and listing both; the module table is the test's own.
 */
#include "peer.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/core.h"

static int warning;                /* what the device's activation returns */
static pcap_direction_t direction; /* what was set last */
static bool no_direction;          /* the device can't set one */
static bool no_devices;            /* there are none to list */
static char errbuf[PCAP_ERRBUF_SIZE];

static int set_direction(pcap_t *p _U_, pcap_direction_t wanted)
{
	direction = wanted;
	return 0;
}

static int activate(pcap_t *p)
{
	p->setdirection_op = no_direction ? NULL : set_direction;
	p->cleanup_op = pcapint_cleanup_live_common;
	p->linktype = DLT_EN10MB;
	if (warning != 0)
		snprintf(p->errbuf, sizeof(p->errbuf), "this is what was wrong");
	return warning;
}

static pcap_t *create(const char *device, char *text)
{
	if (strcmp(device, "test0") != 0 && strcmp(device, "test/1") != 0)
		return NULL;
	pcap_t *p = PCAP_CREATE_COMMON(text, int);
	if (p != NULL)
		p->activate_op = activate;
	return p;
}

static int list_devices(pcap_if_list_t *list, char *text)
{
	if (no_devices)
		return 0;
	if (pcapint_add_dev(list, "test0", PCAP_IF_UP | PCAP_IF_RUNNING, "the first", text) == NULL)
		return PCAP_ERROR;
	return pcapint_add_dev(list, "test/1", 0, NULL, text) != NULL ? 0 : PCAP_ERROR;
}

static const struct pcap_module module = {PCAP_MODULE_ABI_VERSION, sizeof(struct pcap_module), "test",
	"devices of the test", NULL, list_devices, create, NULL};

const struct pcap_module *const pcapint_modules[] = {&module, NULL};

static int reset(void **state _U_)
{
	warning = 0;
	direction = PCAP_D_INOUT;
	no_direction = no_devices = false;
	memset(errbuf, 'x', sizeof(errbuf));
	return 0;
}

static void test_device_with_all_options(void **state _U_)
{
	pcap_t *p = pcap_open("rpcap://test0", 99,
		PCAP_OPENFLAG_PROMISCUOUS | PCAP_OPENFLAG_MAX_RESPONSIVENESS | PCAP_OPENFLAG_NOCAPTURE_LOCAL, 1234,
		NULL, errbuf);

	assert_non_null(p);
	assert_string_equal(errbuf, "");
	assert_string_equal(p->opt.device, "test0");
	assert_int_equal(pcap_snapshot(p), 99);
	assert_int_equal(p->opt.promisc, 1);
	assert_int_equal(p->opt.immediate, 1);
	assert_int_equal(p->opt.timeout, 1234);
	assert_int_equal(direction, PCAP_D_IN);
	pcap_close(p);
}

static void test_device_with_no_options(void **state _U_)
{
	pcap_t *p = pcap_open("test0", 65535, 0, 0, NULL, errbuf);

	assert_non_null(p);
	assert_int_equal(p->opt.promisc, 0);
	assert_int_equal(p->opt.immediate, 0);
	assert_int_equal(p->opt.timeout, 0);
	assert_int_equal(direction, PCAP_D_INOUT);
	pcap_close(p);
}

static void test_warnings_and_errors_of_a_device(void **state _U_)
{
	warning = PCAP_WARNING;
	pcap_t *p = pcap_open("test0", 65535, 0, 0, NULL, errbuf);
	assert_non_null(p);
	assert_string_equal(errbuf, "test0: this is what was wrong");
	pcap_close(p);
	warning = PCAP_ERROR;
	assert_null(pcap_open("test0", 65535, 0, 0, NULL, errbuf));
	assert_string_equal(errbuf, "test0: this is what was wrong");
}

static void test_device_that_cannot_leave_out_what_it_sends(void **state _U_)
{
	no_direction = true;
	assert_null(pcap_open("test0", 65535, PCAP_OPENFLAG_NOCAPTURE_LOCAL, 0, NULL, errbuf));
	assert_non_null(strstr(errbuf, "test0: the direction"));
}

static void test_the_first_device(void **state _U_)
{
	pcap_t *p = pcap_open(NULL, 65535, 0, 0, NULL, errbuf);
	assert_non_null(p);
	assert_string_equal(p->opt.device, "test0");
	pcap_close(p);
	no_devices = true;
	assert_null(pcap_open(NULL, 65535, 0, 0, NULL, errbuf));
	assert_string_equal(errbuf, "there is no device to capture on");
}

static void test_what_cannot_be_opened(void **state _U_)
{
	const char *sources[] = {"", "rpcap://", "rpcap:///", "nodevice", "rpcap://nodevice", "rpcap://host/test0",
		"rpcaps://[::1]:2002/test0", "file://", "file:///nosuchfile", "file:///", "rpcap://[::1/test0"};

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		memset(errbuf, 'x', sizeof(errbuf));
		assert_null(pcap_open(sources[i], 65535, 0, 0, NULL, errbuf));
		assert_in_range(strnlen(errbuf, sizeof(errbuf)), 10, sizeof(errbuf) - 1);
	}
	assert_null(pcap_open("rpcap://somewhere/test0", 65535, 0, 0, NULL, errbuf));
	assert_non_null(strstr(errbuf, "somewhere"));
	assert_non_null(strstr(errbuf, "weir capture -w - -i test0"));
}

/* A host and a device as long as can be: the text is cut, and ends within the buffer. */
static void test_long_remote_sources(void **state _U_)
{
	char source[3 * PCAP_BUF_SIZE];
	char *end = source + sprintf(source, "rpcap://");
	pcap_if_t *devices;

	memset(end, 'h', PCAP_BUF_SIZE - 1);
	end[PCAP_BUF_SIZE - 1] = '/';
	memset(end + PCAP_BUF_SIZE, 'd', PCAP_BUF_SIZE - 1);
	end[2 * PCAP_BUF_SIZE - 1] = '\0';
	assert_null(pcap_open(source, 65535, 0, 0, NULL, errbuf));
	assert_in_range(strnlen(errbuf, sizeof(errbuf)), 100, sizeof(errbuf) - 1);
	assert_int_equal(pcap_findalldevs_ex(source, NULL, &devices, errbuf), PCAP_ERROR);
	assert_null(devices);
}

static char folder[] = "/tmp/weir-source-open-XXXXXX";

static const char *in_folder(const char *name)
{
	static char path[PCAP_BUF_SIZE];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void write_file(const char *name, const void *data, size_t size)
{
	FILE *file = fopen(in_folder(name), "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	fclose(file);
}

static void write_savefile(const char *name, int linktype)
{
	const struct pcap_file_header header = {
		0xa1b2c3d4, PCAP_VERSION_MAJOR, PCAP_VERSION_MINOR, 0, 0, 65535, (bpf_u_int32)linktype};

	write_file(name, &header, sizeof(header));
}

static const char *names[] = {"a.pcap", "b c.pcap", "empty", "garbage", "fifo", "link", "dangling", "directory"};

static int make_folder(void **state _U_)
{
	if (mkdtemp(folder) == NULL)
		return -1;
	write_savefile("b c.pcap", 113);
	write_savefile("a.pcap", 101);
	write_file("empty", "", 0);
	write_file("garbage", "this is no savefile, but long enough for one", 44);
	bool made = mkfifo(in_folder("fifo"), 0600) == 0 && symlink("a.pcap", in_folder("link")) == 0 &&
		    symlink("nothing", in_folder("dangling")) == 0 && mkdir(in_folder("directory"), 0700) == 0;
	return made ? 0 : -1;
}

static int remove_folder(void **state _U_)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		remove(in_folder(names[i]));
	return rmdir(folder);
}

static void test_savefile(void **state _U_)
{
	char source[PCAP_BUF_SIZE];

	assert_int_equal(pcap_createsrcstr(source, PCAP_SRC_FILE, NULL, NULL, in_folder("b c.pcap"), errbuf), 0);
	pcap_t *p = pcap_open(source, 1, PCAP_OPENFLAG_PROMISCUOUS, 0, NULL, errbuf);
	assert_non_null(p);
	assert_int_equal(pcap_datalink(p), DLT_LINUX_SLL);
	pcap_close(p);
}

static void expect_savefile(const pcap_if_t *entry, const char *name, int dlt, const char *description)
{
	char source[PCAP_BUF_SIZE];

	assert_non_null(entry);
	assert_int_equal(pcap_createsrcstr(source, PCAP_SRC_FILE, NULL, NULL, in_folder(name), errbuf), 0);
	assert_string_equal(entry->name, source);
	assert_string_equal(entry->description, description);
	assert_null(entry->addresses);
	pcap_t *p = pcap_open(entry->name, 65535, 0, 0, NULL, errbuf);
	assert_non_null(p);
	assert_int_equal(pcap_datalink(p), dlt);
	pcap_close(p);
}

static void test_savefiles_of_a_folder(void **state _U_)
{
	const char *ends[] = {"", "/"};
	char source[PCAP_BUF_SIZE];
	pcap_if_t *list;

	for (size_t i = 0; i < 2; i++) {
		snprintf(source, sizeof(source), "file://%s%s", folder, ends[i]);
		assert_int_equal(pcap_findalldevs_ex(source, NULL, &list, errbuf), 0);
		expect_savefile(list, "a.pcap", DLT_RAW, "Savefile, Raw IP");
		expect_savefile(list->next, "b c.pcap", DLT_LINUX_SLL, "Savefile, Linux cooked v1");
		expect_savefile(list->next->next, "link", DLT_RAW, "Savefile, Raw IP");
		assert_null(list->next->next->next);
		pcap_freealldevs(list);
	}
}

static void test_folders_without_savefiles(void **state _U_)
{
	char source[PCAP_BUF_SIZE];
	pcap_if_t *list = (pcap_if_t *)source;

	snprintf(source, sizeof(source), "file://%s", in_folder("directory"));
	assert_int_equal(pcap_findalldevs_ex(source, NULL, &list, errbuf), 0);
	assert_null(list);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) - 1; i++) {
		list = (pcap_if_t *)source;
		snprintf(source, sizeof(source), "file://%s", in_folder(names[i]));
		assert_int_equal(pcap_findalldevs_ex(source, NULL, &list, errbuf), PCAP_ERROR);
		assert_null(list);
		assert_non_null(strstr(errbuf, folder));
	}
}

static void test_local_devices(void **state _U_)
{
	const char *sources[] = {NULL, "", "rpcap://", "rpcap:///"};
	pcap_if_t *list;

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		assert_int_equal(pcap_findalldevs_ex(sources[i], NULL, &list, errbuf), 0);
		assert_non_null(list);
		assert_string_equal(list->name, "rpcap://test0");
		assert_string_equal(list->description, "the first");
		assert_string_equal(list->next->name, "rpcap:///test/1");
		assert_null(list->next->next);
		for (pcap_if_t *device = list; device != NULL; device = device->next) {
			pcap_t *p = pcap_open(device->name, 65535, 0, 0, NULL, errbuf);
			assert_non_null(p);
			pcap_close(p);
		}
		pcap_freealldevs(list);
	}
	no_devices = true;
	assert_int_equal(pcap_findalldevs_ex("rpcap://", NULL, &list, errbuf), 0);
	assert_null(list);
}

static void test_what_cannot_be_listed(void **state _U_)
{
	const char *sources[] = {"rpcap://test0", "test0", "rpcap://host/", "rpcaps://host:2002/", "file://",
		"file:///nosuchfolder/", "rpcap://[::1/"};
	pcap_if_t *list;

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		list = (pcap_if_t *)errbuf;
		memset(errbuf, 'x', sizeof(errbuf));
		assert_int_equal(pcap_findalldevs_ex(sources[i], NULL, &list, errbuf), PCAP_ERROR);
		assert_null(list);
		assert_in_range(strnlen(errbuf, sizeof(errbuf)), 10, sizeof(errbuf) - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_device_with_all_options, reset),
		cmocka_unit_test_setup(test_device_with_no_options, reset),
		cmocka_unit_test_setup(test_warnings_and_errors_of_a_device, reset),
		cmocka_unit_test_setup(test_device_that_cannot_leave_out_what_it_sends, reset),
		cmocka_unit_test_setup(test_the_first_device, reset),
		cmocka_unit_test_setup(test_what_cannot_be_opened, reset),
		cmocka_unit_test_setup(test_long_remote_sources, reset),
		cmocka_unit_test_setup(test_savefile, reset),
		cmocka_unit_test_setup(test_savefiles_of_a_folder, reset),
		cmocka_unit_test_setup(test_folders_without_savefiles, reset),
		cmocka_unit_test_setup(test_local_devices, reset),
		cmocka_unit_test_setup(test_what_cannot_be_listed, reset),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
