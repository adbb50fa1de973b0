// Keeps what this process has in memory (keys, and answers in the clear) out of files that outlive it.
#ifndef PARACLE_SERVICE_CORE_DUMPS_H_
#define PARACLE_SERVICE_CORE_DUMPS_H_

namespace paracle::service {

// From here on a crash leaves no core dump, neither a file nor one that is piped to a program, and other processes of
// the same user cannot attach to this one.
void ForbidCoreDumps();

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_CORE_DUMPS_H_
