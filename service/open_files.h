// The limit of open files, and with it of connections.
#ifndef PARACLE_SERVICE_OPEN_FILES_H_
#define PARACLE_SERVICE_OPEN_FILES_H_

#include <cstdint>

namespace paracle::service {

// Raises the limit of this process as far as it may go without privileges; returns what it is now. Shells and services
// start programs with 1,024.
uint64_t RaiseOpenFiles();

// How many this process may have open.
uint64_t OpenFilesLimit();

// The number that the next file of this process would get: as many are open at least. Cheap. -1: none can be opened.
int LowestFreeFile();

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_OPEN_FILES_H_
