/* What the outputs of a frame mean, written as doubles: of a detector how many boxes and their members, of a classifier
 * the class and its probability. */
#ifndef TOLD_H
#define TOLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accelerator.h"

static void tell(int32_t *const results[ACCELERATOR_OUTPUTS], FILE *to)
{
#if ACCELERATOR_DETECTION
    accelerator_box found[ACCELERATOR_MAX_BOXES];
    const size_t count = accelerator_boxes(results, found);
    const double counted = (double)count;
    fwrite(&counted, sizeof counted, 1, to);
    for (size_t i = 0; i < count; i++) {
        const double members[] = {found[i].x0, found[i].y0, found[i].x1, found[i].y1, found[i].score, found[i].label};
        fwrite(members, sizeof *members, 6, to);
        if (strlen(accelerator_class_name(found[i].label)) == 0) exit(1);
    }
#elif ACCELERATOR_CLASSIFICATION
    double found[2];
    const uint32_t label = accelerator_class(results, &found[1]);
    found[0] = label;
    fwrite(found, sizeof *found, 2, to);
    if (accelerator_class(results, NULL) != label || strlen(accelerator_class_name(label)) == 0) exit(1);
#else
    (void)results, (void)to;
#endif
}

#endif
