/*
 * So many command cycles, as the argument says: what cycle.rs does without the C interface. `cargo xtask test c` compares how many
 * instructions a cycle takes.
 */
#include <qmp.h>
#include <stdlib.h>
#include <string.h>

static QMP_CLIENT_STORAGE(1024, 128, 4) storage;
static qmp_client *client;

/* None, which the compiler does not know: as in cycle.rs. */
static const qmp_json *volatile arguments_of_commands;

static void check(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* Puts bytes where they are received, and takes what comes next: of this kind. */
static void feed(const char *bytes, size_t length, qmp_incoming *in, qmp_incoming_kind kind)
{
    check(length <= in->window.length);
    memcpy(in->window.start, bytes, length);
    check(qmp_client_receive(client, length, in) == QMP_OK && in->kind == kind);
}

int main(int count, char **arguments)
{
    static const char greeting[] = "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n", ready[] = "{\"return\": {}, \"id\": 1000001}\r\n",
                      before[] = "{\"execute\":\"query-status\",\"id\":",
                      start[] = "{\"return\": {\"status\": \"running\", \"singlestep\": false, \"running\": true}, \"id\": ";
    char reply[128];
    qmp_outgoing out;
    qmp_incoming in;
    check(count == 2);
    uint64_t cycles = strtoull(arguments[1], NULL, 10), running = 0;
    check(qmp_client_init(QMP_ABI_VERSION, &storage, sizeof storage, 128, 4, 1, &client) == QMP_OK);
    check(qmp_client_poll(client, &in) == QMP_END);
    feed(greeting, sizeof greeting - 1, &in, QMP_INCOMING_GREETING);
    check(qmp_client_negotiate(client, false, 1, &out) == QMP_OK);
    check(qmp_client_poll(client, &in) == QMP_END);
    feed(ready, sizeof ready - 1, &in, QMP_INCOMING_READY);
    check(qmp_client_poll(client, &in) == QMP_END);
    memcpy(reply, start, sizeof start - 1);
    for (uint64_t cycle = 0; cycle < cycles; cycle++) {
        check(qmp_client_execute(client, "query-status", arguments_of_commands, cycle + 1000, &out) == QMP_OK);
        /* The server's part: the reply ends with the id that the command ends with. */
        size_t digits = out.length - (sizeof before - 1) - 2;
        check(digits < 16);
        memcpy(reply + sizeof start - 1, (const char *)out.bytes + sizeof before - 1, 16);
        memcpy(reply + sizeof start - 1 + digits, "}\r\n", 3);
        size_t length = sizeof start - 1 + digits + 3;
        check(length <= in.window.length);
        memcpy(in.window.start, reply, length);
        check(qmp_client_receive(client, length, &in) == QMP_OK && in.kind == QMP_INCOMING_RETURN && in.id == out.id);
        bool truth = false;
        check(qmp_json_bool(in.value, "running", &truth) == QMP_OK);
        running += truth && qmp_json_equals(in.value, "status", "running");
        check(qmp_client_poll(client, &in) == QMP_END);
    }
    check(running == cycles);
    return 0;
}
