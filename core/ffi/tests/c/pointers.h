/* What the tests of pointers have in common: places that are wrong, and that nothing is written there. */
#ifndef POINTERS_H
#define POINTERS_H

#include "check.h"

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

#endif
