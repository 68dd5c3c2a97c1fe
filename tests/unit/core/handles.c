/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Handles without a device, the library's own calls (init, version, error texts), and many handles in many threads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pcap-int.h>

static char errbuf[PCAP_ERRBUF_SIZE];

static void never(u_char *user _U_, const struct pcap_pkthdr *header _U_, const u_char *data _U_)
{
	fail();
}

static void A_dead_handle_knows_what_it_was_told(void **state _U_)
{
	int *list;
	pcap_t *p = pcap_open_dead_with_tstamp_precision(DLT_RAW, 1234, PCAP_TSTAMP_PRECISION_NANO);
	assert_int_equal(pcap_datalink(p), DLT_RAW);
	assert_int_equal(pcap_snapshot(p), 1234);
	assert_int_equal(pcap_get_tstamp_precision(p), PCAP_TSTAMP_PRECISION_NANO);
	assert_int_equal(pcap_list_datalinks(p, &list), 1);
	assert_int_equal(list[0], DLT_RAW);
	pcap_free_datalinks(list);
	assert_int_equal(pcap_set_datalink(p, DLT_RAW), 0);
	assert_int_equal(pcap_set_datalink(p, DLT_EN10MB), PCAP_ERROR);
	assert_null(pcap_module_name(p));
	pcap_close(p);
	assert_null(pcap_open_dead_with_tstamp_precision(DLT_RAW, 1234, 2));
}

static void A_dead_handle_refuses_the_rest_with_a_text(void **state _U_)
{
	struct pcap_stat stats;
	struct pcap_pkthdr *header;
	const u_char *data;
	struct bpf_program program;
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 100);

	assert_int_equal(pcap_dispatch(p, 1, never, NULL), PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(p), "pcap_open_dead"));
	assert_int_equal(pcap_loop(p, 1, never, NULL), PCAP_ERROR);
	assert_int_equal(pcap_next_ex(p, &header, &data), PCAP_ERROR);
	assert_int_equal(pcap_inject(p, "x", 1), PCAP_ERROR);
	assert_int_equal(pcap_stats(p, &stats), PCAP_ERROR);
	assert_int_equal(pcap_setdirection(p, PCAP_D_IN), PCAP_ERROR);
	assert_int_equal(pcap_setnonblock(p, 1, errbuf), PCAP_ERROR);
	assert_int_equal(pcap_getnonblock(p, errbuf), PCAP_ERROR);
	assert_int_equal(pcap_compile(p, &program, " \t ", 1, PCAP_NETMASK_UNKNOWN), 0);
	assert_int_equal(pcap_setfilter(p, &program), PCAP_ERROR);
	pcap_freecode(&program);
	assert_int_equal(pcap_set_snaplen(p, 1), PCAP_ERROR_ACTIVATED);
	assert_int_equal(pcap_activate(p), PCAP_ERROR_ACTIVATED);
	assert_int_equal(pcap_fileno(p), PCAP_ERROR);
	assert_null(pcap_file(p));
	pcap_breakloop(p);
	pcap_close(p);
}

static void The_empty_expression_accepts_everything(void **state _U_)
{
	struct bpf_program program;
	struct pcap_pkthdr header = {.caplen = 4, .len = 60};
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 321);
	assert_int_equal(pcap_compile(p, &program, "", 0, 0), 0);
	assert_int_equal(pcap_offline_filter(&program, &header, (const u_char *)"abcd"), 321);
	pcap_freecode(&program);
	assert_int_equal(pcap_compile(p, &program, NULL, 0, 0), 0);
	pcap_freecode(&program);
	pcap_close(p);
}

static void Versions_are_what_programs_parse(void **state _U_)
{
	assert_memory_equal(pcap_lib_version(), "libpcap version 1.", 18);
	assert_non_null(strstr(pcap_lib_version(), "Weir"));
	assert_non_null(strstr(pcap_lib_version(), " null"));
}

static void Every_status_has_a_text_of_its_own(void **state _U_)
{
	for (int status = PCAP_ERROR_CAPTURE_NOTSUP; status <= PCAP_WARNING_TSTAMP_TYPE_NOTSUP; status++)
		for (int other = status + 1; other <= PCAP_WARNING_TSTAMP_TYPE_NOTSUP; other++)
			assert_string_not_equal(pcap_statustostr(status), pcap_statustostr(other));
	assert_string_equal(pcap_statustostr(-99), "Unknown status: -99");
	assert_string_equal(pcap_strerror(2), "No such file or directory");
}

/* pcap_init() lasts for the life of the process, so that each case has a process of its own. */
static int init_case(unsigned int first, unsigned int second)
{
	pid_t child = fork();
	if (child == 0) {
		char text[PCAP_ERRBUF_SIZE];
		int one = pcap_init(first, text), two = pcap_init(second, text);
		_exit((one == 0 ? 1 : 0) | (two == 0 ? 2 : 0));
	}
	int status;
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

static void Init_takes_one_encoding(void **state _U_)
{
	assert_int_equal(init_case(PCAP_CHAR_ENC_LOCAL, PCAP_CHAR_ENC_LOCAL), 3);
	assert_int_equal(init_case(PCAP_CHAR_ENC_UTF_8, PCAP_CHAR_ENC_UTF_8 | PCAP_MMAP_32BIT), 3);
	assert_int_equal(init_case(PCAP_CHAR_ENC_UTF_8, PCAP_CHAR_ENC_LOCAL), 1);
	assert_int_equal(init_case(0x100, PCAP_CHAR_ENC_LOCAL), 2);
}

static void keep_count(u_char *user, const struct pcap_pkthdr *header _U_, const u_char *data _U_)
{
	++*(int *)user;
}

/* A life of handles in each of many threads at once: nothing is shared but the tables. */
static void *one_life(void *argument)
{
	char text[PCAP_ERRBUF_SIZE];
	for (int i = 0; i < 50; i++) {
		int count = 0;
		struct bpf_program program;
		pcap_if_t *devices;
		pcap_t *p = pcap_open_live(i % 2 ? "null0:count=10" : "null1:count=10", 100, 0, 10, text);
		if (p == NULL || pcap_compile(p, &program, "", 1, 0) < 0 || pcap_setfilter(p, &program) < 0 ||
			pcap_loop(p, 10, keep_count, (u_char *)&count) != 0 || count != 10 ||
			pcap_create("null9", text) != NULL || pcap_statustostr(i) == NULL ||
			pcap_findalldevs(&devices, text) != 0)
			return argument;
		pcap_freealldevs(devices);
		pcap_freecode(&program);
		pcap_close(p);
	}
	return NULL;
}

static void Many_threads_on_many_handles(void **state _U_)
{
	pthread_t threads[8];
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, one_life, threads), 0);
	for (int i = 0; i < 8; i++) {
		void *failed;
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
}

static void Two_hundred_handles_at_once(void **state _U_)
{
	pcap_t *handles[200];
	for (int i = 0; i < 200; i++) {
		handles[i] = pcap_open_live("null0:count=3", 0, 0, 10, errbuf);
		assert_non_null(handles[i]);
	}
	for (int i = 0; i < 200; i++) {
		int count = 0;
		assert_int_equal(pcap_dispatch(handles[i], -1, keep_count, (u_char *)&count), 3);
		pcap_close(handles[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(A_dead_handle_knows_what_it_was_told),
		cmocka_unit_test(A_dead_handle_refuses_the_rest_with_a_text),
		cmocka_unit_test(The_empty_expression_accepts_everything),
		cmocka_unit_test(Versions_are_what_programs_parse),
		cmocka_unit_test(Every_status_has_a_text_of_its_own),
		cmocka_unit_test(Init_takes_one_encoding),
		cmocka_unit_test(Many_threads_on_many_handles),
		cmocka_unit_test(Two_hundred_handles_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
