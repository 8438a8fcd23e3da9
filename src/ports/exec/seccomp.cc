#include "ports/exec/seccomp.h"

#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

namespace healer {
namespace {

constexpr std::array kDenied{
    // other processes' memory and state
    SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(kcmp),
    SCMP_SYS(pidfd_getfd), SCMP_SYS(process_madvise),
    // file systems and namespaces
    SCMP_SYS(mount), SCMP_SYS(umount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot),
    SCMP_SYS(move_mount), SCMP_SYS(mount_setattr), SCMP_SYS(open_tree), SCMP_SYS(fsopen),
    SCMP_SYS(fsconfig), SCMP_SYS(fsmount), SCMP_SYS(fspick), SCMP_SYS(setns), SCMP_SYS(unshare),
    SCMP_SYS(open_by_handle_at), SCMP_SYS(name_to_handle_at), SCMP_SYS(quotactl),
    SCMP_SYS(quotactl_fd), SCMP_SYS(fanotify_init),
    // large attack surfaces
    SCMP_SYS(bpf), SCMP_SYS(userfaultfd), SCMP_SYS(perf_event_open), SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register), SCMP_SYS(keyctl), SCMP_SYS(add_key),
    SCMP_SYS(request_key), SCMP_SYS(vmsplice), SCMP_SYS(lookup_dcookie), SCMP_SYS(nfsservctl),
    // the machine
    SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load), SCMP_SYS(reboot), SCMP_SYS(swapon), SCMP_SYS(swapoff),
    SCMP_SYS(acct), SCMP_SYS(syslog), SCMP_SYS(settimeofday), SCMP_SYS(clock_settime),
    SCMP_SYS(adjtimex), SCMP_SYS(clock_adjtime), SCMP_SYS(iopl), SCMP_SYS(ioperm),
    SCMP_SYS(vhangup), SCMP_SYS(sethostname), SCMP_SYS(setdomainname)};

struct FilterFree {
  void operator()(void* filter) const { seccomp_release(filter); }
};

bool add_rules(void* filter) {
  for (const int call : kDenied)
    if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 0) != 0) return false;
  // Typing into the terminal that healer was started from.
  constexpr auto request = static_cast<scmp_datum_t>(TIOCSTI);
  return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                          SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffU, request)) == 0;
}

}  // namespace

Result<Fd> seccomp_file() {
  const std::unique_ptr<void, FilterFree> filter(seccomp_init(SCMP_ACT_ALLOW));
  if (!filter || !add_rules(filter.get()))
    return fail(Errc::unsupported, "libseccomp cannot make the sandbox's filter");
  Fd file(memfd_create("seccomp", MFD_CLOEXEC));
  if (file.get() < 0 || seccomp_export_bpf(filter.get(), file.get()) != 0 ||
      lseek(file.get(), 0, SEEK_SET) != 0)
    return fail(Errc::io, "cannot write the sandbox's filter");
  return out_of_the_way(std::move(file));
}

}  // namespace healer
