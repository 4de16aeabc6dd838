#ifndef PRIVITY_CHEIF_H
#define PRIVITY_CHEIF_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Decodes the main image of `count` bytes of HEIC and encodes it as JPEG into `*jpeg`, which is freed with `free`, and its size into
   `*jpeg_count`. Returns 0; -1 for what is no such image; -2 for one of more than 100 million pixels; -3 where there is no memory. */
int privity_heic_to_jpeg(const unsigned char *bytes, size_t count, unsigned char **jpeg, size_t *jpeg_count);

#ifdef __cplusplus
}
#endif

#endif
