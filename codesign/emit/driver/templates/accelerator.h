/* Drives a design of codesign's from the processor beside it: frames in; integers, boxes or a class out.
 *
 *     static uint8_t memory[ACCELERATOR_MEMORY_BYTES] __attribute__((aligned(ACCELERATOR_ALIGNMENT)));
 *     accelerator_board board = {.registers = ACCELERATOR_ADDRESS, .dma = ACCELERATOR_DMA_ADDRESSES, .memory = memory};
 *     accelerator net;
 *     if (accelerator_open(&net, &board) == ACCELERATOR_OK) {
 *         accelerator_begin_pixels(&net, frames);    frames[0]: (height, width, channels) bytes
 *         accelerator_finish(&net, outputs);         outputs[i]: (channels, height, width) integers
 *     }
 *
 * C11 and, to decode, exp() of <math.h>; no operating system, no heap. What depends on the system is in
 * `accelerator_board`. What depends on the design is in design.h, which codesign has written.
 */
#ifndef ACCELERATOR_H
#define ACCELERATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "design.h"

typedef enum {
    ACCELERATOR_OK = 0,
    ACCELERATOR_NO_DESIGN,       /* there are no registers of codesign's at that address */
    ACCELERATOR_OTHER_MAP,       /* their map is another than this driver's */
    ACCELERATOR_OTHER_NETWORK,   /* the fabric holds another network */
    ACCELERATOR_OUT_OF_REACH,    /* memory lies beyond what the hardware can address */
    ACCELERATOR_WAS_STARTED,     /* the weights' address is fixed until the next reset, to another one */
    ACCELERATOR_NO_VALUE,        /* a frame has an integer that its input does not take: nothing was sent */
    ACCELERATOR_TOO_MANY,        /* two frames are on their way: finish one */
    ACCELERATOR_NONE_BEGUN,      /* no frame is on its way */
    ACCELERATOR_PATIENCE,        /* the hardware has not answered for as long as the caller waits */
    ACCELERATOR_DMA,             /* a DMA reports an error */
    ACCELERATOR_WEIGHT_READ,     /* a read of weights was answered with an error: results are not valid */
    ACCELERATOR_BAD_RECORDS,     /* what came are no records of one frame */
    ACCELERATOR_BAD_CERTIFICATE, /* the file is of another network, or not whole */
    ACCELERATOR_DIFFERENT        /* a value is another than recorded */
} accelerator_status;

/* How the frames of an input or output lie in memory: pixel by pixel, the channels padded to whole beats of `lanes`. */
typedef struct {
    const char *name;
    uint32_t channels, height, width;
    uint32_t lanes, lane_bytes;
    bool is_signed;
    int32_t base, step; /* a lane that holds n stands for base + step * n */
    int32_t lowest, highest;
    uint32_t dma, frame_bytes;
    uint32_t scales; /* one for all channels, or one for each */
    const double *scale;
} accelerator_stream;

/* What the driver cannot know. Members that are 0 or NULL mean what stands behind them.
 *
 * On bare metal and with the registers mapped into a process (Linux UIO), `read` and `write` stay NULL. Where memory has
 * a cache, or another address for the hardware than for the program, `to_device` and `from_device` are needed: Xilinx's
 * Xil_DCacheFlushRange and Xil_DCacheInvalidateRange, Zephyr's sys_cache_data_flush_range and
 * sys_cache_data_invd_range, or the sync of Linux's u-dma-buf and its physical address.
 */
typedef struct {
    uintptr_t registers;              /* address of the accelerator's registers */
    uintptr_t dma[ACCELERATOR_DMAS];  /* and of those of each AXI DMA, in simple mode */
    uint8_t *memory;                  /* ACCELERATOR_MEMORY_BYTES, from a multiple of ACCELERATOR_ALIGNMENT on */
    const uint8_t *weights;           /* what weights.bin holds, if ACCELERATOR_WEIGHT_BYTES is not 0 */
    uint32_t patience;                /* reads of a register before a wait is given up; 0: never */
    void *context;                    /* given to all of the following */
    uint64_t (*to_device)(void *context, const void *data, size_t bytes); /* lets the hardware see memory; its address */
    void (*from_device)(void *context, void *data, size_t bytes);         /* lets the program see what it has written */
    uint32_t (*read)(void *context, uintptr_t address);                   /* of a register */
    void (*write)(void *context, uintptr_t address, uint32_t value);
} accelerator_board;

/* A design that takes frames. Its members are the driver's own. */
typedef struct {
    accelerator_board board;
    uint8_t *filled[2][ACCELERATOR_INPUTS], *got[2][ACCELERATOR_RECEIVED];
    unsigned begun, side, place;
    bool sent[ACCELERATOR_INPUTS];
} accelerator;

/* Checks that the fabric holds the design of design.h, gives it its weights, and starts it. */
accelerator_status accelerator_open(accelerator *net, const accelerator_board *board);

/* Hands over a frame: for each input integers, or bytes, (height, width, channels). Two may be on their way. */
accelerator_status accelerator_begin(accelerator *net, const int32_t *const frames[ACCELERATOR_INPUTS]);
accelerator_status accelerator_begin_pixels(accelerator *net, const uint8_t *const frames[ACCELERATOR_INPUTS]);

/* Waits for the outputs of the frame begun first: for each the integers (channels, height, width). Of a design that sends
 * its peaks only, sizes and offsets are 0 where there is no peak. */
accelerator_status accelerator_finish(accelerator *net, int32_t *const outputs[ACCELERATOR_OUTPUTS]);

/* Takes no more frames; ACCELERATOR_PATIENCE if some are still in flight. */
accelerator_status accelerator_close(accelerator *net);

/* Cycles between the last two frames that have come out, and of one frame from first beat in to last beat out. */
uint32_t accelerator_interval_cycles(const accelerator *net);
uint32_t accelerator_latency_cycles(const accelerator *net);

const accelerator_stream *accelerator_input(unsigned number);
const accelerator_stream *accelerator_output(unsigned number);
const char *accelerator_message(accelerator_status status);

typedef struct {
    uint32_t frame, output, channel, y, x;
    int32_t expected, found;
} accelerator_difference;

/* Replays the frames of certificate.bin, whose contents are given; `outputs` is room for those of a frame.
 * ACCELERATOR_OK: all values are as recorded. ACCELERATOR_DIFFERENT: `first` says which is not. */
accelerator_status accelerator_self_test(accelerator *net, const uint8_t *certificate, size_t bytes,
                                         int32_t *const outputs[ACCELERATOR_OUTPUTS], accelerator_difference *first);

#if ACCELERATOR_DETECTION
/* A box in pixels of the network's input. */
typedef struct {
    double x0, y0, x1, y1, score;
    uint32_t label;
} accelerator_box;

/* The boxes that the outputs of a frame say, best first; how many. */
size_t accelerator_boxes(int32_t *const outputs[ACCELERATOR_OUTPUTS], accelerator_box found[ACCELERATOR_MAX_BOXES]);
#endif

#if ACCELERATOR_CLASSIFICATION
/* The class of the highest score, the first of equal ones; probability may be NULL. Of a design that gives indices of
 * classes, the first of them, and no number for the probability. */
uint32_t accelerator_class(int32_t *const outputs[ACCELERATOR_OUTPUTS], double *probability);
#endif

#if ACCELERATOR_DETECTION || ACCELERATOR_CLASSIFICATION
const char *accelerator_class_name(uint32_t label);
#endif

#endif
