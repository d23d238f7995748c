/* Each pointer of each function on values and of each of the writer: NULL, misaligned, and overlapping what it must not. */
#include "pointers.h"

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
    } named = { .text = "a" };
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
    for (int which = 0; which < 13; which++) {
        GIVES(QMP_OK, qmp_writer_init(&writer, out, sizeof out));
        /* The writer itself as a text: one without any bytes, and one byte of it. */
        const char *own = (const char *)memchr(&writer, 0, sizeof writer);
        qmp_json part = { own, 1 };
        CHECK(own != NULL);
        qmp_result expected = which < 4 ? QMP_NULL_POINTER : which == 8 ? QMP_NULL_POINTER : QMP_OVERLAP;
        qmp_json none = { NULL, 0 };
        GIVES(expected, which == 0   ? qmp_writer_name(&writer, NULL)
                        : which == 1 ? qmp_writer_string(&writer, NULL)
                        : which == 2 ? qmp_writer_string_n(&writer, NULL, 1)
                        : which == 3 ? qmp_writer_json(&writer, none)
                        : which == 4 ? qmp_writer_name(&writer, out + 8)
                        : which == 5 ? qmp_writer_string(&writer, out + 8)
                        : which == 6 ? qmp_writer_string_n(&writer, out + 8, 1)
                        : which == 7 ? qmp_writer_json(&writer, inside)
                        : which == 8 ? qmp_writer_string(&writer, NULL)
                        : which == 9 ? qmp_writer_name(&writer, own)
                        : which == 10 ? qmp_writer_string(&writer, own)
                        : which == 11 ? qmp_writer_string_n(&writer, own, 1)
                                      : qmp_writer_json(&writer, part));
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
    values();
    writers();
    return finished();
}
