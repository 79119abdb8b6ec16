/* Parts of the scan of a block: its columns, its lines, what stands behind text. */
#ifndef DCEVENTS_SCAN_LINES_H
#define DCEVENTS_SCAN_LINES_H

#include "scan.h"

enum { COUNTS = 6 /* of each structure */ };

enum line_outcome {
    TAKEN_EVENT,
    TAKEN_ALONE,
    TAKEN_OVER_LINES,
    TAKEN_SEVERAL,
    TAKEN_SEVERAL_OVER_LINES,
    TAKEN_SEVERAL_ALONE,
    TAKEN_OTHER,
    SET_ASIDE,
    IS_UNFINISHED,
    SET_ASIDE_OVER_LINES, /* as far as the value is known to go on */
    NO_MEMORY,
};

typedef struct {
    const u8 *begin, *end; /* without its LF */
    u32 offset;            /* in the block */
} line;

/* A record on its line. */
typedef struct {
    const line *l;
    const u8 *at, *end;
} place;

/* Skip what may stand around a value on its line. */
static inline const u8 *skip_around(const u8 *at, int *has_signs)
{
    for (;;) {
        if (*at == ' ' || *at == '\t' || *at == '\r' || *at == 0) {
            at++;
        } else if (*at == ',' || *at == 0x1E) {
            *has_signs = 1;
            at++;
        } else if (at[0] == 0xEF && at[1] == 0xBB && at[2] == 0xBF) {
            at += 3;
        } else {
            return at;
        }
    }
}

/* -- columns (scan_events.c) ------------------------------------------------------------------ */

/* Add a line, or a value over lines, to the run of its neighbours; its entry is in the columns already. */
int add_to_run(scanner *s, const run *added);
/* Add a record that is no event: its line, its bucket, and the number of its name. */
int add_other(scanner *s, u32 number, enum other_bucket bucket, u32 name);
enum line_outcome take_event(scanner *s, const rule *r);
enum line_outcome take_unknown(scanner *s, const rule *r);
enum line_outcome take_other(scanner *s, enum other_bucket bucket);
/* Take one of several records of a line, which is rejected, with its bytes. */
enum line_outcome take_rejected(scanner *s, enum other_bucket bucket);

/* -- a block (scan_block.c) -------------------------------------------------------------------- */

void begin_block(scanner *s);
/* Complete what was found in a block; NULL where there is no memory. */
const scan_result *end_block(scanner *s);
enum line_status find_status(enum line_outcome outcome);
/* Count line feeds, eight bytes at once. */
u32 count_feeds(const u8 *at, const u8 *end);
/* Have room for a text and zeros behind it; NULL where there is none. */
u8 *take_tail(scanner *s, size_t size);

/* -- members of long lists (scan_members.c) ----------------------------------------------------- */

void close_member_scan(scanner *s);
void look_for_member_paths(scanner *s);

/* -- lines (scan.c) --------------------------------------------------------------------------- */

/* Keep a rule, or a copy for another order of keys; return its number. */
u32 keep_rule(scanner *s, const u8 *form, u32 length, const rule *added);
enum line_outcome reject_line(scanner *s, const line *l);
/* Take a record that has been walked, from `at` to `end`. */
enum line_outcome take_record(scanner *s, const line *l, const u8 *at, const u8 *end);
/* … and keep its path. */
enum line_outcome take_and_learn(scanner *s, const line *l, const u8 *at, const u8 *end);
/* Take a record that is like one before, on a line that ends at `end`; set the place behind it. */
enum line_outcome take_path(scanner *s, const u8 *at, const u8 *end, const u8 **behind);
/* Take an object by its path or walked, and set its end. */
enum line_outcome take_object(scanner *s, const line *l, const u8 *at, const u8 **end);
/* Return whether a line is as Docker writes it, its text not known to be whole. */
int is_of_docker(const scanner *s, const u8 *at);
/* Return whether a line may be a part of one that Docker has cut: its text has no line end. */
int may_be_part(const scanner *s, const u8 *at);
/* Begin with the next line. */
void begin_line(scanner *s);
/* Give up what has been taken of a line. */
void leave_records(scanner *s);
/* Count the events of a line by where they keep their parts. */
void count_events(scanner *s, int has_prefix);
enum line_outcome scan_line(scanner *s, const line *l);

/* -- arrays around values of a line (scan.c) -------------------------------------------------- */

enum { MAX_LINE_ARRAYS = 8 };

/* The arrays around a value of a line. */
typedef struct {
    u32 count;
    u8 has_objects[MAX_LINE_ARRAYS], are_pairs[MAX_LINE_ARRAYS];
} line_arrays;

/* Note a bracket of an array around values; return 0 where it makes them something else. */
int note_bracket(line_arrays *a, u8 bracket);
/* Note the object that was walked last as a member of the innermost array. */
void note_object(const scanner *s, line_arrays *a);

/* -- lines that do not begin with an object (scan_behind.c) ----------------------------------- */

/* Scan a line that is a text, which is a record. */
enum line_outcome scan_text(scanner *s, const line *l, const u8 *at);
enum line_outcome scan_prefixed(scanner *s, const line *l, const u8 *begin);

#endif
