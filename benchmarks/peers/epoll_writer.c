/* A bare epoll writer: the floor for handing one event to N sockets, one write(2) each.
 * cc -O2 -o epoll_writer epoll_writer.c; ./epoll_writer PORT */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static int streams[65536], count;

static void handle(int fd, char *request, int size) {
    static char chunk[70000];
    static const char begun[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                                "Transfer-Encoding: chunked\r\n\r\n3\r\n:\n\n\r\n";
    if (strncmp(request, "POST /pub", 9) != 0) {
        if (write(fd, begun, sizeof begun - 1) > 0) streams[count++] = fd;
        return;
    }
    char *body = strstr(request, "\r\n\r\n");
    if (!body) return;
    body += 4;
    char event[4096];
    int length = snprintf(event, sizeof event, "event: presence\ndata: %.*s\n\n", (int)(request + size - body), body);
    int total = snprintf(chunk, sizeof chunk, "%x\r\n%s\r\n", length, event);
    for (int i = 0; i < count; i++)
        if (send(streams[i], chunk, total, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
            close(streams[i]);
            streams[i--] = streams[--count];
        }
    static const char done[] = "HTTP/1.1 204 No Content\r\n\r\n";
    if (write(fd, done, sizeof done - 1) < 0) close(fd);
}

int main(int argc, char **argv) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[argc - 1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1, poll = epoll_create1(0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) return 1;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    static char request[65536];
    for (;;) {
        int ready = epoll_wait(poll, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                fd = accept(listener, 0, 0);
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                event.data.fd = fd;
                epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
                continue;
            }
            int size = read(fd, request, sizeof request - 1);
            if (size <= 0) {
                for (int j = 0; j < count; j++)
                    if (streams[j] == fd) streams[j] = streams[--count];
                close(fd);
                continue;
            }
            request[size] = 0;
            handle(fd, request, size);
        }
    }
}
