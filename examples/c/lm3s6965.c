/* Start-up, clock, UART and debugger of the board lm3s6965evb (Texas Instruments, "Stellaris LM3S6965 Microcontroller"). */
#include "lm3s6965.h"

#include <stddef.h>

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

enum { CLOCK = 12500000 /* Hz after reset, as the emulator has it. */, BAUD = 115200 };

/* UART 0, a PL011. */
#define UART_DATA REGISTER(0x4000C000)
#define UART_FLAGS REGISTER(0x4000C018)
#define UART_BAUD_INTEGER REGISTER(0x4000C024)
#define UART_BAUD_FRACTION REGISTER(0x4000C028)
#define UART_LINE_CONTROL REGISTER(0x4000C02C)
#define UART_CONTROL REGISTER(0x4000C030)
enum { RECEIVED_NOTHING = 1 << 4, TRANSMIT_FULL = 1 << 5 };

/* The clocks of UART 0 and of port A, whose pins 0 and 1 are the UART's. */
#define CLOCK_GATE_UART REGISTER(0x400FE104)
#define CLOCK_GATE_PORTS REGISTER(0x400FE108)
#define PORT_A_ALTERNATE REGISTER(0x40004420)
#define PORT_A_DIGITAL REGISTER(0x4000451C)

/* The processor's timer. */
#define SYSTICK_CONTROL REGISTER(0xE000E010)
#define SYSTICK_RELOAD REGISTER(0xE000E014)
#define SYSTICK_CURRENT REGISTER(0xE000E018)

static volatile uint32_t ticks, wraps;

void board_start(void)
{
    const uint32_t divisor = (uint32_t)CLOCK * 4U / BAUD; /* In 64ths, for sixteen samples a bit. */
    CLOCK_GATE_UART = 1;
    CLOCK_GATE_PORTS = 1;
    PORT_A_ALTERNATE = 3;
    PORT_A_DIGITAL = 3;
    UART_BAUD_INTEGER = divisor / 64;
    UART_BAUD_FRACTION = divisor % 64;
    UART_LINE_CONTROL = 0x70; /* FIFOs, eight bits. */
    UART_CONTROL = 0x301;     /* On, in both directions. */
    SYSTICK_RELOAD = CLOCK / 1000 - 1;
    SYSTICK_CURRENT = 0;
    SYSTICK_CONTROL = 7;
}

uint64_t board_now(void)
{
    uint32_t high, low;
    do {
        high = wraps;
        low = ticks;
    } while (high != wraps);
    return (uint64_t)high << 32 | low;
}

bool board_has_received(void)
{
    return (UART_FLAGS & RECEIVED_NOTHING) == 0;
}

unsigned char board_receive(void)
{
    return (unsigned char)UART_DATA;
}

void board_transmit(unsigned char byte)
{
    while (UART_FLAGS & TRANSMIT_FULL) {
    }
    UART_DATA = byte;
}

/* Asks the debugger (Arm, "Semihosting for AArch32 and AArch64"). */
static void debugger(uint32_t operation, uintptr_t argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register uintptr_t r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

void board_print(const char *text)
{
    debugger(0x04, (uintptr_t)text);
}

void board_print_character(const char *character)
{
    debugger(0x03, (uintptr_t)character);
}

_Noreturn void board_exit(bool success)
{
    debugger(0x18, success ? 0x20026 : 0x20023);
    for (;;) {
    }
}

/*
 * Copying and clearing, as the compilers call it (Arm, "Run-time ABI for the Arm Architecture", 4.3.4). The archive has the same for
 * speed, in five times the room: messages here are short. The stores are volatile so that the compiler does not find out what the loops
 * do, and calls these functions from themselves.
 */
void __aeabi_memcpy(void *to, const void *from, size_t length);
void __aeabi_memcpy(void *to, const void *from, size_t length)
{
    volatile unsigned char *at = to;
    for (const unsigned char *next = from; length != 0; length--) {
        *at++ = *next++;
    }
}

void __aeabi_memclr(void *to, size_t length);
void __aeabi_memclr(void *to, size_t length)
{
    for (volatile unsigned char *at = to; length != 0; length--) {
        *at++ = 0;
    }
}

/* With what is known of the alignment. */
void __aeabi_memcpy4(void *to, const void *from, size_t length) __attribute__((alias("__aeabi_memcpy")));
void __aeabi_memcpy8(void *to, const void *from, size_t length) __attribute__((alias("__aeabi_memcpy")));
void __aeabi_memclr4(void *to, size_t length) __attribute__((alias("__aeabi_memclr")));
void __aeabi_memclr8(void *to, size_t length) __attribute__((alias("__aeabi_memclr")));

/* Start-up. The linker's script names where things are. */
extern uint32_t stack_top, data_load, data_start, data_end, bss_start, bss_end;

_Noreturn void reset(void);
_Noreturn void reset(void)
{
    uint32_t *to = &data_start;
    for (const uint32_t *from = &data_load; to < &data_end; from++, to++) {
        *to = *from;
    }
    for (to = &bss_start; to < &bss_end; to++) {
        *to = 0;
    }
    board_exit(main() == 0);
}

static _Noreturn void fault(void)
{
    board_print("fault\n");
    board_exit(false);
}

static void tick(void)
{
    uint32_t next = ticks + 1;
    if (next == 0) {
        wraps++;
    }
    ticks = next;
}

typedef void (*vector)(void);

__attribute__((section(".vectors"), used)) static const struct {
    const void *stack;
    vector handlers[15];
} vectors = { &stack_top, { reset, fault, fault, fault, fault, fault, 0, 0, 0, 0, fault, fault, 0, fault, tick } };
