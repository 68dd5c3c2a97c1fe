/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Verdicts on queued packets: each is let go on its way as soon as it is read. The kernel takes verdicts only from a
 * thread with CAP_NET_ADMIN; programs such as tcpdump give that up after activation, and without verdicts all traffic
 * of the queue would stand still. So a process is kept that has this capability, knows nothing but "accept", and ends
 * with the handle.
 */
#include "netfilter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>

struct verdict {
	uint16_t queue;
	uint32_t id;
};

struct verdict_message {
	struct nlmsghdr header;
	struct nfgenmsg family;
	struct nlattr attribute;
	struct nfqnl_msg_verdict_hdr verdict;
};

static int send_verdict(int fd, const struct verdict *verdict, uint32_t sequence)
{
	struct verdict_message message = {
		.header = {.nlmsg_len = sizeof(message),
			.nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_VERDICT,
			.nlmsg_flags = NLM_F_REQUEST,
			.nlmsg_seq = sequence},
		.family = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(verdict->queue)},
		.attribute = {.nla_len = sizeof(message.attribute) + sizeof(message.verdict),
			.nla_type = NFQA_VERDICT_HDR},
		.verdict = {.verdict = htonl(NF_ACCEPT), .id = htonl(verdict->id)},
	};
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	ssize_t sent;

	do
		sent = sendto(fd, &message, sizeof(message), 0, (const struct sockaddr *)&kernel, sizeof(kernel));
	while (sent == -1 && errno == EINTR);
	return sent == -1 ? -errno : 0;
}

/* ---- In the helper: nothing but system calls, since the program may have threads ---- */

static void keep_only_net_admin(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

	data[0].effective = data[0].permitted = 1u << CAP_NET_ADMIN;
	syscall(SYS_capset, &header, data);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_NAME, "pcap-verdicts");
}

/* Everything else that the program has open is closed, so that nobody waits for its end on account of this process. */
static void keep_only(int requests, int netlink)
{
	int high_requests = fcntl(requests, F_DUPFD, 16), high_netlink = fcntl(netlink, F_DUPFD, 16);

	if (high_requests == -1 || high_netlink == -1 || dup2(high_requests, 0) == -1 ||
		dup2(high_netlink, 1) == -1)
		_exit(1);
	if (syscall(SYS_close_range, 2, ~0u, 0) == -1)
		for (int fd = 2; fd < 65536; fd++)
			close(fd);
}

/* Runs until the handle is closed: an empty message or the end of the socket. */
static void serve(int requests, int netlink)
{
	struct verdict verdict;
	ssize_t size;

	keep_only(requests, netlink);
	keep_only_net_admin();
	for (;;) {
		size = recv(0, &verdict, sizeof(verdict), 0);
		if (size == sizeof(verdict))
			send_verdict(1, &verdict, SEQUENCE_VERDICT_OF_HELPER);
		else if (size != -1 || errno != EINTR)
			_exit(0);
	}
}

/* ---- In the program ---- */

int pcapint_netfilter_start_helper(pcap_t *p)
{
	struct pcap_netfilter *nf = p->priv;
	sigset_t all, before;
	int fds[2] = {-1, -1};
	long pid = -1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == 0) {
		/* No signal for the program reaches the helper, and its end sends none: programs don't know of it. */
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &before);
		pid = syscall(SYS_clone, 0UL, NULL, NULL, NULL, 0UL);
		if (pid == 0)
			serve(fds[1], p->fd);
		int error = errno;
		pthread_sigmask(SIG_SETMASK, &before, NULL);
		close(fds[1]);
		errno = error;
	}
	if (pid == -1) {
		pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno,
			"%.100s: can't start the process that lets packets go on when the program gives up "
			"CAP_NET_ADMIN, which would then stop all traffic of the queue",
			p->opt.device);
		if (fds[0] != -1)
			close(fds[0]);
		return PCAP_WARNING;
	}
	nf->helper = (struct verdict_helper){.pid = (pid_t)pid, .owner = getpid(), .fd = fds[0]};
	return 0;
}

void pcapint_netfilter_stop_helper(struct verdict_helper *helper)
{
	if (helper->fd == -1)
		return;
	/* A fork of the program that closes its copy of the handle leaves the helper to the program. */
	if (helper->owner == getpid()) {
		send(helper->fd, "", 0, MSG_NOSIGNAL);
		while (waitpid(helper->pid, NULL, __WCLONE) == -1 && errno == EINTR)
			;
	}
	close(helper->fd);
	helper->fd = -1;
}

static int accept_by_helper(pcap_t *p, const struct verdict *verdict)
{
	struct pcap_netfilter *nf = p->priv;
	ssize_t sent;

	if (nf->helper.fd == -1)
		errno = EPERM;
	do
		sent = nf->helper.fd == -1 ? -1 : send(nf->helper.fd, verdict, sizeof(*verdict), MSG_NOSIGNAL);
	while (sent == -1 && errno == EINTR);
	if (sent != -1)
		return 0;
	pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno,
		"%.100s: packets can't be let go on any more (that needs CAP_NET_ADMIN): close the capture, or the "
		"queue's traffic stands still",
		p->opt.device);
	return PCAP_ERROR;
}

int pcapint_netfilter_accept(pcap_t *p, uint16_t queue, uint32_t id)
{
	struct pcap_netfilter *nf = p->priv;
	const struct verdict verdict = {queue, id};

	if (!nf->use_helper && send_verdict(p->fd, &verdict, SEQUENCE_VERDICT) == 0)
		return 0;
	return accept_by_helper(p, &verdict);
}

int pcapint_netfilter_answered(pcap_t *p, const struct nlmsghdr *answer)
{
	struct pcap_netfilter *nf = p->priv;
	struct {
		struct nlmsgerr error;
		struct verdict_message refused;
	} __attribute__((packed)) refusal;
	struct verdict verdict;

	/* The answer repeats the request behind the error; its header is in both. */
	size_t size = sizeof(struct nlmsgerr) - sizeof(struct nlmsghdr) + sizeof(struct verdict_message);
	if (answer->nlmsg_len < NLMSG_LENGTH(sizeof(struct nlmsgerr)))
		return 0;
	memset(&refusal, 0, sizeof(refusal));
	memcpy(&refusal.error, NLMSG_DATA(answer), sizeof(refusal.error));
	/* Anything else than a missing privilege: the packet is gone, as when its queue was flushed. */
	if (refusal.error.error != -EPERM)
		return 0;
	if (answer->nlmsg_seq != SEQUENCE_VERDICT || answer->nlmsg_len < NLMSG_LENGTH(size)) {
		pcapint_netfilter_stop_helper(&nf->helper);
		return accept_by_helper(p, &(struct verdict){0, 0});
	}
	memcpy(&refusal.refused,
		(const char *)NLMSG_DATA(answer) + sizeof(struct nlmsgerr) - sizeof(struct nlmsghdr),
		sizeof(refusal.refused));
	nf->use_helper = true;
	verdict.queue = ntohs(refusal.refused.family.res_id);
	verdict.id = ntohl(refusal.refused.verdict.id);
	return accept_by_helper(p, &verdict);
}
