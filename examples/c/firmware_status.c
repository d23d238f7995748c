/*
 * Watches over a VM from a microcontroller: asks for its status over the UART, pauses it, lets it go on, and prints what happens. No
 * operating system, no libc, no allocation.
 *
 * The VM's monitor is on the other end of the line:
 *
 *     qemu-system-x86_64 ... -qmp unix:/tmp/vm.qmp,server=on,wait=off
 *     qemu-system-arm -M lm3s6965evb -display none -monitor none -serial unix:/tmp/vm.qmp -chardev stdio,id=host \
 *         -semihosting-config enable=on,target=native,chardev=host -kernel firmware_status
 */
#include "lm3s6965.h"

#include <qmp.h>

/* Milliseconds for each answer. */
enum { TIMEOUT = 5000 };

/* A status is less than 128 bytes, the greeting of a distribution's QEMU may be 200; commands are short. */
static QMP_CLIENT_STORAGE(512, QMP_CLIENT_TX_MIN, 2) storage;
static qmp_client *client;
static qmp_outgoing out;
static qmp_incoming in;

/* What is run, one after the other. */
static const char *const commands[] = { "query-status", "stop", "query-status", "cont", "query-status" };
enum { COMMANDS = sizeof commands / sizeof commands[0] };
static unsigned next;
static bool failed;
static volatile qmp_result last_failure;

static void fail(const char *why)
{
    board_print("failed: ");
    board_print(why);
    board_print("\n");
    failed = true;
}

/* The result is for a debugger: the names would take more room than the rest of this file. */
static void check(qmp_result result)
{
    if (result != QMP_OK) {
        last_failure = result;
        fail("a call");
    }
}

static uint64_t deadline(void)
{
    return board_now() + TIMEOUT;
}

/* Sends what a call has written. What comes meanwhile waits in the UART, which holds 16 bytes: on a real line an interrupt would take it. */
static void transmit(qmp_result result)
{
    check(result);
    if (result == QMP_OK) {
        for (size_t at = 0; at < out.length; at++) {
            board_transmit(((const unsigned char *)out.bytes)[at]);
        }
    }
}

/* As it stands on the wire: QEMU writes statuses and names of events without escapes. */
static void print(qmp_string string)
{
    for (size_t at = 0; at < string.length; at++) {
        board_print_character(string.text + at);
    }
    board_print("\n");
}

/* A line has no connections: the greeting may be still to come, or have gone to somebody else long ago. This is right for both. */
static void attach(void)
{
    transmit(qmp_client_attach(client, deadline(), &out));
}

static void run_next(void)
{
    if (next < COMMANDS) {
        transmit(qmp_client_execute(client, commands[next], NULL, deadline(), &out));
    }
}

static void act(void)
{
    qmp_string status;
    switch (in.kind) {
    case QMP_INCOMING_GREETING:
        attach();
        break;
    case QMP_INCOMING_READY:
        board_print("connected\n");
        run_next();
        break;
    case QMP_INCOMING_RETURN:
        if (qmp_json_string(in.value, "status", &status) == QMP_OK) {
            print(status);
        }
        next++;
        run_next();
        break;
    case QMP_INCOMING_EVENT:
        print(in.name);
        break;
    case QMP_INCOMING_REFUSED:
    case QMP_INCOMING_ERROR:
        fail("refused");
        break;
    case QMP_INCOMING_TIMED_OUT:
    case QMP_INCOMING_FAILED:
        fail("no answer");
        break;
    default:
        break;
    }
}

int main(void)
{
    size_t got = 0;
    board_start();
    /* The session's number would come from a counter of boots in flash. */
    check(qmp_client_init(QMP_ABI_VERSION, &storage, sizeof storage, QMP_CLIENT_TX_MIN, 2, 1, &client));
    if (failed) {
        return 1;
    }
    attach();
    while (next < COMMANDS && !failed) {
        /* What has been received is acted on, one after the other; then more is received. */
        qmp_result result = qmp_client_receive(client, got, &in);
        got = 0;
        if (result == QMP_OK) {
            act();
        } else if (result == QMP_END) {
            check(qmp_client_handle_timeout(client, board_now()));
            while (got < in.window.length && board_has_received()) {
                ((unsigned char *)in.window.start)[got++] = board_receive();
            }
        } else {
            check(result);
        }
    }
    return failed;
}
