#include "CPhoneNumber.h"

#include <cstring>
#include <string>

#include <phonenumbers/phonenumber.pb.h>
#include <phonenumbers/phonenumberutil.h>

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

int privity_phone_parse(const char *text, const char *region, char *e164, int capacity) {
    // No C++ exception may cross into Swift.
    try {
        const PhoneNumberUtil &util = *PhoneNumberUtil::GetInstance();
        PhoneNumber number;
        switch (util.Parse(text, region, &number)) {
        case PhoneNumberUtil::NO_PARSING_ERROR:
            break;
        case PhoneNumberUtil::INVALID_COUNTRY_CODE_ERROR:
            return PRIVITY_PHONE_UNKNOWN_REGION;
        case PhoneNumberUtil::TOO_SHORT_AFTER_IDD:
        case PhoneNumberUtil::TOO_SHORT_NSN:
            return PRIVITY_PHONE_TOO_SHORT;
        case PhoneNumberUtil::TOO_LONG_NSN:
            return PRIVITY_PHONE_TOO_LONG;
        default:
            return PRIVITY_PHONE_NOT_A_NUMBER;
        }
        if (number.has_extension()) return PRIVITY_PHONE_HAS_EXTENSION;
        switch (util.IsPossibleNumberWithReason(number)) {
        case PhoneNumberUtil::TOO_SHORT:
            return PRIVITY_PHONE_TOO_SHORT;
        case PhoneNumberUtil::TOO_LONG:
            return PRIVITY_PHONE_TOO_LONG;
        case PhoneNumberUtil::IS_POSSIBLE_LOCAL_ONLY:
            return PRIVITY_PHONE_WITHOUT_AREA_CODE;
        default:
            break;
        }
        if (!util.IsValidNumber(number)) return PRIVITY_PHONE_INVALID_FOR_REGION;
        std::string formatted;
        util.Format(number, PhoneNumberUtil::E164, &formatted);
        if (formatted.empty() || formatted.size() + 1 > static_cast<size_t>(capacity)) return PRIVITY_PHONE_LIBRARY_FAILED;
        std::memcpy(e164, formatted.c_str(), formatted.size() + 1);
        return PRIVITY_PHONE_VALID;
    } catch (...) {
        return PRIVITY_PHONE_LIBRARY_FAILED;
    }
}
