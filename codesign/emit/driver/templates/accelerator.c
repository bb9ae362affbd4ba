#include "accelerator.h"

#include <string.h>

#if ACCELERATOR_DETECTION || ACCELERATOR_CLASSIFICATION
#include <math.h>
#endif

#define ACCELERATOR_TABLES
#include "design.h"

/* AXI DMA in simple mode (PG021): the side that sends begins at 0x00, that which receives at 0x30. */
enum {
    SENDS = 0x00,
    RECEIVES = 0x30,
    DMA_CONTROL = 0x00,
    DMA_STATUS = 0x04,
    DMA_ADDRESS = 0x18,
    DMA_ADDRESS_HIGH = 0x1C,
    DMA_LENGTH = 0x28
};
#define DMA_RUN 0x1u
#define DMA_RESET 0x4u
#define DMA_IDLE 0x2u
#define DMA_ERRORS 0x70u

#define MAJOR(version) ((version) >> 16)

/* ---- registers and memory */

static uint32_t read_at(const accelerator *net, uintptr_t address)
{
    if (net->board.read) return net->board.read(net->board.context, address);
    return *(const volatile uint32_t *)address;
}

static void write_at(const accelerator *net, uintptr_t address, uint32_t value)
{
    if (net->board.write)
        net->board.write(net->board.context, address, value);
    else
        *(volatile uint32_t *)address = value;
}

static uint32_t get(const accelerator *net, uintptr_t offset)
{
    return read_at(net, net->board.registers + offset);
}

static void set(const accelerator *net, uintptr_t offset, uint32_t value)
{
    write_at(net, net->board.registers + offset, value);
}

/* Reads a register until one of the bits is as wanted. */
static accelerator_status await(const accelerator *net, uintptr_t address, uint32_t bits, bool wanted, uint32_t errors)
{
    for (uint32_t tries = 0; net->board.patience == 0 || tries < net->board.patience; tries++) {
        const uint32_t value = read_at(net, address);
        if (value & errors) return ACCELERATOR_DMA;
        if (((value & bits) != 0) == wanted) return ACCELERATOR_OK;
    }
    return ACCELERATOR_PATIENCE;
}

/* The address at which the hardware finds memory; ACCELERATOR_OUT_OF_REACH if it cannot. */
static accelerator_status show(const accelerator *net, const void *data, size_t bytes, uint64_t *address)
{
    const accelerator_board *board = &net->board;
    *address = board->to_device ? board->to_device(board->context, data, bytes) : (uint64_t)(uintptr_t)data;
    return *address + bytes <= (uint64_t)1 << ACCELERATOR_ADDRESS_BITS ? ACCELERATOR_OK : ACCELERATOR_OUT_OF_REACH;
}

static accelerator_status transfer(const accelerator *net, uint32_t dma, uintptr_t side, const uint8_t *data,
                                   uint32_t bytes)
{
    uint64_t address;
    const accelerator_status shown = show(net, data, bytes, &address);
    if (shown != ACCELERATOR_OK) return shown;
    const uintptr_t at = net->board.dma[dma] + side;
    write_at(net, at + DMA_CONTROL, DMA_RUN);
    write_at(net, at + DMA_ADDRESS, (uint32_t)address);
    write_at(net, at + DMA_ADDRESS_HIGH, (uint32_t)(address >> 32));
    write_at(net, at + DMA_LENGTH, bytes);
    return ACCELERATOR_OK;
}

static accelerator_status arrive(const accelerator *net, uint32_t dma, uintptr_t side)
{
    return await(net, net->board.dma[dma] + side + DMA_STATUS, DMA_IDLE, true, DMA_ERRORS);
}

/* ---- frames in memory */

const accelerator_stream *accelerator_input(unsigned number)
{
    return &inputs[number];
}

const accelerator_stream *accelerator_output(unsigned number)
{
    return &outputs[number];
}

static uint32_t padded(const accelerator_stream *s)
{
    return (s->channels + s->lanes - 1) / s->lanes * s->lanes;
}

/* A frame's integers, or if there are none its bytes, as the stream carries them. */
static accelerator_status pack(const accelerator_stream *s, uint8_t *to, const int32_t *integers, const uint8_t *pixels)
{
    const size_t places = (size_t)s->height * s->width;
    for (size_t i = 0; i < places * s->channels; i++) {
        const int32_t value = integers ? integers[i] : (int32_t)pixels[i];
        if (value < s->lowest || value > s->highest) return ACCELERATOR_NO_VALUE;
    }
    memset(to, 0, s->frame_bytes);
    for (size_t place = 0; place < places; place++) {
        for (uint32_t c = 0; c < s->channels; c++) {
            const size_t from = place * s->channels + c;
            const int64_t value = integers ? integers[from] : (int64_t)pixels[from];
            const uint32_t held = (uint32_t)((value - s->base) / s->step);
            uint8_t *lane = to + (place * padded(s) + c) * s->lane_bytes;
            for (uint32_t byte = 0; byte < s->lane_bytes; byte++) lane[byte] = (uint8_t)(held >> (8 * byte) & 0xFFu);
        }
    }
    return ACCELERATOR_OK;
}

static int64_t held_in(const uint8_t *lane, uint32_t bytes, bool is_signed)
{
    int64_t held = 0;
    for (uint32_t byte = 0; byte < bytes; byte++) held |= (int64_t)lane[byte] << (8 * byte);
    const int64_t sign = (int64_t)1 << (8 * bytes - 1);
    return is_signed && (held & sign) ? held - 2 * sign : held;
}

#if ACCELERATOR_RECORD_BYTES
/* Records of peaks, 16 bytes each: class, y, x, heat, width, height, offsets. Behind the last stands one of class 65535
 * with their number. They come by row, then column, then class. */
static accelerator_status unpack_records(const uint8_t *data, size_t bytes, int32_t *const to[ACCELERATOR_OUTPUTS])
{
    const accelerator_stream *heat = &outputs[ACCELERATOR_OUTPUT_HEAT];
    const size_t plane = (size_t)heat->height * heat->width;
    int64_t last = -1;
    for (size_t i = 0; i < heat->channels * plane; i++) to[ACCELERATOR_OUTPUT_HEAT][i] = ACCELERATOR_FLOOR;
    memset(to[ACCELERATOR_OUTPUT_SIZE], 0, 2 * plane * sizeof(int32_t));
    memset(to[ACCELERATOR_OUTPUT_OFFSET], 0, 2 * plane * sizeof(int32_t));
    for (size_t count = 0; (count + 1) * 16 <= bytes; count++) {
        const uint8_t *record = data + 16 * count;
        int32_t field[8];
        for (uint32_t i = 0; i < 8; i++) field[i] = (int32_t)held_in(record + 2 * i, 2, i > 2);
        if (field[0] == 0xFFFF) {
            const uint64_t counted = (uint64_t)held_in(record + 4, 4, false);
            return counted == count ? ACCELERATOR_OK : ACCELERATOR_BAD_RECORDS;
        }
        const uint32_t label = (uint32_t)field[0], y = (uint32_t)field[1], x = (uint32_t)field[2];
        const int64_t where = ((int64_t)y * heat->width + x) * heat->channels + label;
        if (label >= heat->channels || y >= heat->height || x >= heat->width || where <= last ||
            field[3] <= ACCELERATOR_FLOOR)
            return ACCELERATOR_BAD_RECORDS;
        last = where;
        const size_t place = (size_t)y * heat->width + x;
        to[ACCELERATOR_OUTPUT_HEAT][label * plane + place] = field[3];
        for (uint32_t i = 0; i < 2; i++) {
            to[ACCELERATOR_OUTPUT_SIZE][i * plane + place] = field[4 + i];
            to[ACCELERATOR_OUTPUT_OFFSET][i * plane + place] = field[6 + i];
        }
    }
    return ACCELERATOR_BAD_RECORDS;
}
#else
static void unpack(const accelerator_stream *s, const uint8_t *from, int32_t *to)
{
    const size_t places = (size_t)s->height * s->width;
    for (size_t place = 0; place < places; place++) {
        for (uint32_t c = 0; c < s->channels; c++) {
            const uint8_t *lane = from + (place * padded(s) + c) * s->lane_bytes;
            to[c * places + place] = (int32_t)(s->base + s->step * held_in(lane, s->lane_bytes, s->is_signed));
        }
    }
}
#endif

/* ---- a design that takes frames */

static uint32_t received_bytes(unsigned number)
{
    return ACCELERATOR_RECORD_BYTES ? ACCELERATOR_RECORD_BYTES : outputs[number].frame_bytes;
}

static uint8_t *place_buffer(uint8_t **next, size_t bytes)
{
    uint8_t *buffer = *next;
    *next += (bytes + ACCELERATOR_ALIGNMENT - 1) / ACCELERATOR_ALIGNMENT * ACCELERATOR_ALIGNMENT;
    return buffer;
}

static void place_buffers(accelerator *net)
{
    uint8_t *next = net->board.memory + (ACCELERATOR_WEIGHT_BYTES + ACCELERATOR_ALIGNMENT - 1) /
                                            ACCELERATOR_ALIGNMENT * ACCELERATOR_ALIGNMENT;
    for (unsigned side = 0; side < 2; side++) {
        for (unsigned i = 0; i < ACCELERATOR_INPUTS; i++)
            net->filled[side][i] = place_buffer(&next, inputs[i].frame_bytes);
        for (unsigned i = 0; i < ACCELERATOR_RECEIVED; i++)
            net->got[side][i] = place_buffer(&next, received_bytes(i));
    }
}

static accelerator_status check_identity(const accelerator *net)
{
    static const uint32_t wanted[] = ACCELERATOR_MODEL_HASH;
    if (get(net, ACCELERATOR_REGISTER_ID) != ACCELERATOR_ID) return ACCELERATOR_NO_DESIGN;
    if (MAJOR(get(net, ACCELERATOR_REGISTER_MAP_VERSION)) != MAJOR(ACCELERATOR_MAP_VERSION))
        return ACCELERATOR_OTHER_MAP;
    for (uintptr_t part = 0; part < 4; part++) {
        if (get(net, ACCELERATOR_REGISTER_MODEL_HASH_0 + 4 * part) != wanted[part]) return ACCELERATOR_OTHER_NETWORK;
    }
    return ACCELERATOR_OK;
}

#if ACCELERATOR_WEIGHT_BYTES
/* Their address can be written before the first start only: a write after it is answered with an error. */
static accelerator_status give_weights(const accelerator *net)
{
    uint64_t address;
    memcpy(net->board.memory, net->board.weights, ACCELERATOR_WEIGHT_BYTES);
    const accelerator_status shown = show(net, net->board.memory, ACCELERATOR_WEIGHT_BYTES, &address);
    if (shown != ACCELERATOR_OK) return shown;
    const uint32_t present = get(net, ACCELERATOR_REGISTER_WEIGHTS_BASE_LOW);
    if (present == (uint32_t)address) return ACCELERATOR_OK;
    if (present != 0) return ACCELERATOR_WAS_STARTED;
    set(net, ACCELERATOR_REGISTER_WEIGHTS_BASE_LOW, (uint32_t)address);
    set(net, ACCELERATOR_REGISTER_WEIGHTS_BASE_HIGH, (uint32_t)(address >> 32));
    return ACCELERATOR_OK;
}
#endif

accelerator_status accelerator_open(accelerator *net, const accelerator_board *board)
{
    memset(net, 0, sizeof *net);
    net->board = *board;
    place_buffers(net);
    accelerator_status status = check_identity(net);
    for (unsigned i = 0; i < ACCELERATOR_DMAS && status == ACCELERATOR_OK; i++) {
        write_at(net, board->dma[i] + DMA_CONTROL, DMA_RESET); /* of both sides */
        status = await(net, board->dma[i] + DMA_CONTROL, DMA_RESET, false, 0);
    }
#if ACCELERATOR_WEIGHT_BYTES
    if (status == ACCELERATOR_OK) status = give_weights(net);
#endif
    if (status == ACCELERATOR_OK) set(net, ACCELERATOR_REGISTER_CONTROL, 1u << ACCELERATOR_CONTROL_RUN);
    return status;
}

/* Gives the outputs of the next frame a place. */
static accelerator_status expect(const accelerator *net)
{
    for (unsigned i = 0; i < ACCELERATOR_RECEIVED; i++) {
        const uint32_t dma = ACCELERATOR_RECORD_BYTES ? 0 : outputs[i].dma;
        const accelerator_status status = transfer(net, dma, RECEIVES, net->got[net->place][i], received_bytes(i));
        if (status != ACCELERATOR_OK) return status;
    }
    return ACCELERATOR_OK;
}

/* Sends what has been packed, as soon as the frame before has been sent. */
static accelerator_status send_frame(accelerator *net)
{
    accelerator_status status = net->begun ? ACCELERATOR_OK : expect(net);
    for (unsigned i = 0; i < ACCELERATOR_INPUTS && status == ACCELERATOR_OK; i++) {
        if (net->sent[i]) status = arrive(net, inputs[i].dma, SENDS);
        if (status != ACCELERATOR_OK) break;
        status = transfer(net, inputs[i].dma, SENDS, net->filled[net->side][i], inputs[i].frame_bytes);
        net->sent[i] = true;
    }
    net->side ^= 1u;
    net->begun++;
    return status;
}

accelerator_status accelerator_begin(accelerator *net, const int32_t *const frames[ACCELERATOR_INPUTS])
{
    if (net->begun == 2) return ACCELERATOR_TOO_MANY;
    for (unsigned i = 0; i < ACCELERATOR_INPUTS; i++) {
        const accelerator_status status = pack(&inputs[i], net->filled[net->side][i], frames[i], NULL);
        if (status != ACCELERATOR_OK) return status;
    }
    return send_frame(net);
}

accelerator_status accelerator_begin_pixels(accelerator *net, const uint8_t *const frames[ACCELERATOR_INPUTS])
{
    if (net->begun == 2) return ACCELERATOR_TOO_MANY;
    for (unsigned i = 0; i < ACCELERATOR_INPUTS; i++) {
        const accelerator_status status = pack(&inputs[i], net->filled[net->side][i], NULL, frames[i]);
        if (status != ACCELERATOR_OK) return status;
    }
    return send_frame(net);
}

accelerator_status accelerator_finish(accelerator *net, int32_t *const to[ACCELERATOR_OUTPUTS])
{
    if (net->begun == 0) return ACCELERATOR_NONE_BEGUN;
    for (unsigned i = 0; i < ACCELERATOR_RECEIVED; i++) {
        const accelerator_status status = arrive(net, ACCELERATOR_RECORD_BYTES ? 0 : outputs[i].dma, RECEIVES);
        if (status != ACCELERATOR_OK) return status;
    }
#if ACCELERATOR_RECORD_BYTES
    const size_t came = read_at(net, net->board.dma[0] + RECEIVES + DMA_LENGTH);
#endif
    uint8_t **got = net->got[net->place];
    net->place ^= 1u;
    net->begun--;
    const accelerator_status status = net->begun ? expect(net) : ACCELERATOR_OK;
    for (unsigned i = 0; i < ACCELERATOR_RECEIVED && net->board.from_device; i++)
        net->board.from_device(net->board.context, got[i], received_bytes(i));
#if ACCELERATOR_RECORD_BYTES
    const accelerator_status whole = unpack_records(got[0], came, to);
    if (whole != ACCELERATOR_OK) return whole;
#else
    for (unsigned i = 0; i < ACCELERATOR_OUTPUTS; i++) unpack(&outputs[i], got[i], to[i]);
#endif
    if (get(net, ACCELERATOR_REGISTER_ERRORS) >> ACCELERATOR_ERRORS_WEIGHT_READ & 1u) return ACCELERATOR_WEIGHT_READ;
    return status;
}

accelerator_status accelerator_close(accelerator *net)
{
    set(net, ACCELERATOR_REGISTER_CONTROL, 0);
    return await(net, net->board.registers + ACCELERATOR_REGISTER_STATUS, 1u << ACCELERATOR_STATUS_IDLE, true, 0);
}

uint32_t accelerator_interval_cycles(const accelerator *net)
{
    return get(net, ACCELERATOR_REGISTER_INTERVAL_CYCLES);
}

uint32_t accelerator_latency_cycles(const accelerator *net)
{
    return get(net, ACCELERATOR_REGISTER_LATENCY_CYCLES);
}

const char *accelerator_message(accelerator_status status)
{
    static const char *const messages[] = {
        [ACCELERATOR_OK] = "pass",
        [ACCELERATOR_NO_DESIGN] = "there is no design of codesign's at this address",
        [ACCELERATOR_OTHER_MAP] = "its registers are of another version",
        [ACCELERATOR_OTHER_NETWORK] = "the fabric holds another network",
        [ACCELERATOR_OUT_OF_REACH] = "memory lies beyond what the hardware can address",
        [ACCELERATOR_WAS_STARTED] = "the weights' address is fixed until the next reset",
        [ACCELERATOR_NO_VALUE] = "a frame has an integer that its input does not take",
        [ACCELERATOR_TOO_MANY] = "two frames are on their way already",
        [ACCELERATOR_NONE_BEGUN] = "no frame is on its way",
        [ACCELERATOR_PATIENCE] = "the hardware does not answer",
        [ACCELERATOR_DMA] = "a DMA reports an error",
        [ACCELERATOR_WEIGHT_READ] = "a read of weights was answered with an error",
        [ACCELERATOR_BAD_RECORDS] = "what came are no records of one frame",
        [ACCELERATOR_BAD_CERTIFICATE] = "the certificate is of another network, or not whole",
        [ACCELERATOR_DIFFERENT] = "a value is another than recorded",
    };
    return messages[status];
}

/* ---- the certificate */

enum { HEAD_BYTES = 32 };

static uint32_t word_at(const uint8_t *data)
{
    return (uint32_t)held_in(data, 4, false);
}

static size_t values_of(const accelerator_stream *s)
{
    return (size_t)s->channels * s->height * s->width;
}

static uint32_t frames_of(const uint8_t *data, size_t bytes)
{
    static const uint32_t wanted[] = ACCELERATOR_MODEL_HASH;
    if (bytes < HEAD_BYTES || memcmp(data, ACCELERATOR_CERTIFICATE_MAGIC, 8) != 0) return 0;
    if (word_at(data + 8) != ACCELERATOR_CERTIFICATE_FORMAT) return 0;
    for (size_t i = 0; i < 16; i++) { /* the hash is in the order of its digits */
        if (data[16 + i] != (uint8_t)(wanted[i / 4] >> (24 - 8 * (i % 4)) & 0xFFu)) return 0;
    }
    size_t each = 0;
    for (unsigned i = 0; i < ACCELERATOR_INPUTS; i++) each += inputs[i].frame_bytes;
    for (unsigned i = 0; i < ACCELERATOR_OUTPUTS; i++) each += 4 * values_of(&outputs[i]);
    const uint32_t frames = word_at(data + 12);
    return bytes == HEAD_BYTES + (uint64_t)frames * each ? frames : 0;
}

static bool same(const accelerator_stream *s, const uint8_t *wanted, const int32_t *found, accelerator_difference *first)
{
    const size_t plane = (size_t)s->height * s->width;
    for (size_t i = 0; i < values_of(s); i++) {
        const int32_t expected = (int32_t)held_in(wanted + 4 * i, 4, true);
        if (found[i] != expected) {
            first->channel = (uint32_t)(i / plane);
            first->y = (uint32_t)(i % plane / s->width);
            first->x = (uint32_t)(i % s->width);
            first->expected = expected;
            first->found = found[i];
            return false;
        }
    }
    return true;
}

accelerator_status accelerator_self_test(accelerator *net, const uint8_t *certificate, size_t bytes,
                                         int32_t *const to[ACCELERATOR_OUTPUTS], accelerator_difference *first)
{
    const uint32_t frames = frames_of(certificate, bytes);
    if (frames == 0) return ACCELERATOR_BAD_CERTIFICATE;
    if (net->begun) return ACCELERATOR_TOO_MANY;
    const uint8_t *at = certificate + HEAD_BYTES;
    for (first->frame = 0; first->frame < frames; first->frame++) {
        for (unsigned i = 0; i < ACCELERATOR_INPUTS; i++) {
            memcpy(net->filled[net->side][i], at, inputs[i].frame_bytes);
            at += inputs[i].frame_bytes;
        }
        accelerator_status status = send_frame(net);
        if (status == ACCELERATOR_OK) status = accelerator_finish(net, to);
        if (status != ACCELERATOR_OK) return status;
        for (first->output = 0; first->output < ACCELERATOR_OUTPUTS; first->output++) {
            const accelerator_stream *s = &outputs[first->output];
            if (!same(s, at, to[first->output], first)) return ACCELERATOR_DIFFERENT;
            at += 4 * values_of(s);
        }
    }
    return ACCELERATOR_OK;
}

/* ---- what outputs mean */

#if ACCELERATOR_DETECTION
/* Whether a place before this one, of those that touch it, has the same heat: of equal peaks the first counts. */
static bool follows(const accelerator_stream *s, const int32_t *plane, uint32_t y, uint32_t x)
{
    const int32_t heat = plane[(size_t)y * s->width + x];
    for (uint32_t i = 0; i < 4; i++) { /* above left, above, above right, left */
        if (i < 3 ? y == 0 || x + i < 1 || x + i > s->width : x == 0) continue;
        const size_t beside = i < 3 ? (size_t)(y - 1) * s->width + (x + i - 1) : (size_t)y * s->width + x - 1;
        if (plane[beside] == heat) return true;
    }
    return false;
}

/* Puts a peak behind those that are as high or higher; how many there are then. */
static size_t insert(size_t peaks[ACCELERATOR_MAX_BOXES], size_t count, const int32_t *heat, size_t peak)
{
    size_t at = count;
    while (at > 0 && heat[peaks[at - 1]] < heat[peak]) at--;
    if (at == ACCELERATOR_MAX_BOXES) return count;
    if (count < ACCELERATOR_MAX_BOXES) count++;
    memmove(peaks + at + 1, peaks + at, (count - 1 - at) * sizeof *peaks);
    peaks[at] = peak;
    return count;
}

static size_t highest_peaks(const int32_t *heat, size_t peaks[ACCELERATOR_MAX_BOXES])
{
    const accelerator_stream *s = &outputs[ACCELERATOR_OUTPUT_HEAT];
    const size_t plane = (size_t)s->height * s->width;
    int32_t least = heat[0];
    size_t count = 0;
    for (size_t i = 1; i < values_of(s); i++) least = heat[i] < least ? heat[i] : least;
    for (size_t i = 0; i < values_of(s); i++) {
        const uint32_t y = (uint32_t)(i % plane / s->width), x = (uint32_t)(i % s->width);
        if (heat[i] > least && !follows(s, heat + i / plane * plane, y, x)) count = insert(peaks, count, heat, i);
    }
    return count;
}

/* CenterNet's decoding, step by step as codesign/board/detection.py has it. */
size_t accelerator_boxes(int32_t *const from[ACCELERATOR_OUTPUTS], accelerator_box found[ACCELERATOR_MAX_BOXES])
{
    const accelerator_stream *s = &outputs[ACCELERATOR_OUTPUT_HEAT];
    const size_t plane = (size_t)s->height * s->width;
    size_t peaks[ACCELERATOR_MAX_BOXES];
    const size_t count = highest_peaks(from[ACCELERATOR_OUTPUT_HEAT], peaks);
    for (size_t i = 0; i < count; i++) {
        const size_t place = peaks[i] % plane;
        const double cell[2] = {(double)(place % s->width), (double)(place / s->width)};
        double low[2], high[2];
        for (size_t axis = 0; axis < 2; axis++) {
            const double size = from[ACCELERATOR_OUTPUT_SIZE][axis * plane + place] *
                                outputs[ACCELERATOR_OUTPUT_SIZE].scale[0];
            const double shift = from[ACCELERATOR_OUTPUT_OFFSET][axis * plane + place] *
                                 outputs[ACCELERATOR_OUTPUT_OFFSET].scale[0];
            const double half = (size > 0.0 ? size : 0.0) * ACCELERATOR_STRIDE / 2;
            const double centre = (cell[axis] + shift) * ACCELERATOR_STRIDE;
            low[axis] = centre - half;
            high[axis] = centre + half;
        }
        const double logit = from[ACCELERATOR_OUTPUT_HEAT][peaks[i]] * s->scale[0];
        found[i] = (accelerator_box){low[0], low[1], high[0], high[1], 1.0 / (1.0 + exp(-logit)),
                                     (uint32_t)(peaks[i] / plane)};
    }
    return count;
}
#endif

#if ACCELERATOR_INDICES
uint32_t accelerator_class(int32_t *const from[ACCELERATOR_OUTPUTS], double *probability)
{
    if (probability) *probability = NAN;
    return (uint32_t)from[0][0];
}
#elif ACCELERATOR_CLASSIFICATION
uint32_t accelerator_class(int32_t *const from[ACCELERATOR_OUTPUTS], double *probability)
{
    const accelerator_stream *s = &outputs[ACCELERATOR_OUTPUT_SCORES];
    const int32_t *scores = from[ACCELERATOR_OUTPUT_SCORES];
    uint32_t label = 0;
    double sum = 0.0;
    for (uint32_t i = 1; i < values_of(s); i++) label = scores[i] > scores[label] ? i : label;
    for (uint32_t i = 0; i < values_of(s); i++) sum += exp(scores[i] * s->scale[0] - scores[label] * s->scale[0]);
    if (probability) *probability = 1.0 / sum;
    return label;
}
#endif

#if ACCELERATOR_DETECTION || ACCELERATOR_CLASSIFICATION
const char *accelerator_class_name(uint32_t label)
{
    return class_names[label];
}
#endif
