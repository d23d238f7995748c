/* Each pointer of each function of the client and the server: NULL, misaligned, and overlapping what it must not. Nothing is written then. */
#include "pointers.h"

static QMP_CLIENT_STORAGE(512, 128, 4) storage;
static QMP_SERVER_STORAGE(512, 512, 64, 1) server_storage;
static qmp_client *client;
static qmp_server *server;

/* How far apart the two are says how 64 bits are aligned. */
struct pair {
    char first;
    uint64_t second;
};

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
    qmp_outgoing out;
    qmp_window window;
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
        GIVES(r, qmp_client_window(c, &window));
        GIVES(r, qmp_client_commit(c, 0));
        GIVES(r, qmp_client_poll(c, &incoming));
        GIVES(r, qmp_client_receive(c, 0, &incoming));
        GIVES(r, qmp_client_await_greeting(c, 1));
        GIVES(r, qmp_client_negotiate(c, false, 1, &out));
        GIVES(r, qmp_client_attach(c, 1, &out));
        GIVES(r, qmp_client_synchronise(c, 1, &out));
        GIVES(r, qmp_client_execute(c, "x", NULL, 1, &out));
        GIVES(r, qmp_client_exec_oob(c, "x", NULL, 1, &out));
        GIVES(r, qmp_client_run_n(c, "x", 1, 1, &out));
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
        GIVES(r, qmp_server_window(s, &window));
        GIVES(r, qmp_server_commit(s, 0));
        GIVES(r, qmp_server_poll(s, &inbound));
        GIVES(r, qmp_server_unsent(s, &out));
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

static void client_outputs(void)
{
    qmp_outgoing out;
    OUTPUT(inside_client(), qmp_window, qmp_client_window(client, output));
    OUTPUT(inside_client(), qmp_incoming, qmp_client_poll(client, output));
    OUTPUT(inside_client(), qmp_incoming, qmp_client_receive(client, 0, output));
    OUTPUT(inside_client(), uint64_t, qmp_client_next_deadline(client, output));
    OUTPUT(inside_client(), qmp_phase, qmp_client_phase(client, output));
    OUTPUT(inside_client(), qmp_oob, qmp_client_oob(client, output));
    OUTPUT(inside_client(), uint32_t, qmp_client_late_replies(client, output));
    OUTPUT(inside_client(), uint64_t, qmp_client_pending(client, output));
    OUTPUT(inside_client(), qmp_outgoing, qmp_client_negotiate(client, false, 1, output));
    OUTPUT(inside_client(), qmp_outgoing, qmp_client_attach(client, 1, output));
    OUTPUT(inside_client(), qmp_outgoing, qmp_client_synchronise(client, 1, output));
    OUTPUT(inside_client(), qmp_outgoing, qmp_client_execute(client, "x", NULL, 1, output));
    OUTPUT(inside_client(), qmp_outgoing, qmp_client_exec_oob(client, "x", NULL, 1, output));
    OUTPUT(inside_client(), qmp_outgoing, qmp_client_run_n(client, "x", 1, 1, output));
    GIVES(QMP_NULL_POINTER, qmp_client_run_n(client, NULL, 1, 1, &out));
    GIVES(QMP_INVALID_VALUE, qmp_client_run_n(client, "x", SIZE_MAX, 1, &out));
    GIVES(QMP_OVERLAP, qmp_client_run_n(client, (char *)inside_client(), 1, 1, &out));
    for (int oob = 0; oob < 2; oob++) {
        qmp_result (*execute)(qmp_client *, const char *, const qmp_json *, uint64_t, qmp_outgoing *) =
            oob ? qmp_client_exec_oob : qmp_client_execute;
        qmp_result (*execute_n)(qmp_client *, const char *, size_t, const qmp_json *, uint64_t, qmp_outgoing *) =
            oob ? qmp_client_exec_oob_n : qmp_client_execute_n;
        qmp_json arguments = json("{}");
        GIVES(QMP_NULL_POINTER, execute(client, NULL, NULL, 1, &out));
        GIVES(QMP_NULL_POINTER, execute_n(client, NULL, 1, NULL, 1, &out));
        GIVES(QMP_INVALID_VALUE, execute_n(client, "x", SIZE_MAX, NULL, 1, &out));
        GIVES(QMP_OVERLAP, execute(client, (char *)&storage, NULL, 1, &out));
        GIVES(QMP_MISALIGNED, execute(client, "x", (qmp_json *)odd(), 1, &out));
        GIVES(QMP_OVERLAP, execute(client, "x", (qmp_json *)inside_client(), 1, &out));
        arguments.text = NULL;
        GIVES(QMP_NULL_POINTER, execute(client, "x", &arguments, 1, &out));
        arguments.text = (char *)inside_client();
        GIVES(QMP_OVERLAP, execute(client, "x", &arguments, 1, &out));
        /* Where what is sent is written. */
        arguments.text = (char *)&storage + QMP_CLIENT_SIZE(0, 0, 4) + 64;
        GIVES(QMP_OVERLAP, execute(client, "x", &arguments, 1, &out));
        /* Where is told what is to be sent. */
        memcpy(&out, "{\"some\": 1}", 12);
        arguments.text = (char *)&out;
        arguments.length = 11;
        GIVES(QMP_OVERLAP, execute(client, "x", &arguments, 1, &out));
        GIVES(QMP_OVERLAP, execute(client, "x", (qmp_json *)(void *)&out, 1, &out));
        GIVES(QMP_OVERLAP, execute(client, (char *)&out + 2, NULL, 1, &out));
        GIVES(QMP_OVERLAP, execute_n(client, (char *)&out, 12, NULL, 1, &out));
        CHECK(memcmp(&out, "{\"some\": 1}", 12) == 0);
        arguments.length = SIZE_MAX;
        GIVES(QMP_INVALID_VALUE, execute(client, "x", &arguments, 1, &out));
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
    GIVES(QMP_NULL_POINTER, qmp_client_size(128, 128, 1, NULL));
    GIVES(QMP_MISALIGNED, qmp_client_size(128, 128, 1, (size_t *)odd()));
    GIVES(QMP_NULL_POINTER, qmp_client_init(QMP_ABI_VERSION, NULL, sizeof storage, 128, 1, 1, &made));
    GIVES(QMP_MISALIGNED, qmp_client_init(QMP_ABI_VERSION, (char *)&storage + 1, sizeof storage - 8, 128, 1, 1, &made));
    /* Some machines align 64 bits as 32. */
    if (offsetof(struct pair, second) == 8) {
        GIVES(QMP_MISALIGNED, qmp_client_init(QMP_ABI_VERSION, (char *)&storage + 4, sizeof storage - 8, 128, 1, 1, &made));
    }
    GIVES(QMP_NULL_POINTER, qmp_client_init(QMP_ABI_VERSION, &storage, sizeof storage, 128, 1, 1, NULL));
    GIVES(QMP_OVERLAP, qmp_client_init(QMP_ABI_VERSION, &storage, sizeof storage, 128, 1, 1, (qmp_client **)inside_client()));
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
    GIVES(QMP_OVERLAP, qmp_server_init(QMP_ABI_VERSION, &server_storage, sizeof server_storage, &settings,
                                       (qmp_server **)(void *)&settings.package));
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
    GIVES(QMP_OK, qmp_client_init(QMP_ABI_VERSION, &storage, sizeof storage, 128, 4, 1, &client));
    GIVES(QMP_OK, qmp_server_init(QMP_ABI_VERSION, &server_storage, sizeof server_storage, &settings, &server));
}

static void server_pointers(void)
{
    qmp_call call;
    qmp_json value = json("{}");
    qmp_emission emission;
    memset(&call, 0, sizeof call);
    OUTPUT(inside_server(), qmp_window, qmp_server_window(server, output));
    OUTPUT(inside_server(), qmp_inbound, qmp_server_poll(server, output));
    OUTPUT(inside_server(), qmp_outgoing, qmp_server_unsent(server, output));
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
    /* What became of it told where the data are, or say where they are. */
    memcpy(&emission, "{}  ", 4);
    value.text = (char *)&emission;
    GIVES(QMP_OVERLAP, qmp_server_event(server, "X", 1, 1, &value, &emission));
    GIVES(QMP_OVERLAP, qmp_server_event(server, "X", 1, 1, &value, (qmp_emission *)(void *)&value.length));
    value.text = (char *)inside_server();
    GIVES(QMP_OVERLAP, qmp_server_reply(server, call, &value));
    GIVES(QMP_OVERLAP, qmp_server_event(server, "X", 1, 1, &value, &emission));
    value.text = NULL;
    GIVES(QMP_NULL_POINTER, qmp_server_reply(server, call, &value));
    GIVES(QMP_NULL_POINTER, qmp_server_event(server, "X", 1, 1, &value, &emission));
}

int main(void)
{
    making();
    handles();
    client_outputs();
    server_pointers();
    /* After all this both work. */
    connect_client(client, true);
    qmp_inbound inbound;
    GIVES(QMP_END, qmp_server_poll(server, &inbound));
    return finished();
}
