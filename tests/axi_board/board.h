/* The simulated board, as a program on its processor sees it. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

#define BOARD_MEMORY_ADDRESS 0x10000000u
#define BOARD_MEMORY_BYTES 0x400000u

#ifdef __cplusplus
extern "C" {
#endif

void board_start(void);         /* resets all there is */
uint8_t *board_memory(void);    /* BOARD_MEMORY_BYTES, which the hardware finds at BOARD_MEMORY_ADDRESS */
uint32_t board_read(uint32_t address);
void board_write(uint32_t address, uint32_t value);

#ifdef __cplusplus
}
#endif
#endif
