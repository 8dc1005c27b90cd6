/* Preloaded into the process under test: a clock that can be set, and a disk that is slow to flush. Both are read from one file. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* As test/soak/shim.ts writes it: seconds that the clock is ahead, milliseconds that a flush takes. */
static struct { volatile int32_t seconds_ahead, flush_milliseconds; } none, *shared = (void *)&none;

__attribute__((constructor)) static void open_control(void) {
  const char *path = getenv("SOAK_CONTROL");
  int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  void *mapped = mmap(NULL, sizeof *shared, PROT_READ, MAP_SHARED, fd, 0);
  if (mapped != MAP_FAILED) shared = mapped;
  close(fd);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  int failed = syscall(SYS_clock_gettime, clock, time);
  if (failed == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += shared->seconds_ahead;
  return failed;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  int failed = syscall(SYS_gettimeofday, time, zone);
  if (failed == 0 && time != NULL) time->tv_sec += shared->seconds_ahead;
  return failed;
}

static void wait_for_disk(void) {
  struct timespec wait = {shared->flush_milliseconds / 1000, shared->flush_milliseconds % 1000 * 1000000L};
  if (shared->flush_milliseconds > 0) nanosleep(&wait, NULL);
}

int fsync(int fd) { wait_for_disk(); return syscall(SYS_fsync, fd); }
int fdatasync(int fd) { wait_for_disk(); return syscall(SYS_fdatasync, fd); }
