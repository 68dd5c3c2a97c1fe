/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A device that is a socket pair: what pcapint_read_messages() does for a module whose packets come one at a time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <pcap-int.h>

struct pair {
	int other_end;
	char packet[64];
};

struct seen {
	pcap_t *p;
	int packets;
	int break_at; /* break the loop with that packet */
	u_int bytes;
};

static char errbuf[PCAP_ERRBUF_SIZE];

/* A message "!" is an error of the device. */
static int next_message(pcap_t *p, struct pcap_pkthdr *header, const u_char **data)
{
	struct pair *pair = p->priv;
	ssize_t size = recv(p->fd, pair->packet, sizeof(pair->packet), MSG_DONTWAIT);

	if (size == -1)
		return errno == EAGAIN ? 0 : PCAP_ERROR;
	if (size == 1 && pair->packet[0] == '!') {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "pair: the device said so");
		return PCAP_ERROR;
	}
	header->len = header->caplen = size;
	*data = (const u_char *)pair->packet;
	return 1;
}

static int pair_read(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	return pcapint_read_messages(p, cnt, callback, user, next_message);
}

static int pair_activate(pcap_t *p)
{
	struct pair *pair = p->priv;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == -1 || pcapint_make_wakeable(p) < 0)
		return PCAP_ERROR;
	p->fd = fds[0];
	pair->other_end = fds[1];
	p->linktype = DLT_USER0;
	p->read_op = pair_read;
	p->setfilter_op = install_bpf_program;
	return 0;
}

static pcap_t *open_pair(int timeout)
{
	pcap_t *p = PCAP_CREATE_COMMON(errbuf, struct pair);

	assert_non_null(p);
	p->opt.device = strdup("pair");
	p->activate_op = pair_activate;
	assert_int_equal(pcap_set_timeout(p, timeout), 0);
	assert_int_equal(pcap_activate(p), 0);
	return p;
}

static void close_pair(pcap_t *p)
{
	close(((struct pair *)p->priv)->other_end);
	pcap_close(p);
}

static void say(pcap_t *p, const char *message)
{
	assert_int_equal(send(((struct pair *)p->priv)->other_end, message, strlen(message), 0), strlen(message));
}

static void count(u_char *user, const struct pcap_pkthdr *header, const u_char *data _U_)
{
	struct seen *seen = (struct seen *)user;

	seen->bytes += header->caplen;
	if (++seen->packets == seen->break_at)
		pcap_breakloop(seen->p);
}

static void All_at_hand_is_delivered_or_as_many_as_were_asked_for(void **state _U_)
{
	pcap_t *p = open_pair(20);
	struct seen seen = {.p = p};

	for (int i = 0; i < 5; i++)
		say(p, "packet");
	assert_int_equal(pcap_dispatch(p, 2, count, (u_char *)&seen), 2);
	assert_int_equal(pcap_dispatch(p, -1, count, (u_char *)&seen), 3);
	assert_int_equal(seen.packets, 5);
	assert_int_equal(pcap_dispatch(p, -1, count, (u_char *)&seen), 0);
	close_pair(p);
}

static void Non_blocking_never_waits(void **state _U_)
{
	pcap_t *p = open_pair(0);
	struct seen seen = {.p = p};

	assert_int_equal(pcap_setnonblock(p, 1, errbuf), 0);
	assert_int_equal(pcap_dispatch(p, -1, count, (u_char *)&seen), 0);
	say(p, "packet");
	assert_int_equal(pcap_dispatch(p, -1, count, (u_char *)&seen), 1);
	close_pair(p);
}

static void A_break_stops_before_the_next_packet_and_is_told_once(void **state _U_)
{
	pcap_t *p = open_pair(0);
	struct seen seen = {.p = p, .break_at = 2};

	for (int i = 0; i < 3; i++)
		say(p, "packet");
	assert_int_equal(pcap_dispatch(p, -1, count, (u_char *)&seen), 2);
	assert_int_equal(pcap_dispatch(p, -1, count, (u_char *)&seen), PCAP_ERROR_BREAK);
	assert_int_equal(pcap_dispatch(p, -1, count, (u_char *)&seen), 1);
	close_pair(p);
}

static void *break_later(void *p)
{
	usleep(50000);
	pcap_breakloop(p);
	return NULL;
}

static void A_break_from_another_thread_ends_a_wait(void **state _U_)
{
	pcap_t *p = open_pair(0);
	struct seen seen = {.p = p};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, break_later, p), 0);
	assert_int_equal(pcap_loop(p, -1, count, (u_char *)&seen), PCAP_ERROR_BREAK);
	pthread_join(thread, NULL);
	say(p, "packet");
	assert_int_equal(pcap_dispatch(p, -1, count, (u_char *)&seen), 1);
	close_pair(p);
}

static void *say_later(void *p)
{
	usleep(100000);
	say(p, "packet");
	return NULL;
}

static void ignore(int signal _U_)
{
}

static void A_signal_alone_does_not_end_a_wait(void **state _U_)
{
	struct sigaction action = {.sa_handler = ignore};
	struct itimerval soon = {.it_value = {.tv_usec = 10000}};
	pcap_t *p = open_pair(0);
	struct seen seen = {.p = p};
	pthread_t thread;

	/* The signal comes to the waiting thread: the other one blocks it. */
	sigset_t alarm_signal;
	sigemptyset(&alarm_signal);
	sigaddset(&alarm_signal, SIGALRM);
	sigaction(SIGALRM, &action, NULL);
	pthread_sigmask(SIG_BLOCK, &alarm_signal, NULL);
	assert_int_equal(pthread_create(&thread, NULL, say_later, p), 0);
	pthread_sigmask(SIG_UNBLOCK, &alarm_signal, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	assert_int_equal(pcap_dispatch(p, -1, count, (u_char *)&seen), 1);
	pthread_join(thread, NULL);
	close_pair(p);
}

static void Packets_before_an_error_come_first(void **state _U_)
{
	pcap_t *p = open_pair(0);
	struct seen seen = {.p = p};

	say(p, "packet");
	say(p, "!");
	say(p, "packet");
	assert_int_equal(pcap_dispatch(p, -1, count, (u_char *)&seen), 1);
	snprintf(p->errbuf, sizeof(p->errbuf), "something else");
	assert_int_equal(pcap_dispatch(p, -1, count, (u_char *)&seen), PCAP_ERROR);
	assert_string_equal(pcap_geterr(p), "pair: the device said so");
	assert_int_equal(pcap_dispatch(p, -1, count, (u_char *)&seen), 1);
	close_pair(p);
}

static void The_filter_sees_all_and_the_callback_the_snapshot_length(void **state _U_)
{
	pcap_t *p = open_pair(20);
	struct seen seen = {.p = p};
	/* The byte at 5, past the snapshot length, must be 'd'. */
	struct bpf_insn instructions[] = {{BPF_LD | BPF_B | BPF_ABS, 0, 0, 5},
		{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 'd'}, {BPF_RET | BPF_K, 0, 0, 65535}, {BPF_RET | BPF_K, 0, 0, 0}};
	struct bpf_program program = {4, instructions};

	p->snapshot = 4;
	assert_int_equal(pcap_setfilter(p, &program), 0);
	say(p, "abcdef");
	say(p, "abcded");
	say(p, "abc");
	assert_int_equal(pcap_dispatch(p, -1, count, (u_char *)&seen), 1);
	assert_int_equal(seen.bytes, 4);
	close_pair(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(All_at_hand_is_delivered_or_as_many_as_were_asked_for),
		cmocka_unit_test(Non_blocking_never_waits),
		cmocka_unit_test(A_break_stops_before_the_next_packet_and_is_told_once),
		cmocka_unit_test(A_break_from_another_thread_ends_a_wait),
		cmocka_unit_test(A_signal_alone_does_not_end_a_wait),
		cmocka_unit_test(Packets_before_an_error_come_first),
		cmocka_unit_test(The_filter_sees_all_and_the_callback_the_snapshot_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
