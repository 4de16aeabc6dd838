#include "CHEIF.h"

#include <libheif/heif.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

static const long long most_pixels = 100000000LL;

/* libjpeg ends the process on an error unless it is given another way out. */
struct way_out {
    struct jpeg_error_mgr manager;
    jmp_buf place;
};

static void leave(j_common_ptr jpeg) { longjmp(((struct way_out *)jpeg->err)->place, 1); }

static int encode(const unsigned char *plane, int stride, int width, int height, unsigned char **out, size_t *out_count) {
    struct jpeg_compress_struct jpeg;
    struct way_out way_out;
    /* A stream of memory, because libjpeg's own destination loses track of its buffer when memory runs out. */
    char *volatile buffer = NULL;
    size_t size = 0;
    FILE *volatile stream = open_memstream((char **)&buffer, &size);
    if (!stream) return -3;
    jpeg.err = jpeg_std_error(&way_out.manager);
    way_out.manager.error_exit = leave;
    if (setjmp(way_out.place)) {
        jpeg_destroy_compress(&jpeg);
        fclose(stream);
        free(buffer);
        return -3;
    }
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, stream);
    jpeg.image_width = (JDIMENSION)width;
    jpeg.image_height = (JDIMENSION)height;
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 85, TRUE);
    jpeg_start_compress(&jpeg, TRUE);
    while (jpeg.next_scanline < jpeg.image_height) {
        JSAMPROW row = (JSAMPROW)(plane + (size_t)jpeg.next_scanline * (size_t)stride);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    if (fclose(stream) != 0) {
        free(buffer);
        return -3;
    }
    *out = (unsigned char *)buffer;
    *out_count = size;
    return 0;
}

int privity_heic_to_jpeg(const unsigned char *bytes, size_t count, unsigned char **jpeg, size_t *jpeg_count) {
    struct heif_context *context = heif_context_alloc();
    struct heif_image_handle *handle = NULL;
    struct heif_image *image = NULL;
    int result = -1;
    if (!context) return -3;
    struct heif_error error = heif_context_read_from_memory_without_copy(context, bytes, count, NULL);
    if (error.code != heif_error_Ok) goto done;
    error = heif_context_get_primary_image_handle(context, &handle);
    if (error.code != heif_error_Ok) goto done;
    const int width = heif_image_handle_get_width(handle), height = heif_image_handle_get_height(handle);
    if (width <= 0 || height <= 0) goto done;
    if ((long long)width * height > most_pixels || width > 65500 || height > 65500) {
        result = -2;
        goto done;
    }
    error = heif_decode_image(handle, &image, heif_colorspace_RGB, heif_chroma_interleaved_RGB, NULL);
    if (error.code != heif_error_Ok) goto done;
    int stride = 0;
    const unsigned char *plane = heif_image_get_plane_readonly(image, heif_channel_interleaved, &stride);
    if (!plane) goto done;
    result = encode(
        plane, stride, heif_image_get_width(image, heif_channel_interleaved), heif_image_get_height(image, heif_channel_interleaved),
        jpeg, jpeg_count);
done:
    if (image) heif_image_release(image);
    if (handle) heif_image_handle_release(handle);
    heif_context_free(context);
    return result;
}
