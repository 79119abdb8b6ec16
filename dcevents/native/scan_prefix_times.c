/* Times in the text before a record, as the judge finds them: judge/prefix_times.py. */
#include "scan_times.h"

/* -- forms that stand in prefixes only, spelled as their programs do ----------------------------- */

static int is_titled(const cursor *c)
{
    return left(c) >= 3 && is_upper(c->at[0]) && is_lower(c->at[1]) && is_lower(c->at[2]);
}

static int take_titled_month(cursor *c, time_parts *parts)
{
    return is_titled(c) && (parts->month = take_month(c)) > 0;
}

/* Take a day of two characters, of which the first may be a space. */
static int take_padded_day(cursor *c, time_parts *parts)
{
    cursor two = *c;
    int is_padded = take_word(&two, " ");
    parts->day = take_digits(&two, is_padded ? 1 : 2);
    if (parts->day < 0) return 0;
    *c = two;
    return 1;
}

/* Take `09:15:04.120`. */
static int take_exact_clock(cursor *c, time_parts *parts)
{
    if (!take_clock(c, parts, 1)) return 0;
    take_fraction(c, parts);
    return 1;
}

/* Take `Nov  3 09:15:04`. */
static int take_syslog(cursor *c, time_parts *parts)
{
    if (!take_titled_month(c, parts) || !take_word(c, " ")) return 0;
    if (!take_padded_day(c, parts) && (parts->day = take_digits(c, 1)) < 0) return 0;
    return take_word(c, " ") && take_exact_clock(c, parts);
}

/* Take `Mon Nov  3 09:15:04.120 2025`. */
static int take_apache_error(cursor *c, time_parts *parts)
{
    return is_titled(c) && take_weekday(c) && take_word(c, " ") && take_titled_month(c, parts)
        && take_word(c, " ") && take_padded_day(c, parts) && take_word(c, " ")
        && take_exact_clock(c, parts) && take_word(c, " ")
        && (parts->year = take_digits(c, 4)) >= 0;
}

/* Take `2025/11/03 09:15:04`. */
static int take_slashes(cursor *c, time_parts *parts)
{
    return (parts->year = take_digits(c, 4)) >= 0 && take_word(c, "/")
        && (parts->month = take_digits(c, 2)) >= 0 && take_word(c, "/")
        && (parts->day = take_digits(c, 2)) >= 0 && take_word(c, " ")
        && take_exact_clock(c, parts);
}

static int is_word_byte(u8 byte)
{
    return is_digit(byte) || is_lower(to_lower(byte)) || byte == '_' || byte >= 0x80;
}

/* Take the zone of PHP, which may be missing; return 0 for one that has a name of its own. */
static int take_php_zone(cursor *c)
{
    if (left(c) < 2 || *c->at != ' ') return 1;
    const u8 *at = c->at + 1;
    int is_utc = left(c) >= 4 && (!memcmp(at, "UTC", 3) || !memcmp(at, "GMT", 3));
    if (is_utc && (left(c) == 4 || !is_word_byte(at[3]))) {
        c->at += 4;
        return 1;
    }
    const u8 *name = at;
    while (at < c->end && is_lower(to_lower(*at))) at++;
    return at == name || at == c->end || *at != '/';
}

/* Take `03-Nov-2025 09:15:04 UTC`. */
static int take_php(cursor *c, time_parts *parts)
{
    return (parts->day = take_digits(c, 2)) >= 0 && take_word(c, "-")
        && take_titled_month(c, parts) && take_word(c, "-")
        && (parts->year = take_digits(c, 4)) >= 0 && take_word(c, " ")
        && take_exact_clock(c, parts) && take_php_zone(c);
}

/* -- dates in a prefix ---------------------------------------------------------------------------- */

enum date_form {
    DATE_ISO,
    DATE_ACCESS_LOG,
    DATE_RFC_5322,
    DATE_JAVASCRIPT,
    DATE_APACHE_ERROR,
    DATE_PHP,
    DATE_SLASHES,
    DATE_SYSLOG,
    DATE_FORMS,
    NO_DATE = DATE_FORMS,
};

enum {
    MIN_DATE_BYTES = 14, /* Nov 3 09:15:04 */
    /* Where in a date the first colon of its clock is: */
    MIN_BEFORE_COLON = 8,  /* Nov 3 09 */
    MAX_BEFORE_COLON = 19, /* Mon, 03 Nov 2025 09 */
};

typedef struct {
    const u8 *begin, *end;
    i64 clock_ms; /* that times without a year go by */
    const u8 *passed[DATE_FORMS]; /* where the last match of a form ends */
} prefix;

/* Return the only form that a date at a place may have. */
static enum date_form tell_form(const u8 *at, const u8 *end)
{
    if (end - at < MIN_DATE_BYTES) return NO_DATE;
    if (is_digit(*at)) {
        if (at[4] == '-') return DATE_ISO;
        if (at[4] == '/') return DATE_SLASHES;
        if (at[2] == '/') return DATE_ACCESS_LOG;
        if (at[2] == '-') return DATE_PHP;
        int is_spaced = at[1] == ' ' ? at[5] == ' ' : at[2] == ' ' && at[6] == ' ';
        return is_spaced ? DATE_RFC_5322 : NO_DATE;
    }
    if (at[3] == ',') return DATE_RFC_5322;
    if (at[3] != ' ') return NO_DATE;
    if (at[4] == ' ' || is_digit(at[4])) return DATE_SYSLOG;
    if (at[7] != ' ') return NO_DATE;
    return at[13] == ':' ? DATE_APACHE_ERROR : DATE_JAVASCRIPT;
}

static int take_date(cursor *c, enum date_form date, time_parts *parts, u8 *form)
{
    switch (date) {
    case DATE_ISO: return take_iso(c, parts, form);
    case DATE_ACCESS_LOG: *form = FORM_ACCESS_LOG; return take_access_log(c, parts);
    case DATE_RFC_5322: *form = FORM_RFC_5322; return take_rfc_5322(c, parts);
    case DATE_JAVASCRIPT: *form = FORM_JAVASCRIPT; return take_javascript(c, parts);
    case DATE_APACHE_ERROR: return take_apache_error(c, parts);
    case DATE_PHP: return take_php(c, parts);
    case DATE_SLASHES: return take_slashes(c, parts);
    case DATE_SYSLOG: return take_syslog(c, parts);
    case NO_DATE: break;
    }
    return 0;
}

/* Count the milliseconds of a time without a year: the latest such that is not in the future. */
static int count_ms_without_year(time_parts *parts, i64 clock_ms, i64 *ms)
{
    i64 this_year = 1970 + clock_ms / (365 * DAY_MS + DAY_MS / 4);
    for (i64 year = this_year + 1; year >= this_year - 1; year--) {
        parts->year = year >= 1 && year <= 9999 ? (int)year : 0;
        if (count_ms(parts, ms) && *ms - DAY_MS <= clock_ms) return 1;
    }
    return 0;
}

/* Return whether a byte beside a time is no letter or digit: TIME_READ, TIME_NONE, or in doubt. */
static enum time_class tell_apart(const u8 *at)
{
    if (*at >= 0x80) return TIME_DOUBT;
    return is_digit(*at) || is_lower(to_lower(*at)) ? TIME_NONE : TIME_READ;
}

static enum time_class read_date(prefix *p, const u8 *at, i64 *ms, u8 *form)
{
    enum date_form date = tell_form(at, p->end);
    if (date == NO_DATE || at < p->passed[date]) return TIME_NONE;
    cursor c = {at, p->end};
    time_parts parts = NO_PARTS;
    *form = FORM_PREFIX;
    if (!take_date(&c, date, &parts, form)) return TIME_NONE;
    p->passed[date] = c.at;
    int is_time = date == DATE_SYSLOG ? count_ms_without_year(&parts, p->clock_ms, ms)
                                      : count_ms(&parts, ms);
    if (!is_time || *ms < ANCIENT_BEFORE_MS) return TIME_NONE;
    enum time_class before = at > p->begin ? tell_apart(at - 1) : TIME_READ;
    enum time_class behind = c.at < p->end ? tell_apart(c.at) : TIME_READ;
    if (before == TIME_NONE || behind == TIME_NONE) return TIME_NONE;
    return before == TIME_READ ? behind : before;
}

/* Return the next colon between two digits, as all clocks have one; NULL for none. */
static const u8 *find_clock(const u8 *at, const u8 *begin, const u8 *end)
{
    for (; at < end && (at = memchr(at, ':', (size_t)(end - at))); at++)
        if (at > begin && end - at > 1 && is_digit(at[-1]) && is_digit(at[1])) return at;
    return NULL;
}

/* Look for a date at all places from which a clock is as far as in a date. */
static enum time_class find_date(prefix *p, i64 *ms, u8 *form)
{
    const u8 *at = p->begin, *colon = at;
    for (; (colon = find_clock(colon, p->begin, p->end)); colon++) {
        if (colon - at > MAX_BEFORE_COLON) at = colon - MAX_BEFORE_COLON;
        for (; colon - at >= MIN_BEFORE_COLON; at++) {
            if (!is_digit(*at) && !is_lower(to_lower(*at))) continue;
            enum time_class found = read_date(p, at, ms, form);
            if (found != TIME_NONE) return found;
        }
    }
    return TIME_NONE;
}

/* -- epoch numbers in a prefix ---------------------------------------------------------------------- */

/* Return whether a number may stand beside a byte: not in a word, a path, a clock, … */
static enum time_class tell_alone(const u8 *at, const char *signs)
{
    if (*at >= 0x80) return TIME_DOUBT;
    return is_word_byte(*at) || (*at && strchr(signs, *at)) ? TIME_NONE : TIME_READ;
}

/* Return whether a number may begin at a place, behind `ts=` or `time=` as well. */
static enum time_class tell_beginning(const prefix *p, const u8 *at)
{
    static const char *const keys[] = {"ts=", "time="};
    if (at == p->begin) return TIME_READ;
    if (at[-1] != '=') return tell_alone(at - 1, ".:/-");
    for (size_t number = 0; number < sizeof keys / sizeof *keys; number++) {
        ptrdiff_t size = (ptrdiff_t)strlen(keys[number]);
        if (at - p->begin < size || memcmp(at - size, keys[number], (size_t)size)) continue;
        return at - size == p->begin ? TIME_READ : tell_alone(at - size - 1, "");
    }
    return TIME_NONE;
}

static const u8 *skip_digits(const u8 *at, const u8 *end)
{
    while (at < end && is_digit(*at)) at++;
    return at;
}

/* Read the epoch number whose digits are from `at` to `end`, and may go on behind a point; `end` is
   then where it ends. */
static enum time_class read_number(const prefix *p, const u8 *at, const u8 **end, i64 *ms, u8 *form)
{
    ptrdiff_t digits = *end - at;
    if (digits != 10 && digits != 13 && digits != 16 && digits != 19) return TIME_NONE;
    enum time_class found = tell_beginning(p, at);
    if (found == TIME_NONE) return found;
    const u8 *rest = *end;
    if (p->end - rest >= 2 && *rest == '.' && is_digit(rest[1])) rest = skip_digits(rest + 1, p->end);
    enum time_class behind = rest < p->end ? tell_alone(rest, ":/-") : TIME_READ;
    /* What goes on behind its fraction may be a number without one. */
    if (behind == TIME_NONE && rest > *end) behind = TIME_READ;
    else if (behind == TIME_READ) *end = rest;
    if (behind != TIME_READ) return behind;
    if (found == TIME_DOUBT) return found;
    found = parse_time(at, (size_t)(*end - at), 0, ms, form);
    return found == TIME_ANCIENT ? TIME_NONE : found;
}

static enum time_class find_number(const prefix *p, i64 *ms, u8 *form)
{
    for (const u8 *at = p->begin; at < p->end;) {
        if (!is_digit(*at)) {
            at++;
            continue;
        }
        const u8 *end = skip_digits(at, p->end);
        enum time_class found = read_number(p, at, &end, ms, form);
        if (found != TIME_NONE) return found;
        at = end;
    }
    return TIME_NONE;
}

/* -- the door --------------------------------------------------------------------------------------- */

/* Return whether the judge may see other text: half a surrogate pair, letters in another case. */
static int is_unsure_text(const u8 *at, const u8 *end)
{
    if (has_folded_letters(at, (size_t)(end - at))) return 1;
    for (; (at = memchr(at, '\\', (size_t)(end - at))); at++)
        if (end - at > 2 && at[1] == 'u' && to_lower(at[2]) == 'd') return 1;
    return 0;
}

enum time_class find_prefix_time(const u8 *begin, const u8 *end, i64 clock_ms, i64 *ms, u8 *form)
{
    prefix p = {.begin = begin, .end = end, .clock_ms = clock_ms};
    for (int date = 0; date < DATE_FORMS; date++) p.passed[date] = begin;
    if (is_unsure_text(begin, end)) return TIME_DOUBT;
    enum time_class found = find_date(&p, ms, form);
    return found == TIME_NONE ? find_number(&p, ms, form) : found;
}
