// load PORT QUERYFILE SECONDS WINDOW SOCKETS [START]: asks 127.0.0.1 and keeps WINDOW questions open on each socket.
// START is the number of the first question: runs that must not meet in a cache begin at different ones.
// QUERYFILE has lines "name A" or "name AAAA". Prints the rate, what was received, what was lost, and how it was answered.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 32
#define MOST_QUERIES 1000000
#define MOST_SOCKETS 64
#define PATIENCE 0.5  // seconds without any answer after which the open questions count as lost

struct query {
    unsigned char *bytes;
    int length;
};

struct lane {
    int fd, open;
    double heard;
};

static struct query query[MOST_QUERIES];
static int queries, next_query;
static unsigned next_id;
static struct lane lane[MOST_SOCKETS];
static unsigned char reply[BATCH][2048];
static struct iovec part[BATCH];
static struct mmsghdr slot[BATCH];
static long sent, received, lost, code[16];

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

// Header with RD, one question, one OPT record that offers 1232 octets.
static void add_query(char *name, const char *type) {
    static const unsigned char header[12] = {0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1};
    static const unsigned char opt[11] = {0, 0, 41, 0x04, 0xd0};
    unsigned char *bytes = malloc(sizeof header + strlen(name) + 2 + 4 + sizeof opt), *at = bytes;
    memcpy(at, header, sizeof header), at += sizeof header;
    for (char *label = strtok(name, "."); label; label = strtok(NULL, ".")) {
        size_t length = strlen(label);
        *at++ = length;
        memcpy(at, label, length), at += length;
    }
    *at++ = 0;
    *at++ = 0, *at++ = strcmp(type, "AAAA") ? 1 : 28;
    *at++ = 0, *at++ = 1;
    memcpy(at, opt, sizeof opt), at += sizeof opt;
    query[queries++] = (struct query){bytes, at - bytes};
}

static void prepare(int i, void *bytes, size_t length) {
    memset(&slot[i], 0, sizeof slot[i]);
    part[i] = (struct iovec){bytes, length};
    slot[i].msg_hdr.msg_iov = &part[i];
    slot[i].msg_hdr.msg_iovlen = 1;
}

static void ask(struct lane *l, int window) {
    while (l->open < window) {
        int count = window - l->open < BATCH ? window - l->open : BATCH;
        for (int i = 0; i < count; i++) {
            struct query *q = &query[next_query];
            next_query = (next_query + 1) % queries;
            q->bytes[0] = next_id >> 8, q->bytes[1] = next_id, next_id++;
            prepare(i, q->bytes, q->length);
        }
        int done = sendmmsg(l->fd, slot, count, 0);
        if (done <= 0) return;
        l->open += done, sent += done;
    }
}

static void hear(struct lane *l, double now) {
    for (int i = 0; i < BATCH; i++) prepare(i, reply[i], sizeof reply[i]);
    int count = recvmmsg(l->fd, slot, BATCH, MSG_DONTWAIT, NULL);
    if (count > 0) {
        for (int i = 0; i < count; i++) code[reply[i][3] & 15]++;
        received += count;
        l->open = l->open > count ? l->open - count : 0;
        l->heard = now;
    } else if (l->open && now - l->heard > PATIENCE) {
        lost += l->open, l->open = 0, l->heard = now;
    }
}

int main(int argc, char **argv) {
    FILE *file = argc == 6 || argc == 7 ? fopen(argv[2], "r") : NULL;
    if (!file || atoi(argv[5]) > MOST_SOCKETS) return 2;
    char name[512], type[16];
    while (queries < MOST_QUERIES && fscanf(file, "%511s %15s", name, type) == 2) add_query(name, type);
    if (!queries) return 2;
    next_query = argc == 7 ? atoi(argv[6]) % queries : 0;
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    double length = atof(argv[3]), begin = seconds_now(), now;
    int window = atoi(argv[4]), lanes = atoi(argv[5]), room = 4 << 20;
    for (int i = 0; i < lanes; i++) {
        lane[i] = (struct lane){socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), 0, begin};
        setsockopt(lane[i].fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
        if (connect(lane[i].fd, (struct sockaddr *)&server, sizeof server)) return 1;
    }
    while ((now = seconds_now()) < begin + length)
        for (int i = 0; i < lanes; i++) ask(&lane[i], window), hear(&lane[i], now);
    printf("qps=%.0f sent=%ld rec=%ld lost=%ld noerror=%ld nxdomain=%ld servfail=%ld refused=%ld\n",
           received / (now - begin), sent, received, lost, code[0], code[3], code[2], code[5]);
}
