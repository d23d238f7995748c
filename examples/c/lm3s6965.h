/* The board lm3s6965evb: a Cortex-M3 with a PL011 for a UART. No libc is needed. */
#ifndef LM3S6965_H
#define LM3S6965_H

#include <stdbool.h>
#include <stdint.h>

/* Starts the clock and UART 0. */
void board_start(void);

/* Milliseconds since then. */
uint64_t board_now(void);

/* Whether there is a byte to receive. */
bool board_has_received(void);

/* The next byte. */
unsigned char board_receive(void);

/* Sends a byte, after waiting for room. */
void board_transmit(unsigned char byte);

/* Prints a string by way of the debugger. */
void board_print(const char *text);

/* Prints one character. */
void board_print_character(const char *character);

/* Ends the program, and with it the emulation. */
_Noreturn void board_exit(bool success);

/* The program. */
int main(void);

#endif
