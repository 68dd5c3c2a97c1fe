/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file that is written: opened, so that it has its name at once or when it is finished; written; finished, on the
 * disk if that is wanted. For the writer, in whichever thread.
 */
#include "savefile/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "savefile/savefile.h"

static bool fail(struct output_file *file, const char *path, const char *what)
{
	int error = errno;
	char name[SAVEFILE_NAME_SIZE];

	if (file->error[0] != '\0')
		return false;
	pcapint_shorten_name(name, path);
	pcapint_fmt_errmsg_for_errno(file->error, sizeof(file->error), error, "%s%s", name, what);
	return false;
}

/* ".NAME.partial", in the same folder. */
static char *partial_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	int folder = slash == NULL ? 0 : (int)(slash + 1 - path);
	char *partial = NULL;

	return asprintf(&partial, "%.*s.%s.partial", folder, path, path + folder) < 0 ? NULL : partial;
}

static int open_descriptor(struct output_file *file, const char *path, const struct output_start *start)
{
	struct stat status;

	if (strcmp(path, "-") == 0)
		return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (start->append)
		return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
	/* A device or a FIFO is written to as it is. */
	if (start->atomic && (stat(path, &status) < 0 || S_ISREG(status.st_mode))) {
		file->partial = partial_name(path);
		if (file->partial == NULL)
			return -1;
		path = file->partial;
	}
	return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
}

bool pcapint_output_file_open(struct output_file *file, const char *path, const struct output_start *start)
{
	char problem[CODEC_PROBLEM_SIZE];

	if (file->error[0] != '\0')
		return false;
	file->path = strdup(path);
	if (file->path == NULL)
		return fail(file, path, "");
	file->fd = open_descriptor(file, path, start);
	if (file->fd < 0)
		return fail(file, strcmp(path, "-") == 0 ? "standard output" : path, "");
	if (file->compression == NULL)
		return true;
	file->encoder = file->compression->codec->start_encoding(file->level, problem);
	if (file->encoder == NULL)
		snprintf(file->error, sizeof(file->error), "%.*s: can't compress with %s: %s", SAVEFILE_NAME_SIZE,
			path, file->compression->library, problem);
	return file->encoder != NULL;
}

/* What goes into the file as it is. A codec_sink. */
static bool write_bytes(void *user, const void *bytes, size_t size)
{
	struct output_file *file = user;
	const u_char *at = bytes;

	while (size > 0) {
		ssize_t count = write(file->fd, at, size);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return fail(file, file->path, ": can't write");
		at += count;
		size -= (size_t)count;
	}
	return true;
}

static bool encode(struct output_file *file, const void *bytes, size_t size, enum codec_until until)
{
	if (file->error[0] != '\0')
		return false;
	return file->compression->codec->encode(file->encoder, bytes, size, until, write_bytes, file) ||
	       fail(file, file->path, ": can't compress");
}

bool pcapint_output_file_write(struct output_file *file, const void *bytes, size_t size)
{
	if (file->error[0] != '\0')
		return false;
	return file->compression != NULL ? encode(file, bytes, size, CODEC_MORE) : write_bytes(file, bytes, size);
}

bool pcapint_output_file_flush(struct output_file *file)
{
	return file->encoder == NULL || encode(file, "", 0, CODEC_FLUSH);
}

/* The folder as well, since a new name is in that. */
static bool sync_file(struct output_file *file)
{
	const char *slash = strrchr(file->path, '/');
	char *folder = slash == NULL ? strdup(".") : strndup(file->path, (size_t)(slash + 1 - file->path));
	int fd = folder == NULL ? -1 : open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;

	free(folder);
	if (fd >= 0)
		close(fd);
	return good;
}

bool pcapint_output_file_finish(struct output_file *file)
{
	bool regular = false;
	struct stat status;

	if (file->fd < 0)
		return file->error[0] == '\0';
	if (file->encoder != NULL) {
		encode(file, "", 0, CODEC_END);
		file->compression->codec->end_encoding(file->encoder);
		file->encoder = NULL;
	}
	regular = fstat(file->fd, &status) == 0 && S_ISREG(status.st_mode);
	if (file->error[0] == '\0' && file->sync && regular && fdatasync(file->fd) < 0)
		fail(file, file->path, ": can't write to the disk");
	if (close(file->fd) < 0)
		fail(file, file->path, ": can't write");
	file->fd = -1;
	if (file->error[0] == '\0' && file->partial != NULL && rename(file->partial, file->path) < 0)
		fail(file, file->path, ": can't give the finished file its name");
	if (file->error[0] == '\0' && file->sync && regular && !sync_file(file))
		fail(file, file->path, ": can't write the folder to the disk");
	free(file->partial);
	free(file->path);
	file->partial = file->path = NULL;
	return file->error[0] == '\0';
}

bool pcapint_output_file_remove(struct output_file *file, const char *path)
{
	if (file->error[0] != '\0')
		return false;
	return unlink(path) == 0 || errno == ENOENT || fail(file, path, ": can't remove this old file");
}
