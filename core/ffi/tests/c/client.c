/* The client's storage, its errors, its deadlines, and what a bad server does to it. */
#include "check.h"

static void storage_sizes(void)
{
    enum { TX = QMP_CLIENT_TX_MIN };
    static QMP_CLIENT_STORAGE(200, 150, 3) storage;
    qmp_client *client = NULL;
    size_t size = 0;
    qmp_window window;
    GIVES(QMP_OK, qmp_client_size(200, 150, 3, &size));
    CHECK(size == sizeof storage && size == QMP_CLIENT_SIZE(200, 150, 3));
    GIVES(QMP_INVALID_VALUE, qmp_client_size(QMP_RX_MIN - 1, 150, 3, &size));
    GIVES(QMP_INVALID_VALUE, qmp_client_size(200, TX - 1, 3, &size));
    GIVES(QMP_INVALID_VALUE, qmp_client_size(200, 150, 0, &size));
    GIVES(QMP_INVALID_VALUE, qmp_client_size(200, 150, 65536, &size));
    GIVES(QMP_INVALID_VALUE, qmp_client_size(SIZE_MAX, 150, 1, &size));
    GIVES(QMP_INVALID_VALUE, qmp_client_size(SIZE_MAX / 2, 150, 1, &size));
    GIVES(QMP_INVALID_VALUE, qmp_client_size(200, SIZE_MAX, 1, &size));
    GIVES(QMP_INVALID_VALUE, qmp_client_size(200, SIZE_MAX / 2, 1, &size));
    GIVES(QMP_ABI_MISMATCH, qmp_client_init(QMP_ABI_VERSION + 1, &storage, sizeof storage, TX, 3, 1, &client));
    GIVES(QMP_STORAGE_TOO_SMALL, qmp_client_init(QMP_ABI_VERSION, &storage, 0, TX, 1, 1, &client));
    GIVES(QMP_STORAGE_TOO_SMALL, qmp_client_init(QMP_ABI_VERSION, &storage, sizeof storage, TX, 40, 1, &client));
    GIVES(QMP_STORAGE_TOO_SMALL, qmp_client_init(QMP_ABI_VERSION, &storage, sizeof storage, 400, 1, 1, &client));
    GIVES(QMP_STORAGE_TOO_SMALL, qmp_client_init(QMP_ABI_VERSION, &storage, sizeof storage, SIZE_MAX / 2, 1, 1, &client));
    GIVES(QMP_STORAGE_TOO_SMALL,
          qmp_client_init(QMP_ABI_VERSION, &storage, QMP_CLIENT_SIZE(QMP_RX_MIN, TX, 1) - 8, TX, 1, 1, &client));
    GIVES(QMP_INVALID_VALUE, qmp_client_init(QMP_ABI_VERSION, &storage, sizeof storage, TX, 0, 1, &client));
    GIVES(QMP_INVALID_VALUE, qmp_client_init(QMP_ABI_VERSION, &storage, sizeof storage, TX - 1, 1, 1, &client));
    GIVES(QMP_INVALID_VALUE, qmp_client_init(QMP_ABI_VERSION, &storage, SIZE_MAX, TX, 1, 1, &client));
    CHECK(client == NULL);
    /* From malloc, with as many bytes as are asked for. */
    GIVES(QMP_OK, qmp_client_size(QMP_RX_MIN, TX, 65535, &size));
    void *large = malloc(size);
    CHECK(large != NULL);
    GIVES(QMP_OK, qmp_client_init(QMP_ABI_VERSION, large, size, TX, 65535, 1, &client));
    GIVES(QMP_OK, qmp_client_window(client, &window));
    CHECK(window.length >= QMP_RX_MIN && window.length < QMP_RX_MIN + 8);
    memset(window.start, 0xff, window.length);
    GIVES(QMP_OVERRUN, qmp_client_commit(client, window.length + 1));
    GIVES(QMP_OVERRUN, qmp_client_commit(client, SIZE_MAX));
    /* In one call with what comes next, and where more goes. */
    qmp_incoming in;
    memset(&in, 0xa5, sizeof in);
    GIVES(QMP_OVERRUN, qmp_client_receive(client, window.length + 1, &in));
    GIVES(QMP_END, qmp_client_receive(client, window.length, &in));
    CHECK(in.kind == QMP_INCOMING_NONE && in.window.length >= QMP_RX_MIN && in.window.length <= window.length);
    /* Nothing else of it was written. */
    CHECK(in.id == 0xa5a5a5a5a5a5a5a5 && (uint32_t)in.failure == 0xa5a5a5a5 && in.bytes == in.id && in.at == in.id);
    memcpy(in.window.start, "{\"event\": \"A\"}\n", 16);
    GIVES(QMP_OK, qmp_client_receive(client, 16, &in));
    CHECK(in.kind == QMP_INCOMING_DISCARDED && in.window.start == NULL && in.window.length == 0);
    GIVES(QMP_OK, qmp_client_receive(client, 0, &in));
    CHECK(in.kind == QMP_INCOMING_EVENT);
    GIVES(QMP_END, qmp_client_poll(client, &in));
    GIVES(QMP_OK, qmp_client_window(client, &window));
    CHECK(in.window.start == window.start && in.window.length == window.length);
    /* Each way to begin fits, with the largest session. */
    qmp_outgoing out;
    GIVES(QMP_OK, qmp_client_init(QMP_ABI_VERSION, large, size, TX, 65535, 999999, &client));
    GIVES(QMP_OK, qmp_client_synchronise(client, 1, &out));
    CHECK(out.length <= TX);
    GIVES(QMP_OK, qmp_client_attach(client, 1, &out));
    GIVES(QMP_OK, qmp_client_reset(client));
    feed(client, "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\r\n");
    next(client, QMP_INCOMING_GREETING);
    GIVES(QMP_OK, qmp_client_negotiate(client, true, 1, &out));
    CHECK(out.length <= TX);
    free(large);
    CHECK(qmp_abi_version() == QMP_ABI_VERSION);
}

static QMP_CLIENT_STORAGE(256, 128, 10) storage;

static qmp_client *fresh(size_t in_flight)
{
    qmp_client *client;
    memset(&storage, 0xa5, sizeof storage);
    GIVES(QMP_OK, qmp_client_init(QMP_ABI_VERSION, &storage, QMP_CLIENT_SIZE(256, 128, in_flight), 128, in_flight, 1, &client));
    return client;
}

static uint64_t execute(qmp_client *client, uint64_t deadline)
{
    qmp_outgoing out;
    GIVES(QMP_OK, qmp_client_execute(client, "x", NULL, deadline, &out));
    return out.id;
}

static void refusals(void)
{
    char longest[128];
    qmp_outgoing out = { NULL, 99, 99 };
    qmp_phase phase;
    qmp_oob oob;
    qmp_json arguments;
    qmp_client *client = fresh(2);
    GIVES(QMP_WRONG_PHASE, qmp_client_execute(client, "x", NULL, 1, &out));
    GIVES(QMP_WRONG_PHASE, qmp_client_negotiate(client, false, 1, &out));
    connect_client(client, false);
    GIVES(QMP_OK, qmp_client_phase(client, &phase));
    GIVES(QMP_OK, qmp_client_oob(client, &oob));
    CHECK(phase == QMP_PHASE_COMMAND && oob == QMP_OOB_OFF);
    GIVES(QMP_WRONG_PHASE, qmp_client_attach(client, 1, &out));
    GIVES(QMP_OOB_DISABLED, qmp_client_exec_oob(client, "x", NULL, 1, &out));
    GIVES(QMP_INVALID_VALUE, qmp_client_execute(client, "\xff", NULL, 1, &out));
    GIVES(QMP_INVALID_VALUE, qmp_client_execute(client, "caf\xc3\xa9", NULL, 1, &out));
    GIVES(QMP_INVALID_VALUE, qmp_client_execute(client, "query-statu\xc3\xa9", NULL, 1, &out));
    GIVES(QMP_INVALID_VALUE, qmp_client_execute(client, "a-name-of-more-than-sixteen-bytes-\xc3\xa9", NULL, 1, &out));
    static const struct {
        const char *text;
        qmp_result result;
    } bad[] = { { "[]", QMP_WRONG_TYPE },     { "1", QMP_WRONG_TYPE },      { "", QMP_INVALID_JSON },
                { "{", QMP_INVALID_JSON },    { "{}}", QMP_INVALID_JSON },  { "{\"a\": nul}", QMP_INVALID_JSON },
                { "{},", QMP_INVALID_JSON },  { "{\"\xff\": 1}", QMP_INVALID_UTF8 } };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        arguments = json(bad[i].text);
        GIVES(bad[i].result, qmp_client_execute(client, "x", &arguments, 1, &out));
    }
    /* 128 bytes are sent at most. */
    const size_t least = 128 - strlen("{\"execute\":\"\",\"id\":2000001}\n");
    memset(longest, 'x', sizeof longest);
    for (size_t size = least + 1; size < sizeof longest; size++) {
        GIVES(QMP_BUFFER_TOO_SMALL, qmp_client_execute_n(client, longest, size, NULL, 1, &out));
    }
    CHECK(out.bytes == NULL && out.length == 99 && out.id == 99);
    /* Nothing of this has used up an id or a place. */
    CHECK(execute(client, QMP_NEVER) == 2000001);
    CHECK(execute(client, QMP_NEVER) == 3000001);
    GIVES(QMP_TABLE_FULL, qmp_client_execute(client, "x", NULL, 1, &out));
    GIVES(QMP_OK, qmp_client_withdraw(client, 3000001));
    /* The longest there is. */
    GIVES(QMP_OK, qmp_client_execute_n(client, longest, least, NULL, 1, &out));
    CHECK(out.length == 128 && out.id == 4000001);
    GIVES(QMP_OK, qmp_client_withdraw(client, 4000001));
    GIVES(QMP_NOT_OPEN, qmp_client_withdraw(client, 3000001));
    GIVES(QMP_NOT_OPEN, qmp_client_cancel(client, 12345));
    GIVES(QMP_NOT_OPEN, qmp_client_cancel(client, UINT64_MAX));
    /* No command's name has to be escaped; arguments are taken as they are. */
    arguments = json("{\"a\" :1}");
    GIVES(QMP_INVALID_VALUE, qmp_client_execute(client, "a\"b", &arguments, 1, &out));
    GIVES(QMP_INVALID_VALUE, qmp_client_execute(client, "a\n", NULL, 1, &out));
    GIVES(QMP_INVALID_VALUE, qmp_client_exec_oob(client, "a\\", NULL, 1, &out));
    GIVES(QMP_OK, qmp_client_execute(client, "x-y", &arguments, 1, &out));
    CHECK(is(out.bytes, out.length, "{\"execute\":\"x-y\",\"id\":5000001,\"arguments\":{\"a\" :1}}\n"));
}

/* A copy is no client: it refers to itself. */
static void moved(void)
{
    static QMP_CLIENT_STORAGE(256, 128, 10) other;
    qmp_client *client = fresh(2), *copy = (qmp_client *)(void *)&other;
    memcpy(&other, &storage, sizeof other);
    GIVES(QMP_NOT_INITIALISED, qmp_client_close(copy));
    GIVES(QMP_OK, qmp_client_close(client));
}

static void queue_of_the_server(void)
{
    qmp_outgoing out;
    qmp_client *client = fresh(10);
    connect_client(client, true);
    for (int i = 0; i < 8; i++) {
        execute(client, QMP_NEVER);
    }
    GIVES(QMP_SERVER_QUEUE_FULL, qmp_client_execute(client, "x", NULL, 1, &out));
    GIVES(QMP_OK, qmp_client_exec_oob(client, "x", NULL, 1, &out));
}

static void deadlines(void)
{
    uint64_t deadline, first, second;
    uint32_t late;
    qmp_client *client = fresh(3);
    GIVES(QMP_OK, qmp_client_next_deadline(client, &deadline));
    CHECK(deadline == QMP_NEVER);
    connect_client(client, false);
    first = execute(client, 100);
    second = execute(client, 200);
    GIVES(QMP_OK, qmp_client_next_deadline(client, &deadline));
    CHECK(deadline == 100);
    GIVES(QMP_OK, qmp_client_handle_timeout(client, 99));
    idle(client);
    GIVES(QMP_OK, qmp_client_handle_timeout(client, 100));
    qmp_incoming in = next(client, QMP_INCOMING_FAILED);
    CHECK(in.id == first && in.failure == QMP_FAILURE_TIMED_OUT);
    /* The late reply is nobody's; the other's is its own. */
    feed(client, "{\"return\": \"late\", \"id\": 2000001}\r\n{\"return\": \"in time\", \"id\": 3000001}\r\n");
    in = next(client, QMP_INCOMING_RETURN);
    CHECK(in.id == second && is(in.value.text, in.value.length, "\"in time\""));
    /* Once more, and for what was never sent. */
    feed(client, "{\"return\": 1, \"id\": 3000001}\r\n{\"return\": 2, \"id\": 9000001}\r\n{\"return\": 3}\r\n");
    in = next(client, QMP_INCOMING_UNMATCHED);
    CHECK(in.message == QMP_MESSAGE_RETURN && is(in.value.text, in.value.length, "2"));
    in = next(client, QMP_INCOMING_UNMATCHED);
    CHECK(is(in.value.text, in.value.length, "3"));
    idle(client);
    GIVES(QMP_OK, qmp_client_late_replies(client, &late));
    CHECK(late == 2);

    /* No greeting, and no answer to the negotiation. */
    qmp_phase phase;
    GIVES(QMP_OK, qmp_client_reset(client));
    GIVES(QMP_OK, qmp_client_await_greeting(client, 50));
    GIVES(QMP_OK, qmp_client_handle_timeout(client, 50));
    in = next(client, QMP_INCOMING_TIMED_OUT);
    CHECK(in.phase == QMP_PHASE_GREETING);
    GIVES(QMP_OK, qmp_client_phase(client, &phase));
    CHECK(phase == QMP_PHASE_CLOSED);
}

static void bad_input(void)
{
    qmp_client *client = fresh(3);
    char long_event[600], oversized[600];
    connect_client(client, false);
    static const struct {
        const char *text;
        qmp_discarded discarded;
        qmp_fault fault;
    } cases[] = {
        { "noise\n{\"event\": \"A\"}\r\n", QMP_DISCARDED_NOISE, QMP_FAULT_NONE },
        { "{\"return\": \n{\"event\": \"A\"}\r\n", QMP_DISCARDED_TRUNCATED, QMP_FAULT_NONE },
        { "{\"return\": nul}\n{\"event\": \"A\"}\r\n", QMP_DISCARDED_MALFORMED, QMP_FAULT_SYNTAX },
        { "{\"return\": \"\x01\"}\n{\"event\": \"A\"}\r\n", QMP_DISCARDED_MALFORMED, QMP_FAULT_CONTROL_CHARACTER },
        { "{\"return\": \"\xc0\"}\n{\"event\": \"A\"}\r\n", QMP_DISCARDED_MALFORMED, QMP_FAULT_INVALID_UTF8 },
        { "{\"return\": 1, \"return\": 2}\n{\"event\": \"A\"}\r\n", QMP_DISCARDED_MALFORMED, QMP_FAULT_DUPLICATE_MEMBER },
        { "{\"return\": 1, \"event\": 2}\n{\"event\": \"A\"}\r\n", QMP_DISCARDED_MALFORMED, QMP_FAULT_AMBIGUOUS_KIND },
        { "{\"return\": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n{\"event\": \"A\"}\r\n",
          QMP_DISCARDED_MALFORMED, QMP_FAULT_TOO_DEEP },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        feed(client, cases[i].text);
        qmp_incoming in = next(client, QMP_INCOMING_DISCARDED);
        CHECK(in.discarded == cases[i].discarded && in.fault == cases[i].fault && in.bytes > 0);
        in = next(client, QMP_INCOMING_EVENT);
        CHECK(qmp_string_equals(in.name, "A") && in.value.text == NULL && in.timestamp.text == NULL);
        int64_t seconds, microseconds;
        GIVES(QMP_NULL_POINTER, qmp_timestamp(in.timestamp, &seconds, &microseconds));
        idle(client);
    }
    /* Unmatched, of each kind. */
    feed(client, "{\"x\": 1}\r\n{\"execute\": \"y\"}\r\n{\"error\": {}}\r\n{\"QMP\": 1}\r\n");
    CHECK(next(client, QMP_INCOMING_UNMATCHED).message == QMP_MESSAGE_UNKNOWN);
    CHECK(next(client, QMP_INCOMING_UNMATCHED).message == QMP_MESSAGE_REQUEST);
    CHECK(next(client, QMP_INCOMING_UNMATCHED).message == QMP_MESSAGE_ERROR);
    next(client, QMP_INCOMING_UNMATCHED);
    idle(client);

    /* Too large: an event, and the replies of two commands. */
    memset(long_event, 'x', sizeof long_event);
    uint64_t first = execute(client, QMP_NEVER), second = execute(client, QMP_NEVER);
    qmp_incoming in;
    for (int kind = 0; kind < 3; kind++) {
        static const char *const starts[] = { "{\"event\": \"BIG\", \"data\": \"", "{\"return\": \"", "{\"error\": \"" };
        int used = snprintf(oversized, sizeof oversized, "%s%.*s\", \"id\": %u000001}\r\n", starts[kind], 400, long_event,
                            kind == 2 ? 3U : 2U);
        for (int at = 0; at < used; at += 50) {
            char piece[51];
            snprintf(piece, sizeof piece, "%.50s", oversized + at);
            feed(client, piece);
            if (at + 50 < used) {
                idle(client);
            }
        }
        if (kind == 0) {
            in = next(client, QMP_INCOMING_DISCARDED);
            CHECK(in.discarded == QMP_DISCARDED_OVERSIZED && in.message == QMP_MESSAGE_EVENT && in.bytes == (uint64_t)used - 2);
            CHECK(qmp_string_equals(in.name, "BIG") && in.id == 2000001);
        } else {
            in = next(client, QMP_INCOMING_FAILED);
            CHECK(in.id == (kind == 1 ? first : second) && in.bytes == (uint64_t)used - 2);
            CHECK(in.failure == (kind == 1 ? QMP_FAILURE_OVERSIZED_RETURN : QMP_FAILURE_OVERSIZED_ERROR));
        }
        idle(client);
    }
}

static void ends(void)
{
    qmp_outgoing out;
    qmp_phase phase;
    qmp_client *client = fresh(3);
    connect_client(client, false);
    uint64_t id = execute(client, QMP_NEVER);
    feed(client, "{\"event\": \"A\"}\r\n{\"retu");
    GIVES(QMP_OK, qmp_client_close(client));
    next(client, QMP_INCOMING_EVENT);
    CHECK(next(client, QMP_INCOMING_DISCARDED).discarded == QMP_DISCARDED_TRUNCATED);
    qmp_incoming in = next(client, QMP_INCOMING_FAILED);
    CHECK(in.id == id && in.failure == QMP_FAILURE_CONNECTION_LOST);
    idle(client);
    GIVES(QMP_OK, qmp_client_phase(client, &phase));
    CHECK(phase == QMP_PHASE_CLOSED);

    /* Refused, a line without connections, and the guest agent. */
    client = fresh(1);
    feed(client, "{\"QMP\": {}}\r\n");
    in = next(client, QMP_INCOMING_GREETING);
    uint64_t version[3];
    GIVES(QMP_NOT_FOUND, qmp_greeting_version(in.value, version, version + 1, version + 2));
    GIVES(QMP_OK, qmp_client_negotiate(client, true, 1, &out));
    feed(client, "{\"id\": 1000001, \"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}\r\n");
    next(client, QMP_INCOMING_REFUSED);
    client = fresh(1);
    GIVES(QMP_OK, qmp_client_attach(client, 1, &out));
    CHECK(*(const unsigned char *)out.bytes == 0xff && is((const char *)out.bytes + 1, out.length - 1, "{\"execute\":\"qmp_capabilities\",\"id\":1000001}\n"));
    feed(client, "{\"id\": 1000001, \"error\": {\"class\": \"CommandNotFound\", \"desc\": \"\"}}\r\n");
    CHECK(next(client, QMP_INCOMING_READY).oob == QMP_OOB_UNKNOWN);
    client = fresh(1);
    GIVES(QMP_OK, qmp_client_synchronise(client, 1, &out));
    feed(client, "\xff{\"return\": 1000001, \"id\": 1000001}\n");
    CHECK(next(client, QMP_INCOMING_DISCARDED).discarded == QMP_DISCARDED_NOISE);
    CHECK(next(client, QMP_INCOMING_READY).oob == QMP_OOB_OFF);
}

int main(void)
{
    storage_sizes();
    refusals();
    moved();
    queue_of_the_server();
    deadlines();
    bad_input();
    ends();
    CHECK(strcmp(qmp_result_name(QMP_SERVER_QUEUE_FULL), "QMP_SERVER_QUEUE_FULL") == 0);
    CHECK(strcmp(qmp_result_name(-1), "unknown result") == 0);
    return finished();
}
