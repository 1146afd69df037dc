/*
 * clock.c
 *		A wall clock that can be set while a server runs.
 *
 * Preloaded (LD_PRELOAD) into a server, it adds so many seconds to the wall
 * clock as the file says that TASKQ_CLOCK_FILE names.  Other clocks are left
 * alone, as they are when a machine's clock is set.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long
shift(void)
{
	static const char *path = NULL;
	int			saved_errno = errno;
	char		text[32];
	ssize_t		n = 0;
	int			fd;

	if (path == NULL)
		path = getenv("TASKQ_CLOCK_FILE");
	fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
	{
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	text[n > 0 ? n : 0] = '\0';
	errno = saved_errno;
	return strtol(text, NULL, 10);
}

int
clock_gettime(clockid_t id, struct timespec *at)
{
	static int	(*next) (clockid_t, struct timespec *) = NULL;
	int			result;

	if (next == NULL)
		next = (int (*) (clockid_t, struct timespec *)) dlsym(RTLD_NEXT, "clock_gettime");
	result = next(id, at);
	if (result == 0 && id == CLOCK_REALTIME)
		at->tv_sec += shift();
	return result;
}

int
gettimeofday(struct timeval *restrict at, void *restrict zone)
{
	struct timespec now;

	(void) zone;
	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return -1;
	at->tv_sec = now.tv_sec;
	at->tv_usec = now.tv_nsec / 1000;
	return 0;
}

time_t
time(time_t *at)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_REALTIME, &now);
	if (at != NULL)
		*at = now.tv_sec;
	return now.tv_sec;
}
