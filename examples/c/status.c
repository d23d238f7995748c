/*
 * Prints a VM's version and status, then its events, until the VM ends, or for so many seconds.
 *
 *     status unix:/tmp/vm.qmp
 *     status tcp:127.0.0.1:4444 10
 *
 * It is a whole client: one socket, poll(2), a deadline for each answer. Exit code 0, 1 where the VM does not answer as it should, 2
 * for wrong usage.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <qmp.h>

enum { TIMEOUT = 5000 /* Milliseconds for each answer. */ };

/* The longest reply is taken to be less than this. */
static QMP_CLIENT_STORAGE(16384, 256, 4) storage;
static qmp_client *client;
static int vm;
static uint64_t query_version, query_status;

static void check(qmp_result result, const char *what)
{
    if (result != QMP_OK) {
        fprintf(stderr, "status: %s: %s\n", what, qmp_result_name(result));
        exit(1);
    }
}

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static int connect_unix(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path));
    int end = socket(AF_UNIX, SOCK_STREAM, 0);
    if (end >= 0 && connect(end, (struct sockaddr *)&address, sizeof address) != 0) {
        close(end);
        return -1;
    }
    return end;
}

static int connect_tcp(const char *host_and_port)
{
    char host[256];
    const char *colon = strrchr(host_and_port, ':');
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
    if (colon == NULL || (size_t)(colon - host_and_port) >= sizeof host) {
        errno = EINVAL;
        return -1;
    }
    memcpy(host, host_and_port, (size_t)(colon - host_and_port));
    host[colon - host_and_port] = 0;
    if (getaddrinfo(host, colon + 1, &hints, &found) != 0) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    int end = -1;
    for (const struct addrinfo *one = found; one != NULL && end < 0; one = one->ai_next) {
        end = socket(one->ai_family, one->ai_socktype, one->ai_protocol);
        if (end >= 0 && connect(end, one->ai_addr, one->ai_addrlen) != 0) {
            close(end);
            end = -1;
        }
    }
    freeaddrinfo(found);
    return end;
}

static void transmit(const qmp_outgoing *out)
{
    const char *bytes = out->bytes;
    size_t length = out->length;
    while (length > 0) {
        ssize_t sent = send(vm, bytes, length, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            perror("status: send");
            exit(1);
        }
        if (sent > 0) {
            bytes += sent;
            length -= (size_t)sent;
        }
    }
}

static void execute(const char *name, uint64_t *id)
{
    qmp_outgoing out;
    check(qmp_client_execute(client, name, NULL, now() + TIMEOUT, &out), name);
    *id = out.id;
    transmit(&out);
}

/* A string member of an object, its escapes decoded; empty where there is none. */
static const char *text_of(qmp_json object, const char *name, char *text, size_t size)
{
    qmp_string string;
    size_t length;
    if (qmp_json_string(object, name, &string) != QMP_OK
        || qmp_string_copy(string, text, size, &length) != QMP_OK) {
        text[0] = 0;
    }
    return text;
}

static void print_event(const qmp_incoming *event)
{
    int64_t seconds, microseconds;
    printf("event %.*s", (int)event->name.length, event->name.text);
    if (qmp_timestamp(event->timestamp, &seconds, &microseconds) == QMP_OK) {
        printf(" at %lld.%06lld", (long long)seconds, (long long)microseconds);
    }
    if (event->value.text != NULL) {
        printf(" %.*s", (int)event->value.length, event->value.text);
    }
    printf("\n");
}

static void act(const qmp_incoming *incoming)
{
    char text[256];
    qmp_outgoing out;
    uint64_t major, minor, micro;
    switch (incoming->kind) {
    case QMP_INCOMING_GREETING:
        check(qmp_greeting_version(incoming->value, &major, &minor, &micro), "greeting");
        printf("greeting of QEMU %llu.%llu.%llu\n", (unsigned long long)major, (unsigned long long)minor,
               (unsigned long long)micro);
        check(qmp_client_negotiate(client, false, now() + TIMEOUT, &out), "negotiate");
        transmit(&out);
        break;
    case QMP_INCOMING_READY:
        execute("query-version", &query_version);
        execute("query-status", &query_status);
        break;
    case QMP_INCOMING_RETURN:
        if (incoming->id == query_version) {
            printf("package %s\n", text_of(incoming->value, "package", text, sizeof text));
        } else if (incoming->id == query_status) {
            printf("status %s\n", text_of(incoming->value, "status", text, sizeof text));
        }
        break;
    case QMP_INCOMING_EVENT:
        print_event(incoming);
        break;
    case QMP_INCOMING_ERROR:
        printf("refused: %s\n", text_of(incoming->value, "desc", text, sizeof text));
        break;
    case QMP_INCOMING_DISCARDED:
        fprintf(stderr, "status: %llu bytes discarded\n", (unsigned long long)incoming->bytes);
        break;
    case QMP_INCOMING_REFUSED:
    case QMP_INCOMING_TIMED_OUT:
        fprintf(stderr, "status: no session\n");
        exit(1);
    case QMP_INCOMING_FAILED:
        fprintf(stderr, "status: a command was not answered\n");
        exit(1);
    case QMP_INCOMING_UNMATCHED:
    default:
        break;
    }
}

/* Acts on all that there is. */
static void act_on_all(void)
{
    qmp_incoming incoming;
    while (qmp_client_poll(client, &incoming) == QMP_OK) {
        act(&incoming);
    }
}

/* Waits for bytes, a deadline or the end, whichever comes first. Whether there may be bytes. */
static bool wait_until(uint64_t end)
{
    uint64_t deadline, time = now();
    check(qmp_client_next_deadline(client, &deadline), "next deadline");
    deadline = deadline < end ? deadline : end;
    uint64_t left = deadline > time ? deadline - time : 0;
    struct pollfd ready = { .fd = vm, .events = POLLIN };
    return poll(&ready, 1, left > 60000 ? 60000 : (int)left) > 0;
}

int main(int count, char **arguments)
{
    if (count == 2 || count == 3) {
        const char *address = arguments[1];
        vm = strncmp(address, "tcp:", 4) == 0    ? connect_tcp(address + 4)
             : strncmp(address, "unix:", 5) == 0 ? connect_unix(address + 5)
                                                 : connect_unix(address);
    } else {
        fprintf(stderr, "usage: status unix:PATH|tcp:HOST:PORT [SECONDS]\n");
        return 2;
    }
    if (vm < 0) {
        fprintf(stderr, "status: %s: %s\n", arguments[1], strerror(errno));
        return 1;
    }
    uint64_t end = count == 3 ? now() + strtoull(arguments[2], NULL, 10) * 1000 : QMP_NEVER;
    qmp_phase phase;
    check(qmp_client_init(QMP_ABI_VERSION, &storage, sizeof storage, 256, 4, (uint32_t)getpid(), &client), "init");
    check(qmp_client_await_greeting(client, now() + TIMEOUT), "await greeting");
    do {
        if (wait_until(end)) {
            qmp_window window;
            check(qmp_client_window(client, &window), "window");
            ssize_t got = recv(vm, window.start, window.length, 0);
            if (got > 0) {
                check(qmp_client_commit(client, (size_t)got), "commit");
            } else if (got == 0 || errno != EINTR) {
                check(qmp_client_close(client), "close");
            }
        }
        /* A reply that has come is no timeout, so it is looked at first. */
        act_on_all();
        check(qmp_client_handle_timeout(client, now()), "handle timeout");
        act_on_all();
        fflush(stdout);
        check(qmp_client_phase(client, &phase), "phase");
    } while (phase != QMP_PHASE_CLOSED && now() < end);
    close(vm);
    return 0;
}
