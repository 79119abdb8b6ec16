/* Times (definitions 1, "Timestamps"): ISO 8601, epoch numbers, and the forms that spell a month. */
#include "scan_times.h"

static int read_digits(const u8 *text, int count)
{
    int value = 0;
    for (int at = 0; at < count; at++) {
        if (!is_digit(text[at])) return -1;
        value = value * 10 + text[at] - '0';
    }
    return value;
}

/* Return the days since 1970 of a date of the calendar that all use; 0 in `is_day` for none. */
static i64 count_days(int year, int month, int day, int *is_day)
{
    static const u8 lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    *is_day = year >= 1 && month >= 1 && month <= 12 && day >= 1
        && day <= lengths[month - 1] + (month == 2 && is_leap);
    if (!*is_day) return 0;
    int shifted = month > 2 ? year : year - 1;
    i64 era = shifted / 400;
    int of_era = shifted % 400;
    int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

/* Return milliseconds since midnight; -1 for no time of day. 24:00:00 and second 60 are the next
   second's start. */
static i64 count_clock_ms(int hour, int minute, int second, int millis, int has_fraction)
{
    if (hour == 24) return minute || second || has_fraction ? -1 : DAY_MS;
    if (hour > 24 || minute > 59 || second > 60) return -1;
    return ((i64)(hour * 60 + minute) * 60 + second) * 1000 + (second == 60 ? 0 : millis);
}

int count_ms(const time_parts *parts, i64 *ms)
{
    int is_day = 0;
    i64 days = count_days(parts->year, parts->month, parts->day, &is_day);
    i64 clock_ms = count_clock_ms(parts->hour, parts->minute, parts->second, parts->millis,
                                  parts->has_fraction);
    if (!is_day || !parts->is_zone || clock_ms < 0) return 0;
    *ms = days * DAY_MS + clock_ms - (i64)parts->zone_minutes * 60000;
    return 1;
}

void take_fraction(cursor *c, time_parts *parts)
{
    if (left(c) < 2 || (*c->at != '.' && *c->at != ',') || !is_digit(c->at[1])) return;
    int digits = 0;
    for (c->at++; left(c) > 0 && is_digit(*c->at) && digits < 9; c->at++, digits++) {
        if (digits < 3) parts->millis = parts->millis * 10 + *c->at - '0';
        parts->has_fraction |= *c->at != '0';
    }
    for (; digits < 3; digits++) parts->millis *= 10;
}

/* Take the zone of an ISO time, which may be missing. */
static void take_iso_zone(cursor *c, time_parts *parts, u8 *form)
{
    *form = FORM_ISO_LOCAL;
    const u8 *at = c->at, *end = c->end;
    if (at < end && *at == ' ') at++;
    if (at == end) return;
    if (*at == 'Z' || *at == 'z') {
        *form = FORM_ISO_UTC;
        c->at = at + 1;
    } else if (end - at >= 3 && (!memcmp(at, "UTC", 3) || !memcmp(at, "GMT", 3))) {
        *form = FORM_ISO_UTC;
        c->at = at + 3;
    } else if (end - at >= 3 && (*at == '+' || *at == '-')) {
        int hours = read_digits(at + 1, 2), minutes = 0;
        if (hours < 0) return;
        *form = FORM_ISO_OFFSET;
        c->at = at + 3;
        const u8 *rest = c->at < end && *c->at == ':' ? c->at + 1 : c->at;
        int found = end - rest >= 2 ? read_digits(rest, 2) : -1;
        if (found >= 0) {
            minutes = found;
            c->at = rest + 2;
        }
        parts->is_zone = hours <= 23 && minutes <= 59;
        parts->zone_minutes = (hours * 60 + minutes) * (*at == '-' ? -1 : 1);
    }
}

int take_iso(cursor *c, time_parts *parts, u8 *form)
{
    const u8 *text = c->at;
    if (left(c) < 16) return 0;
    parts->year = read_digits(text, 4);
    parts->month = read_digits(text + 5, 2);
    parts->day = read_digits(text + 8, 2);
    parts->hour = read_digits(text + 11, 2);
    parts->minute = read_digits(text + 14, 2);
    u8 middle = text[10];
    if ((parts->year | parts->month | parts->day | parts->hour | parts->minute) < 0
        || text[4] != '-' || text[7] != '-' || text[13] != ':'
        || (middle != 'T' && middle != 't' && middle != ' '))
        return 0;
    c->at += 16;
    if (left(c) >= 3 && *c->at == ':') {
        int second = read_digits(c->at + 1, 2);
        if (second >= 0) {
            parts->second = second;
            c->at += 3;
            take_fraction(c, parts);
        }
    }
    take_iso_zone(c, parts, form);
    return 1;
}

/* Return 1 for ISO 8601 that is a time, 0 for one that is none, -1 for another form. */
static int parse_iso(const u8 *text, size_t length, i64 *ms, u8 *form)
{
    if (length < 16 || length > 64) return -1;
    cursor c = {text, text + length};
    time_parts parts = NO_PARTS;
    if (!take_iso(&c, &parts, form) || left(&c)) return -1;
    return count_ms(&parts, ms);
}

/* Parse an epoch number; return -1 for what is none, -2 for one that is to be read elsewhere. */
static int parse_epoch(const u8 *text, size_t length, int is_number, i64 *ms, u8 *form)
{
    cursor c = {text, text + length};
    int is_negative = left(&c) > 0 && *c.at == '-';
    if (is_negative || (!is_number && left(&c) > 0 && *c.at == '+')) c.at++;
    u64 whole = 0;
    int digits = 0, millis = 0, has_fraction = 0;
    for (; left(&c) > 0 && is_digit(*c.at); c.at++, digits++) {
        if (digits >= 19) return -2;
        whole = whole * 10 + (u64)(*c.at - '0');
    }
    if (!digits) return -1;
    if (left(&c) >= 2 && *c.at == '.' && is_digit(c.at[1])) {
        int places = 0;
        for (c.at++; left(&c) > 0 && is_digit(*c.at); c.at++, places++) {
            if (places < 3) millis = millis * 10 + *c.at - '0';
            has_fraction |= *c.at != '0';
        }
        for (; places < 3; places++) millis *= 10;
    }
    if (left(&c) > 0) return is_number ? -2 : -1;
    if (whole < (u64)100000000000) {
        *form = FORM_EPOCH_SECONDS;
        *ms = (i64)whole * 1000 + millis;
    } else if (whole < (u64)100000000000000) {
        *form = FORM_EPOCH_MILLISECONDS;
        *ms = (i64)whole;
    } else if (whole < (u64)100000000000000000) {
        *form = FORM_EPOCH_MICROSECONDS;
        *ms = (i64)(whole / 1000);
    } else {
        *form = FORM_EPOCH_NANOSECONDS;
        *ms = (i64)(whole / 1000000);
    }
    /* A negative time is ancient, whatever it is: not floored here. */
    if (is_negative) *ms = whole || has_fraction ? -1 : 0;
    return 1;
}

/* -- forms that spell a month: an access log's, RFC 5322's, JavaScript's ------------------------ */

int take_word(cursor *c, const char *word)
{
    int length = (int)strlen(word);
    if (left(c) < length) return 0;
    for (int at = 0; at < length; at++)
        if (to_lower(c->at[at]) != (u8)word[at]) return 0;
    c->at += length;
    return 1;
}

/* Take one of several words of three letters; return its place among them, -1 for none. */
static int take_short_word(cursor *c, const char *words)
{
    if (left(c) < 3) return -1;
    u32 word = to_lower(c->at[0]) | (u32)to_lower(c->at[1]) << 8 | (u32)to_lower(c->at[2]) << 16;
    for (int number = 0; *words; number++, words += 3) {
        if (word != ((u8)words[0] | (u32)(u8)words[1] << 8 | (u32)(u8)words[2] << 16)) continue;
        c->at += 3;
        return number;
    }
    return -1;
}

int take_weekday(cursor *c) { return take_short_word(c, "montuewedthufrisatsun") >= 0; }

int take_month(cursor *c)
{
    return take_short_word(c, "janfebmaraprmayjunjulaugsepoctnovdec") + 1;
}

int take_digits(cursor *c, int count)
{
    if (left(c) < count) return -1;
    int value = read_digits(c->at, count);
    if (value >= 0) c->at += count;
    return value;
}

int take_clock(cursor *c, time_parts *parts, int needs_seconds)
{
    parts->hour = take_digits(c, 2);
    if (parts->hour < 0 || !take_word(c, ":")) return 0;
    parts->minute = take_digits(c, 2);
    if (parts->minute < 0) return 0;
    parts->second = 0;
    if (!take_word(c, ":")) return !needs_seconds;
    parts->second = take_digits(c, 2);
    return parts->second >= 0;
}

/* Take `+0100` or `+01:00`. */
static int take_offset(cursor *c, time_parts *parts)
{
    int is_negative = take_word(c, "-");
    if (!is_negative && !take_word(c, "+")) return 0;
    int hours = take_digits(c, 2);
    if (hours < 0) return 0;
    (void)take_word(c, ":");
    int minutes = take_digits(c, 2);
    if (minutes < 0) return 0;
    parts->is_zone = hours <= 23 && minutes <= 59;
    parts->zone_minutes = (hours * 60 + minutes) * (is_negative ? -1 : 1);
    return 1;
}

/* Take an offset, or the name of a zone that RFC 5322 knows. */
static int take_zone(cursor *c, time_parts *parts)
{
    static const struct {
        const char *name;
        int minutes;
    } zones[] = {
        {"utc", 0}, {"gmt", 0}, {"ut", 0}, {"z", 0}, {"edt", -240}, {"est", -300}, {"cdt", -300},
        {"cst", -360}, {"mdt", -360}, {"mst", -420}, {"pdt", -420}, {"pst", -480},
    };
    if (left(c) && (*c->at == '+' || *c->at == '-')) return take_offset(c, parts);
    for (size_t number = 0; number < sizeof zones / sizeof *zones; number++)
        if (take_word(c, zones[number].name)) {
            parts->zone_minutes = zones[number].minutes;
            parts->is_zone = 1;
            return 1;
        }
    return 0;
}

/* Take ` (…)`, which may be missing. */
static void take_comment(cursor *c)
{
    if (left(c) < 3 || c->at[0] != ' ' || c->at[1] != '(') return;
    const u8 *at = c->at + 2;
    while (at < c->end && *at != '(' && *at != ')') at++;
    if (at < c->end && *at == ')') c->at = at + 1;
}

int take_access_log(cursor *c, time_parts *parts)
{
    parts->day = take_digits(c, 2);
    return parts->day >= 0 && take_word(c, "/") && (parts->month = take_month(c)) > 0
        && take_word(c, "/") && (parts->year = take_digits(c, 4)) >= 0 && take_word(c, ":")
        && take_clock(c, parts, 1) && take_word(c, " ") && take_offset(c, parts);
}

int take_rfc_5322(cursor *c, time_parts *parts)
{
    if (take_weekday(c)) {
        if (!take_word(c, ",")) return 0;
        (void)take_word(c, " ");
    }
    parts->day = take_digits(c, 2);
    if (parts->day < 0) parts->day = take_digits(c, 1);
    int is_found = parts->day >= 0 && take_word(c, " ") && (parts->month = take_month(c)) > 0
        && take_word(c, " ") && (parts->year = take_digits(c, 4)) >= 0 && take_word(c, " ")
        && take_clock(c, parts, 0) && take_word(c, " ") && take_zone(c, parts);
    if (is_found) take_comment(c);
    return is_found;
}

int take_javascript(cursor *c, time_parts *parts)
{
    int is_found = take_weekday(c) && take_word(c, " ") && (parts->month = take_month(c)) > 0
        && take_word(c, " ") && (parts->day = take_digits(c, 2)) >= 0 && take_word(c, " ")
        && (parts->year = take_digits(c, 4)) >= 0 && take_word(c, " ") && take_clock(c, parts, 1)
        && take_word(c, " ") && (take_word(c, "gmt") || take_word(c, "utc"))
        && take_offset(c, parts);
    if (is_found) take_comment(c);
    return is_found;
}

int has_folded_letters(const u8 *text, size_t length)
{
    static const char *const letters[] = {"\xC5\xBF", "\xC4\xB0", "\xC4\xB1", "\xE2\x84\xAA"};
    const u8 *end = text + length;
    for (const u8 *next = text; end - (next = skip_ascii(next, end)) > 1; next++) {
        size_t at = (size_t)(next - text);
        for (size_t number = 0; number < sizeof letters / sizeof *letters; number++) {
            size_t size = strlen(letters[number]);
            if (size <= length - at && !memcmp(text + at, letters[number], size)) return 1;
        }
    }
    return 0;
}

/* Return 1 for a text of these forms that is a time, 0 for one that is none, -1 for any other, -2
   for one that is to be read elsewhere. */
static int parse_spelled(const u8 *text, size_t length, i64 *ms, u8 *form)
{
    if (length < 12 || length > 512 || !memchr(text, ':', length)) return length > 512 ? -2 : -1;
    if (!is_digit(*text) && !is_lower(to_lower(*text)) && *text < 0x80) return -1;
    static const struct {
        int (*take)(cursor *c, time_parts *parts);
        enum time_form form;
    } forms[] = {
        {take_access_log, FORM_ACCESS_LOG},
        {take_rfc_5322, FORM_RFC_5322},
        {take_javascript, FORM_JAVASCRIPT},
    };
    for (size_t number = 0; number < sizeof forms / sizeof *forms; number++) {
        cursor c = {text, text + length};
        time_parts parts = NO_PARTS;
        if (!forms[number].take(&c, &parts) || left(&c)) continue;
        *form = (u8)forms[number].form;
        return count_ms(&parts, ms);
    }
    return has_folded_letters(text, length) ? -2 : -1;
}

enum time_class parse_time(const u8 *text, size_t length, int is_number, i64 *ms, u8 *form)
{
    *form = FORM_UNREADABLE;
    *ms = 0;
    int found = -1;
    if (!is_number) found = parse_iso(text, length, ms, form);
    if (found < 0) found = parse_epoch(text, length, is_number, ms, form);
    if (found == -1 && !is_number) found = parse_spelled(text, length, ms, form);
    if (found == 1) return *ms < ANCIENT_BEFORE_MS ? TIME_ANCIENT : TIME_READ;
    *form = FORM_UNREADABLE;
    return found == -2 ? TIME_DOUBT : TIME_NONE;
}
