// echo PORT: what a datagram costs by itself. Marks each query as a response and sends it back, a batch at a time.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BATCH 32
#define LARGEST 2048

static unsigned char packet[BATCH][LARGEST];
static struct sockaddr_in sender[BATCH];
static struct iovec part[BATCH];
static struct mmsghdr slot[BATCH];

static int open_socket(int port) {
    int fd = socket(AF_INET, SOCK_DGRAM, 0), room = 4 << 20;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port)};
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    return bind(fd, (struct sockaddr *)&here, sizeof here) ? -1 : fd;
}

int main(int argc, char **argv) {
    int fd = argc == 2 ? open_socket(atoi(argv[1])) : -1;
    if (fd < 0) return 1;
    for (;;) {
        memset(slot, 0, sizeof slot);
        for (int i = 0; i < BATCH; i++) {
            part[i].iov_base = packet[i];
            part[i].iov_len = LARGEST;
            slot[i].msg_hdr.msg_iov = &part[i];
            slot[i].msg_hdr.msg_iovlen = 1;
            slot[i].msg_hdr.msg_name = &sender[i];
            slot[i].msg_hdr.msg_namelen = sizeof sender[i];
        }
        int count = recvmmsg(fd, slot, BATCH, MSG_WAITFORONE, NULL);
        for (int i = 0; i < count; i++) {
            packet[i][2] |= 0x80;  // QR
            packet[i][3] = 0x80;   // RA, NOERROR
            part[i].iov_len = slot[i].msg_len;
        }
        for (int sent = 0, step; sent < count; sent += step)
            if ((step = sendmmsg(fd, slot + sent, count - sent, 0)) <= 0) break;
    }
}
