/*
 * Prints the name and the file of each block device of a VM, however many there are, with a buffer of 1024 bytes: of the reply only that
 * is kept, and it comes disk by disk.
 *
 *     disks /tmp/vm.qmp
 *
 * Exit code 0, 1 where the VM does not answer as it should, 2 for wrong usage.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <qmp.h>

/* Of a disk, its name and its file have to fit. */
static QMP_CLIENT_STORAGE(1024, 128, 1) storage;
static qmp_client *client;
static qmp_select disks;
static int vm;

static bool transmit(const qmp_outgoing *out)
{
    const char *bytes = out->bytes;
    size_t length = out->length;
    while (length > 0) {
        ssize_t sent = write(vm, bytes, length);
        if (sent < 0 && errno != EINTR) {
            return false;
        }
        if (sent > 0) {
            bytes += sent;
            length -= (size_t)sent;
        }
    }
    return true;
}

static void print(qmp_json object, const char *name)
{
    char text[1024];
    qmp_string string;
    size_t length;
    if (qmp_json_string(object, name, &string) == QMP_OK
        && qmp_string_copy(string, text, sizeof text, &length) == QMP_OK) {
        printf(" %s", text);
    }
}

/* What is next: 0 to go on, 1 for the end, -1 where something is wrong. */
static int act(const qmp_incoming *in)
{
    qmp_outgoing out;
    qmp_json inserted;
    switch (in->kind) {
    case QMP_INCOMING_GREETING:
        return qmp_client_negotiate(client, false, QMP_NEVER, &out) == QMP_OK && transmit(&out) ? 0 : -1;
    case QMP_INCOMING_READY:
        return qmp_client_execute_select(client, &disks, "query-block", NULL, QMP_NEVER, &out) == QMP_OK && transmit(&out) ? 0 : -1;
    case QMP_INCOMING_ELEMENT:
        printf("disk %u:", (unsigned)in->index);
        print(in->value, "device");
        if (qmp_json_member(in->value, "inserted", &inserted) == QMP_OK) {
            print(inserted, "file");
        }
        printf("\n");
        return 0;
    case QMP_INCOMING_OVERSIZED:
        printf("disk %u: too large\n", (unsigned)in->index);
        return 0;
    case QMP_INCOMING_ABANDONED:
        printf("that was another's reply\n");
        return 0;
    case QMP_INCOMING_END:
        printf("%u disks, %u too large\n", (unsigned)in->delivered, (unsigned)in->oversized);
        return 0;
    case QMP_INCOMING_RETURN:
        return 1;
    case QMP_INCOMING_ERROR:
    case QMP_INCOMING_FAILED:
    case QMP_INCOMING_REFUSED:
        return -1;
    default:
        return 0;
    }
}

int main(int count, char **arguments)
{
    static const char *const paths[] = { "return[*].device", "return[*].inserted.file" };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (count != 2 || strlen(arguments[1]) >= sizeof address.sun_path) {
        fprintf(stderr, "usage: disks PATH\n");
        return 2;
    }
    memcpy(address.sun_path, arguments[1], strlen(arguments[1]));
    vm = socket(AF_UNIX, SOCK_STREAM, 0);
    if (vm < 0 || connect(vm, (struct sockaddr *)&address, sizeof address) != 0) {
        perror(arguments[1]);
        return 1;
    }
    if (qmp_client_init(QMP_ABI_VERSION, &storage, sizeof storage, 128, 1, (uint32_t)getpid(), &client) != QMP_OK
        || qmp_select_init(&disks, paths, 2, QMP_DELIVERY_ELEMENTS) != QMP_OK) {
        return 1;
    }
    for (int next = 0; next == 0;) {
        qmp_window window;
        qmp_incoming in;
        qmp_client_window(client, &window);
        ssize_t got = read(vm, window.start, window.length);
        if (got <= 0) {
            return 1;
        }
        qmp_client_commit(client, (size_t)got);
        /* The one command of this program has a selection: until it has ended, everything is polled with that. */
        while (next == 0 && qmp_client_poll_select(client, &disks, &in) == QMP_OK) {
            next = act(&in);
        }
        if (next < 0) {
            return 1;
        }
    }
    return 0;
}
