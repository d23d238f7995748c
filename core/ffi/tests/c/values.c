/* Reading and writing values. */
#include <float.h>

#include "check.h"

static qmp_json parsed(const char *text)
{
    qmp_json value;
    GIVES(QMP_OK, qmp_json_parse(text, strlen(text), &value));
    return value;
}

static void scalars(void)
{
    int64_t i = 7;
    uint64_t u = 7;
    double d = 7;
    bool truth = false;
    qmp_string text;
    GIVES(QMP_OK, qmp_json_i64(json("-9223372036854775808"), NULL, &i));
    CHECK(i == INT64_MIN);
    GIVES(QMP_OUT_OF_RANGE, qmp_json_i64(json("9223372036854775808"), NULL, &i));
    GIVES(QMP_OUT_OF_RANGE, qmp_json_u64(json("-1"), NULL, &u));
    GIVES(QMP_OUT_OF_RANGE, qmp_json_u64(json("18446744073709551616"), NULL, &u));
    GIVES(QMP_WRONG_TYPE, qmp_json_i64(json("1.0"), NULL, &i));
    GIVES(QMP_WRONG_TYPE, qmp_json_i64(json("1e0"), NULL, &i));
    GIVES(QMP_WRONG_TYPE, qmp_json_i64(json("\"1\""), NULL, &i));
    CHECK(i == INT64_MIN && u == 7);
    GIVES(QMP_OK, qmp_json_u64(json("18446744073709551615"), NULL, &u));
    CHECK(u == UINT64_MAX);
    GIVES(QMP_OK, qmp_json_double(json("-2.5e-1"), NULL, &d));
    CHECK(d <= -0.25 && d >= -0.25);
    GIVES(QMP_OUT_OF_RANGE, qmp_json_double(json("1e999"), NULL, &d));
    GIVES(QMP_WRONG_TYPE, qmp_json_double(json("true"), NULL, &d));
    GIVES(QMP_OK, qmp_json_bool(json("true"), NULL, &truth));
    CHECK(truth);
    GIVES(QMP_WRONG_TYPE, qmp_json_bool(json("1"), NULL, &truth));
    GIVES(QMP_WRONG_TYPE, qmp_json_string(json("1"), NULL, &text));
}

static void kinds(void)
{
    static const char *const values[] = { "null", "false", "-1", "\"\"", "[]", "{}" };
    for (unsigned i = 0; i < 6; i++) {
        qmp_json_kind kind;
        GIVES(QMP_OK, qmp_json_kind_of(json(values[i]), NULL, &kind));
        CHECK((unsigned)kind == i);
    }
}

static void strings(void)
{
    char out[32];
    size_t length = 99;
    qmp_string text;
    GIVES(QMP_OK, qmp_json_string(json("\"caf\\u00E9 \\uD83D\\uDE00\\u0000\\\"\""), NULL, &text));
    CHECK(qmp_string_equals(string("STOP"), "STOP") && !qmp_string_equals(string("STOP"), "STOPPED"));
    CHECK(!qmp_string_equals(string("STOP"), "\xff"));
    GIVES(QMP_OK, qmp_string_copy(text, out, sizeof out, &length));
    CHECK(length == 12 && memcmp(out, "caf\xc3\xa9 \xf0\x9f\x98\x80\0\"", 13) == 0);
    /* Exactly enough, and one less. */
    length = 99;
    GIVES(QMP_BUFFER_TOO_SMALL, qmp_string_copy(text, out, 12, &length));
    GIVES(QMP_BUFFER_TOO_SMALL, qmp_string_copy(text, out, 0, &length));
    CHECK(length == 99);
    GIVES(QMP_OK, qmp_string_copy(text, out, 13, &length));
    GIVES(QMP_OK, qmp_string_copy(string(""), out, 1, &length));
    CHECK(length == 0 && out[0] == 0);
    CHECK(qmp_string_equals(string("\\u0053TOP"), "STOP"));
}

static void walks(void)
{
    qmp_json object = parsed(" {\"a\": [1, {\"x\": []}, \"]\"] ,\r\n \"\\u0062\": {}, \"a\": 2} "), value = object, element;
    qmp_string name;
    size_t at = 0, inner = 0;
    GIVES(QMP_OK, qmp_json_next_member(object, &at, &name, &value));
    CHECK(is(name.text, name.length, "a"));
    GIVES(QMP_OK, qmp_json_next_element(value, &inner, &element));
    CHECK(is(element.text, element.length, "1"));
    GIVES(QMP_OK, qmp_json_next_element(value, &inner, &element));
    CHECK(is(element.text, element.length, "{\"x\": []}"));
    GIVES(QMP_OK, qmp_json_next_element(value, &inner, &element));
    CHECK(is(element.text, element.length, "\"]\""));
    GIVES(QMP_END, qmp_json_next_element(value, &inner, &element));
    GIVES(QMP_END, qmp_json_next_element(value, &inner, &element));
    GIVES(QMP_OK, qmp_json_next_member(object, &at, &name, &value));
    CHECK(qmp_string_equals(name, "b"));
    GIVES(QMP_OK, qmp_json_next_member(object, &at, &name, &value));
    GIVES(QMP_END, qmp_json_next_member(object, &at, &name, &value));
    CHECK(is(value.text, value.length, "2"));
    /* Nothing to walk, and nowhere to walk from. */
    at = 0;
    GIVES(QMP_END, qmp_json_next_member(json("{}"), &at, &name, &value));
    GIVES(QMP_END, qmp_json_next_member(json("[1]"), &at, &name, &value));
    GIVES(QMP_END, qmp_json_next_element(json("[]"), &at, &value));
    at = 1000;
    GIVES(QMP_INVALID_VALUE, qmp_json_next_member(object, &at, &name, &value));
    GIVES(QMP_INVALID_VALUE, qmp_json_next_element(object, &at, &value));
    GIVES(QMP_OK, qmp_json_member(object, "a", &value));
    CHECK(value.text[0] == '[');
    GIVES(QMP_OK, qmp_json_member(object, "b", &value));
    GIVES(QMP_NOT_FOUND, qmp_json_member(object, "x", &value));
    GIVES(QMP_WRONG_TYPE, qmp_json_member(json("[]"), "x", &value));
    GIVES(QMP_NOT_FOUND, qmp_json_member(object, "\xff", &value));
}

/* Each kind of value as a member, and what a member can be that is not read. */
static void members(void)
{
    const qmp_json object = json("{\"t\": true, \"i\": -7, \"u\": 7, \"d\": 0.5, \"\\u0073tring\": \"x\", \"null\": null, \"u\": 8}");
    bool truth = false;
    int64_t i;
    uint64_t u;
    double d;
    qmp_string text;
    qmp_json_kind kind;
    GIVES(QMP_OK, qmp_json_bool(object, "t", &truth));
    CHECK(truth);
    GIVES(QMP_OK, qmp_json_i64(object, "i", &i));
    CHECK(i == -7);
    /* The first of two. */
    GIVES(QMP_OK, qmp_json_u64(object, "u", &u));
    CHECK(u == 7);
    GIVES(QMP_OK, qmp_json_double(object, "d", &d));
    CHECK(d >= 0.5 && d <= 0.5);
    GIVES(QMP_OK, qmp_json_string(object, "string", &text));
    CHECK(qmp_string_equals(text, "x"));
    GIVES(QMP_OK, qmp_json_kind_of(object, "null", &kind));
    CHECK(kind == QMP_JSON_NULL);
    GIVES(QMP_OK, qmp_json_kind_of(object, NULL, &kind));
    CHECK(kind == QMP_JSON_OBJECT);
    CHECK(qmp_json_equals(object, "string", "x") && qmp_json_equals(json("\"caf\\u00e9\""), NULL, "caf\xc3\xa9"));
    CHECK(!qmp_json_equals(object, "string", "y") && !qmp_json_equals(object, "string", "") && !qmp_json_equals(object, "x", "x"));
    CHECK(!qmp_json_equals(object, "t", "true") && !qmp_json_equals(object, NULL, "x") && !qmp_json_equals(json("[]"), "x", "x"));
    CHECK(!qmp_json_equals(object, "\xff", "x") && !qmp_json_equals(json("\"caf\\u00e9\""), NULL, "caf\xe9"));
    GIVES(QMP_WRONG_TYPE, qmp_json_bool(object, "i", &truth));
    GIVES(QMP_OUT_OF_RANGE, qmp_json_u64(object, "i", &u));
    GIVES(QMP_NOT_FOUND, qmp_json_string(object, "x", &text));
    GIVES(QMP_NOT_FOUND, qmp_json_string(object, "", &text));
    GIVES(QMP_WRONG_TYPE, qmp_json_i64(json("[1]"), "i", &i));
    GIVES(QMP_NOT_FOUND, qmp_json_double(object, "\xff", &d));
}

/* Strings of each length that is looked at in another way, and one byte that differs at each place. */
static void strings_are_compared(void)
{
    for (size_t length = 0; length < 24; length++) {
        char text[32] = "", other[32] = "";
        memset(text, 'a', length);
        memset(other, 'a', length);
        const qmp_string string = { text, length };
        CHECK(qmp_string_equals(string, other));
        for (size_t at = 0; at < length; at++) {
            other[at] = 'b';
            CHECK(!qmp_string_equals(string, other));
            other[at] = 0;
            CHECK(!qmp_string_equals(string, other));
            /* With a backslash the same bytes are another string. */
            text[at] = other[at] = '\\';
            CHECK(!qmp_string_equals(string, other));
            text[at] = other[at] = (char)0xdc;
            (void)qmp_string_equals(string, other);
            text[at] = other[at] = 'a';
        }
        other[length] = 'a';
        CHECK(!qmp_string_equals(string, other));
    }
    const qmp_string escaped = { "caf\\u00e9", 9 };
    CHECK(qmp_string_equals(escaped, "caf\xc3\xa9") && !qmp_string_equals(escaped, "caf\xe9") && !qmp_string_equals(escaped, "cafe"));
}

static void texts(void)
{
    qmp_json value;
    char deep[300];
    GIVES(QMP_INVALID_JSON, qmp_json_parse("", 0, &value));
    GIVES(QMP_INVALID_JSON, qmp_json_parse("{\"a\": 1", 7, &value));
    GIVES(QMP_INVALID_JSON, qmp_json_parse("1 2", 3, &value));
    GIVES(QMP_INVALID_JSON, qmp_json_parse("'a'", 3, &value));
    GIVES(QMP_INVALID_JSON, qmp_json_parse("\"\n\"", 3, &value));
    GIVES(QMP_INVALID_UTF8, qmp_json_parse("\"\xff\"", 3, &value));
    memset(deep, '[', 150);
    memset(deep + 150, ']', 150);
    GIVES(QMP_TOO_DEEP, qmp_json_parse(deep, 300, &value));
    GIVES(QMP_OK, qmp_json_parse(deep + 150 - 63, 126, &value));
    /* Text that only claims to be a value is read within its length. */
    static const char *const claims[] = { "", "{", "[", "\"", "{\"a", "[1,", "{\"a\":", "\"\\", "\"\\u", "\\", "-", "t", "\xff", ",", ":", "]" };
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        size_t length = strlen(claims[i]), at = 0, copied;
        char *exact = (char *)malloc(length + 1), out[32]; /* So that a sanitizer sees what is read behind it. */
        CHECK(exact != NULL);
        memcpy(exact, claims[i], length);
        qmp_json claim = { exact, length };
        qmp_string text = { exact, length }, name;
        int64_t number;
        double real;
        bool truth;
        for (int steps = 0; qmp_json_next_member(claim, &at, &name, &value) == QMP_OK; steps++) {
            CHECK(steps < 10);
        }
        at = 0;
        for (int steps = 0; qmp_json_next_element(claim, &at, &value) == QMP_OK; steps++) {
            CHECK(steps < 10);
        }
        (void)qmp_json_member(claim, "a", &value);
        (void)qmp_json_i64(claim, NULL, &number);
        (void)qmp_json_double(claim, NULL, &real);
        (void)qmp_json_bool(claim, NULL, &truth);
        (void)qmp_json_string(claim, NULL, &text);
        GIVES(QMP_OK, qmp_string_copy(text, out, sizeof out, &copied));
        free(exact);
    }
}

static void writing(void)
{
    char out[256];
    qmp_writer w;
    qmp_json value, again;
    GIVES(QMP_OK, qmp_writer_init(&w, out, sizeof out));
    GIVES(QMP_OK, qmp_writer_object(&w));
    GIVES(QMP_OK, qmp_writer_name(&w, "a\"\\\n"));
    GIVES(QMP_OK, qmp_writer_array(&w));
    GIVES(QMP_OK, qmp_writer_i64(&w, INT64_MIN));
    GIVES(QMP_OK, qmp_writer_u64(&w, UINT64_MAX));
    GIVES(QMP_OK, qmp_writer_double(&w, 0.1));
    GIVES(QMP_OK, qmp_writer_double(&w, -0.0));
    GIVES(QMP_OK, qmp_writer_double(&w, DBL_MAX));
    GIVES(QMP_OK, qmp_writer_bool(&w, true));
    GIVES(QMP_OK, qmp_writer_null(&w));
    GIVES(QMP_OK, qmp_writer_string(&w, "caf\xc3\xa9\x7f"));
    GIVES(QMP_OK, qmp_writer_string_n(&w, "\0z", 2));
    GIVES(QMP_OK, qmp_writer_json(&w, json(" {\"x\":[1 ,2]}\n")));
    GIVES(QMP_OK, qmp_writer_end(&w));
    GIVES(QMP_OK, qmp_writer_end(&w));
    GIVES(QMP_OK, qmp_writer_finish(&w, &value));
    CHECK(is(value.text, value.length,
             "{\"a\\\"\\\\\\n\": [-9223372036854775808, 18446744073709551615, 0.1, -0, 1.7976931348623157e308, true, null, "
             "\"caf\\u00E9\\u007F\", \"\\u0000z\", {\"x\": [1, 2]}]}"));
    GIVES(QMP_OK, qmp_json_parse(value.text, value.length, &again));
    CHECK(again.length == value.length);

    /* Any buffer that is too small is told, and no byte behind it is touched. */
    for (size_t size = 0; size < value.length; size++) {
        char small[256];
        memset(small, 0x5a, sizeof small);
        GIVES(QMP_OK, qmp_writer_init(&w, small, size));
        (void)qmp_writer_json(&w, again);
        GIVES(QMP_BUFFER_TOO_SMALL, qmp_writer_null(&w));
        GIVES(QMP_BUFFER_TOO_SMALL, qmp_writer_finish(&w, &value));
        for (size_t i = size; i < sizeof small; i++) {
            CHECK(small[i] == 0x5a);
        }
        value = again;
    }
}

#define WRITES(expected, ...)                                 \
    do {                                                      \
        GIVES(QMP_OK, qmp_writer_init(&w, out, sizeof out));  \
        __VA_ARGS__;                                          \
        GIVES(expected, qmp_writer_finish(&w, &value));       \
    } while (0)

static void miswriting(void)
{
    char out[256];
    qmp_writer w;
    qmp_json value = { NULL, 0 };
    const double nought = 0;
    WRITES(QMP_MISPLACED, (void)0);
    WRITES(QMP_MISPLACED, qmp_writer_end(&w));
    WRITES(QMP_MISPLACED, qmp_writer_object(&w));
    WRITES(QMP_MISPLACED, qmp_writer_name(&w, "a"));
    WRITES(QMP_MISPLACED, qmp_writer_null(&w); qmp_writer_null(&w));
    WRITES(QMP_MISPLACED, qmp_writer_object(&w); qmp_writer_null(&w); qmp_writer_end(&w));
    WRITES(QMP_MISPLACED, qmp_writer_object(&w); qmp_writer_name(&w, "a"); qmp_writer_end(&w));
    WRITES(QMP_MISPLACED, qmp_writer_object(&w); qmp_writer_name(&w, "a"); qmp_writer_name(&w, "b"));
    WRITES(QMP_MISPLACED, qmp_writer_array(&w); qmp_writer_name(&w, "a"); qmp_writer_end(&w));
    WRITES(QMP_NOT_FINITE, qmp_writer_double(&w, 1 / nought));
    WRITES(QMP_INVALID_UTF8, qmp_writer_string(&w, "\xc3"));
    WRITES(QMP_INVALID_UTF8, qmp_writer_string_n(&w, "\xed\xa0\x80", 3));
    WRITES(QMP_INVALID_UTF8, qmp_writer_array(&w); qmp_writer_string(&w, "\xc3"); qmp_writer_end(&w));
    WRITES(QMP_INVALID_JSON, qmp_writer_json(&w, json("{")));
    WRITES(QMP_INVALID_JSON, qmp_writer_json(&w, json("1, 2")));
    WRITES(QMP_TOO_DEEP, for (int i = 0; i < 65; i++) qmp_writer_array(&w));
    CHECK(value.text == NULL);
}

/* Names and strings by their length: what is behind them does not matter, and a zero byte is a character. */
static void by_length(void)
{
    qmp_json object = json("{\"a\\u0000b\": \"x\\u0000y\", \"truth\": true, \"i\": -7, \"u\": 7, \"d\": 0.5}"), value;
    qmp_json_kind kind;
    qmp_string string;
    bool truth = false;
    int64_t i = 0;
    uint64_t u = 0;
    double d = 0;
    GIVES(QMP_OK, qmp_json_member_n(object, "a\0b", 3, &value));
    CHECK(is(value.text, value.length, "\"x\\u0000y\""));
    GIVES(QMP_OK, qmp_json_string_n(object, "a\0b?", 3, &string));
    CHECK(qmp_string_equals_n(string, "x\0y?", 3) && !qmp_string_equals_n(string, "x\0y?", 4) && !qmp_string_equals(string, "x"));
    CHECK(qmp_json_equals_n(object, "a\0b", 3, "x\0y", 3) && !qmp_json_equals_n(object, "a\0b", 3, "x\0z", 3));
    CHECK(qmp_json_equals_n(value, NULL, 99, "x\0y", 3) && !qmp_json_equals(object, "a", "x"));
    GIVES(QMP_OK, qmp_json_kind_of_n(object, "truth is", 5, &kind));
    CHECK(kind == QMP_JSON_BOOL);
    GIVES(QMP_OK, qmp_json_bool_n(object, "truthful", 5, &truth));
    GIVES(QMP_OK, qmp_json_i64_n(object, "int", 1, &i));
    GIVES(QMP_OK, qmp_json_u64_n(object, "uint", 1, &u));
    GIVES(QMP_OK, qmp_json_double_n(object, "double", 1, &d));
    CHECK(truth && i == -7 && u == 7 && d > 0.25 && d < 0.75);
    GIVES(QMP_NOT_FOUND, qmp_json_i64_n(object, "i", 0, &i));
    GIVES(QMP_NOT_FOUND, qmp_json_i64_n(object, "i", 2, &i));
    GIVES(QMP_INVALID_VALUE, qmp_json_i64_n(object, "i", SIZE_MAX, &i));
    GIVES(QMP_NOT_FOUND, qmp_json_i64_n(object, "caf\xc3\xa9", 4, &i));
    CHECK(qmp_length("truth") == 5 && qmp_length("") == 0 && qmp_length(NULL) == 0);
}

int main(void)
{
    scalars();
    kinds();
    strings();
    walks();
    members();
    strings_are_compared();
    texts();
    writing();
    miswriting();
    by_length();
    return finished();
}
