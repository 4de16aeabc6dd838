#ifndef PRIVITY_CPHONENUMBER_H
#define PRIVITY_CPHONENUMBER_H

#ifdef __cplusplus
extern "C" {
#endif

/* What is wrong with a phone number as it was typed; zero means nothing is. */
enum {
    PRIVITY_PHONE_VALID = 0,
    PRIVITY_PHONE_NOT_A_NUMBER = 1,
    PRIVITY_PHONE_UNKNOWN_REGION = 2,
    PRIVITY_PHONE_TOO_SHORT = 3,
    PRIVITY_PHONE_TOO_LONG = 4,
    PRIVITY_PHONE_INVALID_FOR_REGION = 5,
    PRIVITY_PHONE_HAS_EXTENSION = 6,
    PRIVITY_PHONE_LIBRARY_FAILED = 7,
    PRIVITY_PHONE_WITHOUT_AREA_CODE = 8,
    PRIVITY_PHONE_NOT_KNOWN = 9
};

/* Parses `text` (a C string, UTF-8) as a number dialed from `region` (ISO 3166, two capitals) and writes it in E.164 form, at most
   16 bytes and a final NUL, to `e164`, which holds `capacity` bytes. Writes nothing unless it returns PRIVITY_PHONE_VALID or
   PRIVITY_PHONE_NOT_KNOWN: a number of the right length and form whose area code the library does not know. */
int privity_phone_parse(const char *text, const char *region, char *e164, int capacity);

#ifdef __cplusplus
}
#endif

#endif
