/* A whole session, scripted: however its bytes are cut, the same comes out. */
#include "check.h"

/* What the server says, in parts: each is an answer to what the client has said until then. */
static const char *const script[] = {
    "boot\r\n{\"timestamp\": {\"seconds\": 5, \"microseconds\": 1}, \"event\": \"EARLY\"}\r\n"
    "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}, \"package\": \"Debian\"}, "
    "\"capabilities\": [\"oob\", \"x\"]}}\r\n",

    "{\"return\": {}, \"id\": 9}\r\n{\"return\": {}, \"id\": 1000007}\r\n",

    "{\"timestamp\": {\"seconds\": 1790000000, \"microseconds\": 123456}, \"event\": \"STOP\", \"data\": {\"a\": [1, {}]}}\r\n"
    "{\"id\": 3000007, \"error\": {\"class\": \"CommandNotFound\", \"desc\": \"no \\\"x\\\"\"}}\r\n"
    "{\"return\": {\r\n    \"status\": \"run\\u006eing\",\r\n    \"running\": true\r\n}, \"id\": 2000007}\r\n"
    "{\"return\": [}\r\n"
    "{\"return\": \"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\", "
    "\"id\": 4000007}\r\n"
    "{\"return\": 1, \"id\": 5000007}\r\n{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error\"}}\r\n",
};
enum { PARTS = sizeof script / sizeof script[0] };

static char log_of_whole[4096], log_of_cut[4096];

static void note(char *log, const char *text, size_t length)
{
    size_t used = strlen(log);
    CHECK(used + length + 2 < sizeof log_of_whole);
    memcpy(log + used, text, length);
    memcpy(log + used + length, "\n", 2);
}

static void note_number(char *log, const char *what, uint64_t number)
{
    char text[64];
    int length = snprintf(text, sizeof text, "%s %llu", what, (unsigned long long)number);
    note(log, text, (size_t)length);
}

/* Writes down all that is in an incoming, and answers it. */
static void act(qmp_client *client, const qmp_incoming *in, char *log)
{
    qmp_outgoing out;
    char text[64];
    size_t length;
    int64_t seconds, microseconds;
    uint64_t major, minor, micro;
    qmp_json member;
    qmp_string inner;
    note_number(log, "kind", in->kind);
    note_number(log, "id", in->id);
    note_number(log, "bytes", in->bytes);
    note_number(log, "at", in->at);
    note_number(log, "reasons", (uint64_t)in->failure | (uint64_t)in->discarded << 8 | (uint64_t)in->fault << 16 |
                                    (uint64_t)in->message << 24 | (uint64_t)in->oob << 32 | (uint64_t)in->phase << 40);
    if (in->value.text != NULL) {
        note(log, in->value.text, in->value.length);
    }
    if (in->name.text != NULL) {
        note(log, in->name.text, in->name.length);
    }
    switch (in->kind) {
    case QMP_INCOMING_GREETING:
        GIVES(QMP_OK, qmp_greeting_version(in->value, &major, &minor, &micro));
        CHECK(major == 7 && minor == 2 && micro == 22);
        CHECK(qmp_greeting_offers_oob(in->value));
        GIVES(QMP_OK, qmp_client_negotiate(client, true, QMP_NEVER, &out));
        CHECK(is(out.bytes, out.length, "{\"execute\":\"qmp_capabilities\",\"id\":1000007,\"arguments\":{\"enable\":[\"oob\"]}}\n"));
        break;
    case QMP_INCOMING_READY:
        CHECK(in->oob == QMP_OOB_ON);
        GIVES(QMP_OK, qmp_client_execute(client, "query-status", NULL, QMP_NEVER, &out));
        CHECK(is(out.bytes, out.length, "{\"execute\":\"query-status\",\"id\":2000007}\n") && out.id == 2000007);
        member = json(" {\"y\": [1, \"\\u00e9\"]} ");
        GIVES(QMP_OK, qmp_client_exec_oob(client, "x", &member, QMP_NEVER, &out));
        CHECK(is(out.bytes, out.length, "{\"exec-oob\":\"x\",\"id\":3000007,\"arguments\":{\"y\": [1, \"\\u00e9\"]}}\n"));
        GIVES(QMP_OK, qmp_client_execute(client, "large", NULL, QMP_NEVER, &out));
        GIVES(QMP_OK, qmp_client_execute(client, "late", NULL, 50, &out));
        GIVES(QMP_OK, qmp_client_cancel(client, out.id));
        GIVES(QMP_NOT_OPEN, qmp_client_cancel(client, out.id));
        break;
    case QMP_INCOMING_EVENT:
        GIVES(QMP_OK, qmp_timestamp(in->timestamp, &seconds, &microseconds));
        note_number(log, "seconds", (uint64_t)seconds);
        note_number(log, "microseconds", (uint64_t)microseconds);
        break;
    case QMP_INCOMING_RETURN:
        GIVES(QMP_OK, qmp_json_string(in->value, "status", &inner));
        CHECK(qmp_string_equals(inner, "running") && !qmp_string_equals(inner, "runnin"));
        break;
    case QMP_INCOMING_ERROR:
        GIVES(QMP_OK, qmp_json_member(in->value, "desc", &member));
        GIVES(QMP_OK, qmp_json_string(member, NULL, &inner));
        GIVES(QMP_OK, qmp_string_copy(inner, text, sizeof text, &length));
        CHECK(is(text, length, "no \"x\"") && text[length] == 0);
        break;
    default:
        break;
    }
}

static void poll_all(qmp_client *client, char *log)
{
    qmp_incoming incoming;
    qmp_result result;
    while ((result = qmp_client_poll(client, &incoming)) == QMP_OK) {
        act(client, &incoming, log);
    }
    CHECK(result == QMP_END);
}

/* Runs the session in pieces of so many bytes, the first of another length. */
static void run(size_t first, size_t piece, char *log)
{
    static QMP_CLIENT_STORAGE(256, 128, 5) storage;
    qmp_client *client;
    memset(&storage, 0xa5, sizeof storage);
    log[0] = 0;
    GIVES(QMP_OK, qmp_client_init(QMP_ABI_VERSION, &storage, sizeof storage, 128, 5, 7, &client));
    for (size_t part = 0; part < PARTS; part++) {
        const char *bytes = script[part];
        size_t left = strlen(bytes), most = first;
        while (left > 0) {
            qmp_window window;
            GIVES(QMP_OK, qmp_client_window(client, &window));
            CHECK(window.length > 0);
            size_t now = left < window.length ? left : window.length;
            now = now < most ? now : most;
            memcpy(window.start, bytes, now);
            GIVES(QMP_OK, qmp_client_commit(client, now));
            poll_all(client, log);
            bytes += now;
            left -= now;
            most = piece;
        }
    }
    uint32_t late;
    uint64_t pending;
    GIVES(QMP_OK, qmp_client_late_replies(client, &late));
    GIVES(QMP_OK, qmp_client_pending(client, &pending));
    CHECK(late == 1 && pending == 0);
    GIVES(QMP_OK, qmp_client_close(client));
    poll_all(client, log);
    qmp_phase phase;
    GIVES(QMP_OK, qmp_client_phase(client, &phase));
    CHECK(phase == QMP_PHASE_CLOSED);
}

int main(void)
{
    size_t longest = 0;
    run(SIZE_MAX, SIZE_MAX, log_of_whole);
    for (size_t part = 0; part < PARTS; part++) {
        longest = strlen(script[part]) > longest ? strlen(script[part]) : longest;
    }
    /* What is expected of the whole, by its kinds. */
    static const int kinds[] = { QMP_INCOMING_DISCARDED, QMP_INCOMING_EVENT, QMP_INCOMING_GREETING, QMP_INCOMING_UNMATCHED,
                                 QMP_INCOMING_READY, QMP_INCOMING_EVENT, QMP_INCOMING_ERROR, QMP_INCOMING_RETURN,
                                 QMP_INCOMING_DISCARDED, QMP_INCOMING_FAILED, QMP_INCOMING_UNMATCHED };
    const char *at = log_of_whole;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        at = strstr(at, "kind ");
        CHECK(at != NULL && atoi(at + 5) == kinds[i]);
        at += 5;
    }
    CHECK(strstr(at, "kind ") == NULL);
    for (size_t first = 1; first <= longest; first++) {
        run(first, SIZE_MAX, log_of_cut);
        CHECK(strcmp(log_of_whole, log_of_cut) == 0);
    }
    for (size_t piece = 1; piece <= 40; piece++) {
        run(piece, piece, log_of_cut);
        CHECK(strcmp(log_of_whole, log_of_cut) == 0);
    }
    return finished();
}
