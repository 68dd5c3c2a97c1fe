/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opens folders and files that nobody can change but those who could run code in this process anyway: root, the user
 * who runs it, and for the fixed folder whose library this is. Every folder on the way is held to that, and every
 * symbolic link; then no one else can put another file at the same path between check and load. For the search for
 * modules.
 */
#include "core/core.h"
#include "core/modules.h"

#include "compat/privileges.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_LINKS 40 /* as many as Linux follows, path_resolution(7) */

/* A folder on the way needs only be passed through. */
#ifndef O_PATH
#define O_PATH O_RDONLY
#endif

struct module_trust pcapint_whom_to_trust(bool fixed_folder)
{
	bool raised = pcapint_has_raised_privileges();
	uid_t user = raised ? 0 : geteuid();
	struct module_trust trust = {user, user, user};
	struct stat stat_buffer;
	Dl_info here;

	/* In a user namespace root's files may seem to be nobody's: "/" no less, nor the library. */
	if (!raised && stat("/", &stat_buffer) == 0)
		trust.top_owner = stat_buffer.st_uid;
	if (fixed_folder && !raised && dladdr((const void *)pcapint_prefix_matches, &here) != 0 &&
		here.dli_fname[0] == '/' && stat(here.dli_fname, &stat_buffer) == 0)
		trust.library_owner = stat_buffer.st_uid;
	return trust;
}

/*
 * Whether nobody else can change what stat tells of. In a folder on the way others may write if they can't remove what
 * is not theirs, as in /tmp.
 */
static bool check_entry(const struct stat *stat_buffer, const struct module_trust *trust, bool on_the_way,
	const char *name, char *why)
{
	uid_t owner = stat_buffer->st_uid;

	if (owner != 0 && owner != trust->user && owner != trust->library_owner &&
		!(on_the_way && owner == trust->top_owner)) {
		snprintf(why, PCAP_ERRBUF_SIZE, "%s belongs to user %u, neither root nor who runs this program",
			name, (unsigned)owner);
		errno = EPERM;
		return false;
	}
	if (S_ISLNK(stat_buffer->st_mode) || (stat_buffer->st_mode & (S_IWGRP | S_IWOTH)) == 0 ||
		(on_the_way && (stat_buffer->st_mode & S_ISVTX)))
		return true;
	if (stat_buffer->st_mode & S_ISVTX)
		snprintf(
			why, PCAP_ERRBUF_SIZE, "%s is a folder for everybody; modules need one of their own", name);
	else
		snprintf(why, PCAP_ERRBUF_SIZE, "others may write to %s: chmod go-w %s", name, name);
	errno = EPERM;
	return false;
}

static int fail_for_errno(int fd, const char *name, char *why)
{
	int error = errno;

	pcapint_fmt_errmsg_for_errno(why, PCAP_ERRBUF_SIZE, error, "%s", name);
	if (fd >= 0)
		close(fd);
	errno = error;
	return -1;
}

/* A way through the file system, a folder a step. */
struct walk {
	const struct module_trust *trust;
	int fd;                 /* where it is now */
	char pending[PATH_MAX]; /* what is still to go */
	char passed[PATH_MAX];  /* where it is now, for messages */
	int links;
	char *why;
};

static bool step_failed(const struct walk *walk, int fd, const char *name)
{
	fail_for_errno(fd, name, walk->why);
	return false;
}

/* Puts a link's target before what is still to go. */
static bool follow_link(struct walk *walk, const char *name, const char *rest)
{
	char target[PATH_MAX], pending[PATH_MAX];
	ssize_t length = readlinkat(walk->fd, name, target, sizeof(target) - 1);

	if (length < 0)
		return false;
	target[length] = '\0';
	if (++walk->links > MOST_LINKS) {
		errno = ELOOP;
		return false;
	}
	if ((size_t)snprintf(pending, sizeof(pending), "%s/%s", target, rest) >= sizeof(pending)) {
		errno = ENAMETOOLONG;
		return false;
	}
	strcpy(walk->pending, pending);
	if (target[0] == '/') {
		int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (root < 0)
			return false;
		close(walk->fd);
		walk->fd = root;
		walk->passed[0] = '\0';
	}
	return true;
}

/* Opens the next folder and goes there. */
static bool enter(struct walk *walk, const char *name, bool is_last)
{
	struct stat stat_buffer;
	int next = openat(walk->fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (next < 0 || fstat(next, &stat_buffer) < 0)
		return step_failed(walk, next, walk->passed);
	close(walk->fd);
	walk->fd = next;
	return check_entry(&stat_buffer, walk->trust, !is_last, walk->passed, walk->why);
}

/* Takes a step; false, with errno and why, if it can't. */
static bool take_step(struct walk *walk)
{
	char name[NAME_MAX + 1];
	struct stat stat_buffer;
	const char *at = walk->pending + strspn(walk->pending, "/");
	size_t length = strcspn(at, "/"), passed = strlen(walk->passed);
	const char *rest = at + length + strspn(at + length, "/");

	if (length > NAME_MAX || passed + length + 2 > sizeof(walk->passed)) {
		errno = ENAMETOOLONG;
		return step_failed(walk, -1, walk->pending);
	}
	memcpy(name, at, length);
	name[length] = '\0';
	snprintf(walk->passed + passed, sizeof(walk->passed) - passed, "/%s", name);
	if (fstatat(walk->fd, name, &stat_buffer, AT_SYMLINK_NOFOLLOW) < 0)
		return step_failed(walk, -1, walk->passed);
	if (S_ISLNK(stat_buffer.st_mode)) {
		if (!check_entry(&stat_buffer, walk->trust, true, walk->passed, walk->why))
			return false;
		walk->passed[passed] = '\0';
		return follow_link(walk, name, rest) || step_failed(walk, -1, walk->passed);
	}
	if (!enter(walk, name, *rest == '\0'))
		return false;
	memmove(walk->pending, rest, strlen(rest) + 1);
	return true;
}

int pcapint_open_trusted_folder(const char *path, const struct module_trust *trust, char *why)
{
	struct walk walk = {.trust = trust, .why = why};
	int folder;

	if (path[0] != '/') {
		snprintf(why, PCAP_ERRBUF_SIZE, "not a full path: it must begin with /");
		errno = EINVAL;
		return -1;
	}
	if (strlen(path) >= sizeof(walk.pending)) {
		errno = ENAMETOOLONG;
		return fail_for_errno(-1, path, why);
	}
	strcpy(walk.pending, path);
	walk.fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (walk.fd < 0)
		return fail_for_errno(-1, "/", why);
	while (walk.pending[strspn(walk.pending, "/")] != '\0')
		if (!take_step(&walk)) {
			int error = errno;
			close(walk.fd);
			errno = error;
			return -1;
		}
	folder = openat(walk.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return fail_for_errno(walk.fd, path, why);
	close(walk.fd);
	return folder;
}

int pcapint_open_trusted_file(int folder, const char *name, const struct module_trust *trust, char *why)
{
	struct stat stat_buffer;
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 && errno == ELOOP) {
		snprintf(why, PCAP_ERRBUF_SIZE, "a symbolic link; only files are loaded");
		errno = EPERM;
		return -1;
	}
	if (fd < 0 || fstat(fd, &stat_buffer) < 0)
		return fail_for_errno(fd, name, why);
	if (S_ISREG(stat_buffer.st_mode) && check_entry(&stat_buffer, trust, false, name, why))
		return fd;
	if (!S_ISREG(stat_buffer.st_mode))
		snprintf(why, PCAP_ERRBUF_SIZE, "not a file");
	close(fd);
	errno = EPERM;
	return -1;
}
