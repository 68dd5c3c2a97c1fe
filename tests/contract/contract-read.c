/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The module contract's rules on reading (R) and one-shot reading (O), a test a rule, on the packet generator and on
 * the scripted module.
 */
#include "test.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static char errbuf[PCAP_ERRBUF_SIZE];

/* What the callback does and has seen. */
struct seen {
	pcap_t *p;
	int count;
	int break_at; /* call pcap_breakloop() in this packet; 0: never */
	pcap_t *close_at_first;
	uint64_t numbers[1000];
	u_int caplen, len;
};

static uint64_t packet_number(const u_char *data)
{
	uint64_t n = 0;
	for (int i = 0; i < 8; i++)
		n = n << 8 | data[42 + i];
	return n;
}

static void see(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct seen *seen = (struct seen *)user;
	if (header->caplen >= 50 && seen->count < 1000)
		seen->numbers[seen->count] = packet_number(data);
	seen->caplen = header->caplen;
	seen->len = header->len;
	if (++seen->count == seen->break_at)
		pcap_breakloop(seen->p);
	if (seen->close_at_first != NULL && seen->count == 1)
		pcap_close(seen->close_at_first);
}

static pcap_t *generator(const char *device, int timeout_ms)
{
	pcap_t *p = pcap_open_live(device, 0, 0, timeout_ms, errbuf);
	if (p == NULL)
		print_message("%s\n", errbuf);
	assert_non_null(p);
	return p;
}

static void R1_a_pending_break_is_told_first_and_once(void **state _U_)
{
	struct seen seen = {0};
	pcap_t *p = generator("null0:count=5", 10);
	pcap_breakloop(p);
	assert_int_equal(pcap_dispatch(p, -1, see, (u_char *)&seen), PCAP_ERROR_BREAK);
	assert_int_equal(seen.count, 0);
	assert_int_equal(pcap_dispatch(p, -1, see, (u_char *)&seen), 5);
	pcap_close(p);
}

static void R2_blocking_waits_up_to_the_timeout(void **state _U_)
{
	struct seen seen = {0};
	struct pcap_pkthdr *header;
	const u_char *data;
	pcap_t *p = generator("null0:count=1", 10);
	assert_int_equal(pcap_dispatch(p, -1, see, (u_char *)&seen), 1);
	assert_int_equal(pcap_dispatch(p, -1, see, (u_char *)&seen), 0);
	assert_int_equal(pcap_next_ex(p, &header, &data), 0);
	pcap_close(p);
}

static void R2_non_blocking_never_waits(void **state _U_)
{
	struct seen seen = {0};
	/* With no time-out, a read that waits would wait forever. */
	pcap_t *p = generator("null0:count=3", 0);
	assert_int_equal(pcap_setnonblock(p, 1, errbuf), 0);
	assert_int_equal(pcap_dispatch(p, -1, see, (u_char *)&seen), 3);
	assert_int_equal(pcap_dispatch(p, -1, see, (u_char *)&seen), 0);
	pcap_close(p);
}

static void R3_counts_are_kept_and_nothing_is_lost_or_doubled(void **state _U_)
{
	struct seen seen = {0};
	pcap_t *p = generator("null0:count=100", 10);
	assert_int_equal(pcap_dispatch(p, 1, see, (u_char *)&seen), 1);
	assert_int_equal(pcap_dispatch(p, 7, see, (u_char *)&seen), 7);
	assert_int_equal(pcap_loop(p, 40, see, (u_char *)&seen), 0);
	assert_int_equal(seen.count, 48);
	assert_int_equal(pcap_dispatch(p, 0, see, (u_char *)&seen), 52);
	for (int i = 0; i < 100; i++)
		assert_int_equal(seen.numbers[i], i);
	pcap_close(p);
}

static void R4_a_break_while_delivering_leaves_the_count_and_is_told_next(void **state _U_)
{
	pcap_t *p = generator("null0:count=100", 10);
	struct seen seen = {.p = p, .break_at = 3};
	assert_int_equal(pcap_dispatch(p, -1, see, (u_char *)&seen), 3);
	assert_int_equal(seen.count, 3);
	assert_int_equal(pcap_dispatch(p, -1, see, (u_char *)&seen), PCAP_ERROR_BREAK);
	assert_int_equal(pcap_dispatch(p, -1, see, (u_char *)&seen), 97);
	for (int i = 0; i < 100; i++)
		assert_int_equal(seen.numbers[i], i);
	pcap_close(p);
}

static void R4_pcap_loop_ends_with_the_break(void **state _U_)
{
	pcap_t *p = generator("null0:count=100", 10);
	struct seen seen = {.p = p, .break_at = 10};
	assert_int_equal(pcap_loop(p, -1, see, (u_char *)&seen), PCAP_ERROR_BREAK);
	assert_int_equal(seen.count, 10);
	pcap_close(p);
}

static void R4_the_simpler_form_is_taken_from_others(void **state _U_)
{
	struct seen seen = {.break_at = 2};
	scripted.packets = 5;
	scripted.simple_breaks = 1;
	seen.p = pcap_open_live("scripted0", 0, 0, 0, errbuf);
	assert_int_equal(pcap_loop(seen.p, -1, see, (u_char *)&seen), PCAP_ERROR_BREAK);
	assert_int_equal(seen.count, 2);
	assert_int_equal(pcap_dispatch(seen.p, -1, see, (u_char *)&seen), 3);
	pcap_close(seen.p);
}

struct kept {
	const struct pcap_pkthdr *header;
	const u_char *data;
};

static void keep_pointers(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct kept *kept = (struct kept *)user;
	kept->header = header;
	kept->data = data;
}

static void R5_a_packet_lives_no_longer_than_the_callback(void **state _U_)
{
	struct kept first = {0}, second = {0};
	pcap_t *p = generator("null0:count=2", 10);
	/* The generator writes each packet over the one before, and that is its right. */
	assert_int_equal(pcap_dispatch(p, 1, keep_pointers, (u_char *)&first), 1);
	assert_int_equal(packet_number(first.data), 0);
	assert_int_equal(pcap_dispatch(p, 1, keep_pointers, (u_char *)&second), 1);
	assert_ptr_equal(first.data, second.data);
	assert_int_equal(packet_number(first.data), 1);
	pcap_close(p);
}

static void R6_refused_packets_are_not_counted(void **state _U_)
{
	struct seen seen = {0};
	/* Only packets whose number, in the packet's last byte, is odd. */
	struct bpf_insn odd[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 49),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 65535),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct bpf_program program = {4, odd};
	pcap_t *p = generator("null0:count=100", 10);
	assert_int_equal(pcap_setfilter(p, &program), 0);
	assert_int_equal(pcap_dispatch(p, 20, see, (u_char *)&seen), 20);
	assert_int_equal(seen.numbers[19], 39);
	assert_int_equal(pcap_dispatch(p, -1, see, (u_char *)&seen), 30);
	pcap_close(p);
}

static void R7_the_filter_sees_more_than_the_callback(void **state _U_)
{
	struct seen seen = {0};
	struct bpf_insn last_byte[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 499),
		BPF_STMT(BPF_RET | BPF_K, 10),
	};
	struct bpf_program program = {2, last_byte};
	pcap_t *p = pcap_open_live("null0:count=4,size=500", 60, 0, 10, errbuf);
	assert_int_equal(pcap_setfilter(p, &program), 0);
	assert_int_equal(pcap_dispatch(p, -1, see, (u_char *)&seen), 4);
	assert_int_equal(seen.caplen, 60);
	assert_int_equal(seen.len, 500);
	pcap_close(p);
}

static volatile sig_atomic_t signals;
static pcap_t *volatile break_in_handler;

static void handler(int signum _U_)
{
	signals = signals + 1;
	if (break_in_handler != NULL)
		pcap_breakloop(break_in_handler);
}

/* Sends signals until told to stop, since one alone may arrive before the read waits. */
struct pest {
	pthread_t victim;
	int count;
	pcap_t *p;
};

static void *send_signals(void *argument)
{
	struct pest *pest = argument;
	for (int i = 0; i < pest->count; i++) {
		usleep(5000);
		pthread_kill(pest->victim, SIGUSR1);
	}
	return NULL;
}

static void catch_sigusr1(void)
{
	struct sigaction action = {.sa_handler = handler};
	sigaction(SIGUSR1, &action, NULL);
	signals = 0;
}

static void R8_a_signal_alone_does_not_end_the_loop(void **state _U_)
{
	struct seen seen = {0};
	struct pest pest = {.victim = pthread_self(), .count = 10};
	pthread_t thread;
	catch_sigusr1();
	break_in_handler = NULL;
	/* Two packets, half a second from now and later: signals come while the read waits for the first. */
	pcap_t *p = generator("null0:rate=5,count=2", 0);
	assert_int_equal(pthread_create(&thread, NULL, send_signals, &pest), 0);
	assert_int_equal(pcap_loop(p, 2, see, (u_char *)&seen), 0);
	pthread_join(thread, NULL);
	assert_int_equal(seen.count, 2);
	assert_true(signals > 0);
	pcap_close(p);
}

static void R8_breakloop_in_a_signal_handler_ends_a_wait(void **state _U_)
{
	struct pest pest = {.victim = pthread_self(), .count = 1};
	pthread_t thread;
	catch_sigusr1();
	/* No packet ever, no time-out: only the break ends it. */
	pcap_t *p = generator("null0:rate=1,count=1", 0);
	struct seen seen = {.p = p};
	assert_int_equal(pcap_loop(p, 1, see, (u_char *)&seen), 0);
	break_in_handler = p;
	assert_int_equal(pthread_create(&thread, NULL, send_signals, &pest), 0);
	assert_int_equal(pcap_loop(p, -1, see, (u_char *)&seen), PCAP_ERROR_BREAK);
	pthread_join(thread, NULL);
	break_in_handler = NULL;
	pcap_close(p);
}

static void *break_later(void *argument)
{
	usleep(20000);
	pcap_breakloop(argument);
	return NULL;
}

static void R8_breakloop_in_another_thread_ends_a_wait(void **state _U_)
{
	pthread_t thread;
	struct pcap_pkthdr *header;
	const u_char *data;
	pcap_t *p = generator("null0:rate=1,count=1", 0);
	assert_int_equal(pcap_next_ex(p, &header, &data), 1);
	assert_int_equal(pthread_create(&thread, NULL, break_later, p), 0);
	assert_int_equal(pcap_next_ex(p, &header, &data), PCAP_ERROR_BREAK);
	pthread_join(thread, NULL);
	pcap_close(p);
}

static void A_selectable_descriptor_is_readable_when_packets_are_there(void **state _U_)
{
	struct seen seen = {0};
	pcap_t *p = generator("null0:rate=50,count=3", 10);
	assert_int_equal(pcap_setnonblock(p, 1, errbuf), 0);
	struct pollfd fd = {.fd = pcap_get_selectable_fd(p), .events = POLLIN};
	while (seen.count < 3) {
		assert_int_equal(poll(&fd, 1, 10000), 1);
		assert_true(pcap_dispatch(p, -1, see, (u_char *)&seen) >= 0);
	}
	assert_int_equal(poll(&fd, 1, 0), 0);
	pcap_close(p);
}

static void A_callback_may_close_another_handle(void **state _U_)
{
	pcap_t *p = generator("null0:count=3", 10), *other = generator("null1:count=3", 10);
	struct seen seen = {.p = p, .close_at_first = other};
	assert_int_equal(pcap_dispatch(p, -1, see, (u_char *)&seen), 3);
	pcap_close(p);
}

static void O1_one_shot_data_lasts_until_the_next_read(void **state _U_)
{
	struct pcap_pkthdr *header, plain;
	const u_char *data;
	scripted.packets = 3;
	pcap_t *p = pcap_open_live("scripted0", 0, 0, 0, errbuf);
	assert_int_equal(pcap_next_ex(p, &header, &data), 1);
	assert_string_equal((const char *)data, "scripted packet");
	assert_int_equal(header->caplen, 64);
	assert_int_equal(header->ts.tv_sec, 1);
	data = pcap_next(p, &plain);
	assert_non_null(data);
	assert_string_equal((const char *)data, "scripted packet");
	assert_int_equal(plain.ts.tv_sec, 2);
	assert_int_equal(scripted.read_cnt, 1);
	assert_int_equal(pcap_next_ex(p, &header, &data), 1);
	assert_int_equal(pcap_next_ex(p, &header, &data), 0);
	assert_null(pcap_next(p, &plain));
	pcap_close(p);
}

static void Sampling_one_in_n(void **state _U_)
{
	pcap_t *p = generator("null0:count=100", 10);
	struct seen seen = {.p = p};
	struct pcap_samp *sampling = pcap_setsampling(p);
	sampling->method = PCAP_SAMP_1_EVERY_N;
	sampling->value = 10;
	assert_int_equal(pcap_dispatch(p, 4, see, (u_char *)&seen), 4);
	assert_int_equal(seen.numbers[3], 39);
	assert_int_equal(pcap_loop(p, 2, see, (u_char *)&seen), 0);
	assert_int_equal(seen.numbers[5], 59);
	seen.break_at = 8;
	assert_int_equal(pcap_dispatch(p, -1, see, (u_char *)&seen), 2);
	assert_int_equal(pcap_dispatch(p, -1, see, (u_char *)&seen), PCAP_ERROR_BREAK);
	pcap_close(p);
}

static void Sampling_first_after_n_ms(void **state _U_)
{
	pcap_t *p = generator("null0:rate=1000,count=100", 300);
	struct seen seen = {.p = p};
	struct pcap_samp *sampling = pcap_setsampling(p);
	sampling->method = PCAP_SAMP_FIRST_AFTER_N_MS;
	sampling->value = 10;
	while (pcap_dispatch(p, -1, see, (u_char *)&seen) >= 0 &&
		seen.numbers[seen.count > 0 ? seen.count - 1 : 0] < 90)
		;
	/* The packets' times are 1 ms apart: one in ten, whenever they are read. */
	assert_int_equal(seen.count, 10);
	for (int i = 1; i < seen.count; i++)
		assert_int_equal(seen.numbers[i], seen.numbers[i - 1] + 10);
	pcap_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(R1_a_pending_break_is_told_first_and_once, reset),
		cmocka_unit_test_setup(R2_blocking_waits_up_to_the_timeout, reset),
		cmocka_unit_test_setup(R2_non_blocking_never_waits, reset),
		cmocka_unit_test_setup(R3_counts_are_kept_and_nothing_is_lost_or_doubled, reset),
		cmocka_unit_test_setup(R4_a_break_while_delivering_leaves_the_count_and_is_told_next, reset),
		cmocka_unit_test_setup(R4_pcap_loop_ends_with_the_break, reset),
		cmocka_unit_test_setup(R4_the_simpler_form_is_taken_from_others, reset),
		cmocka_unit_test_setup(R5_a_packet_lives_no_longer_than_the_callback, reset),
		cmocka_unit_test_setup(R6_refused_packets_are_not_counted, reset),
		cmocka_unit_test_setup(R7_the_filter_sees_more_than_the_callback, reset),
		cmocka_unit_test_setup(R8_a_signal_alone_does_not_end_the_loop, reset),
		cmocka_unit_test_setup(R8_breakloop_in_a_signal_handler_ends_a_wait, reset),
		cmocka_unit_test_setup(R8_breakloop_in_another_thread_ends_a_wait, reset),
		cmocka_unit_test_setup(A_selectable_descriptor_is_readable_when_packets_are_there, reset),
		cmocka_unit_test_setup(A_callback_may_close_another_handle, reset),
		cmocka_unit_test_setup(O1_one_shot_data_lasts_until_the_next_read, reset),
		cmocka_unit_test_setup(Sampling_one_in_n, reset),
		cmocka_unit_test_setup(Sampling_first_after_n_ms, reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
