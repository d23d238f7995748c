/* Commands with a selection: paths, deliveries however the reply is cut, whose reply it was, what is refused, each pointer. */
#include "check.h"

static QMP_CLIENT_STORAGE(256, 128, 4) storage;

static qmp_client *fresh(bool oob)
{
    qmp_client *client;
    memset(&storage, 0xa5, sizeof storage);
    GIVES(QMP_OK, qmp_client_init(QMP_ABI_VERSION, &storage, sizeof storage, 128, 4, 1, &client));
    connect_client(client, oob);
    return client;
}

static void selection(const char *first, const char *second, uint32_t delivery, qmp_select *made)
{
    const char *paths[2];
    paths[0] = first;
    paths[1] = second;
    memset(made, 0xa5, sizeof *made);
    GIVES(QMP_OK, qmp_select_init(made, paths, second == NULL ? 1 : 2, delivery));
    memset(paths, 0, sizeof paths);
}

static uint64_t ask(qmp_client *client, qmp_select *select, uint64_t deadline)
{
    qmp_outgoing out;
    GIVES(QMP_OK, qmp_client_execute_select(client, select, "x", NULL, deadline, &out));
    return out.id;
}

/* What came, one line each. */
static char said[16384];
static size_t said_length;

static void note(const qmp_incoming *in)
{
    size_t left = sizeof said - said_length;
    int more = snprintf(said + said_length, left, "%d #%u %llu %u/%u/%u %d %d %.*s\n", (int)in->kind, (unsigned)in->index,
                        (unsigned long long)in->id, (unsigned)in->delivered, (unsigned)in->dropped, (unsigned)in->oversized,
                        (int)in->failure, (int)in->discarded, (int)in->value.length, in->value.text == NULL ? "" : in->value.text);
    CHECK(more > 0 && (size_t)more < left);
    said_length += (size_t)more;
}

/* Feeds the text in pieces, the first of `first` bytes, and notes all that comes. Pieces of a string are joined. */
static void hear(qmp_client *client, qmp_select *select, const char *text, size_t first, size_t piece)
{
    static char string[8192];
    size_t joined = 0, most = first;
    qmp_incoming in;
    said_length = 0;
    said[0] = 0;
    for (size_t left = strlen(text), now; left > 0; text += now, left -= now, most = piece) {
        qmp_window window;
        GIVES(QMP_OK, qmp_client_window(client, &window));
        CHECK(window.length > 0);
        now = left < window.length ? left : window.length;
        now = now < most ? now : most;
        memcpy(window.start, text, now);
        GIVES(QMP_OK, qmp_client_commit(client, now));
        qmp_result result;
        while ((result = qmp_client_poll_select(client, select, &in)) == QMP_OK) {
            if (in.kind == QMP_INCOMING_PIECE) {
                CHECK(joined + in.value.length <= sizeof string);
                memcpy(string + joined, in.value.text, in.value.length);
                joined += in.value.length;
                continue;
            }
            if (joined > 0) {
                qmp_incoming all = in;
                all.kind = QMP_INCOMING_PIECE;
                all.index = all.delivered = 0;
                all.id = 0;
                all.value.text = string;
                all.value.length = joined;
                note(&all);
                joined = 0;
            }
            note(&in);
        }
        CHECK(result == QMP_END);
    }
}

static void says(const char *expected)
{
    checks++;
    if (strcmp(said, expected) != 0) {
        fprintf(stderr, "came:\n%sand not:\n%s", said, expected);
        exit(1);
    }
}

/* The same comes however the text is cut. `stale`: a command was given up before. */
static void cut(const char *first, const char *second, uint32_t delivery, bool stale, const char *text, const char *expected)
{
    size_t length = strlen(text);
    for (size_t at = 0; at < length + 40; at++) {
        qmp_client *client = fresh(false);
        qmp_select select;
        if (stale) {
            qmp_outgoing out;
            GIVES(QMP_OK, qmp_client_execute(client, "x", NULL, QMP_NEVER, &out));
            GIVES(QMP_OK, qmp_client_cancel(client, out.id));
        }
        selection(first, second, delivery, &select);
        CHECK(ask(client, &select, QMP_NEVER) == (stale ? 3000001 : 2000001));
        if (at < length) {
            hear(client, &select, text, at + 1, SIZE_MAX);
        } else {
            hear(client, &select, text, at - length + 1, at - length + 1);
        }
        says(expected);
        qmp_phase phase;
        GIVES(QMP_OK, qmp_client_phase(client, &phase));
        CHECK(phase == QMP_PHASE_COMMAND);
        idle(client);
    }
}

static void bad_paths(void)
{
    qmp_select select;
    char longest[300];
    qmp_outgoing out;
    static const struct {
        const char *path;
        uint32_t delivery;
        qmp_result result;
    } bad[] = {
        { "", 0, QMP_PATH_SYNTAX },
        { ".", 0, QMP_PATH_SYNTAX },
        { "return.", 0, QMP_PATH_SYNTAX },
        { "return[", 0, QMP_PATH_SYNTAX },
        { "return[*", 0, QMP_PATH_SYNTAX },
        { "return[4294967296]", 0, QMP_PATH_SYNTAX },
        { "return[a=b", 0, QMP_PATH_SYNTAX },
        { "a.b.c.d.e.f.g.h.i", 0, QMP_PATH_TOO_DEEP },
        { "return.\xff", 0, QMP_INVALID_UTF8 },
        { "return", QMP_DELIVERY_ELEMENTS, QMP_PATH_DELIVERY },
        { "return[*]", QMP_DELIVERY_PIECES, QMP_PATH_DELIVERY },
        { "return", 3, QMP_INVALID_VALUE },
    };
    qmp_client *client = fresh(false);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *good[2] = { "return", "return" };
        GIVES(QMP_OK, qmp_select_init(&select, good, 2, QMP_DELIVERY_WHOLE));
        GIVES(bad[i].result, qmp_select_init(&select, &bad[i].path, 1, bad[i].delivery));
        GIVES(QMP_NOT_INITIALISED, qmp_client_execute_select(client, &select, "x", NULL, 1, &out));
    }
    /* What it was before is gone, whatever is wrong. */
    for (int which = 0; which < 6; which++) {
        const char *some[1] = { which == 0 ? (char *)&select + sizeof select - 1 : which == 1 ? NULL : "return" };
        const char *const *list = which == 2   ? NULL
                                  : which == 3 ? (const char *const *)(const void *)((const char *)some + 1)
                                  : which == 4 ? (const char *const *)(const void *)&select
                                               : some;
        const qmp_result results[] = { QMP_OVERLAP, QMP_NULL_POINTER, QMP_NULL_POINTER, QMP_MISALIGNED, QMP_OVERLAP, QMP_PATH_COUNT };
        selection("return", NULL, QMP_DELIVERY_WHOLE, &select);
        ((char *)&select)[sizeof select - 1] = 0;
        GIVES(results[which], qmp_select_init(&select, list, which < 5, QMP_DELIVERY_WHOLE));
        GIVES(QMP_NOT_INITIALISED, qmp_client_execute_select(client, &select, "x", NULL, 1, &out));
    }
    memset(longest, 'a', sizeof longest);
    longest[256] = 0;
    const char *paths[9] = { longest, "a", "a", "a", "a", "a", "a", "a", "a" };
    GIVES(QMP_PATH_TOO_LONG, qmp_select_init(&select, paths, 1, QMP_DELIVERY_WHOLE));
    longest[255] = 0;
    GIVES(QMP_OK, qmp_select_init(&select, paths, QMP_SELECT_PATHS, QMP_DELIVERY_WHOLE));
    GIVES(QMP_PATH_COUNT, qmp_select_init(&select, paths, QMP_SELECT_PATHS + 1, QMP_DELIVERY_WHOLE));
    GIVES(QMP_PATH_COUNT, qmp_select_init(&select, paths, 0, QMP_DELIVERY_WHOLE));
    GIVES(QMP_PATH_DELIVERY, qmp_select_init(&select, paths, 2, QMP_DELIVERY_PIECES));
}

#define DISK(name, file) "{\"device\": \"" name "\", \"locked\": false, \"inserted\": {\"ro\": false, \"file\": \"" file "\"}}"
#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
#define DISKS "{\"return\": [" DISK("d0", "/a") ", " DISK("d1", LONG LONG LONG) ", {\"device\": \"\\u00e9\"}, {\"type\": \"floppy\"}]"

static void deliveries(void)
{
    /* Much more than the buffer holds, in parts that fit; an event in between. */
    cut("return[*].device", "return[*].inserted.file", QMP_DELIVERY_ELEMENTS, false,
        "{\"event\": \"STOP\", \"data\": {\"a\": [1]}, \"timestamp\": {\"seconds\": 1, \"microseconds\": 2}}\r\n" DISKS ", \"id\": 2000001}\r\n",
        "4 #0 0 0/0/0 0 0 {\"a\": [1]}\n"
        "11 #0 0 0/0/0 0 0 \n"
        "12 #0 0 0/0/0 0 0 {\"device\":\"d0\",\"inserted\":{\"file\":\"/a\"}}\n"
        "13 #1 0 0/0/0 0 0 \n"
        "12 #2 0 0/0/0 0 0 {\"device\":\"\\u00e9\"}\n"
        "15 #0 0 2/1/1 0 0 \n"
        "5 #0 2000001 0/0/0 0 0 []\n");
    /* Somebody else's reply comes first: all of it is taken back, and the wait goes on. */
    cut("return[*].device", NULL, QMP_DELIVERY_ELEMENTS, true,
        DISKS ", \"id\": 2000001}\r\n{\"return\": [" DISK("d9", "/z") "], \"id\": 3000001}\r\n",
        "11 #0 0 0/0/0 0 0 \n"
        "12 #0 0 0/0/0 0 0 {\"device\":\"d0\"}\n"
        "12 #1 0 0/0/0 0 0 {\"device\":\"d1\"}\n"
        "12 #2 0 0/0/0 0 0 {\"device\":\"\\u00e9\"}\n"
        "16 #0 0 0/0/0 0 0 \n"
        "11 #0 0 0/0/0 0 0 \n"
        "12 #0 0 0/0/0 0 0 {\"device\":\"d9\"}\n"
        "15 #0 0 1/0/0 0 0 \n"
        "5 #0 3000001 0/0/0 0 0 []\n");
    /* A reply that is damaged after it began. */
    cut("return[*].device", NULL, QMP_DELIVERY_ELEMENTS, false,
        "{\"return\": [{\"device\": \"d0\"}, oops\r\n{\"return\": [], \"id\": 2000001}\r\n",
        "11 #0 0 0/0/0 0 0 \n"
        "12 #0 0 0/0/0 0 0 {\"device\":\"d0\"}\n"
        "16 #0 0 0/0/0 0 0 \n"
        "9 #0 0 0/0/0 0 3 \n"
        "11 #0 0 0/0/0 0 0 \n"
        "15 #0 0 0/0/0 0 0 \n"
        "5 #0 2000001 0/0/0 0 0 []\n");
    /* As a whole, by a member's value that comes last; and an error, which is whole. */
    cut("return[name=d1].at", NULL, QMP_DELIVERY_WHOLE, false,
        "{\"return\": [{\"at\": 0, \"name\": \"d0\"}, {\"at\": [1], \"x\": \"" LONG "\", \"name\": \"d1\"}], \"id\": 2000001}\r\n",
        "5 #0 2000001 0/0/0 0 0 [{\"at\":[1]}]\n");
    cut("return.a", NULL, QMP_DELIVERY_WHOLE, false,
        "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}, \"id\": 2000001}\r\n",
        "6 #0 2000001 0/0/0 0 0 {\"class\": \"GenericError\", \"desc\": \"no\"}\n");
    /* As a whole, and still too large. */
    cut("return.a", NULL, QMP_DELIVERY_WHOLE, false, "{\"return\": {\"a\": \"" LONG LONG LONG "\"}, \"id\": 2000001}\r\n",
        "7 #0 2000001 0/0/0 3 0 \n");
    /* A string of a thousand characters, decoded. */
    cut("return", NULL, QMP_DELIVERY_PIECES, false,
        "{\"return\": \"" LONG LONG LONG LONG LONG "\\r\\n\\u00e9\\ud83d\\ude00\\\"" LONG LONG LONG LONG LONG "\", \"id\": 2000001}\r\n",
        "11 #0 0 0/0/0 0 0 \n"
        "14 #0 0 0/0/0 0 0 " LONG LONG LONG LONG LONG "\r\n\xc3\xa9\xf0\x9f\x98\x80\"" LONG LONG LONG LONG LONG "\n"
        "15 #0 0 1009/0/0 0 0 \n"
        "5 #0 2000001 0/0/0 0 0 \"\"\n");
}

static void alone(void)
{
    uint64_t first;
    qmp_outgoing out;
    qmp_phase phase;
    qmp_select select;
    qmp_client *client = fresh(true);
    selection("return.a", NULL, QMP_DELIVERY_WHOLE, &select);
    GIVES(QMP_OK, qmp_client_execute(client, "x", NULL, QMP_NEVER, &out));
    first = out.id;
    GIVES(QMP_NOT_ALONE, qmp_client_execute_select(client, &select, "x", NULL, 1, &out));
    GIVES(QMP_OK, qmp_client_cancel(client, first));
    first = ask(client, &select, 50);
    GIVES(QMP_OK, qmp_client_phase(client, &phase));
    CHECK(phase == QMP_PHASE_SELECTING);
    GIVES(QMP_SELECTING, qmp_client_execute(client, "x", NULL, 1, &out));
    GIVES(QMP_SELECTING, qmp_client_exec_oob(client, "x", NULL, 1, &out));
    GIVES(QMP_NOT_ALONE, qmp_client_execute_select(client, &select, "x", NULL, 1, &out));
    /* Its deadline, a cancel and the end of the connection end it. */
    GIVES(QMP_OK, qmp_client_handle_timeout(client, 50));
    qmp_incoming in;
    GIVES(QMP_OK, qmp_client_poll_select(client, &select, &in));
    CHECK(in.kind == QMP_INCOMING_FAILED && in.id == first && in.failure == QMP_FAILURE_TIMED_OUT);
    GIVES(QMP_END, qmp_client_poll_select(client, &select, &in));
    first = ask(client, &select, QMP_NEVER);
    GIVES(QMP_OK, qmp_client_cancel(client, first));
    GIVES(QMP_OK, qmp_client_execute(client, "x", NULL, QMP_NEVER, &out));
    GIVES(QMP_OK, qmp_client_withdraw(client, out.id));
    first = ask(client, &select, QMP_NEVER);
    GIVES(QMP_OK, qmp_client_close(client));
    GIVES(QMP_OK, qmp_client_poll_select(client, &select, &in));
    CHECK(in.kind == QMP_INCOMING_FAILED && in.id == first && in.failure == QMP_FAILURE_CONNECTION_LOST);
    /* A selection says nothing of commands without one. */
    client = fresh(false);
    ask(client, &select, QMP_NEVER);
    hear(client, &select, "{\"return\": {\"a\": 1, \"b\": 2}, \"id\": 2000001}\r\n", SIZE_MAX, SIZE_MAX);
    says("5 #0 2000001 0/0/0 0 0 {\"a\":1}\n");
    GIVES(QMP_OK, qmp_client_execute(client, "x", NULL, QMP_NEVER, &out));
    feed(client, "{\"return\": {\"a\": 1, \"b\": 2}, \"id\": 3000001}\r\n");
    in = next(client, QMP_INCOMING_RETURN);
    CHECK(is(in.value.text, in.value.length, "{\"a\": 1, \"b\": 2}"));
}

/* A reply that is read with one selection, then without, or with one made anew, is one that is too large. */
static void changed_midway(void)
{
    static const char text[] = "{\"return\": [" DISK("d0", LONG) ", " DISK("d1", "/b") "], \"id\": 2000001}\r\n";
    for (size_t at = 1; at < sizeof text - 4; at++) {
        for (int anew = 0; anew < 2; anew++) {
            char half[sizeof text];
            qmp_select select;
            qmp_incoming in;
            qmp_client *client = fresh(false);
            selection("return[*].device", NULL, QMP_DELIVERY_ELEMENTS, &select);
            ask(client, &select, QMP_NEVER);
            memcpy(half, text, at);
            half[at] = 0;
            hear(client, &select, half, SIZE_MAX, SIZE_MAX);
            if (anew) {
                selection("return[*].inserted", NULL, QMP_DELIVERY_ELEMENTS, &select);
            } else {
                GIVES(QMP_END, qmp_client_poll(client, &in));
            }
            hear(client, &select, text + at, SIZE_MAX, SIZE_MAX);
            /* It has ended once, in one way or the other, and nothing is in the way of the next. */
            CHECK((strstr(said, "7 #0 2000001") != NULL) != (strstr(said, "5 #0 2000001") != NULL));
            idle(client);
            selection("return.a", NULL, QMP_DELIVERY_WHOLE, &select);
            CHECK(ask(client, &select, QMP_NEVER) == 3000001);
            hear(client, &select, "{\"return\": {\"a\": 1, \"b\": 2}, \"id\": 3000001}\r\n", SIZE_MAX, SIZE_MAX);
            says("5 #0 3000001 0/0/0 0 0 {\"a\":1}\n");
        }
    }
}

static void pointers(void)
{
    static union {
        uint64_t alignment;
        unsigned char bytes[sizeof(qmp_select) + 64];
    } place;
    static union {
        uint64_t alignment;
        char bytes[64];
    } path;
    qmp_outgoing out;
    qmp_incoming in;
    qmp_select select;
    const char *paths[1] = { "return" };
    qmp_select *odd = (qmp_select *)(void *)(place.bytes + 1), *blank = (qmp_select *)(void *)place.bytes;
    qmp_client *client = fresh(false);
    GIVES(QMP_NULL_POINTER, qmp_select_init(NULL, paths, 1, 0));
    GIVES(QMP_NULL_POINTER, qmp_select_init(&select, NULL, 1, 0));
    GIVES(QMP_MISALIGNED, qmp_select_init(odd, paths, 1, 0));
    GIVES(QMP_MISALIGNED, qmp_select_init(&select, (const char *const *)(const void *)(path.bytes + 1), 1, 0));
    GIVES(QMP_OVERLAP, qmp_select_init(blank, (const char *const *)(const void *)place.bytes, 1, 0));
    memcpy(place.bytes + 16, "return", 7);
    paths[0] = (const char *)place.bytes + 16;
    GIVES(QMP_OVERLAP, qmp_select_init(blank, paths, 1, 0));
    paths[0] = NULL;
    GIVES(QMP_NULL_POINTER, qmp_select_init(&select, paths, 1, 0));
    selection("return", NULL, QMP_DELIVERY_WHOLE, &select);
    GIVES(QMP_NULL_POINTER, qmp_client_poll_select(NULL, &select, &in));
    GIVES(QMP_NULL_POINTER, qmp_client_poll_select(client, NULL, &in));
    GIVES(QMP_NULL_POINTER, qmp_client_poll_select(client, &select, NULL));
    GIVES(QMP_MISALIGNED, qmp_client_poll_select(client, odd, &in));
    GIVES(QMP_MISALIGNED, qmp_client_poll_select(client, &select, (qmp_incoming *)(void *)(place.bytes + 1)));
    GIVES(QMP_NOT_INITIALISED, qmp_client_poll_select(client, blank, &in));
    GIVES(QMP_NOT_INITIALISED, qmp_client_poll_select((qmp_client *)(void *)&select, &select, &in));
    GIVES(QMP_OVERLAP, qmp_client_poll_select(client, (qmp_select *)(void *)&storage, &in));
    GIVES(QMP_OVERLAP, qmp_client_poll_select(client, &select, (qmp_incoming *)(void *)&storage));
    GIVES(QMP_OVERLAP, qmp_client_poll_select(client, &select, (qmp_incoming *)(void *)&select));
#define EXECUTE(c, s, n, a, o) qmp_client_execute_select(c, s, n, a, 1, o)
    GIVES(QMP_NULL_POINTER, EXECUTE(NULL, &select, "x", NULL, &out));
    GIVES(QMP_NULL_POINTER, qmp_client_execute_select_n(client, &select, NULL, 1, NULL, 1, &out));
    GIVES(QMP_NULL_POINTER, EXECUTE(client, NULL, "x", NULL, &out));
    GIVES(QMP_NULL_POINTER, EXECUTE(client, &select, NULL, NULL, &out));
    GIVES(QMP_NULL_POINTER, EXECUTE(client, &select, "x", NULL, NULL));
    GIVES(QMP_MISALIGNED, EXECUTE(client, odd, "x", NULL, &out));
    GIVES(QMP_MISALIGNED, EXECUTE(client, &select, "x", NULL, (qmp_outgoing *)(void *)(place.bytes + 1)));
    GIVES(QMP_NOT_INITIALISED, EXECUTE(client, blank, "x", NULL, &out));
    GIVES(QMP_OVERLAP, EXECUTE(client, (qmp_select *)(void *)&storage, "x", NULL, &out));
    GIVES(QMP_OVERLAP, EXECUTE(client, &select, "x", NULL, (qmp_outgoing *)(void *)&select));
    GIVES(QMP_OVERLAP, EXECUTE(client, &select, "x", NULL, (qmp_outgoing *)(void *)&storage));
    GIVES(QMP_OVERLAP, EXECUTE(client, &select, (char *)&select, NULL, &out));
    memcpy(&out, "name", 5);
    GIVES(QMP_OVERLAP, EXECUTE(client, &select, (char *)&out, NULL, &out));
    CHECK(memcmp(&out, "name", 5) == 0);
    /* A path where something is written. */
    memcpy(path.bytes, "return", 7);
    selection(path.bytes, NULL, QMP_DELIVERY_WHOLE, &select);
    GIVES(QMP_OVERLAP, EXECUTE(client, &select, "x", NULL, (qmp_outgoing *)(void *)path.bytes));
    memset((char *)&storage + sizeof storage - 8, 0, 8);
    memcpy((char *)&storage + sizeof storage - 8, "return", 6);
    selection((char *)&storage + sizeof storage - 8, NULL, QMP_DELIVERY_WHOLE, &select);
    GIVES(QMP_OVERLAP, EXECUTE(client, &select, "x", NULL, &out));
    GIVES(QMP_OVERLAP, qmp_client_poll_select(client, &select, &in));
    idle(client);
}

int main(void)
{
    bad_paths();
    deliveries();
    alone();
    changed_midway();
    pointers();
    return finished();
}
