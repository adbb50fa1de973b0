// SocketBio carries OpenSSL's bytes over a socket as OpenSSL's own does, except that a peer who is gone raises no
// SIGPIPE.
#ifndef PARACLE_CACHECORE_REDIS_SOCKET_BIO_H_
#define PARACLE_CACHECORE_REDIS_SOCKET_BIO_H_

#include <openssl/bio.h>

namespace paracle::cachecore::redis {

// For SSL_set_bio, which takes it over. Does not close the socket. nullptr: no memory.
BIO* NewSocketBio(int socket);

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_SOCKET_BIO_H_
