/* Tells what outputs mean that come from a file: int32, frame after frame. Writes what told.h says to told.f64. */
#include "told.h"

int main(int count, char **words)
{
    FILE *file = fopen(words[count - 1], "rb"), *to = fopen("told.f64", "wb");
    int32_t *results[ACCELERATOR_OUTPUTS];
    if (!file || !to) return 71;
    for (unsigned i = 0; i < ACCELERATOR_OUTPUTS; i++) {
        const accelerator_stream *s = accelerator_output(i);
        results[i] = malloc((size_t)s->channels * s->height * s->width * sizeof(int32_t));
        if (!results[i]) return 71;
    }
    for (;;) {
        for (unsigned i = 0; i < ACCELERATOR_OUTPUTS; i++) {
            const accelerator_stream *s = accelerator_output(i);
            const size_t values = (size_t)s->channels * s->height * s->width;
            if (fread(results[i], sizeof(int32_t), values, file) != values) {
                for (unsigned j = 0; j < ACCELERATOR_OUTPUTS; j++) free(results[j]);
                fclose(file);
                fclose(to);
                return 0;
            }
        }
        tell(results, to);
    }
}
