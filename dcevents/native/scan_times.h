/* Parts of times, for those that read values and those that search the text before a record.

   `take_…` goes on behind what it takes, as far as it can, and returns 0 where there is none. */
#ifndef DCEVENTS_SCAN_TIMES_H
#define DCEVENTS_SCAN_TIMES_H

#include "scan.h"

#define DAY_MS ((i64)86400000)

typedef struct {
    const u8 *at, *end;
} cursor;

static inline int left(const cursor *c) { return (int)(c->end - c->at); }

typedef struct {
    int year, month, day, hour, minute, second, millis;
    int has_fraction; /* that is not 0 */
    int is_zone; /* there is such an offset */
    int zone_minutes; /* east of UTC */
} time_parts;

#define NO_PARTS {.is_zone = 1}

/* Count the milliseconds since 1970; return 0 for no time. */
int count_ms(const time_parts *parts, i64 *ms);

int take_iso(cursor *c, time_parts *parts, u8 *form);
int take_access_log(cursor *c, time_parts *parts);
int take_rfc_5322(cursor *c, time_parts *parts);
int take_javascript(cursor *c, time_parts *parts);

/* Take a word, which is lower-case, in either case. */
int take_word(cursor *c, const char *word);
/* Take digits, so many; return their number, -1 for other bytes. */
int take_digits(cursor *c, int count);
int take_weekday(cursor *c);
/* Return the number of a month; 0 for none. */
int take_month(cursor *c);
/* Take `09:15:04`; the seconds may be missing. */
int take_clock(cursor *c, time_parts *parts, int needs_seconds);
/* Take a fraction of a second, which may be missing, of up to nine digits. */
void take_fraction(cursor *c, time_parts *parts);

/* Return whether a text has a letter that is ASCII's in another case to Python: a long s, an i with
   or without its dot, the sign of Kelvin. */
int has_folded_letters(const u8 *text, size_t length);

#endif
