/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The socket type in the signatures of the remote-capture calls. On UNIX a socket is a file descriptor.
 */
#ifndef lib_pcap_socket_h
#define lib_pcap_socket_h

#include <sys/types.h>
#include <sys/socket.h>
#include <netdb.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#ifndef SOCKET
#define SOCKET int
#endif
#ifndef INVALID_SOCKET
#define INVALID_SOCKET (-1)
#endif

#endif
