/*
 * libqmp: QMP, the QEMU Machine Protocol, for C. A client, a server, a reader and a writer of JSON; no IO, no memory
 * and no time of its own.
 *
 * RULES. They hold for every function.
 *
 * - A function returns a qmp_result, 0 for success, and gives its outputs through pointers. An output is written on
 *   success only, unless the function says so. The few functions that cannot fail return their answer.
 * - No pointer may be NULL unless the function says so. All are checked for NULL and for alignment, objects for being
 *   initialised, and memory that is written for not being part of an object or of another argument. What cannot be
 *   checked is the caller's: that the memory is there, for as many bytes as the type or the length beside it says.
 * - Objects (qmp_client, qmp_server, qmp_select, qmp_writer) lie in memory of the caller's, and stay where they are: they must not
 *   be moved, copied or changed. Nothing is allocated, and nothing has to be freed.
 * - Text that is handed out is lent, has a length and no zero byte at its end. Each function says for how long.
 * - There are no callbacks, no threads and no state outside of the objects. No two calls on one object may run at the
 *   same time; calls on different objects may. All may be made from an interrupt.
 *
 * A program that includes this file is compiled as C99 or later, or as C++11 or later.
 *
 * Written by cbindgen from core/ffi/src: do not edit.
 */
#ifndef QMP_H
#define QMP_H


#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if UINTPTR_MAX == 0xffffffffffffffff
#define QMP_POINTER_64
#elif UINTPTR_MAX == 0xffffffff
#define QMP_POINTER_32
#else
#error "libqmp is for machines with pointers of 32 or 64 bits"
#endif

/**
 * Bytes of storage for a client that receives messages of up to `rx_bytes` bytes, QMP_RX_MIN at least, sends commands of up to
 * `tx_bytes` bytes, QMP_CLIENT_TX_MIN at least, and has up to `in_flight` of them open at once, 1 at least. A constant if they are.
 */
#define QMP_CLIENT_SIZE(rx_bytes, tx_bytes, in_flight) \
    (((size_t)QMP_CLIENT_HEAD + (size_t)(in_flight) * QMP_CLIENT_PLACE + (size_t)(tx_bytes) + (size_t)(rx_bytes) + 7U) \
     & ~(size_t)7U)

/**
 * The type of such a storage, aligned as it must be:
 *
 *     static QMP_CLIENT_STORAGE(4096, 256, 4) storage;
 *     qmp_client *client;
 *     qmp_client_init(QMP_ABI_VERSION, &storage, sizeof storage, 256, 4, session, &client);
 */
#define QMP_CLIENT_STORAGE(rx_bytes, tx_bytes, in_flight) \
    union { uint64_t alignment; unsigned char bytes[QMP_CLIENT_SIZE(rx_bytes, tx_bytes, in_flight)]; }

/** Bytes of storage for a server whose settings have these sizes. A constant if they are. */
#define QMP_SERVER_SIZE(rx_bytes, tx_bytes, store_bytes, policies_length) \
    (((size_t)QMP_SERVER_HEAD + (size_t)(policies_length) * QMP_SERVER_POLICY + (size_t)(rx_bytes) + \
      (size_t)(tx_bytes) + (size_t)(store_bytes) + 7U) & ~(size_t)7U)

/** The type of such a storage, aligned as it must be. */
#define QMP_SERVER_STORAGE(rx_bytes, tx_bytes, store_bytes, policies_length) \
    union { uint64_t alignment; \
            unsigned char bytes[QMP_SERVER_SIZE(rx_bytes, tx_bytes, store_bytes, policies_length)]; }

/**
 * The version of this interface: of the sizes and the layout of everything in this header. Each `qmp_..._init` compares
 * it with the library's.
 */
#define QMP_ABI_VERSION 1

/**
 * No deadline: this is later than everything.
 */
#define QMP_NEVER 18446744073709551615ull

/**
 * Bytes. The least for what is received by a client or a server.
 */
#define QMP_RX_MIN 128

/**
 * Bytes. The least for what is to be sent by a client: the handshake always fits.
 */
#define QMP_CLIENT_TX_MIN 104

#if defined(QMP_POINTER_64)
/**
 * Bytes of a client beside its buffers and its places for open commands. Use `QMP_CLIENT_STORAGE`.
 */
#define QMP_CLIENT_HEAD 240
#endif

#if defined(QMP_POINTER_32)
/**
 * Bytes of a client beside its buffers and its places for open commands. Use `QMP_CLIENT_STORAGE`.
 */
#define QMP_CLIENT_HEAD 208
#endif

/**
 * Bytes of a client's place for one open command. Use `QMP_CLIENT_STORAGE`.
 */
#define QMP_CLIENT_PLACE 12

/**
 * Bytes. The least for what is to be sent by a server.
 */
#define QMP_TX_MIN 256

#if defined(QMP_POINTER_64)
/**
 * Bytes of a server beside its buffers and policies. Use `QMP_SERVER_STORAGE`.
 */
#define QMP_SERVER_HEAD 432
#endif

#if defined(QMP_POINTER_32)
/**
 * Bytes of a server beside its buffers and policies. Use `QMP_SERVER_STORAGE`.
 */
#define QMP_SERVER_HEAD 336
#endif

#if defined(QMP_POINTER_64)
/**
 * Bytes of a server's policy for events of one name. Use `QMP_SERVER_STORAGE`.
 */
#define QMP_SERVER_POLICY 48
#endif

#if defined(QMP_POINTER_32)
/**
 * Bytes of a server's policy for events of one name. Use `QMP_SERVER_STORAGE`.
 */
#define QMP_SERVER_POLICY 32
#endif

/**
 * The most paths of one selection.
 */
#define QMP_SELECT_PATHS 8

/**
 * Words of a `qmp_select`.
 */
#define QMP_SELECT_WORDS 80

/**
 * Out-of-band execution is offered. A flag of `qmp_server_settings`.
 */
#define QMP_SERVER_OOB 1

/**
 * Everything is pretty-printed. A flag of `qmp_server_settings`.
 */
#define QMP_SERVER_PRETTY 2

/**
 * The last event that found no room is sent later; without it, it is lost. A flag of `qmp_event_policy`.
 */
#define QMP_EVENT_KEEP 1

/**
 * What every function returns.
 *
 * 0 is success. Otherwise nothing has changed, and no output was written, unless the function says so. The hundreds say
 * who must act. A number, once given, keeps its meaning; later versions may return numbers that are not listed here.
 */
enum qmp_result
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Done.
     */
    QMP_OK = 0,
    /**
     * No error: there is no more, from a poll until more has been received, from a walk for good.
     */
    QMP_END = 1,
    /**
     * The program is wrong: a pointer is NULL that must not be.
     */
    QMP_NULL_POINTER = 100,
    /**
     * The program is wrong: a pointer is not aligned for what it points to.
     */
    QMP_MISALIGNED = 101,
    /**
     * The program is wrong: two regions of memory overlap of which one is written.
     */
    QMP_OVERLAP = 102,
    /**
     * The program was compiled with the header of another version: compile it anew.
     */
    QMP_ABI_MISMATCH = 103,
    /**
     * The program is wrong: the object was not initialised, or was overwritten or moved.
     */
    QMP_NOT_INITIALISED = 104,
    /**
     * The program is wrong: an argument is outside the values that the function names, or a length is larger than any object.
     */
    QMP_INVALID_VALUE = 105,
    /**
     * The program is wrong: more bytes were committed than the window has.
     */
    QMP_OVERRUN = 106,
    /**
     * Not now: the session is in another phase.
     */
    QMP_WRONG_PHASE = 200,
    /**
     * Not now: as many commands are open as there is room for. With out-of-band execution the last place is kept for an out-of-band
     * command. Poll until one has ended, or give the client more room.
     */
    QMP_TABLE_FULL = 201,
    /**
     * Not now: the server has as many commands in its queue as it takes. Poll until one has ended.
     */
    QMP_SERVER_QUEUE_FULL = 202,
    /**
     * Not in this session: out-of-band execution was not negotiated.
     */
    QMP_OOB_DISABLED = 203,
    /**
     * Not any more: the command is not open, the call was answered, or its connection has ended.
     */
    QMP_NOT_OPEN = 204,
    /**
     * Not now: send what is unsent, then call again. If nothing is unsent, answer the command out of band first.
     */
    QMP_BUSY = 205,
    /**
     * Not now: a command with a selection is open. Poll until it has ended, or cancel it.
     */
    QMP_SELECTING = 206,
    /**
     * Not now: a command with a selection has to be the only one, and another is open. Poll until all have ended.
     */
    QMP_NOT_ALONE = 207,
    /**
     * More memory is needed: the storage is too small for the object.
     */
    QMP_STORAGE_TOO_SMALL = 300,
    /**
     * More memory is needed: the output buffer is too small.
     */
    QMP_BUFFER_TOO_SMALL = 301,
    /**
     * More memory is needed: all is sent, and there is still no room for the message in the server's transmit buffer. It is too large
     * for good, but for a reply out of band while a command in band is being run: that has half of the buffer less the events that are
     * kept, a quarter of it at most.
     */
    QMP_TOO_LARGE = 302,
    /**
     * The value is another: there is no such member.
     */
    QMP_NOT_FOUND = 400,
    /**
     * The value is another: it has another type.
     */
    QMP_WRONG_TYPE = 401,
    /**
     * The value is another: the number is outside the type's range.
     */
    QMP_OUT_OF_RANGE = 402,
    /**
     * The text is not one JSON value (RFC 8259).
     */
    QMP_INVALID_JSON = 403,
    /**
     * The text is not UTF-8.
     */
    QMP_INVALID_UTF8 = 404,
    /**
     * The value is nested too deeply: 64 levels are the most in a message.
     */
    QMP_TOO_DEEP = 405,
    /**
     * The calls on the writer do not make one JSON value: a member without a name, a name without a value, a bracket too many or
     * too few.
     */
    QMP_MISPLACED = 406,
    /**
     * A number is infinite or not a number, which JSON cannot say.
     */
    QMP_NOT_FINITE = 407,
    /**
     * The paths are no selection: there is none, or there are more than `QMP_SELECT_PATHS`.
     */
    QMP_PATH_COUNT = 408,
    /**
     * The paths are no selection: one has more than 255 bytes.
     */
    QMP_PATH_TOO_LONG = 409,
    /**
     * The paths are no selection: one has more than eight steps.
     */
    QMP_PATH_TOO_DEEP = 410,
    /**
     * The paths are no selection: one is no path.
     */
    QMP_PATH_SYNTAX = 411,
    /**
     * The paths do not lead to what is to be delivered in parts: to the elements of one array, or to one string.
     */
    QMP_PATH_DELIVERY = 412,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum qmp_result qmp_result;
#else
typedef int32_t qmp_result;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What a JSON value is.
 */
enum qmp_json_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * `null`
     */
    QMP_JSON_NULL = 0,
    /**
     * `true` or `false`
     */
    QMP_JSON_BOOL = 1,
    /**
     * Any number. JSON does not tell integers from others.
     */
    QMP_JSON_NUMBER = 2,
    /**
     * A string.
     */
    QMP_JSON_STRING = 3,
    /**
     * An array.
     */
    QMP_JSON_ARRAY = 4,
    /**
     * An object.
     */
    QMP_JSON_OBJECT = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum qmp_json_kind qmp_json_kind;
#else
typedef uint32_t qmp_json_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What came next in a session. A program ignores the kinds that it does not know: later versions may have more.
 */
enum qmp_incoming_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Nothing, together with `QMP_END`: `window`.
     */
    QMP_INCOMING_NONE = 0,
    /**
     * The server greets; `value` is what its member `QMP` holds. Call `qmp_client_negotiate`. In the middle of a session it
     * was restarted, and the open commands have ended just before.
     */
    QMP_INCOMING_GREETING = 1,
    /**
     * The negotiation is complete: commands can be executed. `oob` says whether out of band too.
     */
    QMP_INCOMING_READY = 2,
    /**
     * The server refused the negotiation; `value` is the error. Call `qmp_client_negotiate` with other capabilities.
     */
    QMP_INCOMING_REFUSED = 3,
    /**
     * An event; `name`, `value` (its data, NULL if it has none) and `timestamp`. Legal in every phase.
     */
    QMP_INCOMING_EVENT = 4,
    /**
     * The command `id` was answered by a return, `value`.
     */
    QMP_INCOMING_RETURN = 5,
    /**
     * The command `id` was answered by an error, `value`, an object with the members `class` and `desc`.
     */
    QMP_INCOMING_ERROR = 6,
    /**
     * The command `id` has ended without an answer; `failure` says why.
     */
    QMP_INCOMING_FAILED = 7,
    /**
     * A good message that belongs to nothing here, and completes no command; `message` says what it is, `value` what it holds.
     * An error of this kind says that the server could not read something.
     */
    QMP_INCOMING_UNMATCHED = 8,
    /**
     * Bytes that are no message; `discarded` says why. The link is in step.
     */
    QMP_INCOMING_DISCARDED = 9,
    /**
     * The greeting or the answer to the negotiation did not come in time; `phase` says which. The session is closed.
     */
    QMP_INCOMING_TIMED_OUT = 10,
    /**
     * Of a delivery in parts: the array, or the string, begins. All that follows is provisional until `QMP_INCOMING_END`.
     */
    QMP_INCOMING_BEGIN = 11,
    /**
     * Of a delivery in parts: the element `index` of the array, `value`, with only the selected parts in it.
     */
    QMP_INCOMING_ELEMENT = 12,
    /**
     * Of a delivery in parts: the element `index` is wanted, or may be, and does not fit the buffer. It is left out.
     */
    QMP_INCOMING_OVERSIZED = 13,
    /**
     * Of a delivery in parts: the next bytes of the string, decoded: UTF-8, and never a part of a character. `value` says where they
     * lie; they are no JSON.
     */
    QMP_INCOMING_PIECE = 14,
    /**
     * Of a delivery in parts: it was the reply to the command, and it was whole. `delivered`, `dropped` and `oversized` count.
     * `QMP_INCOMING_RETURN` comes next, without what was delivered.
     */
    QMP_INCOMING_END = 15,
    /**
     * Of a delivery in parts: it was not the reply to this command, or was not whole. Forget what came since `QMP_INCOMING_BEGIN`. The
     * wait for the reply goes on, unless the command's end is told as well.
     */
    QMP_INCOMING_ABANDONED = 16,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum qmp_incoming_kind qmp_incoming_kind;
#else
typedef uint32_t qmp_incoming_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How a command ended that will never be answered.
 */
enum qmp_failure
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * None has.
     */
    QMP_FAILURE_NONE = 0,
    /**
     * Its deadline passed. The server may still run it; a late reply is dropped and counted.
     */
    QMP_FAILURE_TIMED_OUT = 1,
    /**
     * The connection ended, or the server was restarted. Whether the command ran is not known.
     */
    QMP_FAILURE_CONNECTION_LOST = 2,
    /**
     * It was answered by a return of `bytes` bytes, which is more than the buffer holds.
     */
    QMP_FAILURE_OVERSIZED_RETURN = 3,
    /**
     * It was answered by an error of `bytes` bytes, which is more than the buffer holds.
     */
    QMP_FAILURE_OVERSIZED_ERROR = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum qmp_failure qmp_failure;
#else
typedef uint32_t qmp_failure;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Why bytes were discarded. All counts are of bytes on the wire.
 */
enum qmp_discarded
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * None were.
     */
    QMP_DISCARDED_NONE = 0,
    /**
     * `bytes` bytes between two messages that are not white space.
     */
    QMP_DISCARDED_NOISE = 1,
    /**
     * A message was cut off after `bytes` bytes.
     */
    QMP_DISCARDED_TRUNCATED = 2,
    /**
     * A message of `bytes` bytes is not valid: `fault` says why, `at` where.
     */
    QMP_DISCARDED_MALFORMED = 3,
    /**
     * A valid message of `bytes` bytes is larger than the buffer: `message` says what it was, `id` its id if that is an integer,
     * `name` the start of an event's name.
     */
    QMP_DISCARDED_OVERSIZED = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum qmp_discarded qmp_discarded;
#else
typedef uint32_t qmp_discarded;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Why a message is not valid.
 */
enum qmp_fault
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * It is.
     */
    QMP_FAULT_NONE = 0,
    /**
     * Not JSON (RFC 8259).
     */
    QMP_FAULT_SYNTAX = 1,
    /**
     * A control character in a string.
     */
    QMP_FAULT_CONTROL_CHARACTER = 2,
    /**
     * Not UTF-8 inside a string.
     */
    QMP_FAULT_INVALID_UTF8 = 3,
    /**
     * Nested deeper than 64.
     */
    QMP_FAULT_TOO_DEEP = 4,
    /**
     * A member that the protocol gives a meaning came twice.
     */
    QMP_FAULT_DUPLICATE_MEMBER = 5,
    /**
     * Two kinds of message in one object.
     */
    QMP_FAULT_AMBIGUOUS_KIND = 6,
    /**
     * Anything else.
     */
    QMP_FAULT_OTHER = 7,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum qmp_fault qmp_fault;
#else
typedef uint32_t qmp_fault;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What a message is.
 */
enum qmp_message
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * No message.
     */
    QMP_MESSAGE_NONE = 0,
    /**
     * A return; `value` is the value returned.
     */
    QMP_MESSAGE_RETURN = 1,
    /**
     * An event. It is told as such unless it is oversized.
     */
    QMP_MESSAGE_EVENT = 2,
    /**
     * An error; `value` is what its member `error` holds.
     */
    QMP_MESSAGE_ERROR = 3,
    /**
     * A greeting; `value` is what its member `QMP` holds.
     */
    QMP_MESSAGE_GREETING = 4,
    /**
     * A command; `value` is all of it.
     */
    QMP_MESSAGE_REQUEST = 5,
    /**
     * An object of no known kind; `value` is all of it.
     */
    QMP_MESSAGE_UNKNOWN = 6,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum qmp_message qmp_message;
#else
typedef uint32_t qmp_message;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Whether commands can be executed out of band.
 */
enum qmp_oob
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * They cannot.
     */
    QMP_OOB_OFF = 0,
    /**
     * They can.
     */
    QMP_OOB_ON = 1,
    /**
     * Not known, after `qmp_client_attach`; they may be tried.
     */
    QMP_OOB_UNKNOWN = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum qmp_oob qmp_oob;
#else
typedef uint32_t qmp_oob;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Where a session stands.
 */
enum qmp_phase
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * None.
     */
    QMP_PHASE_NONE = 0,
    /**
     * Waiting for the greeting.
     */
    QMP_PHASE_GREETING = 1,
    /**
     * The server has greeted: negotiate.
     */
    QMP_PHASE_GREETED = 2,
    /**
     * The negotiation is under way.
     */
    QMP_PHASE_NEGOTIATING = 3,
    /**
     * Command mode: commands can be executed.
     */
    QMP_PHASE_COMMAND = 4,
    /**
     * Command mode, with a command open that has a selection: no other can be executed until it has ended.
     */
    QMP_PHASE_SELECTING = 5,
    /**
     * The session is over: reset, or attach where the link has no connections.
     */
    QMP_PHASE_CLOSED = 6,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum qmp_phase qmp_phase;
#else
typedef uint32_t qmp_phase;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What came next from a client. A program ignores the kinds that it does not know.
 */
enum qmp_inbound_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * The negotiation is complete: commands and events from now on. `oob` says whether out of band too.
     */
    QMP_INBOUND_READY = 1,
    /**
     * A command is to be run and then answered: `call`, `oob`, `name`, `arguments` and `id`.
     */
    QMP_INBOUND_REQUEST = 2,
    /**
     * The server has answered some input by itself.
     */
    QMP_INBOUND_ANSWERED = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum qmp_inbound_kind qmp_inbound_kind;
#else
typedef uint32_t qmp_inbound_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What became of an event.
 */
enum qmp_emission
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * It is among what is to be sent.
     */
    QMP_EMISSION_SENT = 1,
    /**
     * It is kept, to be sent when there is room or the interval is over.
     */
    QMP_EMISSION_KEPT = 2,
    /**
     * It is kept in place of an earlier one of its name, which is lost.
     */
    QMP_EMISSION_REPLACED = 3,
    /**
     * It is lost: there is no room, and no policy to keep it.
     */
    QMP_EMISSION_LOST = 4,
    /**
     * There is nobody to hear it: no client has negotiated. That is no loss.
     */
    QMP_EMISSION_UNHEARD = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum qmp_emission qmp_emission;
#else
typedef uint32_t qmp_emission;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Which protocol a server speaks.
 */
enum qmp_dialect
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * QMP.
     */
    QMP_DIALECT_QMP = 0,
    /**
     * The guest agent's: no greeting, no negotiation, no events; lines ended by LF.
     */
    QMP_DIALECT_AGENT = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum qmp_dialect qmp_dialect;
#else
typedef uint32_t qmp_dialect;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How the reply to a command with a selection is delivered.
 */
enum qmp_delivery
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * As any other: one `QMP_INCOMING_RETURN`, with only the selected parts in it.
     */
    QMP_DELIVERY_WHOLE = 0,
    /**
     * The elements of one array one by one, each with only the selected parts in it: all that has to fit the client's buffer is one
     * of them, and, where a path has a condition, all of it up to the member that meets it. `QMP_INCOMING_BEGIN`, then
     * `QMP_INCOMING_ELEMENT` or `QMP_INCOMING_OVERSIZED` for each, `QMP_INCOMING_END`, and then the `QMP_INCOMING_RETURN` without them.
     * All paths have to lead through the same array first, as `return[*].device` and `return[*].inserted.file` do.
     */
    QMP_DELIVERY_ELEMENTS = 1,
    /**
     * One string, decoded, piece by piece, however long it is: `QMP_INCOMING_BEGIN`, `QMP_INCOMING_PIECE` as often as it takes,
     * `QMP_INCOMING_END`, and then the `QMP_INCOMING_RETURN` with an empty string in its place. There has to be one path, to one
     * value, as `return` or `return.buf-b64`. A value that is no string is left in the return.
     */
    QMP_DELIVERY_PIECES = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum qmp_delivery qmp_delivery;
#else
typedef uint32_t qmp_delivery;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * One session as a client. It lies in storage of the caller's, which must stay where it is.
 *
 * The whole of it, in the order of a turn:
 *
 * 1. `qmp_client_poll` until it returns `QMP_END`, and act on each `qmp_incoming`: on a greeting `qmp_client_negotiate`.
 * 2. Read from the transport into the `window` that came with `QMP_END`, and `qmp_client_commit` the bytes read.
 * 3. `qmp_client_execute` what is to be run, and send the `qmp_outgoing`.
 * 4. When `qmp_client_next_deadline` has come, `qmp_client_handle_timeout`, then step 1.
 *
 * Time is a number of ticks of the caller's clock, which never goes back; `QMP_NEVER` is no deadline. Nothing blocks.
 * There is nothing to be freed: a client ends with its storage.
 */
typedef struct qmp_client qmp_client;

/**
 * One connection as a server. It lies in storage of the caller's, which must stay where it is.
 *
 * The whole of it, in the order of a turn:
 *
 * 1. `qmp_server_poll` until it returns `QMP_END`, and run each command: `qmp_server_reply` or `qmp_server_error`, at once or
 *    later. `qmp_server_event` whenever something happens. Where events have intervals, `qmp_server_handle_timeout` before that.
 * 2. Write what is `qmp_server_unsent` to the transport, as much as it takes now, and say how much with `qmp_server_sent`. If there
 *    was any, step 1.
 * 3. `qmp_server_window`: read from the transport into it, then `qmp_server_commit` the bytes read. An empty window means: not now.
 *
 * Commands come one at a time, each after the reply to the one before has been sent. With out-of-band execution one that may
 * overtake comes at once. What QEMU answers by itself is answered here: the greeting, the negotiation, input that is no
 * command. A client that does not read costs nothing but its own commands and events.
 */
typedef struct qmp_server qmp_server;

/**
 * One JSON value: the text as it stands on the wire, without white space around it. Not ended by a zero byte.
 *
 * Those that the library hands out are valid JSON, lent for as long as the function or the field says. The functions below read
 * a value again from its text each time. They read the value itself where `member` is NULL, or, if it is an object, the first member
 * whose name is the `member_length` bytes at `member`. Without `_n` they take a name that ends with a zero byte:
 * `qmp_json_bool(incoming.value, "running", &running)`. Escapes in the names on the wire are taken into account. Text of other origin
 * has to pass `qmp_json_parse` first; of text that is no JSON they read anything, within its length.
 */
typedef struct qmp_json {
    /**
     * The first byte. NULL where a message has no such value.
     */
    const char *text;
    /**
     * Bytes.
     */
    size_t length;
} qmp_json;

/**
 * One JSON string: the text between its quotes, as it stands on the wire. Not ended by a zero byte.
 *
 * QEMU writes nearly all strings without escapes, and then this is the string itself: it may be printed with
 * `printf("%.*s", (int)s.length, s.text)`. `qmp_string_equals` and `qmp_string_copy` decode escapes.
 */
typedef struct qmp_string {
    /**
     * The first byte. NULL where a message has no such string.
     */
    const char *text;
    /**
     * Bytes, escapes not decoded.
     */
    size_t length;
} qmp_string;

/**
 * Writes one JSON value into memory of the caller's, and cannot write anything else.
 *
 * It is declared as any variable, and initialised by `qmp_writer_init`. Each call writes one piece: `qmp_writer_object`, then for
 * each member `qmp_writer_name` and one value, then `qmp_writer_end`. The first call that fails makes all after it do nothing, and
 * return the same: so it is enough to look at what `qmp_writer_finish` returns.
 *
 * ```c
 * char text[64];
 * qmp_writer writer;
 * qmp_json arguments;
 * qmp_writer_init(&writer, text, sizeof text);
 * qmp_writer_object(&writer);
 * qmp_writer_name(&writer, "id");
 * qmp_writer_string(&writer, device);
 * qmp_writer_end(&writer);
 * if (qmp_writer_finish(&writer, &arguments) == QMP_OK) { ... }
 * ```
 */
typedef struct qmp_writer {
    /**
     * The library's.
     */
    uint64_t state[10];
} qmp_writer;

/**
 * Where the next bytes of a connection go: as many as are there, up to `length`, of which the number is committed then.
 */
typedef struct qmp_window {
    /**
     * Where the first byte goes.
     */
    void *start;
    /**
     * How many there is room for.
     */
    size_t length;
} qmp_window;

/**
 * What came next in a session. Which fields have a meaning depends on `kind`; the others are 0 or NULL. After `QMP_END` only `kind` and
 * `window` have one, and the others are as they were.
 *
 * What `value`, `name` and `timestamp` point to lies in the client's buffer. It is lent until the next call of
 * `qmp_client_window`, `qmp_client_commit`, `qmp_client_receive`, `qmp_client_poll`, `qmp_client_poll_select` or `qmp_client_reset` on
 * this client.
 */
typedef struct qmp_incoming {
    /**
     * What it is.
     */
    qmp_incoming_kind kind;
    /**
     * Of `QMP_INCOMING_FAILED`: why.
     */
    qmp_failure failure;
    /**
     * Of `QMP_INCOMING_DISCARDED`: why.
     */
    qmp_discarded discarded;
    /**
     * Of a malformed message: why.
     */
    qmp_fault fault;
    /**
     * Of `QMP_INCOMING_UNMATCHED` and of an oversized message: what it is.
     */
    qmp_message message;
    /**
     * Of `QMP_INCOMING_READY`: whether out-of-band execution is on.
     */
    qmp_oob oob;
    /**
     * Of `QMP_INCOMING_TIMED_OUT`: the phase in which the session stood.
     */
    qmp_phase phase;
    /**
     * Of an element: its number in the array as the server sent it, counted from 0.
     */
    uint32_t index;
    /**
     * Of the end of a delivery: elements delivered, or bytes of the string.
     */
    uint32_t delivered;
    /**
     * Of the end of a delivery: elements of which nothing is selected.
     */
    uint32_t dropped;
    /**
     * Of the end of a delivery: elements that did not fit.
     */
    uint32_t oversized;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * Of a command's end: its id, as `qmp_client_execute` gave it. Of an oversized message: its id on the wire, 0 if it has none.
     */
    uint64_t id;
    /**
     * Bytes on the wire: of what was discarded, or of a reply that was too large.
     */
    uint64_t bytes;
    /**
     * Of a malformed message: the offset of the first byte that cannot stand there.
     */
    uint64_t at;
    /**
     * The value that comes with it.
     */
    struct qmp_json value;
    /**
     * An event's name.
     */
    struct qmp_string name;
    /**
     * An event's time, for `qmp_timestamp`.
     */
    struct qmp_json timestamp;
    /**
     * Of `QMP_END`: where the next bytes from the server go, as `qmp_client_window` says it.
     */
    struct qmp_window window;
} qmp_incoming;

/**
 * What is to be sent: `length` bytes. Of a client they lie in its storage, and are lent until the next call on this client that gives such,
 * or fails to, or `qmp_client_reset`. Of a server they lie in its storage, lent as `qmp_server_unsent` says.
 */
typedef struct qmp_outgoing {
    /**
     * The first byte.
     */
    const void *bytes;
    /**
     * Bytes.
     */
    size_t length;
    /**
     * The command's id; 0 of the handshake, and of a server.
     */
    uint64_t id;
} qmp_outgoing;

/**
 * What is wanted of the reply to a command, where all of it would not fit the client's buffer. The rest is dropped while it arrives.
 *
 * It is declared as any variable, initialised by `qmp_select_init`, and serves any number of commands of one client, one after the
 * other: `qmp_client_execute_select` takes it, and `qmp_client_poll_select` in place of `qmp_client_poll` until that command has
 * ended. It stays where it is, and so do the paths, for it refers to itself and to them.
 *
 * ```c
 * static const char *const paths[] = { "return[*].device", "return[*].inserted.file" };
 * qmp_select disks;
 * qmp_select_init(&disks, paths, 2, QMP_DELIVERY_ELEMENTS);
 * qmp_client_execute_select(client, &disks, "query-block", NULL, QMP_NEVER, &outgoing);
 * ...
 * while (qmp_client_poll_select(client, &disks, &incoming) == QMP_OK) { ... }
 * ```
 *
 * A path starts with the name of a member of the message (`return`, or `data` for events) and goes on with steps: `.name` for a member
 * of an object, `["name"]` for one whose name has one of `.`, `[`, `]`, `=` in it, `[*]` for every element of an array, `[3]` for the
 * element with this number, `[name=value]` and `[name="value"]` for the elements that are objects with such a member, a string, a
 * number, `true`, `false` or `null`. It has at most eight steps and 255 bytes. What a path ends at is kept whole, so are the objects
 * and arrays on the way to it, with nothing else in them. Elements in which nothing was asked for are dropped, and those that stay
 * close up. `error`, events, greetings, and whatever tells messages from each other, are kept whole.
 */
typedef struct qmp_select {
    /**
     * The library's.
     */
    uint64_t state[QMP_SELECT_WORDS];
} qmp_select;

/**
 * What becomes of events of one name that cannot be sent at once. Those without a policy are sent if there is room, and are
 * lost otherwise.
 */
typedef struct qmp_event_policy {
    /**
     * Ticks of the caller's clock: two events of this name are at least that far apart. 0 for no limit.
     */
    uint64_t interval;
    /**
     * The event's name, UTF-8, ended by a zero byte.
     */
    const char *name;
    /**
     * The member of the data, UTF-8, ended by a zero byte, that tells those apart to which all of this applies by themselves: with
     * `"id"`, one device's events do not wait for, or replace, another's. Each takes its room among what is kept: 32 bytes, and its data.
     * NULL where the name alone counts.
     */
    const char *key;
    /**
     * `QMP_EVENT_KEEP` or 0.
     */
    uint32_t flags;
    /**
     * 0.
     */
    uint32_t reserved;
} qmp_event_policy;

/**
 * What a server is made with. Set all of it to zero first: what is 0 is the usual.
 */
typedef struct qmp_server_settings {
    /**
     * Bytes for what is received: the longest request, at least `QMP_RX_MIN`.
     */
    size_t rx_bytes;
    /**
     * Bytes for what is to be sent: the longest reply, or twice the longest event if that is more, at least `QMP_TX_MIN`.
     */
    size_t tx_bytes;
    /**
     * Bytes for the ids of commands that are being run: the longest and four more. With out-of-band execution twice
     * the longest and four more, and the requests that wait.
     */
    size_t store_bytes;
    /**
     * A number of policies, at most 255.
     */
    size_t policies_length;
    /**
     * What becomes of events that cannot be sent at once. NULL if there are none.
     */
    const struct qmp_event_policy *policies;
    /**
     * The package in the greeting, UTF-8, ended by a zero byte. NULL for an empty one.
     */
    const char *package;
    /**
     * The version in the greeting.
     */
    uint64_t major;
    /**
     * The version in the greeting.
     */
    uint64_t minor;
    /**
     * The version in the greeting.
     */
    uint64_t micro;
    /**
     * `QMP_DIALECT_QMP` or `QMP_DIALECT_AGENT`.
     */
    uint32_t dialect;
    /**
     * `QMP_SERVER_OOB` and `QMP_SERVER_PRETTY`, or 0.
     */
    uint32_t flags;
} qmp_server_settings;

/**
 * A command that is being run, to be answered once. It may be copied and kept; it is refused once the command has been answered
 * or its connection has ended.
 */
typedef struct qmp_call {
    /**
     * The library's.
     */
    uint32_t words[3];
} qmp_call;

/**
 * What came next from a client. Which fields have a meaning depends on `kind`; the others are 0 or NULL. After `QMP_END` all of it is as
 * it was.
 *
 * What `name`, `arguments` and `id` point to lies in the server's storage, and is lent until the next call on this server that does not
 * take it as `const`.
 */
typedef struct qmp_inbound {
    /**
     * What it is.
     */
    qmp_inbound_kind kind;
    /**
     * The command came out of band, or the negotiation enabled that.
     */
    uint32_t oob;
    /**
     * What the command is answered by.
     */
    struct qmp_call call;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * The command's name.
     */
    struct qmp_string name;
    /**
     * Its arguments, an object; NULL if there are none.
     */
    struct qmp_json arguments;
    /**
     * Its id; NULL if it has none.
     */
    struct qmp_json id;
} qmp_inbound;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the interface that the library was compiled with: `QMP_ABI_VERSION` of its header.
 */
uint32_t qmp_abi_version(void);

/**
 * The name of a result, such as `"QMP_OK"`; `"unknown result"` for a number that is none.
 *
 * Never NULL. The string is constant.
 */
const char *qmp_result_name(int32_t result);

/**
 * Checks text of any origin: one JSON value in UTF-8, nested at most 63 deep, with white space around it or not.
 *
 * `value` gets the same text without the white space around it: it is lent as long as `text` is there.
 *
 * Returns `QMP_OK`; `QMP_INVALID_JSON`, also where the text ends too early; `QMP_INVALID_UTF8`; `QMP_TOO_DEEP`;
 * `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_INVALID_VALUE`.
 */
qmp_result qmp_json_parse(const char *text, size_t length, struct qmp_json *value);

/**
 * What a value is, or its member.
 *
 * Returns `QMP_OK`; where there is a `member`, as `qmp_json_member_n`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`,
 * `QMP_INVALID_VALUE`.
 */
qmp_result qmp_json_kind_of_n(struct qmp_json value,
                              const char *member,
                              size_t member_length,
                              qmp_json_kind *kind);

/**
 * Reads `true` or `false`, a value or its member.
 *
 * Returns `QMP_OK`; `QMP_WRONG_TYPE` for any other value; where there is a `member`, as `qmp_json_member_n`; `QMP_NULL_POINTER`,
 * `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_INVALID_VALUE`.
 */
qmp_result qmp_json_bool_n(struct qmp_json value,
                           const char *member,
                           size_t member_length,
                           bool *out);

/**
 * Reads an integer, a value or its member.
 *
 * Returns `QMP_OK`; `QMP_OUT_OF_RANGE`; `QMP_WRONG_TYPE` for anything that is no number, and for a number with a fraction or an
 * exponent, such as `1.0`; where there is a `member`, as `qmp_json_member_n`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`,
 * `QMP_INVALID_VALUE`.
 */
qmp_result qmp_json_i64_n(struct qmp_json value,
                          const char *member,
                          size_t member_length,
                          int64_t *out);

/**
 * Reads an integer that is not negative, a value or its member.
 *
 * Returns as `qmp_json_i64_n`.
 */
qmp_result qmp_json_u64_n(struct qmp_json value, const char *member, size_t member_length, uint64_t *out);

/**
 * Reads any number, a value or its member: the nearest `double`.
 *
 * Returns `QMP_OK`; `QMP_OUT_OF_RANGE` where that is infinite; `QMP_WRONG_TYPE` for anything that is no number; where there is
 * a `member`, as `qmp_json_member_n`;
 * `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_INVALID_VALUE`.
 */
qmp_result qmp_json_double_n(struct qmp_json value,
                             const char *member,
                             size_t member_length,
                             double *out);

/**
 * Reads a string, a value or its member. It is lent as long as `value` is.
 *
 * Returns `QMP_OK`; `QMP_WRONG_TYPE` for any other value; where there is a `member`, as `qmp_json_member_n`; `QMP_NULL_POINTER`,
 * `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_INVALID_VALUE`.
 */
qmp_result qmp_json_string_n(struct qmp_json value,
                             const char *member,
                             size_t member_length,
                             struct qmp_string *out);

/**
 * Whether a value, or its member, is a string, and the same as one of the program's, `other_length` bytes from `other` on, its
 * escapes decoded.
 *
 * `false` for any other value, also where there is no such member, where `value` or `other` is NULL, or a text of the program's is
 * not UTF-8.
 */
bool qmp_json_equals_n(struct qmp_json value,
                       const char *member,
                       size_t member_length,
                       const char *other,
                       size_t other_length);

/**
 * Finds the first member with this name in an object. It is lent as long as `object` is. To read it at once, give the name to one
 * of the functions above.
 *
 * `member` names it: UTF-8, `length` bytes.
 *
 * Returns `QMP_OK`; `QMP_NOT_FOUND`; `QMP_WRONG_TYPE` where `object` is none; `QMP_NULL_POINTER`, `QMP_MISALIGNED`,
 * `QMP_OVERLAP`, `QMP_INVALID_VALUE`.
 */
qmp_result qmp_json_member_n(struct qmp_json object,
                             const char *member,
                             size_t member_length,
                             struct qmp_json *value);

/**
 * Walks the members of an object in the order of the wire.
 *
 * `position` is where the walk stands: set it to 0 before the first call, and leave it alone. `name` and `value` are lent as long as
 * `object` is.
 *
 * ```c
 * size_t at = 0;
 * while (qmp_json_next_member(object, &at, &name, &value) == QMP_OK) { ... }
 * ```
 *
 * Returns `QMP_OK`; `QMP_END` when there is no more, or `object` is none; `QMP_INVALID_VALUE`, also for a position behind the
 * object; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`.
 */
qmp_result qmp_json_next_member(struct qmp_json object,
                                size_t *position,
                                struct qmp_string *name,
                                struct qmp_json *value);

/**
 * Walks the elements of an array in order.
 *
 * `position` is where the walk stands: set it to 0 before the first call, and leave it alone. `value` is lent as long as
 * `array` is.
 *
 * Returns as `qmp_json_next_member`.
 */
qmp_result qmp_json_next_element(struct qmp_json array,
                                 size_t *position,
                                 struct qmp_json *value);

/**
 * Whether a string, its escapes decoded, is the same as one of the program's, which has `length` bytes.
 *
 * `false` also where either is NULL or `other` is not UTF-8.
 */
bool qmp_string_equals_n(struct qmp_string string, const char *other, size_t length);

/**
 * Copies a string, its escapes decoded, and a zero byte.
 *
 * `out` has `capacity` bytes; a string never needs more than its `length` and one byte more. `length` gets the bytes written, the
 * zero byte not counted. Since a string may have zero bytes inside, that may be more than `strlen` says. A lone UTF-16
 * surrogate comes out as U+FFFD.
 *
 * Returns `QMP_OK`; `QMP_BUFFER_TOO_SMALL`, and what `out` holds then is unspecified; `QMP_NULL_POINTER`, `QMP_MISALIGNED`,
 * `QMP_OVERLAP`, `QMP_INVALID_VALUE`.
 */
qmp_result qmp_string_copy(struct qmp_string string,
                           char *out,
                           size_t capacity,
                           size_t *length);

/**
 * Begins a value in `out`, which has `capacity` bytes and belongs to the writer until `qmp_writer_finish`.
 *
 * Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_INVALID_VALUE`.
 */
qmp_result qmp_writer_init(struct qmp_writer *writer, void *out, size_t capacity);

/**
 * Opens an object: names and values come next, then `qmp_writer_end`.
 *
 * Returns `QMP_OK`; `QMP_BUFFER_TOO_SMALL`; `QMP_TOO_DEEP` beyond 64 levels; `QMP_MISPLACED` where no value can stand;
 * `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_NOT_INITIALISED`; or what an earlier call has failed with.
 */
qmp_result qmp_writer_object(struct qmp_writer *writer);

/**
 * Opens an array: values come next, then `qmp_writer_end`.
 *
 * Returns as `qmp_writer_object`.
 */
qmp_result qmp_writer_array(struct qmp_writer *writer);

/**
 * Closes the innermost object or array.
 *
 * Returns `QMP_OK`; `QMP_MISPLACED` where none is open, or a name waits for its value; otherwise as `qmp_writer_object`.
 */
qmp_result qmp_writer_end(struct qmp_writer *writer);

/**
 * Writes the name of a member of the innermost object. Its value comes next. `member` is UTF-8, ended by a zero byte.
 *
 * Returns `QMP_OK`; `QMP_MISPLACED` outside of an object; `QMP_INVALID_UTF8`, `QMP_OVERLAP`; otherwise as `qmp_writer_object`.
 */
qmp_result qmp_writer_name(struct qmp_writer *writer,
                           const char *member);

/**
 * Writes a string, with the escapes that it needs. `string` is UTF-8, ended by a zero byte.
 *
 * Returns `QMP_OK`; `QMP_INVALID_UTF8`, `QMP_OVERLAP`; otherwise as `qmp_writer_object`.
 */
qmp_result qmp_writer_string(struct qmp_writer *writer, const char *string);

/**
 * Writes a string of `length` bytes, UTF-8, zero bytes included.
 *
 * Returns `QMP_OK`; `QMP_INVALID_UTF8`, `QMP_OVERLAP`, `QMP_INVALID_VALUE`; otherwise as `qmp_writer_object`.
 */
qmp_result qmp_writer_string_n(struct qmp_writer *writer, const char *string, size_t length);

/**
 * Writes an integer.
 *
 * Returns as `qmp_writer_object`.
 */
qmp_result qmp_writer_i64(struct qmp_writer *writer, int64_t value);

/**
 * Writes an integer that is not negative.
 *
 * Returns as `qmp_writer_object`.
 */
qmp_result qmp_writer_u64(struct qmp_writer *writer, uint64_t value);

/**
 * Writes a number, in as few digits as tell it from its neighbours.
 *
 * Returns `QMP_OK`; `QMP_NOT_FINITE`; otherwise as `qmp_writer_object`.
 */
qmp_result qmp_writer_double(struct qmp_writer *writer, double value);

/**
 * Writes `true` or `false`.
 *
 * Returns as `qmp_writer_object`.
 */
qmp_result qmp_writer_bool(struct qmp_writer *writer, bool value);

/**
 * Writes `null`.
 *
 * Returns as `qmp_writer_object`.
 */
qmp_result qmp_writer_null(struct qmp_writer *writer);

/**
 * Writes a value that is JSON already, such as one that a client has lent. It is checked.
 *
 * Returns `QMP_OK`; `QMP_INVALID_JSON`, `QMP_INVALID_UTF8`, `QMP_TOO_DEEP`, `QMP_OVERLAP`, `QMP_INVALID_VALUE`; otherwise as
 * `qmp_writer_object`.
 */
qmp_result qmp_writer_json(struct qmp_writer *writer,
                           struct qmp_json value);

/**
 * Ends the writing, and gives the value: it lies in the memory given to `qmp_writer_init`, and is lent as long as that is left alone.
 *
 * The writer has to be initialised again before it is used again, also after an error.
 *
 * Returns `QMP_OK`; `QMP_MISPLACED` where nothing was written, or something is still open; what an earlier call has failed
 * with; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_writer_finish(struct qmp_writer *writer,
                             struct qmp_json *value);

/**
 * Reads the time of an event: `timestamp` of a `qmp_incoming`. It is wall-clock time since 1970 of the server's clock, which may
 * jump, and −1 where the server has no clock.
 *
 * Returns `QMP_OK`; `QMP_WRONG_TYPE` where it is not in integers; `QMP_NULL_POINTER`, also where the event has no time;
 * `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_INVALID_VALUE`.
 */
qmp_result qmp_timestamp(struct qmp_json timestamp,
                         int64_t *seconds,
                         int64_t *microseconds);

/**
 * Reads the version in a greeting: `value` of `QMP_INCOMING_GREETING`. `micro` is 50 or more between two releases.
 *
 * Returns `QMP_OK`; `QMP_NOT_FOUND` where the greeting does not say it; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`,
 * `QMP_INVALID_VALUE`.
 */
qmp_result qmp_greeting_version(struct qmp_json greeting,
                                uint64_t *major,
                                uint64_t *minor,
                                uint64_t *micro);

/**
 * Whether a greeting, `value` of `QMP_INCOMING_GREETING`, offers out-of-band execution. `false` also where it is NULL.
 */
bool qmp_greeting_offers_oob(struct qmp_json greeting);

/**
 * Bytes of storage for a client, for storage whose size is known at run time only. Elsewhere use `QMP_CLIENT_STORAGE`.
 *
 * `rx_bytes` is the length of the longest message that can be received, at least `QMP_RX_MIN`; `tx_bytes` that of the longest command
 * that can be sent, at least `QMP_CLIENT_TX_MIN`; `in_flight` the number of commands that can be open at once, 1 to 65535. The storage
 * must be aligned as a `uint64_t`; `malloc` does that.
 *
 * Returns `QMP_OK`; `QMP_INVALID_VALUE`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`.
 */
qmp_result qmp_client_size(size_t rx_bytes,
                           size_t tx_bytes,
                           size_t in_flight,
                           size_t *size);

/**
 * Makes a client in `storage`, at the start of a connection, and gives its handle.
 *
 * `abi` is `QMP_ABI_VERSION`. `storage` has `size` bytes, see `QMP_CLIENT_STORAGE` and `qmp_client_size`; what it holds does not
 * matter. From now on it belongs to the client: it is not moved, copied, read or written until the program has done with
 * the client. What is beside the client itself, `tx_bytes` for what is sent and `in_flight` places for open commands is the receive
 * buffer.
 *
 * `session` keeps the ids of one program run from those of another: on a link that outlives the program (a serial line, or a server
 * that still owes the last client a reply) no two runs should have the same. Take it from a random source or a boot counter; the
 * remainder by 1,000,000 counts. With a constant, no reply is misattributed within one power cycle.
 *
 * Returns `QMP_OK`; `QMP_ABI_MISMATCH`; `QMP_STORAGE_TOO_SMALL`; `QMP_INVALID_VALUE` where `in_flight` is not 1 to 65535, or
 * `tx_bytes` less than `QMP_CLIENT_TX_MIN`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`.
 */
qmp_result qmp_client_init(uint32_t abi,
                           void *storage,
                           size_t size,
                           size_t tx_bytes,
                           size_t in_flight,
                           uint32_t session,
                           struct qmp_client **client);

/**
 * Gives where the next bytes from the server go: read any number of bytes up to `length` into it, then `qmp_client_commit` that
 * number. The window, this one and the one that comes with `QMP_END`, is good until the next call of `qmp_client_commit`,
 * `qmp_client_receive`, `qmp_client_poll`, `qmp_client_poll_select` or `qmp_client_reset`.
 *
 * `length` is never 0 after `qmp_client_poll` returned `QMP_END`.
 *
 * Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_client_window(struct qmp_client *client,
                             struct qmp_window *window);

/**
 * Says that the first `read` bytes of the window have come from the server.
 *
 * Returns `QMP_OK`; `QMP_OVERRUN` where the window is shorter, and nothing was committed; `QMP_NULL_POINTER`, `QMP_MISALIGNED`,
 * `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_client_commit(struct qmp_client *client,
                             size_t read);

/**
 * Gives what came next.
 *
 * What `incoming` points to lies in the client's buffer. It is lent until the next call of `qmp_client_window`,
 * `qmp_client_commit`, `qmp_client_receive`, `qmp_client_poll`, `qmp_client_poll_select` or `qmp_client_reset` on this client.
 *
 * Returns `QMP_OK`; `QMP_END` when all that was committed is used up, and of `incoming` only `kind`, which is `QMP_INCOMING_NONE`, and
 * `window` are written; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_client_poll(struct qmp_client *client,
                           struct qmp_incoming *incoming);

/**
 * Says that the first `read` bytes of the window have come from the server, and gives what came next: `qmp_client_commit` and
 * `qmp_client_poll` in one call.
 *
 * ```c
 * for (result = qmp_client_receive(client, read, &in); result == QMP_OK; result = qmp_client_poll(client, &in)) { ... }
 * ```
 *
 * Returns as `qmp_client_poll`; `QMP_OVERRUN` where the window is shorter, and nothing was committed.
 */
qmp_result qmp_client_receive(struct qmp_client *client,
                              size_t read,
                              struct qmp_incoming *incoming);

/**
 * Sets the deadline for the greeting, in ticks of the caller's clock: `qmp_client_handle_timeout` at or after it closes a session
 * that has not been greeted. Of no effect once the server has greeted.
 *
 * Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_client_await_greeting(struct qmp_client *client,
                                     uint64_t deadline);

/**
 * Answers a greeting: writes the command `qmp_capabilities`, with out-of-band execution enabled or not. Send it.
 *
 * `QMP_INCOMING_READY` or `QMP_INCOMING_REFUSED` is the answer. Where it has not come at `deadline`, the session is closed.
 *
 * Returns `QMP_OK`; `QMP_WRONG_PHASE` unless the server has greeted, or `QMP_SELECTING`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`,
 * `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_client_negotiate(struct qmp_client *client,
                                bool oob,
                                uint64_t deadline,
                                struct qmp_outgoing *outgoing);

/**
 * As `qmp_client_negotiate`, for a link without connections, such as a serial line, where the server has greeted somebody long ago:
 * writes a byte 0xFF, which makes any QEMU forget a half-received command, and `qmp_capabilities`. A server that is in
 * command mode already says so, and that is success: `QMP_INCOMING_READY` with `QMP_OOB_UNKNOWN`. The server may answer the
 * byte 0xFF by an error, which is `QMP_INCOMING_UNMATCHED`.
 *
 * Returns `QMP_OK`; `QMP_WRONG_PHASE` in command mode, or `QMP_SELECTING`: close and poll before; otherwise as `qmp_client_negotiate`.
 */
qmp_result qmp_client_attach(struct qmp_client *client,
                             uint64_t deadline,
                             struct qmp_outgoing *outgoing);

/**
 * The guest agent's way to begin: writes a byte 0xFF and `guest-sync-delimited` with this client's id. Its reply is
 * `QMP_INCOMING_READY`, and everything before it was somebody else's: it is dropped, or told as unmatched or discarded.
 * An agent that is not up yet says nothing: when the deadline has passed, call this again. Commands that are open end as
 * `QMP_FAILURE_CONNECTION_LOST`: an agent in step answers nothing that was asked before.
 *
 * Returns `QMP_OK`; otherwise as `qmp_client_negotiate`, but not because of the phase.
 */
qmp_result qmp_client_synchronise(struct qmp_client *client,
                                  uint64_t deadline,
                                  struct qmp_outgoing *outgoing);

/**
 * Writes a command, and opens it: send what `outgoing` says.
 *
 * `name` is the command's, ASCII without control characters, quotes and backslashes, `name_length` bytes; `qmp_client_execute` is the
 * same for one that ends with a zero byte. `arguments` is NULL for none, or points to an object, which is checked: from
 * `qmp_writer_finish`, a text of the program's, or a value that this client has lent. `deadline` is in ticks of the caller's clock, or
 * `QMP_NEVER`. `outgoing` tells the command's id, too: the incoming `QMP_INCOMING_RETURN`, `QMP_INCOMING_ERROR` or
 * `QMP_INCOMING_FAILED` with this id is its end. One of them comes, once, unless the command is cancelled.
 *
 * Returns `QMP_OK`; `QMP_WRONG_PHASE` unless in command mode; `QMP_SELECTING`; `QMP_TABLE_FULL`; `QMP_SERVER_QUEUE_FULL`; `QMP_BUFFER_TOO_SMALL` where
 * it is longer than `tx_bytes`; `QMP_WRONG_TYPE` where the arguments are no object; `QMP_INVALID_JSON`,
 * `QMP_INVALID_UTF8`, `QMP_TOO_DEEP`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_INVALID_VALUE`,
 * `QMP_NOT_INITIALISED`. After any of these no command was opened.
 */
qmp_result qmp_client_execute_n(struct qmp_client *client,
                                const char *name,
                                size_t name_length,
                                const struct qmp_json *arguments,
                                uint64_t deadline,
                                struct qmp_outgoing *outgoing);

/**
 * As `qmp_client_execute_n`, without arguments. `qmp_client_execute` calls it where it is given none, so that a program whose commands
 * have none does not link what arguments need.
 */
qmp_result qmp_client_run_n(struct qmp_client *client,
                            const char *name,
                            size_t name_length,
                            uint64_t deadline,
                            struct qmp_outgoing *outgoing);

/**
 * As `qmp_client_execute_n`, out of band: the server runs the command at once, whatever it is busy with. Only commands with
 * `allow-oob` in the server's schema can be run so; of another it sends an error.
 *
 * Returns as `qmp_client_execute_n`, and `QMP_OOB_DISABLED` where the negotiation did not enable it.
 */
qmp_result qmp_client_exec_oob_n(struct qmp_client *client,
                                 const char *name,
                                 size_t name_length,
                                 const struct qmp_json *arguments,
                                 uint64_t deadline,
                                 struct qmp_outgoing *outgoing);

/**
 * Gives up a command: nobody waits for it any more. Its place is free at once; its reply, when it comes, is dropped and counted,
 * and until then it counts towards what the server takes in.
 *
 * Returns `QMP_OK`; `QMP_NOT_OPEN`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_client_cancel(struct qmp_client *client,
                             uint64_t id);

/**
 * As `qmp_client_cancel`, for a command of which no byte was sent: no reply is due.
 *
 * Returns as `qmp_client_cancel`.
 */
qmp_result qmp_client_withdraw(struct qmp_client *client, uint64_t id);

/**
 * Gives the earliest deadline there is, in ticks of the caller's clock: call `qmp_client_handle_timeout` then. `QMP_NEVER` if there is
 * none.
 *
 * Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_client_next_deadline(const struct qmp_client *client,
                                    uint64_t *deadline);

/**
 * Ends what had to be answered at or before `now`; `qmp_client_poll` then says what. Call it after everything that was received has
 * been polled.
 *
 * Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_client_handle_timeout(struct qmp_client *client,
                                     uint64_t now);

/**
 * Says that the connection has ended. `qmp_client_poll` delivers what was received, tells a message that was cut off, ends each
 * open command as `QMP_FAILURE_CONNECTION_LOST`, and returns `QMP_END` from then on. `qmp_client_attach` and
 * `qmp_client_synchronise` before that begin another session on a line that goes on: an unfinished message may go on too.
 *
 * Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_client_close(struct qmp_client *client);

/**
 * Begins a new connection: a greeting is due. Commands that are still open end as `QMP_FAILURE_CONNECTION_LOST` on the next polls;
 * what was received and not polled is forgotten, so close and poll first. Ids go on counting, so that replies owed to the
 * old connection are recognised.
 *
 * Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_client_reset(struct qmp_client *client);

/**
 * Gives where the session stands. It is usable unless this is `QMP_PHASE_CLOSED`.
 *
 * Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_client_phase(const struct qmp_client *client, qmp_phase *phase);

/**
 * Gives whether out-of-band execution is on.
 *
 * Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_client_oob(const struct qmp_client *client, qmp_oob *oob);

/**
 * Counts the replies that came after their command had timed out or was cancelled, or twice. They were dropped.
 *
 * Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_client_late_replies(const struct qmp_client *client, uint32_t *count);

/**
 * Counts the bytes received of an unfinished message, or of what is being discarded: 0 when the link is in step and idle.
 *
 * Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_client_pending(const struct qmp_client *client,
                              uint64_t *bytes);

/**
 * Makes a selection of `count` paths, 1 to `QMP_SELECT_PATHS`, each of them UTF-8 and ended by a zero byte. `delivery` is one of
 * `qmp_delivery`.
 *
 * The array `paths` is copied, but the strings that it points to have to live, and stay as they are, as long as the selection is used.
 *
 * Returns `QMP_OK`; `QMP_PATH_COUNT`, `QMP_PATH_TOO_LONG`, `QMP_PATH_TOO_DEEP`, `QMP_PATH_SYNTAX` for paths that are none;
 * `QMP_PATH_DELIVERY` for paths that cannot be delivered so; `QMP_INVALID_UTF8`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`,
 * `QMP_OVERLAP`, `QMP_INVALID_VALUE`. The selection is not initialised after any of these.
 */
qmp_result qmp_select_init(struct qmp_select *select,
                           const char *const *paths,
                           size_t count,
                           uint32_t delivery);

/**
 * As `qmp_client_execute_n`, for a reply of which only a selection is wanted: from now on until the command has ended, call
 * `qmp_client_poll_select` with the same `select` in place of `qmp_client_poll`.
 *
 * The server sends `id` after `return`, so what arrives belongs to this command only because there is no other: all other commands
 * must have ended, and until this one has, others are refused by `QMP_SELECTING`, those with a selection by `QMP_NOT_ALONE`.
 *
 * Returns as `qmp_client_execute_n`, and `QMP_NOT_ALONE` while another command is open, or has ended and that has not been polled. `QMP_NOT_INITIALISED`, `QMP_OVERLAP` are said of
 * `select` and its paths, too.
 */
qmp_result qmp_client_execute_select_n(struct qmp_client *client,
                                       struct qmp_select *select,
                                       const char *name,
                                       size_t name_length,
                                       const struct qmp_json *arguments,
                                       uint64_t deadline,
                                       struct qmp_outgoing *outgoing);

/**
 * As `qmp_client_poll`, with only the selected parts left in messages. `incoming` is lent as by `qmp_client_poll`.
 *
 * A message is read to its end with one selection: a call of `qmp_client_poll` in the middle of one ends that, and the message counts
 * as one that is larger than the buffer; of a delivery that had begun the next call with `select` gives `QMP_INCOMING_ABANDONED`.
 *
 * Returns as `qmp_client_poll`. `QMP_NOT_INITIALISED`, `QMP_OVERLAP` are said of `select` and its paths, too.
 */
qmp_result qmp_client_poll_select(struct qmp_client *client,
                                  struct qmp_select *select,
                                  struct qmp_incoming *incoming);

/**
 * Gives the bytes of storage for a server with these settings. The storage must be aligned as a `uint64_t`; `malloc` does
 * that. Where the sizes are constants there is `QMP_SERVER_STORAGE`.
 *
 * Returns `QMP_OK`; `QMP_INVALID_VALUE` for settings that cannot be; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`.
 */
qmp_result qmp_server_size(const struct qmp_server_settings *settings,
                           size_t *size);

/**
 * Makes a server in `storage`, at the start of a connection, and gives its handle.
 *
 * `abi` is `QMP_ABI_VERSION`. `storage` has `size` bytes, see `QMP_SERVER_STORAGE` and `qmp_server_size`; what it holds does not matter.
 * From now on it belongs to the server: it is not moved, copied, read or written until the program has done with the server.
 * `settings` is copied, but the strings that it points to have to live as long as the server.
 *
 * Returns `QMP_OK`; `QMP_ABI_MISMATCH`; `QMP_STORAGE_TOO_SMALL`; `QMP_INVALID_VALUE` for settings that cannot be; `QMP_INVALID_UTF8`;
 * `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`.
 */
qmp_result qmp_server_init(uint32_t abi,
                           void *storage,
                           size_t size,
                           const struct qmp_server_settings *settings,
                           struct qmp_server **server);

/**
 * Gives where the next bytes from the client go: read any number of bytes up to `length` into it, then `qmp_server_commit` that
 * number. `length` is 0 while a command in the buffer has to wait: read again after the next reply.
 *
 * Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_server_window(struct qmp_server *server,
                             struct qmp_window *window);

/**
 * Says that the first `read` bytes of the window have come from the client.
 *
 * Returns `QMP_OK`; `QMP_OVERRUN` where the window is shorter, and nothing was committed; `QMP_NULL_POINTER`, `QMP_MISALIGNED`,
 * `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_server_commit(struct qmp_server *server,
                             size_t read);

/**
 * Gives what came next.
 *
 * What `inbound` points to lies in the server's storage, and is lent until the next call on this server that does not take it as `const`.
 *
 * Returns `QMP_OK`; `QMP_END` when nothing can be done before more has been received, sent or answered, and `inbound` is as it was:
 * other than a client's `QMP_END` it brings no window; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_server_poll(struct qmp_server *server,
                           struct qmp_inbound *inbound);

/**
 * Gives what is to be sent, oldest first: no bytes if all is sent. They are lent until the next call on this server that does not take it
 * as `const`.
 *
 * Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_server_unsent(const struct qmp_server *server,
                             struct qmp_outgoing *outgoing);

/**
 * Says that the first `length` bytes of what was unsent have been sent.
 *
 * Returns `QMP_OK`; `QMP_OVERRUN` where there are fewer, and nothing has changed; `QMP_NULL_POINTER`, `QMP_MISALIGNED`,
 * `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_server_sent(struct qmp_server *server, size_t length);

/**
 * Answers the command of `call` by a return. `value` is NULL for `{}`, as for commands without a return, or points to a value, which
 * is checked and must not lie in the server's storage: what a command brought is written by a `qmp_writer` first.
 *
 * Returns `QMP_OK`; `QMP_NOT_OPEN` where the command was answered, or its connection has ended; `QMP_BUSY`: send what is unsent, and if
 * nothing is answer the command out of band, then reply again; `QMP_TOO_LARGE`: there is no room, answer by an error; `QMP_INVALID_JSON`, `QMP_INVALID_UTF8`, `QMP_TOO_DEEP`;
 * `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_INVALID_VALUE`, `QMP_NOT_INITIALISED`. After any of these the command is
 * still to be answered.
 */
qmp_result qmp_server_reply(struct qmp_server *server,
                            struct qmp_call call,
                            const struct qmp_json *value);

/**
 * Answers the command of `call` by an error. `class` is one of QEMU's, such as `"GenericError"`, or another name in ASCII without
 * quotes and backslashes; `desc` a text for people in UTF-8. Both are ended by a zero byte.
 *
 * Returns as `qmp_server_reply`; `QMP_INVALID_VALUE` also for a class that is no such name.
 */
qmp_result qmp_server_error(struct qmp_server *server,
                            struct qmp_call call,
                            const char *class_,
                            const char *desc);

/**
 * Says that the command of `call` is over and has no reply, as `guest-shutdown` of the guest agent where it succeeds.
 *
 * Returns `QMP_OK`; `QMP_NOT_OPEN`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_server_withhold(struct qmp_server *server, struct qmp_call call);

/**
 * Says that something happened. `event` is its name, UTF-8, ended by a zero byte; the time is wall-clock time since 1970, −1 and −1
 * without a clock; `data` is NULL for none, or points to an object, which is checked and must not lie in the server's storage.
 *
 * It is in the order of the wire: what a command caused comes before its reply if it is told before it. `emission` says what
 * became of it.
 *
 * Returns `QMP_OK`, whatever became of it; `QMP_BUFFER_TOO_SMALL` where it is larger than half of the transmit buffer, so
 * that it could never be sent; `QMP_WRONG_TYPE` where `data` is no object; `QMP_INVALID_JSON`, `QMP_INVALID_UTF8`,
 * `QMP_TOO_DEEP`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_INVALID_VALUE`, `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_server_event(struct qmp_server *server,
                            const char *event,
                            int64_t seconds,
                            int64_t microseconds,
                            const struct qmp_json *data,
                            qmp_emission *emission);

/**
 * Gives when an event that was kept for its interval may be sent, in ticks of the caller's clock: call
 * `qmp_server_handle_timeout` then. `QMP_NEVER` if there is none.
 *
 * Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_server_next_deadline(const struct qmp_server *server, uint64_t *deadline);

/**
 * Says that the time is `now`, in ticks of the caller's clock, which never goes back: events whose interval is over are sent. Of use
 * only where a `qmp_event_policy` has an interval, and then to be called also before `qmp_server_event`.
 *
 * Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_server_handle_timeout(struct qmp_server *server,
                                     uint64_t now);

/**
 * Begins a new connection: what was received, to be sent or being run is forgotten, and a greeting is due. A `qmp_call` of the old
 * connection is refused from now on. Not to be called on a line without connections.
 *
 * Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_server_reset(struct qmp_server *server);

/**
 * Gives whether commands and events can pass: the client has negotiated.
 *
 * Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_server_is_ready(const struct qmp_server *server, bool *ready);

/**
 * Counts the events that were lost for want of room, since `qmp_server_init`.
 *
 * Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
 */
qmp_result qmp_server_lost_events(const struct qmp_server *server, uint32_t *count);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

/*
 * Functions above that end with _n, for names and strings that end with a zero byte. They are functions of this header, so that the
 * compiler knows the length of a literal; a language that cannot include it calls those that end with _n. The library itself has
 * qmp_writer_string, beside qmp_writer_string_n; qmp_client_run_n has no such function, for qmp_client_execute calls it.
 *
 * A member that is NULL, with a length of 0, means the value itself, and not its member "". What may give NULL for an empty name,
 * such as an empty string_view of C++, is looked at first.
 */

/** Bytes before the zero byte; 0 for NULL. */
static inline size_t qmp_length(const char *text)
{
#ifdef __GNUC__
    return !text ? 0 : __builtin_strlen(text);
#else
    size_t length = 0;
    while (text && text[length] != 0) {
        length++;
    }
    return length;
#endif
}

/** As `qmp_json_kind_of_n`. */
static inline qmp_result qmp_json_kind_of(qmp_json value, const char *member, qmp_json_kind *kind)
{
    return qmp_json_kind_of_n(value, member, qmp_length(member), kind);
}

/** As `qmp_json_bool_n`. */
static inline qmp_result qmp_json_bool(qmp_json value, const char *member, bool *out)
{
    return qmp_json_bool_n(value, member, qmp_length(member), out);
}

/** As `qmp_json_i64_n`. */
static inline qmp_result qmp_json_i64(qmp_json value, const char *member, int64_t *out)
{
    return qmp_json_i64_n(value, member, qmp_length(member), out);
}

/** As `qmp_json_u64_n`. */
static inline qmp_result qmp_json_u64(qmp_json value, const char *member, uint64_t *out)
{
    return qmp_json_u64_n(value, member, qmp_length(member), out);
}

/** As `qmp_json_double_n`. */
static inline qmp_result qmp_json_double(qmp_json value, const char *member, double *out)
{
    return qmp_json_double_n(value, member, qmp_length(member), out);
}

/** As `qmp_json_string_n`. */
static inline qmp_result qmp_json_string(qmp_json value, const char *member, qmp_string *out)
{
    return qmp_json_string_n(value, member, qmp_length(member), out);
}

/** As `qmp_json_equals_n`. */
static inline bool qmp_json_equals(qmp_json value, const char *member, const char *other)
{
    return qmp_json_equals_n(value, member, qmp_length(member), other, qmp_length(other));
}

/** As `qmp_json_member_n`. */
static inline qmp_result qmp_json_member(qmp_json object, const char *member, qmp_json *value)
{
    return qmp_json_member_n(object, member, qmp_length(member), value);
}

/** As `qmp_string_equals_n`. */
static inline bool qmp_string_equals(qmp_string string, const char *other)
{
    return qmp_string_equals_n(string, other, qmp_length(other));
}

/** As `qmp_client_execute_n`. */
static inline qmp_result qmp_client_execute(qmp_client *client, const char *name, const qmp_json *arguments,
    uint64_t deadline, qmp_outgoing *outgoing)
{
    return arguments ? qmp_client_execute_n(client, name, qmp_length(name), arguments, deadline, outgoing)
                     : qmp_client_run_n(client, name, qmp_length(name), deadline, outgoing);
}

/** As `qmp_client_exec_oob_n`. */
static inline qmp_result qmp_client_exec_oob(qmp_client *client, const char *name, const qmp_json *arguments,
    uint64_t deadline, qmp_outgoing *outgoing)
{
    return qmp_client_exec_oob_n(client, name, qmp_length(name), arguments, deadline, outgoing);
}

/** As `qmp_client_execute_select_n`. */
static inline qmp_result qmp_client_execute_select(qmp_client *client, qmp_select *select, const char *name, const qmp_json *arguments,
    uint64_t deadline, qmp_outgoing *outgoing)
{
    return qmp_client_execute_select_n(client, select, name, qmp_length(name), arguments, deadline, outgoing);
}

/* The layout that the library was compiled with: under another one a program is refused here. */
#define QMP_ASSERT(name, condition) typedef char qmp_assert_##name[(condition) ? 1 : -1]
QMP_ASSERT(result, sizeof(qmp_result) == 4);
QMP_ASSERT(json, sizeof(qmp_json) == 2 * sizeof(void *));
QMP_ASSERT(string, sizeof(qmp_string) == 2 * sizeof(void *));
QMP_ASSERT(window, sizeof(qmp_window) == 2 * sizeof(void *));
QMP_ASSERT(outgoing, sizeof(qmp_outgoing) == 8 + 2 * sizeof(void *));
QMP_ASSERT(incoming, sizeof(qmp_incoming) == 72 + 8 * sizeof(void *));
QMP_ASSERT(call, sizeof(qmp_call) == 12);
QMP_ASSERT(inbound, sizeof(qmp_inbound) == 24 + 6 * sizeof(void *));
QMP_ASSERT(event_policy, sizeof(qmp_event_policy) == 16 + 2 * sizeof(void *));
QMP_ASSERT(server_settings, sizeof(qmp_server_settings) == 32 + 6 * sizeof(void *));
QMP_ASSERT(writer, sizeof(qmp_writer) == 80);
QMP_ASSERT(select, sizeof(qmp_select) == 8 * QMP_SELECT_WORDS);
#undef QMP_ASSERT

#endif /* QMP_H */
