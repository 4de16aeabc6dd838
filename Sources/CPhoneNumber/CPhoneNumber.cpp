#include "CPhoneNumber.h"

#include <cstring>
#include <string>

#include <phonenumbers/phonenumber.pb.h>
#include <phonenumbers/phonenumberutil.h>

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

/* True if numbers of this form can be: area codes are newer than the library now and then, and the rest of the plan is not. In North
   America no area code and no exchange begins with 0 or 1 or ends in 11, and no area code has a 9 in its middle. */
static bool can_be(const PhoneNumberUtil &util, const PhoneNumber &number) {
    if (util.IsPossibleNumberWithReason(number) != PhoneNumberUtil::IS_POSSIBLE) return false;
    if (number.country_code() != 1) return true;
    std::string digits;
    util.GetNationalSignificantNumber(number, &digits);
    const std::string area = digits.substr(0, 3), exchange = digits.substr(3, 3);
    const auto is_code = [](const std::string &code) { return code[0] >= '2' && code.substr(1) != "11"; };
    return digits.size() == 10 && is_code(area) && is_code(exchange) && area[1] != '9';
}

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
        const bool is_known = util.IsValidNumber(number);
        if (!is_known && !can_be(util, number)) return PRIVITY_PHONE_INVALID_FOR_REGION;
        std::string formatted;
        util.Format(number, PhoneNumberUtil::E164, &formatted);
        if (formatted.empty() || formatted.size() + 1 > static_cast<size_t>(capacity)) return PRIVITY_PHONE_LIBRARY_FAILED;
        std::memcpy(e164, formatted.c_str(), formatted.size() + 1);
        return is_known ? PRIVITY_PHONE_VALID : PRIVITY_PHONE_NOT_KNOWN;
    } catch (...) {
        return PRIVITY_PHONE_LIBRARY_FAILED;
    }
}
