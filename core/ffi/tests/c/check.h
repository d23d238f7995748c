/* What the tests have in common: checks that are counted, and that end the program where they fail; which results were given. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <qmp.h>

static unsigned long checks;

/* Which results were expected and given, by their numbers. */
static bool seen_results[1000];

#define CHECK(condition)                                                             \
    do {                                                                             \
        checks++;                                                                    \
        if (!(condition)) {                                                          \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                                 \
        }                                                                            \
    } while (0)

/* What is called returns this result. */
#define GIVES(expected, call)                                                                                  \
    do {                                                                                                       \
        const qmp_result given = (call);                                                                       \
        checks++;                                                                                              \
        if (given != (expected)) {                                                                             \
            fprintf(stderr, "%s:%d: %s for %s, not %s\n", __FILE__, __LINE__, qmp_result_name((int)given), #call, \
                    qmp_result_name((int)(expected)));                                                         \
            exit(1);                                                                                           \
        }                                                                                                      \
        seen_results[given] = true;                                                                            \
    } while (0)

/* What every test's main returns. Whoever runs the tests looks whether each result of the header is named by one of them. */
static int finished(void)
{
    for (int result = 0; result < (int)(sizeof seen_results / sizeof seen_results[0]); result++) {
        if (seen_results[result]) {
            printf("gave %s\n", qmp_result_name(result));
        }
    }
    printf("%lu checks\n", checks);
    return 0;
}

/* A text of the test's as a value, and as a string between quotes. */
static inline qmp_json json(const char *text)
{
    qmp_json value;
    value.text = text;
    value.length = strlen(text);
    return value;
}

static inline qmp_string string(const char *text)
{
    qmp_string value;
    value.text = text;
    value.length = strlen(text);
    return value;
}

static inline bool is(const void *text, size_t length, const char *expected)
{
    return length == strlen(expected) && memcmp(text, expected, length) == 0;
}

/* There is nothing more. */
static inline void idle(qmp_client *client)
{
    qmp_incoming incoming;
    GIVES(QMP_END, qmp_client_poll(client, &incoming));
}

/* Puts bytes into a client, of which nothing comes before the last. */
static inline void feed(qmp_client *client, const char *bytes)
{
    for (size_t left = strlen(bytes), now; left > 0; bytes += now, left -= now) {
        qmp_window window;
        GIVES(QMP_OK, qmp_client_window(client, &window));
        CHECK(window.length > 0);
        now = left < window.length ? left : window.length;
        memcpy(window.start, bytes, now);
        GIVES(QMP_OK, qmp_client_commit(client, now));
        if (now < left) {
            idle(client);
        }
    }
}

/* Takes what comes next, which is of this kind. */
static inline qmp_incoming next(qmp_client *client, qmp_incoming_kind kind)
{
    qmp_incoming incoming;
    GIVES(QMP_OK, qmp_client_poll(client, &incoming));
    if (incoming.kind != kind) {
        fprintf(stderr, "kind %d, not %d\n", (int)incoming.kind, (int)kind);
        abort();
    }
    checks++;
    return incoming;
}

/* From the greeting to command mode; the session's number is 1. */
static inline void connect_client(qmp_client *client, bool oob)
{
    qmp_outgoing out;
    feed(client, "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}, \"package\": \"\"}, "
                 "\"capabilities\": [\"oob\"]}}\r\n");
    next(client, QMP_INCOMING_GREETING);
    GIVES(QMP_OK, qmp_client_negotiate(client, oob, QMP_NEVER, &out));
    feed(client, "{\"return\": {}, \"id\": 1000001}\r\n");
    next(client, QMP_INCOMING_READY);
    idle(client);
}

#endif
