/* The server: its settings, what it says, and a session with the client of the same library, in pieces of every size. */
#include "check.h"

enum { RX = 256, TX = 512, STORE = 128, POLICIES = 3 };
static QMP_SERVER_STORAGE(RX, TX, STORE, POLICIES) storage;
static qmp_server_settings settings;
static const qmp_event_policy policies[POLICIES] = { { 1000, "TICK", NULL, QMP_EVENT_KEEP, 0 },
                                                     { 0, "LAST", NULL, QMP_EVENT_KEEP, 0 },
                                                     { 1000, "PORT", "id", QMP_EVENT_KEEP, 0 } };

static qmp_server *fresh(void)
{
    qmp_server *server;
    memset(&storage, 0xa5, sizeof storage);
    GIVES(QMP_OK, qmp_server_init(QMP_ABI_VERSION, &storage, sizeof storage, &settings, &server));
    return server;
}

/* What it has to say, as a string. */
static const char *unsent(qmp_server *server)
{
    static char text[TX + 1];
    qmp_outgoing out;
    GIVES(QMP_OK, qmp_server_unsent(server, &out));
    CHECK(out.length <= TX && out.id == 0);
    memcpy(text, out.bytes, out.length);
    text[out.length] = 0;
    GIVES(QMP_OVERRUN, qmp_server_sent(server, out.length + 1));
    GIVES(QMP_OK, qmp_server_sent(server, out.length));
    return text;
}

static void hear(qmp_server *server, const char *text)
{
    qmp_window window;
    GIVES(QMP_OK, qmp_server_window(server, &window));
    CHECK(strlen(text) <= window.length);
    memcpy(window.start, text, strlen(text));
    GIVES(QMP_OVERRUN, qmp_server_commit(server, window.length + 1));
    GIVES(QMP_OK, qmp_server_commit(server, strlen(text)));
}

static qmp_inbound inbound(qmp_server *server, qmp_inbound_kind kind)
{
    qmp_inbound in;
    GIVES(QMP_OK, qmp_server_poll(server, &in));
    CHECK(in.kind == kind);
    return in;
}

static void quiet(qmp_server *server)
{
    qmp_inbound in, before;
    memset(&before, 0xa5, sizeof before);
    memcpy(&in, &before, sizeof in);
    GIVES(QMP_END, qmp_server_poll(server, &in));
    CHECK(memcmp(&in, &before, sizeof in) == 0);
}

static void making(void)
{
    qmp_server *server = NULL;
    size_t size;
    GIVES(QMP_OK, qmp_server_size(&settings, &size));
    CHECK(size == sizeof storage && size == QMP_SERVER_SIZE(RX, TX, STORE, POLICIES));
    GIVES(QMP_ABI_MISMATCH, qmp_server_init(0, &storage, sizeof storage, &settings, &server));
    GIVES(QMP_STORAGE_TOO_SMALL, qmp_server_init(QMP_ABI_VERSION, &storage, sizeof storage - 8, &settings, &server));
    for (int which = 0; which < 10; which++) {
        qmp_server_settings wrong = settings;
        qmp_event_policy flags[POLICIES] = { { 0, "A", NULL, 0, 0 }, { 0, "B", NULL, 2, 0 }, { 0, "C", NULL, 0, 0 } };
        qmp_event_policy later[POLICIES] = { { 0, "A", NULL, 0, 0 }, { 0, "B", NULL, 0, 1 }, { 0, "C", NULL, 0, 0 } };
        switch (which) {
        case 0: wrong.rx_bytes = QMP_RX_MIN - 1; break;
        case 1: wrong.tx_bytes = QMP_TX_MIN - 1; break;
        case 2: wrong.policies_length = 256; break;
        case 3: wrong.store_bytes = SIZE_MAX; break;
        case 4: wrong.dialect = 2; break;
        case 5: wrong.flags = 4; break;
        case 6: wrong.policies = flags; break;
        case 7: wrong.rx_bytes = SIZE_MAX / 2; break;
        case 9: wrong.policies = later; break;
        default: wrong.package = "\xff"; break;
        }
        GIVES(which == 8 ? QMP_INVALID_UTF8 : QMP_INVALID_VALUE,
              qmp_server_init(QMP_ABI_VERSION, &storage, sizeof storage, &wrong, &server));
    }
    CHECK(server == NULL);
}

static void conduct(void)
{
    bool ready;
    qmp_json value;
    qmp_call old;
    qmp_server *server = fresh();
    quiet(server);
    CHECK(strcmp(unsent(server), "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 2, \"major\": 7}, \"package\": \"caf\\u00E9\"}, "
                                 "\"capabilities\": [\"oob\"]}}\r\n") == 0);
    hear(server, "{\"execute\": \"early\", \"id\": 1}");
    inbound(server, QMP_INBOUND_ANSWERED);
    CHECK(strstr(unsent(server), "CommandNotFound") != NULL);
    GIVES(QMP_OK, qmp_server_is_ready(server, &ready));
    CHECK(!ready);
    hear(server, "{\"execute\": \"qmp_capabilities\", \"arguments\": {\"enable\": [\"oob\"]}}");
    CHECK(inbound(server, QMP_INBOUND_READY).oob == 1);
    CHECK(strcmp(unsent(server), "{\"return\": {}}\r\n") == 0);
    GIVES(QMP_OK, qmp_server_is_ready(server, &ready));
    CHECK(ready);

    hear(server, "{\"execute\": \"set\", \"arguments\": {\"to\": [1, \"x\"]}, \"id\": {\"a\": 1}}{\"exec-oob\": \"now\", \"id\": 7}");
    qmp_inbound in = inbound(server, QMP_INBOUND_REQUEST);
    CHECK(qmp_string_equals(in.name, "set") && in.oob == 0);
    CHECK(is(in.arguments.text, in.arguments.length, "{\"to\": [1, \"x\"]}"));
    CHECK(is(in.id.text, in.id.length, "{\"a\": 1}"));
    /* The arguments are the server's: to be answered with them they are copied. */
    GIVES(QMP_OVERLAP, qmp_server_reply(server, in.call, &in.arguments));
    qmp_inbound urgent = inbound(server, QMP_INBOUND_REQUEST);
    CHECK(qmp_string_equals(urgent.name, "now") && urgent.oob == 1 && urgent.arguments.text == NULL);
    GIVES(QMP_OK, qmp_server_reply(server, urgent.call, NULL));
    GIVES(QMP_NOT_OPEN, qmp_server_reply(server, urgent.call, NULL));
    CHECK(strcmp(unsent(server), "{\"return\": {}, \"id\": 7}\r\n") == 0);
    value = json("{\"list\":[1,2]}");
    GIVES(QMP_OK, qmp_server_reply(server, in.call, &value));
    CHECK(strcmp(unsent(server), "{\"return\": {\"list\": [1, 2]}, \"id\": {\"a\": 1}}\r\n") == 0);

    /* Errors, and what cannot be said. */
    hear(server, "{\"execute\": \"x\"}");
    in = inbound(server, QMP_INBOUND_REQUEST);
    CHECK(in.id.text == NULL);
    value = json("{");
    GIVES(QMP_INVALID_JSON, qmp_server_reply(server, in.call, &value));
    GIVES(QMP_INVALID_VALUE, qmp_server_error(server, in.call, "Generic\"Error", "x"));
    GIVES(QMP_INVALID_UTF8, qmp_server_error(server, in.call, "GenericError", "\xff"));
    char large[600];
    memset(large, '1', sizeof large - 1);
    large[sizeof large - 1] = 0;
    value = json(large);
    GIVES(QMP_TOO_LARGE, qmp_server_reply(server, in.call, &value));
    GIVES(QMP_TOO_LARGE, qmp_server_error(server, in.call, "GenericError", large));
    GIVES(QMP_OK, qmp_server_error(server, in.call, "DeviceNotFound", "no \"y\""));
    CHECK(strcmp(unsent(server), "{\"error\": {\"class\": \"DeviceNotFound\", \"desc\": \"no \\\"y\\\"\"}}\r\n") == 0);
    hear(server, "{\"execute\": \"shutdown\"}");
    in = inbound(server, QMP_INBOUND_REQUEST);
    GIVES(QMP_OK, qmp_server_withhold(server, in.call));
    GIVES(QMP_NOT_OPEN, qmp_server_withhold(server, in.call));
    hear(server, "{\"execute\": \"old\"}");
    old = inbound(server, QMP_INBOUND_REQUEST).call;
    GIVES(QMP_OK, qmp_server_reset(server));
    GIVES(QMP_NOT_OPEN, qmp_server_reply(server, old, NULL));
    GIVES(QMP_NOT_OPEN, qmp_server_error(server, old, "GenericError", "x"));
}

static void events(void)
{
    qmp_emission emission;
    qmp_json data = json("{\"n\":1}"), list = json("[]");
    uint64_t deadline;
    uint32_t lost;
    qmp_server *server = fresh();
    quiet(server);
    unsent(server);
    GIVES(QMP_OK, qmp_server_event(server, "X", 1, 2, NULL, &emission));
    CHECK(emission == QMP_EMISSION_UNHEARD);
    hear(server, "{\"execute\": \"qmp_capabilities\"}");
    inbound(server, QMP_INBOUND_READY);
    unsent(server);
    GIVES(QMP_OK, qmp_server_event(server, "X", 5, 6, &data, &emission));
    CHECK(emission == QMP_EMISSION_SENT);
    CHECK(strcmp(unsent(server), "{\"timestamp\": {\"seconds\": 5, \"microseconds\": 6}, \"event\": \"X\", \"data\": {\"n\": 1}}\r\n") == 0);
    GIVES(QMP_WRONG_TYPE, qmp_server_event(server, "X", 1, 2, &list, &emission));
    GIVES(QMP_INVALID_UTF8, qmp_server_event(server, "\xff", 1, 2, NULL, &emission));
    /* At most one each 1000 ticks. */
    GIVES(QMP_OK, qmp_server_handle_timeout(server, 100));
    GIVES(QMP_OK, qmp_server_event(server, "TICK", 1, 0, NULL, &emission));
    CHECK(emission == QMP_EMISSION_SENT);
    GIVES(QMP_OK, qmp_server_event(server, "TICK", 2, 0, NULL, &emission));
    CHECK(emission == QMP_EMISSION_KEPT);
    GIVES(QMP_OK, qmp_server_event(server, "TICK", 3, 0, NULL, &emission));
    CHECK(emission == QMP_EMISSION_REPLACED);
    GIVES(QMP_OK, qmp_server_next_deadline(server, &deadline));
    CHECK(deadline == 1100);
    unsent(server);
    GIVES(QMP_OK, qmp_server_handle_timeout(server, 1100));
    CHECK(strstr(unsent(server), "\"seconds\": 3") != NULL);
    /* The same, for each port by itself. */
    const qmp_json first = json("{\"id\": \"a\", \"open\": true}"), second = json("{\"open\": true, \"id\": \"b\"}"),
                   third = json("{\"id\": \"\\u0061\", \"open\": false}"), without = json("{}");
    GIVES(QMP_OK, qmp_server_event(server, "PORT", 1, 0, &first, &emission));
    CHECK(emission == QMP_EMISSION_SENT);
    unsent(server);
    GIVES(QMP_OK, qmp_server_event(server, "PORT", 2, 0, &second, &emission));
    CHECK(emission == QMP_EMISSION_SENT);
    unsent(server);
    GIVES(QMP_OK, qmp_server_event(server, "PORT", 3, 0, &third, &emission));
    CHECK(emission == QMP_EMISSION_KEPT);
    GIVES(QMP_OK, qmp_server_event(server, "PORT", 4, 0, &without, &emission));
    CHECK(emission == QMP_EMISSION_SENT);
    unsent(server);
    GIVES(QMP_OK, qmp_server_handle_timeout(server, 2100));
    const char *kept = unsent(server);
    CHECK(strstr(kept, "\"seconds\": 3") != NULL && strstr(kept, "\"open\": false") != NULL && strstr(kept, "\"b\"") == NULL);
    GIVES(QMP_OK, qmp_server_handle_timeout(server, 4000));
    unsent(server);
    /* Nobody reads. */
    for (emission = QMP_EMISSION_SENT; emission == QMP_EMISSION_SENT;) {
        GIVES(QMP_OK, qmp_server_event(server, "Y", 1, 2, &data, &emission));
    }
    CHECK(emission == QMP_EMISSION_LOST);
    GIVES(QMP_OK, qmp_server_event(server, "LAST", 1, 2, NULL, &emission));
    CHECK(emission == QMP_EMISSION_KEPT);
    GIVES(QMP_OK, qmp_server_lost_events(server, &lost));
    CHECK(lost == 1 || lost == 2);
    while (unsent(server)[0] != 0) {
        quiet(server);
    }
    /* One that could never be sent, when nothing else is in the way. */
    GIVES(QMP_OK, qmp_server_handle_timeout(server, 5000));
    char large[600];
    memset(large, '1', sizeof large);
    memcpy(large, "{\"a\":", 5);
    memcpy(large + 598, "}", 2);
    data = json(large);
    GIVES(QMP_BUFFER_TOO_SMALL, qmp_server_event(server, "X", 1, 2, &data, &emission));
}

/* A reply that finds no room now. */
static void busy(void)
{
    qmp_emission emission;
    char text[240];
    qmp_json value;
    qmp_server *server = fresh();
    quiet(server);
    unsent(server);
    hear(server, "{\"execute\": \"qmp_capabilities\"}");
    inbound(server, QMP_INBOUND_READY);
    unsent(server);
    hear(server, "{\"execute\": \"x\"}");
    qmp_inbound in = inbound(server, QMP_INBOUND_REQUEST);
    value = json("{\"a\": \"0123456789012345678901234567890123456789\"}");
    for (emission = QMP_EMISSION_SENT; emission == QMP_EMISSION_SENT;) {
        GIVES(QMP_OK, qmp_server_event(server, "Y", 1, 2, &value, &emission));
    }
    int room = TX / 2;
    memset(text, '1', sizeof text);
    value.text = text;
    value.length = sizeof text;
    CHECK((int)value.length < room);
    /* Half of the buffer is the reply's; with a larger one it has to wait for the rest. */
    qmp_result result = qmp_server_reply(server, in.call, &value);
    CHECK(result == QMP_OK || result == QMP_BUSY);
    char large[400];
    memset(large, '1', sizeof large);
    value.text = large;
    value.length = sizeof large;
    if (result == QMP_OK) {
        unsent(server);
        hear(server, "{\"execute\": \"y\"}");
        in = inbound(server, QMP_INBOUND_REQUEST);
        for (emission = QMP_EMISSION_SENT; emission == QMP_EMISSION_SENT;) {
            GIVES(QMP_OK, qmp_server_event(server, "Y", 1, 2, NULL, &emission));
        }
    }
    GIVES(QMP_BUSY, qmp_server_reply(server, in.call, &value));
    unsent(server);
    GIVES(QMP_OK, qmp_server_reply(server, in.call, &value));
}

/* Both ends, with the bytes between them cut in pieces. */
static void together(size_t piece)
{
    static QMP_CLIENT_STORAGE(256, 128, 2) client_storage;
    qmp_client *client;
    qmp_server *server = fresh();
    qmp_incoming incoming;
    qmp_inbound in;
    char wire[256], value_text[64];
    size_t queued = 0;
    uint64_t id = 0;
    int done = 0;
    GIVES(QMP_OK, qmp_client_init(QMP_ABI_VERSION, &client_storage, sizeof client_storage, 128, 2, 3, &client));
    for (int turns = 0; !done; turns++) {
        CHECK(turns < 4000);
        while (qmp_server_poll(server, &in) == QMP_OK) {
            if (in.kind == QMP_INBOUND_REQUEST) {
                qmp_writer writer;
                qmp_json value;
                qmp_emission emission;
                GIVES(QMP_OK, qmp_server_event(server, "DONE", 1, 2, NULL, &emission));
                GIVES(QMP_OK, qmp_writer_init(&writer, value_text, sizeof value_text));
                qmp_writer_object(&writer);
                qmp_writer_name(&writer, "echo");
                qmp_writer_json(&writer, in.arguments);
                qmp_writer_end(&writer);
                GIVES(QMP_OK, qmp_writer_finish(&writer, &value));
                GIVES(QMP_OK, qmp_server_reply(server, in.call, &value));
            }
        }
        qmp_outgoing out;
        qmp_window window;
        GIVES(QMP_OK, qmp_server_unsent(server, &out));
        GIVES(QMP_OK, qmp_client_window(client, &window));
        size_t now = out.length < window.length ? out.length : window.length;
        now = now < piece ? now : piece;
        memcpy(window.start, out.bytes, now);
        GIVES(QMP_OK, qmp_server_sent(server, now));
        GIVES(QMP_OK, qmp_client_commit(client, now));
        while (qmp_client_poll(client, &incoming) == QMP_OK) {
            qmp_json arguments = json("{\"x\": [true]}");
            out.length = 0;
            switch (incoming.kind) {
            case QMP_INCOMING_GREETING:
                GIVES(QMP_OK, qmp_client_negotiate(client, false, QMP_NEVER, &out));
                break;
            case QMP_INCOMING_READY:
                GIVES(QMP_OK, qmp_client_execute(client, "echo", &arguments, QMP_NEVER, &out));
                id = out.id;
                break;
            case QMP_INCOMING_EVENT:
                CHECK(qmp_string_equals(incoming.name, "DONE"));
                done--;
                break;
            case QMP_INCOMING_RETURN:
                CHECK(incoming.id == id && done == -1);
                CHECK(is(incoming.value.text, incoming.value.length, "{\"echo\": {\"x\": [true]}}"));
                done = 1;
                break;
            default:
                CHECK(false);
            }
            if (out.length > 0) {
                CHECK(queued + out.length <= sizeof wire);
                memcpy(wire + queued, out.bytes, out.length);
                queued += out.length;
            }
        }
        GIVES(QMP_OK, qmp_server_window(server, &window));
        now = queued < window.length ? queued : window.length;
        now = now < piece ? now : piece;
        memcpy(window.start, wire, now);
        GIVES(QMP_OK, qmp_server_commit(server, now));
        memmove(wire, wire + now, queued - now);
        queued -= now;
        if (done < 0) {
            continue;
        }
    }
}

int main(void)
{
    settings.rx_bytes = RX;
    settings.tx_bytes = TX;
    settings.store_bytes = STORE;
    settings.policies = policies;
    settings.policies_length = POLICIES;
    settings.package = "caf\xc3\xa9";
    settings.major = 7;
    settings.minor = 2;
    settings.flags = QMP_SERVER_OOB;
    making();
    conduct();
    events();
    busy();
    for (size_t piece = 1; piece < 64; piece++) {
        together(piece);
    }
    together(SIZE_MAX);
    return finished();
}
