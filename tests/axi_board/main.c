/* Runs the driver in C on the simulated board, and tells what it finds.
 *
 *     drive FRAMES COUNT CERTIFICATE [WEIGHTS]
 *
 * FRAMES: COUNT frames of integers (int32), for each the inputs one after another. Written: `outputs.i32`, the outputs of
 * all frames; `told.f64`, what told.h says of each.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accelerator.h"
#include "board.h"
#include "told.h"

static _Alignas(64) uint8_t memory[ACCELERATOR_MEMORY_BYTES];

static uint32_t read_word(void *context, uintptr_t address)
{
    (void)context;
    return board_read((uint32_t)address);
}

static void write_word(void *context, uintptr_t address, uint32_t value)
{
    (void)context;
    board_write((uint32_t)address, value);
}

/* The hardware sees what was in memory when it was shown last, as with a cache in front. */
static uint64_t to_device(void *context, const void *data, size_t bytes)
{
    (void)context;
    const size_t offset = (size_t)((const uint8_t *)data - memory);
    memcpy(board_memory() + offset, data, bytes);
    return BOARD_MEMORY_ADDRESS + offset;
}

static void from_device(void *context, void *data, size_t bytes)
{
    (void)context;
    memcpy(data, board_memory() + ((uint8_t *)data - memory), bytes);
}

static uint64_t far_away(void *context, const void *data, size_t bytes)
{
    (void)context, (void)data;
    return ((uint64_t)1 << 32) - bytes + 1;
}

static void *contents(const char *name, size_t *bytes)
{
    FILE *file = fopen(name, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) exit(71);
    *bytes = (size_t)ftell(file);
    rewind(file);
    void *data = malloc(*bytes ? *bytes : 1);
    if (!data || fread(data, 1, *bytes, file) != *bytes) exit(71);
    fclose(file);
    return data;
}

static void expect(const char *what, accelerator_status found, accelerator_status wanted)
{
    if (found == wanted) return;
    printf("%s: %s\n", what, accelerator_message(found));
    exit(1);
}

static size_t values(const accelerator_stream *s)
{
    return (size_t)s->channels * s->height * s->width;
}

static int32_t *results[ACCELERATOR_OUTPUTS];

static void finish_one(accelerator *net, FILE *out, FILE *told)
{
    expect("finish", accelerator_finish(net, results), ACCELERATOR_OK);
    for (unsigned i = 0; i < ACCELERATOR_OUTPUTS; i++)
        fwrite(results[i], sizeof(int32_t), values(accelerator_output(i)), out);
    tell(results, told);
}

/* Two frames on their way at any time; every other one is given as bytes if its input holds no more. */
static void run(accelerator *net, int32_t *frames, unsigned count)
{
    FILE *out = fopen("outputs.i32", "wb"), *told = fopen("told.f64", "wb");
    if (!out || !told) exit(71);
    size_t most = 0;
    for (unsigned i = 0; i < ACCELERATOR_INPUTS; i++) most += values(accelerator_input(i));
    uint8_t *bytes = malloc(most);
    if (!bytes) exit(71);
    for (unsigned frame = 0; frame < count; frame++) {
        const int32_t *given[ACCELERATOR_INPUTS];
        const uint8_t *pixels[ACCELERATOR_INPUTS];
        bool as_bytes = frame % 2 == 1;
        size_t at = 0;
        for (unsigned i = 0; i < ACCELERATOR_INPUTS; i++) {
            const accelerator_stream *s = accelerator_input(i);
            given[i] = frames + frame * most + at;
            pixels[i] = bytes + at;
            as_bytes = as_bytes && s->lowest >= 0 && s->highest <= 255;
            for (size_t j = 0; j < values(s) && as_bytes; j++) bytes[at + j] = (uint8_t)given[i][j];
            at += values(s);
        }
        expect("begin", as_bytes ? accelerator_begin_pixels(net, pixels) : accelerator_begin(net, given), ACCELERATOR_OK);
        if (frame == 1) expect("a third frame", accelerator_begin(net, given), ACCELERATOR_TOO_MANY);
        if (frame > 0) finish_one(net, out, told);
    }
    finish_one(net, out, told);
    free(bytes);
    fclose(out);
    fclose(told);
    printf("cycles %" PRIu32 " %" PRIu32 "\n", accelerator_interval_cycles(net), accelerator_latency_cycles(net));
}

static void self_test(accelerator *net, uint8_t *certificate, size_t bytes)
{
    accelerator_difference first;
    expect("self test", accelerator_self_test(net, certificate, bytes, results, &first), ACCELERATOR_OK);
    certificate[bytes - 4] ^= 1u; /* the last value */
    expect("a wrong value", accelerator_self_test(net, certificate, bytes, results, &first), ACCELERATOR_DIFFERENT);
    printf("first %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRId32 " %" PRId32 "\n", first.frame,
           first.output, first.channel, first.y, first.x, first.expected, first.found);
    certificate[bytes - 4] ^= 1u;
    certificate[20] ^= 1u; /* the network's hash */
    expect("another's", accelerator_self_test(net, certificate, bytes, results, &first), ACCELERATOR_BAD_CERTIFICATE);
    certificate[20] ^= 1u;
    expect("cut short", accelerator_self_test(net, certificate, bytes - 1, results, &first), ACCELERATOR_BAD_CERTIFICATE);
    expect("empty", accelerator_self_test(net, certificate, 0, results, &first), ACCELERATOR_BAD_CERTIFICATE);
}

static void refuse(accelerator *net, const accelerator_board *board, int32_t *frame)
{
    const int32_t *given[ACCELERATOR_INPUTS];
    for (unsigned i = 0; i < ACCELERATOR_INPUTS; i++) given[i] = frame;
    frame[0] = accelerator_input(0)->highest + 1;
    expect("a value too high", accelerator_begin(net, given), ACCELERATOR_NO_VALUE);
    expect("no frame", accelerator_finish(net, results), ACCELERATOR_NONE_BEGUN);
    accelerator other;
    accelerator_board wrong = *board;
    wrong.registers += 0x10; /* MODEL_HASH_0 in place of ID */
    expect("another design", accelerator_open(&other, &wrong), ACCELERATOR_NO_DESIGN);
    expect("close", accelerator_close(net), ACCELERATOR_OK);
    wrong = *board;
    wrong.to_device = far_away;
    accelerator_status status = accelerator_open(&other, &wrong);
    frame[0] = accelerator_input(0)->lowest;
    if (status == ACCELERATOR_OK) status = accelerator_begin(&other, given);
    expect("memory beyond the bus", status, ACCELERATOR_OUT_OF_REACH);
    expect("open again", accelerator_open(net, board), ACCELERATOR_OK);
    expect("close again", accelerator_close(net), ACCELERATOR_OK);
}

int main(int count, char **words)
{
    if (count < 4) return 71;
    size_t frame_bytes, certificate_bytes, weight_bytes = 0;
    int32_t *frames = contents(words[1], &frame_bytes);
    uint8_t *certificate = contents(words[3], &certificate_bytes);
    uint8_t *weights = count > 4 ? contents(words[4], &weight_bytes) : NULL;
    if (weight_bytes != ACCELERATOR_WEIGHT_BYTES) return 71;
    for (unsigned i = 0; i < ACCELERATOR_OUTPUTS; i++) {
        results[i] = malloc(values(accelerator_output(i)) * sizeof(int32_t));
        if (!results[i]) return 71;
    }
    board_start();
    const accelerator_board board = {.registers = ACCELERATOR_ADDRESS,
                                     .dma = ACCELERATOR_DMA_ADDRESSES,
                                     .memory = memory,
                                     .weights = weights,
                                     .patience = 1000000,
                                     .to_device = to_device,
                                     .from_device = from_device,
                                     .read = read_word,
                                     .write = write_word};
    accelerator net;
    expect("open", accelerator_open(&net, &board), ACCELERATOR_OK);
    run(&net, frames, (unsigned)atoi(words[2]));
    self_test(&net, certificate, certificate_bytes);
    refuse(&net, &board, frames);
    for (unsigned i = 0; i < ACCELERATOR_OUTPUTS; i++) free(results[i]);
    free(weights);
    free(certificate);
    free(frames);
    puts("pass");
    return 0;
}
