/* Times: ISO 8601 and epoch numbers (definitions 1, "Timestamps"). Other forms are doubts. */
#include "scan.h"

static const i64 DAY_MS = 86400000;

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

typedef struct {
    const u8 *at, *end;
} cursor;

static int left(const cursor *c) { return (int)(c->end - c->at); }

/* Read the zone up to the text's end; return 0 if it is none. */
static int read_zone(cursor *c, int *minutes, u8 *form, int *is_zone)
{
    *minutes = 0;
    *is_zone = 1;
    *form = FORM_ISO_LOCAL;
    if (left(c) == 0) return 1;
    if (*c->at == ' ') c->at++;
    if (left(c) == 0) return 0;
    u8 sign = *c->at;
    *form = FORM_ISO_UTC;
    if (left(c) == 1 && (sign == 'Z' || sign == 'z')) return 1;
    if (left(c) == 3 && (!memcmp(c->at, "UTC", 3) || !memcmp(c->at, "GMT", 3))) return 1;
    if (sign != '+' && sign != '-') return 0;
    *form = FORM_ISO_OFFSET;
    c->at++;
    int hours = left(c) >= 2 ? read_digits(c->at, 2) : -1;
    if (hours < 0) return 0;
    c->at += 2;
    int rest = 0;
    if (left(c) > 0) {
        if (*c->at == ':') c->at++;
        if (left(c) != 2) return 0;
        rest = read_digits(c->at, 2);
        if (rest < 0) return 0;
    }
    *is_zone = hours <= 23 && rest <= 59;
    *minutes = (hours * 60 + rest) * (sign == '-' ? -1 : 1);
    return 1;
}

/* Return 1 for ISO 8601 that is a time, 0 for one that is none, -1 for another form. */
static int parse_iso(const u8 *text, size_t length, i64 *ms, u8 *form)
{
    if (length < 16 || length > 64) return -1;
    int year = read_digits(text, 4), month = read_digits(text + 5, 2);
    int day = read_digits(text + 8, 2), hour = read_digits(text + 11, 2);
    int minute = read_digits(text + 14, 2), second = 0, millis = 0, has_fraction = 0;
    u8 middle = text[10];
    if ((year | month | day | hour | minute) < 0 || text[4] != '-' || text[7] != '-'
        || text[13] != ':' || (middle != 'T' && middle != 't' && middle != ' '))
        return -1;
    cursor c = {text + 16, text + length};
    if (left(&c) >= 3 && *c.at == ':') {
        second = read_digits(c.at + 1, 2);
        if (second < 0) return -1;
        c.at += 3;
        if (left(&c) >= 2 && (*c.at == '.' || *c.at == ',') && is_digit(c.at[1])) {
            int digits = 0;
            for (c.at++; left(&c) > 0 && is_digit(*c.at); c.at++, digits++) {
                if (digits < 3) millis = millis * 10 + *c.at - '0';
                has_fraction |= *c.at != '0';
            }
            if (digits > 9) return -1;
            for (; digits < 3; digits++) millis *= 10;
        }
    }
    int minutes = 0, is_zone = 0, is_day = 0;
    if (!read_zone(&c, &minutes, form, &is_zone)) return -1;
    i64 days = count_days(year, month, day, &is_day);
    i64 clock_ms = count_clock_ms(hour, minute, second, millis, has_fraction);
    if (!is_day || !is_zone || clock_ms < 0) return 0;
    *ms = days * DAY_MS + clock_ms - (i64)minutes * 60000;
    return 1;
}

/* Parse an epoch number; return -1 for what is none, -2 for one that is to be read elsewhere. */
static int parse_epoch(const u8 *text, size_t length, int is_number, i64 *ms, u8 *form)
{
    cursor c = {text, text + length};
    int is_negative = left(&c) > 0 && *c.at == '-';
    if (is_negative || (!is_number && left(&c) > 0 && *c.at == '+')) c.at++;
    i64 whole = 0;
    int digits = 0, millis = 0, has_fraction = 0;
    for (; left(&c) > 0 && is_digit(*c.at); c.at++, digits++) {
        if (digits >= 18) return -2;
        whole = whole * 10 + *c.at - '0';
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
    if (whole < (i64)100000000000) {
        *form = FORM_EPOCH_SECONDS;
        *ms = whole * 1000 + millis;
    } else if (whole < (i64)100000000000000) {
        *form = FORM_EPOCH_MILLISECONDS;
        *ms = whole;
    } else if (whole < (i64)100000000000000000) {
        *form = FORM_EPOCH_MICROSECONDS;
        *ms = whole / 1000;
    } else {
        *form = FORM_EPOCH_NANOSECONDS;
        *ms = whole / 1000000;
    }
    /* A negative time is ancient, whatever it is: not floored here. */
    if (is_negative) *ms = whole || has_fraction ? -1 : 0;
    return 1;
}

/* Return whether a text begins as an access log's time, RFC 5322's or JavaScript's. */
static int may_be_other_form(const u8 *text, size_t length)
{
    static const char days[] = "montuewedthufrisatsun";
    if (length < 12 || !memchr(text, ':', length)) return 0;
    if (is_digit(text[0])) {
        u8 behind = is_digit(text[1]) ? text[2] : text[1];
        return behind == '/' || behind == ' ';
    }
    for (int day = 0; day < 7; day++) {
        int same = 0;
        while (same < 3 && to_lower(text[same]) == (u8)days[3 * day + same]) same++;
        if (same == 3) return text[3] == ',' || text[3] == ' ';
    }
    return 0;
}

enum time_class parse_time(const u8 *text, size_t length, int is_number, i64 *ms, u8 *form)
{
    *form = FORM_UNREADABLE;
    *ms = 0;
    int found = -1;
    if (!is_number) found = parse_iso(text, length, ms, form);
    if (found < 0) found = parse_epoch(text, length, is_number, ms, form);
    if (found == 1) return *ms < ANCIENT_BEFORE_MS ? TIME_ANCIENT : TIME_READ;
    if (found == 0) {
        *form = FORM_UNREADABLE;
        return TIME_NONE;
    }
    if (found == -2) return TIME_DOUBT;
    *form = FORM_UNREADABLE;
    return may_be_other_form(text, length) ? TIME_DOUBT : TIME_NONE;
}
