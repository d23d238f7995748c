/* Each pointer of each function: NULL, misaligned, and overlapping what it must not. Nothing is written then. */
#include "check.h"

static QMP_CLIENT_STORAGE(512, 4) storage;
static QMP_SERVER_STORAGE(512, 512, 64, 1) server_storage;
static qmp_client *client;
static qmp_server *server;

/* A place that is aligned for everything, and one that is not. */
static union {
    uint64_t alignment;
    unsigned char bytes[256];
} place;
static char untouched[sizeof place];

static void *odd(void)
{
    return place.bytes + 1;
}

/* What overlaps the client, and the server. */
static void *inside_client(void)
{
    return (char *)&storage + 64;
}

static void *inside_server(void)
{
    return (char *)&server_storage + 64;
}

static void handles(void)
{
    char out[128];
    void *window;
    const void *bytes;
    size_t size;
    uint64_t number;
    uint32_t count;
    bool ready;
    qmp_incoming incoming;
    qmp_inbound inbound;
    qmp_phase phase;
    qmp_oob oob;
    qmp_emission emission;
    qmp_call call;
    memset(&call, 0, sizeof call);
    memset(&place, 0, sizeof place);
    const struct {
        qmp_client *client;
        qmp_server *server;
        qmp_result result;
    } cases[] = {
        { NULL, NULL, QMP_NULL_POINTER },
        { (qmp_client *)odd(), (qmp_server *)odd(), QMP_MISALIGNED },
        { (qmp_client *)(void *)place.bytes, (qmp_server *)(void *)place.bytes, QMP_NOT_INITIALISED },
        /* One for the other. */
        { (qmp_client *)(void *)server, (qmp_server *)(void *)client, QMP_NOT_INITIALISED },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        qmp_client *c = cases[i].client;
        qmp_server *s = cases[i].server;
        qmp_result r = cases[i].result;
        GIVES(r, qmp_client_window(c, &window, &size));
        GIVES(r, qmp_client_commit(c, 0));
        GIVES(r, qmp_client_poll(c, &incoming));
        GIVES(r, qmp_client_await_greeting(c, 1));
        GIVES(r, qmp_client_negotiate(c, false, 1, out, sizeof out, &size));
        GIVES(r, qmp_client_attach(c, 1, out, sizeof out, &size));
        GIVES(r, qmp_client_synchronise(c, 1, out, sizeof out, &size));
        GIVES(r, qmp_client_execute(c, "x", NULL, 1, out, sizeof out, &size, &number));
        GIVES(r, qmp_client_exec_oob(c, "x", NULL, 1, out, sizeof out, &size, &number));
        GIVES(r, qmp_client_cancel(c, 1));
        GIVES(r, qmp_client_withdraw(c, 1));
        GIVES(r, qmp_client_next_deadline(c, &number));
        GIVES(r, qmp_client_handle_timeout(c, 1));
        GIVES(r, qmp_client_close(c));
        GIVES(r, qmp_client_reset(c));
        GIVES(r, qmp_client_phase(c, &phase));
        GIVES(r, qmp_client_oob(c, &oob));
        GIVES(r, qmp_client_late_replies(c, &count));
        GIVES(r, qmp_client_pending(c, &number));
        GIVES(r, qmp_server_window(s, &window, &size));
        GIVES(r, qmp_server_commit(s, 0));
        GIVES(r, qmp_server_poll(s, &inbound));
        GIVES(r, qmp_server_unsent(s, &bytes, &size));
        GIVES(r, qmp_server_sent(s, 0));
        GIVES(r, qmp_server_reply(s, call, NULL));
        GIVES(r, qmp_server_error(s, call, "GenericError", "x"));
        GIVES(r, qmp_server_withhold(s, call));
        GIVES(r, qmp_server_event(s, "X", 1, 1, NULL, &emission));
        GIVES(r, qmp_server_next_deadline(s, &number));
        GIVES(r, qmp_server_handle_timeout(s, 1));
        GIVES(r, qmp_server_reset(s));
        GIVES(r, qmp_server_is_ready(s, &ready));
        GIVES(r, qmp_server_lost_events(s, &count));
        if (i < 3) {
            qmp_writer *w = (qmp_writer *)(void *)c;
            qmp_json value;
            GIVES(r, qmp_writer_object(w));
            GIVES(r, qmp_writer_array(w));
            GIVES(r, qmp_writer_end(w));
            GIVES(r, qmp_writer_name(w, "x"));
            GIVES(r, qmp_writer_string(w, "x"));
            GIVES(r, qmp_writer_string_n(w, "x", 1));
            GIVES(r, qmp_writer_i64(w, 1));
            GIVES(r, qmp_writer_u64(w, 1));
            GIVES(r, qmp_writer_double(w, 1));
            GIVES(r, qmp_writer_bool(w, true));
            GIVES(r, qmp_writer_null(w));
            GIVES(r, qmp_writer_json(w, json("1")));
            GIVES(r, qmp_writer_finish(w, &value));
        }
    }
}

/* A call with an output that is NULL, misaligned, or inside of the object; nothing is written in any case. */
#define OUTPUT(inside, type, call)                                                                                   \
    do {                                                                                                             \
        void *const wrong[] = { NULL, odd(), inside };                                                               \
        const qmp_result results[] = { QMP_NULL_POINTER, QMP_MISALIGNED, QMP_OVERLAP };                              \
        for (int which = 0; which < 3; which++) {                                                                    \
            type *output = (type *)wrong[which];                                                                     \
            if (which != 1 || sizeof(type) > 1) {                                                                    \
                GIVES(results[which], call);                                                                         \
            }                                                                                                        \
        }                                                                                                            \
        CHECK(memcmp(&place, untouched, sizeof place) == 0);                                                         \
    } while (0)

static void client_outputs(void)
{
    char out[128] = "";
    void *window;
    size_t size;
    uint64_t number;
    OUTPUT(inside_client(), void *, qmp_client_window(client, output, &size));
    OUTPUT(inside_client(), size_t, qmp_client_window(client, &window, output));
    GIVES(QMP_OVERLAP, qmp_client_window(client, &window, (size_t *)(void *)&window));
    OUTPUT(inside_client(), qmp_incoming, qmp_client_poll(client, output));
    OUTPUT(inside_client(), uint64_t, qmp_client_next_deadline(client, output));
    OUTPUT(inside_client(), qmp_phase, qmp_client_phase(client, output));
    OUTPUT(inside_client(), qmp_oob, qmp_client_oob(client, output));
    OUTPUT(inside_client(), uint32_t, qmp_client_late_replies(client, output));
    OUTPUT(inside_client(), uint64_t, qmp_client_pending(client, output));
    OUTPUT(inside_client(), size_t, qmp_client_negotiate(client, false, 1, out, sizeof out, output));
    OUTPUT(inside_client(), size_t, qmp_client_attach(client, 1, out, sizeof out, output));
    OUTPUT(inside_client(), size_t, qmp_client_synchronise(client, 1, out, sizeof out, output));
    OUTPUT(inside_client(), size_t, qmp_client_execute(client, "x", NULL, 1, out, sizeof out, output, &number));
    OUTPUT(inside_client(), uint64_t, qmp_client_execute(client, "x", NULL, 1, out, sizeof out, &size, output));
    OUTPUT(inside_client(), size_t, qmp_client_exec_oob(client, "x", NULL, 1, out, sizeof out, output, &number));
    OUTPUT(inside_client(), uint64_t, qmp_client_exec_oob(client, "x", NULL, 1, out, sizeof out, &size, output));
    /* The buffer for what is written. */
    GIVES(QMP_NULL_POINTER, qmp_client_negotiate(client, false, 1, NULL, 128, &size));
    GIVES(QMP_OVERLAP, qmp_client_negotiate(client, false, 1, inside_client(), 128, &size));
    GIVES(QMP_OVERLAP, qmp_client_negotiate(client, false, 1, &size, sizeof size, &size));
    GIVES(QMP_NULL_POINTER, qmp_client_attach(client, 1, NULL, 128, &size));
    GIVES(QMP_OVERLAP, qmp_client_attach(client, 1, inside_client(), 128, &size));
    GIVES(QMP_NULL_POINTER, qmp_client_synchronise(client, 1, NULL, 128, &size));
    GIVES(QMP_OVERLAP, qmp_client_synchronise(client, 1, inside_client(), 128, &size));
    GIVES(QMP_INVALID_VALUE, qmp_client_negotiate(client, false, 1, out, SIZE_MAX, &size));
    for (int oob = 0; oob < 2; oob++) {
        qmp_result (*execute)(qmp_client *, const char *, const qmp_json *, uint64_t, void *, size_t, size_t *, uint64_t *) =
            oob ? qmp_client_exec_oob : qmp_client_execute;
        qmp_json arguments = json("{}");
        GIVES(QMP_NULL_POINTER, execute(client, NULL, NULL, 1, out, sizeof out, &size, &number));
        GIVES(QMP_NULL_POINTER, execute(client, "x", NULL, 1, NULL, sizeof out, &size, &number));
        GIVES(QMP_OVERLAP, execute(client, "x", NULL, 1, inside_client(), 16, &size, &number));
        GIVES(QMP_OVERLAP, execute(client, out, NULL, 1, out, sizeof out, &size, &number));
        GIVES(QMP_OVERLAP, execute(client, "x", NULL, 1, out, sizeof out, &size, (uint64_t *)(void *)&size));
        GIVES(QMP_OVERLAP, execute(client, (char *)&storage, NULL, 1, out, sizeof out, &size, &number));
        GIVES(QMP_MISALIGNED, execute(client, "x", (qmp_json *)odd(), 1, out, sizeof out, &size, &number));
        GIVES(QMP_OVERLAP, execute(client, "x", (qmp_json *)inside_client(), 1, out, sizeof out, &size, &number));
        arguments.text = NULL;
        GIVES(QMP_NULL_POINTER, execute(client, "x", &arguments, 1, out, sizeof out, &size, &number));
        arguments.text = out;
        GIVES(QMP_OVERLAP, execute(client, "x", &arguments, 1, out, sizeof out, &size, &number));
        arguments.text = (char *)inside_client();
        GIVES(QMP_OVERLAP, execute(client, "x", &arguments, 1, out, sizeof out, &size, &number));
        arguments.length = SIZE_MAX;
        GIVES(QMP_INVALID_VALUE, execute(client, "x", &arguments, 1, out, sizeof out, &size, &number));
    }
}

static void making(void)
{
    qmp_client *made = NULL;
    qmp_server *served = NULL;
    qmp_server_settings settings;
    qmp_event_policy policy;
    size_t size = 0;
    memset(&settings, 0, sizeof settings);
    memset(&policy, 0, sizeof policy);
    settings.rx_bytes = settings.tx_bytes = 256;
    settings.store_bytes = 64;
    GIVES(QMP_NULL_POINTER, qmp_client_size(128, 1, NULL));
    GIVES(QMP_MISALIGNED, qmp_client_size(128, 1, (size_t *)odd()));
    GIVES(QMP_NULL_POINTER, qmp_client_init(QMP_ABI_VERSION, NULL, sizeof storage, 1, 1, &made));
    GIVES(QMP_MISALIGNED, qmp_client_init(QMP_ABI_VERSION, (char *)&storage + 1, sizeof storage - 8, 1, 1, &made));
    GIVES(QMP_MISALIGNED, qmp_client_init(QMP_ABI_VERSION, (char *)&storage + 4, sizeof storage - 8, 1, 1, &made));
    GIVES(QMP_NULL_POINTER, qmp_client_init(QMP_ABI_VERSION, &storage, sizeof storage, 1, 1, NULL));
    GIVES(QMP_OVERLAP, qmp_client_init(QMP_ABI_VERSION, &storage, sizeof storage, 1, 1, (qmp_client **)inside_client()));
    GIVES(QMP_NULL_POINTER, qmp_server_size(NULL, &size));
    GIVES(QMP_NULL_POINTER, qmp_server_size(&settings, NULL));
    GIVES(QMP_OVERLAP, qmp_server_size(&settings, &settings.rx_bytes));
    GIVES(QMP_MISALIGNED, qmp_server_size((qmp_server_settings *)odd(), &size));
    GIVES(QMP_NULL_POINTER, qmp_server_init(QMP_ABI_VERSION, NULL, sizeof server_storage, &settings, &served));
    GIVES(QMP_MISALIGNED,
          qmp_server_init(QMP_ABI_VERSION, (char *)&server_storage + 1, sizeof server_storage - 8, &settings, &served));
    GIVES(QMP_NULL_POINTER, qmp_server_init(QMP_ABI_VERSION, &server_storage, sizeof server_storage, NULL, &served));
    GIVES(QMP_OVERLAP, qmp_server_init(QMP_ABI_VERSION, &server_storage, sizeof server_storage,
                                       (qmp_server_settings *)inside_server(), &served));
    GIVES(QMP_NULL_POINTER, qmp_server_init(QMP_ABI_VERSION, &server_storage, sizeof server_storage, &settings, NULL));
    GIVES(QMP_OVERLAP, qmp_server_init(QMP_ABI_VERSION, &server_storage, sizeof server_storage, &settings,
                                       (qmp_server **)inside_server()));
    settings.policies_length = 1;
    GIVES(QMP_NULL_POINTER, qmp_server_init(QMP_ABI_VERSION, &server_storage, sizeof server_storage, &settings, &served));
    settings.policies = &policy;
    GIVES(QMP_NULL_POINTER, qmp_server_init(QMP_ABI_VERSION, &server_storage, sizeof server_storage, &settings, &served));
    policy.name = (char *)inside_server();
    GIVES(QMP_OVERLAP, qmp_server_init(QMP_ABI_VERSION, &server_storage, sizeof server_storage, &settings, &served));
    policy.name = "X";
    policy.key = (char *)inside_server();
    GIVES(QMP_OVERLAP, qmp_server_init(QMP_ABI_VERSION, &server_storage, sizeof server_storage, &settings, &served));
    policy.key = "\xff";
    GIVES(QMP_INVALID_UTF8, qmp_server_init(QMP_ABI_VERSION, &server_storage, sizeof server_storage, &settings, &served));
    policy.key = NULL;
    settings.policies = (qmp_event_policy *)inside_server();
    GIVES(QMP_OVERLAP, qmp_server_init(QMP_ABI_VERSION, &server_storage, sizeof server_storage, &settings, &served));
    settings.policies = &policy;
    settings.package = (char *)inside_server();
    GIVES(QMP_OVERLAP, qmp_server_init(QMP_ABI_VERSION, &server_storage, sizeof server_storage, &settings, &served));
    CHECK(made == NULL && served == NULL && size == 0);
    settings.package = "";
    GIVES(QMP_OK, qmp_client_init(QMP_ABI_VERSION, &storage, sizeof storage, 4, 1, &client));
    GIVES(QMP_OK, qmp_server_init(QMP_ABI_VERSION, &server_storage, sizeof server_storage, &settings, &server));
}

static void server_pointers(void)
{
    const void *bytes;
    void *window;
    size_t size;
    qmp_call call;
    qmp_json value = json("{}");
    qmp_emission emission;
    memset(&call, 0, sizeof call);
    OUTPUT(inside_server(), void *, qmp_server_window(server, output, &size));
    OUTPUT(inside_server(), size_t, qmp_server_window(server, &window, output));
    OUTPUT(inside_server(), qmp_inbound, qmp_server_poll(server, output));
    OUTPUT(inside_server(), const void *, qmp_server_unsent(server, output, &size));
    OUTPUT(inside_server(), size_t, qmp_server_unsent(server, &bytes, output));
    OUTPUT(inside_server(), uint64_t, qmp_server_next_deadline(server, output));
    OUTPUT(inside_server(), bool, qmp_server_is_ready(server, output));
    OUTPUT(inside_server(), uint32_t, qmp_server_lost_events(server, output));
    OUTPUT(inside_server(), qmp_emission, qmp_server_event(server, "X", 1, 1, &value, output));
    GIVES(QMP_NULL_POINTER, qmp_server_event(server, NULL, 1, 1, &value, &emission));
    GIVES(QMP_OVERLAP, qmp_server_event(server, (char *)inside_server(), 1, 1, &value, &emission));
    GIVES(QMP_MISALIGNED, qmp_server_event(server, "X", 1, 1, (qmp_json *)odd(), &emission));
    GIVES(QMP_MISALIGNED, qmp_server_reply(server, call, (qmp_json *)odd()));
    GIVES(QMP_OVERLAP, qmp_server_reply(server, call, (qmp_json *)inside_server()));
    GIVES(QMP_NULL_POINTER, qmp_server_error(server, call, NULL, "x"));
    GIVES(QMP_NULL_POINTER, qmp_server_error(server, call, "x", NULL));
    GIVES(QMP_OVERLAP, qmp_server_error(server, call, (char *)inside_server(), "x"));
    GIVES(QMP_OVERLAP, qmp_server_error(server, call, "x", (char *)inside_server()));
    value.text = (char *)inside_server();
    GIVES(QMP_OVERLAP, qmp_server_reply(server, call, &value));
    GIVES(QMP_OVERLAP, qmp_server_event(server, "X", 1, 1, &value, &emission));
    value.text = NULL;
    GIVES(QMP_NULL_POINTER, qmp_server_reply(server, call, &value));
    GIVES(QMP_NULL_POINTER, qmp_server_event(server, "X", 1, 1, &value, &emission));
}

/* The functions on values: a value without text, one without end, and outputs as above. */
static void values(void)
{
    /* The value lies where the wrong output will be: in the client, say. */
    static union {
        uint64_t alignment;
        char bytes[64];
    } text = { 0 };
    memcpy(text.bytes, "{\"a\": [1, \"b\"]}", 16);
    qmp_json value, none = { NULL, 0 }, endless = { text.bytes, SIZE_MAX };
    qmp_string name, nothing = { NULL, 0 }, without_end = { text.bytes, SIZE_MAX }, whole = { text.bytes, 15 };
    value.text = text.bytes;
    value.length = 15;
    qmp_json out_value;
    qmp_json_kind kind;
    bool truth;
    int64_t i, j;
    uint64_t u, v, w;
    double d;
    size_t at = 0, size;
    char out[32];
    void *inside = text.bytes + 8;
    union {
        uint64_t alignment;
        char text[16];
    } named = { 'a' };
    for (int which = 0; which < 2; which++) {
        qmp_json wrong = which == 0 ? none : endless;
        qmp_string wrong_string = which == 0 ? nothing : without_end;
        qmp_result r = which == 0 ? QMP_NULL_POINTER : QMP_INVALID_VALUE;
        GIVES(r, qmp_json_parse(wrong.text, wrong.length, &out_value));
        GIVES(r, qmp_json_kind_of(wrong, NULL, &kind));
        GIVES(r, qmp_json_bool(wrong, NULL, &truth));
        GIVES(r, qmp_json_i64(wrong, NULL, &i));
        GIVES(r, qmp_json_u64(wrong, NULL, &u));
        GIVES(r, qmp_json_double(wrong, NULL, &d));
        GIVES(r, qmp_json_string(wrong, NULL, &name));
        GIVES(r, qmp_json_member(wrong, "a", &out_value));
        GIVES(r, qmp_json_next_member(wrong, &at, &name, &out_value));
        GIVES(r, qmp_json_next_element(wrong, &at, &out_value));
        GIVES(r, qmp_timestamp(wrong, &i, &j));
        GIVES(r, qmp_greeting_version(wrong, &u, &v, &w));
        GIVES(r, qmp_string_copy(wrong_string, out, sizeof out, &size));
        CHECK(!qmp_greeting_offers_oob(wrong));
        CHECK(!qmp_string_equals(wrong_string, ""));
        CHECK(!qmp_json_equals(wrong, NULL, "") && !qmp_json_equals(wrong, "a", ""));
    }
    CHECK(!qmp_json_equals(value, "a", NULL) && !qmp_json_equals(value, NULL, NULL));
    CHECK(!qmp_string_equals(whole, NULL));
    OUTPUT(inside, qmp_json, qmp_json_parse(text.bytes, 15, output));
    OUTPUT(inside, qmp_json_kind, qmp_json_kind_of(value, NULL, output));
    OUTPUT(inside, bool, qmp_json_bool(value, NULL, output));
    OUTPUT(inside, int64_t, qmp_json_i64(value, NULL, output));
    OUTPUT(inside, uint64_t, qmp_json_u64(value, NULL, output));
    OUTPUT(inside, double, qmp_json_double(value, NULL, output));
    OUTPUT(inside, qmp_string, qmp_json_string(value, NULL, output));
    OUTPUT(inside, qmp_json, qmp_json_member(value, "a", output));
    GIVES(QMP_NULL_POINTER, qmp_json_member(value, NULL, &out_value));
    /* An output that is where the name of the member is. */
    OUTPUT(&named, qmp_json, qmp_json_member(value, named.text, output));
    OUTPUT(&named, qmp_json_kind, qmp_json_kind_of(value, named.text, output));
    OUTPUT(&named, bool, qmp_json_bool(value, named.text, output));
    OUTPUT(&named, int64_t, qmp_json_i64(value, named.text, output));
    OUTPUT(&named, uint64_t, qmp_json_u64(value, named.text, output));
    OUTPUT(&named, double, qmp_json_double(value, named.text, output));
    OUTPUT(&named, qmp_string, qmp_json_string(value, named.text, output));
    CHECK(strcmp(named.text, "a") == 0);
    OUTPUT(inside, size_t, qmp_json_next_member(value, output, &name, &out_value));
    OUTPUT(inside, qmp_string, qmp_json_next_member(value, &at, output, &out_value));
    OUTPUT(inside, qmp_json, qmp_json_next_member(value, &at, &name, output));
    GIVES(QMP_OVERLAP, qmp_json_next_member(value, &at, &name, (qmp_json *)(void *)&name));
    OUTPUT(inside, size_t, qmp_json_next_element(value, output, &out_value));
    OUTPUT(inside, qmp_json, qmp_json_next_element(value, &at, output));
    OUTPUT(inside, int64_t, qmp_timestamp(value, output, &j));
    OUTPUT(inside, int64_t, qmp_timestamp(value, &i, output));
    GIVES(QMP_OVERLAP, qmp_timestamp(value, &i, &i));
    OUTPUT(inside, uint64_t, qmp_greeting_version(value, output, &v, &w));
    OUTPUT(inside, uint64_t, qmp_greeting_version(value, &u, output, &w));
    OUTPUT(inside, uint64_t, qmp_greeting_version(value, &u, &v, output));
    GIVES(QMP_OVERLAP, qmp_greeting_version(value, &u, &v, &u));
    GIVES(QMP_OVERLAP, qmp_greeting_version(value, &u, &v, &v));
    OUTPUT(inside, size_t, qmp_string_copy(whole, out, sizeof out, output));
    GIVES(QMP_NULL_POINTER, qmp_string_copy(whole, NULL, sizeof out, &size));
    GIVES(QMP_OVERLAP, qmp_string_copy(whole, text.bytes + 8, 32, &size));
    GIVES(QMP_OVERLAP, qmp_string_copy(whole, (char *)&size, sizeof size, &size));
    CHECK(at == 0);
    CHECK(memcmp(text.bytes, "{\"a\": [1, \"b\"]}", 16) == 0);
}

static void writers(void)
{
    char out[64];
    qmp_writer writer;
    qmp_json value, inside = { out + 8, 1 };
    GIVES(QMP_NULL_POINTER, qmp_writer_init(NULL, out, sizeof out));
    GIVES(QMP_MISALIGNED, qmp_writer_init((qmp_writer *)odd(), out, sizeof out));
    GIVES(QMP_NULL_POINTER, qmp_writer_init(&writer, NULL, sizeof out));
    GIVES(QMP_INVALID_VALUE, qmp_writer_init(&writer, out, SIZE_MAX));
    GIVES(QMP_OVERLAP, qmp_writer_init(&writer, &writer, sizeof writer));
    memset(out, 0, sizeof out);
    for (int which = 0; which < 9; which++) {
        GIVES(QMP_OK, qmp_writer_init(&writer, out, sizeof out));
        qmp_result expected = which < 4 ? QMP_NULL_POINTER : which < 8 ? QMP_OVERLAP : QMP_NULL_POINTER;
        qmp_json none = { NULL, 0 };
        GIVES(expected, which == 0   ? qmp_writer_name(&writer, NULL)
                        : which == 1 ? qmp_writer_string(&writer, NULL)
                        : which == 2 ? qmp_writer_string_n(&writer, NULL, 1)
                        : which == 3 ? qmp_writer_json(&writer, none)
                        : which == 4 ? qmp_writer_name(&writer, out + 8)
                        : which == 5 ? qmp_writer_string(&writer, out + 8)
                        : which == 6 ? qmp_writer_string_n(&writer, out + 8, 1)
                        : which == 7 ? qmp_writer_json(&writer, inside)
                                     : qmp_writer_string(&writer, NULL));
        /* The first failure is what all after it return. */
        GIVES(expected, qmp_writer_null(&writer));
        GIVES(expected, qmp_writer_finish(&writer, &value));
        GIVES(QMP_NOT_INITIALISED, qmp_writer_finish(&writer, &value));
    }
    GIVES(QMP_OK, qmp_writer_init(&writer, out, sizeof out));
    GIVES(QMP_OK, qmp_writer_null(&writer));
    GIVES(QMP_NULL_POINTER, qmp_writer_finish(&writer, NULL));
    OUTPUT((void *)&writer, qmp_json, qmp_writer_finish(&writer, output));
    GIVES(QMP_OK, qmp_writer_finish(&writer, &value));
    CHECK(is(value.text, value.length, "null"));
}

int main(void)
{
    making();
    handles();
    client_outputs();
    server_pointers();
    values();
    writers();
    /* After all this both work. */
    connect_client(client, true);
    qmp_inbound inbound;
    GIVES(QMP_END, qmp_server_poll(server, &inbound));
    return finished();
}
