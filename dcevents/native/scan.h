/* The scanner of lines: what its parts share. See docs/architecture.md, "The scanner".

   Bytes come from strangers. Each text that is walked has READ_AHEAD readable bytes behind its end,
   and a line feed or zeros right at its end, at which every loop over it stops. */
#ifndef DCEVENTS_SCAN_H
#define DCEVENTS_SCAN_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#if defined(_WIN32)
#define DC_EXPORT __declspec(dllexport)
#else
#define DC_EXPORT __attribute__((visibility("default")))
#endif

/* Holds in release builds too: rather end than read or write beyond. */
#define REQUIRE(condition) \
    do { \
        if (!(condition)) abort(); \
    } while (0)

#include "hashes.h"

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t i64;

enum {
    READ_AHEAD = 64,
    MAX_LINE_BYTES = 1 << 20, /* of a longer line the framing makes windows */
    MAX_FORM_BYTES = 8192, /* of one record */
    MAX_SLOTS = 1024,
    MAX_WALKED_BYTES = 1 << 20, /* of all records of a line */
    MAX_WALKED_SLOTS = 1 << 16,
    MAX_MEMBERS = 1 << 16, /* of lists under way */
    MAX_SPLITS = 1 << 12,
    MAX_SPLIT_LEVELS = 4, /* lists of records in one another */
    MAX_LEVELS_WALKED = 64, /* deeper lines are set aside: the stack stays small */
    MAX_TEXT_LEVELS = 4,    /* texts in texts that are walked */
    MAX_CONTAINERS = 400,   /* so that the judge's limit of 512 never decides */
    MAX_KEY_BYTES = 250,
    MAX_SKIPPED_KEYS = 2048,
    MAX_NAME_CHARACTERS = 512,
    MAX_TEXT_CHARACTERS = 512,
    MAX_PAGE_CHARACTERS = 2048,
    MAX_UNKNOWN_NAME_CHARACTERS = 128,
    MAX_SID_BYTES = 512,
    MAX_NEW_FORMS = 256, /* forms that one scan asks about */
    RECENT_RULES = 2,
    MAX_ORDERS = 1 << 15, /* forms in other orders that are kept */
    ARENA_BYTES = 2 << 20,
};

#define UNTIMED_MS ((i64)1 << 60)
#define ANCIENT_MS (((i64)1 << 60) + 2)
#define ANCIENT_BEFORE_MS ((i64)1420070400000)

/* -- growing arrays --------------------------------------------------------------------------- */

/* Return an array with room for one more than `count`; NULL where there is no memory. */
void *grow_array(void *array, size_t *capacity, size_t count, size_t size);

/* -- bytes --------------------------------------------------------------------------------------- */

/* Return whether two texts of one length are the same. */
static inline int is_same(const u8 *one, const u8 *two, size_t length)
{
    if (length >= 16) {
        size_t at = 0;
        for (; at + 16 <= length; at += 16)
            if (memcmp(one + at, two + at, 16)) return 0;
        return !memcmp(one + length - 16, two + length - 16, 16);
    }
    if (length >= 8)
        return !memcmp(one, two, 8) && !memcmp(one + length - 8, two + length - 8, 8);
    if (length >= 4)
        return !memcmp(one, two, 4) && !memcmp(one + length - 4, two + length - 4, 4);
    for (size_t at = 0; at < length; at++)
        if (one[at] != two[at]) return 0;
    return 1;
}

/* Copy a text, and up to 15 bytes more: both sides have room for them. */
static inline void copy_text(u8 *to, const u8 *from, size_t length)
{
    for (size_t at = 0; at < length; at += 16) memcpy(to + at, from + at, 16);
}

/* -- tables of texts ------------------------------------------------------------------------ */

/* Texts and their numbers, in the order in which they came. Compared byte by byte. */
typedef struct {
    u32 hash, end, begin; /* where the text ends and begins */
    u32 number; /* 1 more than its number; 0 for a place that is free */
} text_place;

typedef struct {
    text_place *places;
    size_t places_count; /* a power of two */
    u32 *offsets; /* count + 1 of them */
    size_t offsets_capacity;
    u8 *bytes;
    size_t bytes_capacity;
    u32 count;
} text_table;

#define NO_NUMBER UINT32_MAX

int open_table(text_table *table, size_t places_count);
void close_table(text_table *table);
void empty_table(text_table *table);
/* Return the number of a text, a new one if need be; NO_NUMBER where there is no memory. */
u32 number_text(text_table *table, const hash_seed *seed, const u8 *text, size_t length);
/* The same of a text whose hash is known. */
u32 number_hashed(text_table *table, u32 hash, const u8 *text, size_t length);
/* Return the number of a text; NO_NUMBER for a new one. */
u32 find_text(const text_table *table, u32 hash, const u8 *text, size_t length);

/* Have the place of a text in the cache by the time that it is looked for. */
static inline void prefetch_text(const text_table *table, u32 hash)
{
    __builtin_prefetch(&table->places[hash & (table->places_count - 1)]);
}

/* Pairs of numbers and theirs, in the order in which they came. */
typedef struct {
    u32 one, two;
    u32 number; /* 1 more; 0 for a place that is free */
} pair_place;

typedef struct {
    pair_place *places;
    size_t places_count;
    u32 *pairs; /* two of each */
    size_t pairs_capacity;
    u32 count;
} pair_table;

int open_pairs(pair_table *table, size_t places_count);
void close_pairs(pair_table *table);
void empty_pairs(pair_table *table);
u32 number_pair(pair_table *table, const hash_seed *seed, u32 one, u32 two);

static inline size_t place_pair(const pair_table *table, const hash_seed *seed, u32 one, u32 two)
{
    u64 hash = mix(((u64)one << 32 | two) ^ seed->two, seed->one | 1);
    return (size_t)(hash >> 20) & (table->places_count - 1);
}

/* -- keys ------------------------------------------------------------------------------------- */

/* What a key may mean to the judge. Each says rather too much than too little. */
enum key_flag {
    KEY_PLAIN = 1 << 0,   /* whether there is a text, and of which type */
    KEY_NAME = 1 << 1,    /* may name an event */
    KEY_TIME = 1 << 2,
    KEY_PAGE = 1 << 3,
    KEY_BODY = 1 << 4,    /* texts are entered */
    KEY_TYPE = 1 << 5,    /* of a typed value: what is under it stands for the object */
    KEY_DOTTED = 1 << 6,  /* objects in objects */
    KEY_MEETING = 1 << 7,
    KEY_CLOSED = 1 << 8,  /* objects and arrays are not entered */
    KEY_PAIR = 1 << 9,    /* key, name, field */
    KEY_VALUE = 1 << 10,  /* value */
    KEY_NO_NAME = 1 << 11, /* no full name is looked for, at any stage */
    KEY_NO_TEXT = 1 << 12, /* no text is entered, at any stage */
    KEY_REQUEST = 1 << 13,
    KEY_EVENT = 1 << 14,  /* names events: a kind alone is a name here */
    KEY_OWN = 1 << 15,    /* means nothing, and looks like an id: a record may have one of its own */
};
/* Which of Adobe's payload keys a key is: 1 more than its place in their list; 0 for none. */
enum { KEY_PART_SHIFT = 16, KEY_PART_BITS = 15 << KEY_PART_SHIFT };
enum { PART_SID = 1, PART_SESSION = 15 };
#define KEY_MATTERS \
    (KEY_PLAIN | KEY_NAME | KEY_TIME | KEY_PAGE | KEY_BODY | KEY_TYPE | KEY_DOTTED | KEY_MEETING)
#define KEY_INHERITED \
    (KEY_PLAIN | KEY_NAME | KEY_TIME | KEY_PAGE | KEY_BODY | KEY_MEETING | KEY_REQUEST | KEY_EVENT)

/* Lists of words, filled from the judge's tables when a scanner is made. */
enum word_list {
    WORDS_EVENT,
    WORDS_EVENT_END,
    WORDS_NAME,
    WORDS_BODY,
    WORDS_NEVER_ENTERED_END,
    WORDS_VISITOR,
    WORDS_NO_NAME,
    WORDS_REQUEST,
    WORDS_TIME_END,
    WORDS_TIME_LAST,
    WORDS_TIME_BEGINNING,
    WORDS_TIME_ALONE,
    WORDS_PAGE,
    WORDS_ADOBE,
    WORDS_NEVER_NAME,
    WORDS_BEFORE_ADOBE,
    WORDS_CONVERSATION,
    WORDS_CONVERSATION_PART,
    WORDS_PLAIN,
    WORDS_TYPE,
    WORDS_SCALAR_TYPE,
    WORDS_PAIR,
    WORDS_PAIR_VALUE,
    WORDS_KIND,
    WORDS_BEFORE_NAME,
    WORDS_GENERIC,
    WORDS_SHORT,
    WORDS_SHORT_KIND,
    WORDS_READY,
    WORDS_NEVER_TIME,
    /* Of the user's map: keys of its paths, by what is looked for there; names, and their kinds. */
    WORDS_MAPPED_STEP,
    WORDS_MAPPED_EVENT,
    WORDS_MAPPED_SID,
    WORDS_MAPPED_FIELD,
    WORDS_MAPPED_TIME,
    WORDS_MAPPED_PAGE,
    WORDS_GIVEN_NAME,
    WORDS_GIVEN_KIND,
    WORD_LISTS,
};

typedef struct {
    u8 *bytes; /* each word behind its length */
    u32 length;
} word_list;

int has_word(const word_list *words, const u8 *text, size_t length);
/* Return whether a text under a key is entered before others: ASCII without spaces. */
int is_body_key(const word_list *lists, const u8 *key, size_t length);

enum { KEY_GUESSES = 64, KEY_CACHE = 2048, KEY_CACHE_BYTES = 40, NAME_CACHE = 4096, NAME_CACHE_BYTES = 56 };

typedef struct {
    u32 flags;
    u8 length; /* 0: empty */
    u8 bytes[KEY_CACHE_BYTES + 16];
} key_entry;

/* Which first letters, lengths and last letters the words of the lists of keys have: as marks of letters by
   the length, by the last letter, by the first. */
typedef struct {
    u32 whole[64], ends[32], last[32], never_time[32], beginnings;
} key_filter;

void fill_key_filter(const word_list *lists, key_filter *filter);
u32 find_key_flags(const word_list *lists, const key_filter *filter, const u8 *key, size_t length);
/* Return whether a key means nothing, and looks like an id. */
int is_own_key(const word_list *lists, const key_filter *filter, const u8 *key, size_t length);

/* -- names of events -------------------------------------------------------------------------- */

enum { KIND_READY = 254, KIND_NONE = 255 };

typedef struct {
    u8 class_; /* one of the classes of scalars */
    u8 kind;
} event_name;

typedef struct {
    event_name name;
    u8 length;
    u8 bytes[NAME_CACHE_BYTES + 16];
} name_entry;

event_name classify_name(const word_list *lists, const u8 *text, size_t length);
enum { MAX_BEGINNING = 64 };
/* Return whether a text that is no name is like Adobe's, by so many bytes of it, as it is spelled in a
   string; a negative number where they do not tell. What was told of beginnings of late is kept. */
enum { MIN_BEGINNING = 32, BEGINNING_CACHE = 64 };
typedef struct {
    u8 bytes[MIN_BEGINNING];
    int8_t is_like;
    u8 is_known;
} beginning_entry;
int begins_like_adobes(const word_list *lists, const hash_seed *seed, beginning_entry *known,
                       const u8 *text);

/* -- times ------------------------------------------------------------------------------------ */

enum time_class { TIME_NONE, TIME_ANCIENT, TIME_READ, TIME_DOUBT };
enum time_form {
    FORM_ISO_UTC,
    FORM_ISO_OFFSET,
    FORM_ISO_LOCAL,
    FORM_EPOCH_SECONDS,
    FORM_EPOCH_MILLISECONDS,
    FORM_EPOCH_MICROSECONDS,
    FORM_EPOCH_NANOSECONDS,
    FORM_ACCESS_LOG,
    FORM_RFC_5322,
    FORM_JAVASCRIPT,
    FORM_UNREADABLE,
    FORM_ABSENT,
    FORM_PREFIX,
    FORM_OF_SLOT = 255, /* in a rule: as the slot's text is written */
};

enum time_class parse_time(const u8 *text, size_t length, int is_number, i64 *ms, u8 *form);
/* Find the first time in the text before a record that is not ancient: TIME_READ, TIME_NONE or in
   doubt. Times without a year are of the 12 months before `clock_ms`. */
enum time_class find_prefix_time(const u8 *begin, const u8 *end, i64 clock_ms, i64 *ms, u8 *form);

/* -- texts ------------------------------------------------------------------------------------ */

/* Return whether a text may be base64 of JSON or of a form, white space in it left aside. */
int may_be_base64(const u8 *text, size_t length);

/* Return whether the judge may find something in a text: JSON, base64, percent-encoding, a form. */
int may_hold_values(const u8 *text, size_t length);
/* Return whether a request line may hold a form with an event. */
int may_hold_request(const word_list *lists, const u8 *text, size_t length);
/* What each sign of base64 stands for; 255 for any other byte. */
extern const u8 base64_values[256];
/* 1 more than what each digit of a hexadecimal number stands for; 0 for any other byte. */
extern const u8 hex_digits[256];
/* Return whether a text is base64 through and through, and long enough for an event. */
int is_base64(const u8 *text, size_t length);
/* Write what base64 stands for; return its length, 0 for a text that is not base64 through and through,
   or too short for an event. `out` has room for as many bytes as the text. */
size_t decode_base64(const u8 *text, size_t length, u8 *out);
/* Return whether a text is JSON that is percent-encoded as a whole. */
int is_percent_encoded(const u8 *text, size_t length);
/* Write a text without percent-encoding, its plus signs as spaces; return its length. Both sides have
   READ_AHEAD bytes behind. */
size_t decode_percent(const u8 *text, size_t length, u8 *out);
/* … of an ASCII text of at most 64 bytes whose percents and pluses are known, a bit for each; say whether
   what is written is ASCII, too. */
size_t decode_signs(const u8 *text, size_t length, u64 places, u8 *out, int *is_ascii);
/* Take white space and a question mark off a form; return 0 where it is not certain what is some. */
int trim_form(const u8 **begin, const u8 **end);
int is_form_key(u8 byte);
/* Find the query in a request line; return 0 for none. */
int find_query(const u8 **begin, const u8 **end);
/* Return the first bracket in a text that JSON may begin with; NULL for none, or in doubt. */
const u8 *find_json_place(const u8 *at, const u8 *end);
/* Return the first byte that is no ASCII; the end for none. */
const u8 *skip_ascii(const u8 *at, const u8 *end);
int is_valid_utf8(const u8 *text, size_t length);
size_t count_characters(const u8 *text, size_t length);
/* Return the bytes of the first `characters` characters, of at least as many. */
size_t find_character(const u8 *text, size_t length, size_t characters);
/* Write a JSON string's text without escapes; return its length, never more than before. Both
   sides have READ_AHEAD bytes behind. */
size_t unescape(const u8 *text, size_t length, u8 *out);

/* -- forms ------------------------------------------------------------------------------------ */

/* Classes of scalars, the lower four bits of a form's byte. */
enum scalar_class {
    CLASS_NULL,
    CLASS_EMPTY,
    CLASS_STRING,
    CLASS_NUMBER,
    CLASS_WORD,
    CLASS_FULL_NAME,
    CLASS_READY_NAME,
    CLASS_KIND_ALONE,
    CLASS_LIKE_ADOBES,
    CLASS_OTHER_NAME,
    CLASS_TEXT, /* JSON: its object follows */
    TOKEN_OBJECT,
    TOKEN_ARRAY,
    TOKEN_OBJECT_END, /* upper bits: see below */
    TOKEN_ARRAY_END,
    TOKEN_SAME_AGAIN, /* upper bits: how many members before leave no trace, instead */
};
/* How a text is read: the byte behind CLASS_TEXT. */
enum text_kind { TEXT_JSON, TEXT_BASE64, TEXT_PERCENT, TEXT_BEHIND_PREFIX, TEXT_FORM, TEXT_QUERY };
enum {
    ROOT_IS_TEXT = 0xFF, /* a form's first byte where the record is a text; keys are shorter */
    OWN_KEY = 0xFF, /* a form's key that stands for one of the record's own: no text has this byte */
    FORM_IS_LATE = 0xFD, /* a form's last byte where it has what only the late stages look at */
    IS_PAIRS = 1 << 4, /* of an object: a list of pairs; behind each key stands its value's */
    ONE_OF_SEVERAL = 1 << 4, /* of an array or a text's kind: its other members are records, too */
    BESIDE_EVENT = 1 << 5,   /* … of which one is an event */
    END_HAS_BLANK = 1 << 6,  /* of an array: objects or arrays that leave no trace */
    END_HAS_BLANK_OBJECT = 1 << 7, /* … there is an object among them, or in one */
    MAX_GAP = 15,            /* members without a trace that are counted */
};
enum {
    TIME_SHIFT = 4, /* two bits of enum time_class */
    PAGE_BIT = 1 << 6,
    BLANK_NAME = 3 << TIME_SHIFT, /* of a text under a key of names, no time's: white space only */
    DOUBT_BIT = 1 << 7, /* a text that may hold something the scanner cannot read */
    END_HAS_NULL = 1 << 4, /* of an object: members passed over that are null */
    END_HAS_OTHER = 1 << 5, /* … that are not */
    END_COUNT_SHIFT = 4, /* of an array: 0, 1, or 2 for more members */
};

/* Say whether a slot's text is a number without fraction and exponent. */
enum wholeness { IS_NOT_WHOLE, IS_WHOLE, IS_SPELLED_WHOLE /* in JSON */ };

typedef struct {
    const u8 *text; /* without escapes */
    u32 length;
    u8 class_;
    u8 kind;
    u8 form; /* of a time */
    u8 is_whole; /* of a number: one of enum wholeness; texts are, too */
    i64 ms;
} slot;

/* -- rules ------------------------------------------------------------------------------------ */

enum rule_kind {
    RULE_ASIDE,
    RULE_EVENT,
    RULE_READY,
    RULE_UNKNOWN,
    RULE_NO_EVENT,
    RULE_NO_SID,
};
enum rule_slot {
    SLOT_EVENT,
    SLOT_SID,
    SLOT_ID,
    SLOT_NAME,
    SLOT_TYPE,
    SLOT_UI_TYPE,
    SLOT_AGENT_ID,
    SLOT_AGENT_NAME,
    SLOT_TIME,
    SLOT_PAGE,
    SLOT_NANOSECONDS, /* beside the time, which is in seconds */
    RULE_SLOTS,
};

typedef struct {
    i64 ms; /* UNTIMED_MS, ANCIENT_MS; 0: the slot's own */
    int16_t slots[RULE_SLOTS];
    u16 structure;
    u16 prefix_structure; /* of an event whose time is that of the text before it */
    u8 kind;
    u8 form; /* of the time; FORM_OF_SLOT */
    u8 is_late; /* holds only where no other text of the line may say something */
} rule;

/* -- paths ------------------------------------------------------------------------------------ */

enum value_type {
    VALUE_STRING,
    VALUE_NUMBER,
    VALUE_WORD,
    VALUE_FIELD,    /* of a form */
    VALUE_KEY,      /* a key that the record has of its own */
    VALUE_FIELD_TEXT, /* … that is JSON */
    VALUE_PREFIX,   /* text before JSON in a text */
    VALUE_TEXT,     /* JSON in a string: what follows lies in it, without the string's escapes */
    VALUE_BASE64,   /* … decoded */
    VALUE_PERCENT,
    VALUE_FORM,     /* … as it is, field by field */
    VALUE_TEXT_END, /* where it ends */
    VALUE_SPELLED,  /* a text of which what follows is read as it is spelled in its string */
    VALUE_SPELLED_END,
    VALUE_END,      /* of the record */
    VALUE_LIST,     /* where the first record of a list begins: the tree goes on with it */
    VALUE_MEMBER_END, /* … where one ends: the tree goes on with the next, or behind the list */
};
enum {
    MAX_TRACED = 2048,
    MAX_PATH_VALUES = 128, /* of a record, or of a member of a list */
    UNTRACED = 1 << 30, /* the values of a record that can be no path */
    MAX_STEPS = 4096,
    MAX_STEP_BYTES = 1024,
    MAX_PATH_BYTES = 1 << 18,
    MAX_SIBLINGS = 16,
    MAX_LIST_RULES = 4096, /* a power of two; half of them are used */
};

/* A value of a record: of a string the bytes between its quotes. */
typedef struct {
    const u8 *begin, *end;
    const u8 *text, *text_end; /* of a text that was entered: without escapes, decoded */
    u32 flags;     /* 0 for a value that leaves no trace */
    u32 key_flags; /* without those that the late stages have found; NOT_LATE where these do not look */
    u8 type, byte;
    u8 is_dropped; /* its slot, as a member before says the same */
} traced_value;

enum { NOT_LATE = KEY_NO_NAME | KEY_NO_TEXT };

/* The bytes before a value, and how it is read; behind the last, the rest of the record and its rule. */
typedef struct {
    u32 begin, length; /* in the paths' bytes */
    u32 flags, key_flags;
    u32 child, sibling; /* 0 for none */
    u32 more;           /* of a list: the step before its next members, and what is behind it */
    u32 lines;          /* that have taken it */
    u32 rule;
    u8 type, byte;
    u8 backslashes; /* before the quotes of a string: it lies in texts that are read as spelled */
    u8 is_dropped;
} path_step;

/* Where the tree of lines begins whose texts are read as they are spelled, and that of lines where a
   value in a text has escapes; and of lines that need a walk for the late stages likewise. All are there
   twice: for records, and for those that have a list of records. */
enum { PATHS_SPELLED, PATHS_PLAIN, PATHS_LATE, PATHS_LISTS = 2 * PATHS_LATE, PATH_TREES = 2 * PATHS_LISTS };
/* What is asked of a text at its end: bits of the step's byte. */
enum {
    END_IS_NO_NAME = 1,
    END_IS_REQUEST = 2,
    END_IS_LONG = 4,
    END_IS_SHORT = 8,
    END_IS_OF_LIST = 16, /* which member is before it is not told: its last value is the last word */
};
/* What is known of a list's member: bits of the byte of the step at its end. */
enum { MEMBER_NAMES_EVENT = 1, MEMBER_IS_NO_PAIR = 2 };

/* The rule of a member of a list, by the steps at the end of the member and of the whole. */
typedef struct {
    u32 member, end; /* 0: free */
    u32 rule;
} list_rule;

/* Lines that have been walked, as trees of steps. */
typedef struct {
    path_step *steps; /* MAX_STEPS; the first are the roots */
    u8 *bytes;        /* MAX_PATH_BYTES and READ_AHEAD more */
    u32 steps_count, bytes_count;
    int is_full; /* a step had no room */
    u32 tried, found; /* lines of late that a path was looked for, and found */
    u32 pause, next_pause; /* lines to come that none is looked for */
    list_rule *list_rules; /* MAX_LIST_RULES */
    u32 list_rules_count;
    int prefers_lists; /* the line before had a list of records */
} path_tree;

/* -- results ---------------------------------------------------------------------------------- */

enum line_status {
    LINE_ASIDE,
    LINE_EVENT,
    LINE_OTHER,
    LINE_EVENT_ALONE,
    LINE_OBJECTS_OVER_LINES,
    LINE_SEVERAL,
    LINE_SEVERAL_OVER_LINES,
    LINE_SEVERAL_ALONE,
};
enum other_bucket {
    OTHER_BLANK,
    OTHER_WIDGET_READY,
    OTHER_UNKNOWN_EVENT,
    OTHER_NO_EVENT,
    OTHER_NO_SID,
    OTHER_INVALID_JSON,
    OTHER_INVALID_UTF8,
    OTHER_NOT_AN_OBJECT,
};

/* What lines do to arrays that are open before them, if nothing else is. */
enum line_effect {
    EFFECT_UNKNOWN,
    EFFECT_NONE,
    EFFECT_TEXT,   /* another member may follow */
    EFFECT_APART,  /* objects, not each behind a comma */
    EFFECT_JOINED, /* objects, each behind a comma, or over lines */
    EFFECT_OPENS,  /* a line that is the bracket of an array, before an object */
    EFFECT_CLOSES,
};

typedef struct {
    u8 status, effect, unused[2];
    u32 first_line, lines, begin, end, first_entry;
} run;

typedef struct {
    u32 form_begin, form_length, value_begin, value_length;
    u32 is_clean; /* no text that only the late stages look at may say something */
    u32 is_sample; /* the value lies in the samples, not in the block */
    u32 numbers[MAX_SPLIT_LEVELS]; /* which member it is, of lists in one another */
} new_form;

typedef struct {
    u32 *lines, *sessions, *attributes;
    i64 *times;
    u8 *forms;
    u16 *structures;
    u32 *members; /* which of several records of its line; 0 for the only one */
    u32 *pages;   /* beside the action, until attributes are numbered */
    size_t count, capacity[8];
} event_columns;

typedef struct {
    u32 *lines, *names;
    u8 *buckets;
    size_t count, capacity[3];
} other_columns;

/* A rejected record of a line of several: its entry, which of the line's records it is, 0 for the only
   one, and where in the block the text before it lies, and its own bytes. */
typedef struct {
    u32 entry, member, prefix_begin, prefix_end, begin, end;
} rejected_span;

/* What Python reads after a scan: valid until the next. */
typedef struct {
    const run *runs;
    const u32 *event_lines, *event_sessions, *event_attributes;
    const i64 *event_times;
    const u8 *event_forms;
    const u16 *event_structures;
    const u32 *event_members;
    const u32 *other_lines, *other_names;
    const u8 *other_buckets;
    const rejected_span *rejected_spans;
    const u8 *sid_bytes;
    const u32 *sid_offsets;
    const u8 *name_bytes;
    const u32 *name_offsets;
    const u8 *form_bytes;
    const new_form *new_forms;
    const u8 *sample_bytes; /* records, of whose lists one member is left */
    const u32 *speakers, *actions, *combinations; /* pairs */
    const u8 *dialogue_bytes;
    const u32 *dialogue_offsets;
    const u8 *page_bytes;
    const u32 *page_offsets;
    const u8 *agent_bytes;
    const u32 *agent_offsets;
    const u32 *structure_counts; /* of each structure: events, line and member of the first; behind text likewise */
    u32 runs_count, lines, events_count, others_count, sids_count, names_count, new_forms_count;
    u32 speakers_count, actions_count, combinations_count, dialogues_count, pages_count;
    u32 agents_count, structures_count, rejected_spans_count;
    u32 generation; /* of the combinations: a new one begins anew */
} scan_result;

/* -- the scanner ------------------------------------------------------------------------------ */

enum walk_status { WALK_OK, WALK_DOUBT, WALK_BROKEN, WALK_UNFINISHED };

typedef struct {
    const u8 *key;
    u32 length;
} skipped_key;

/* A member of a list: where its form and slots lie, its number, and the lists of records in it. */
typedef struct {
    u32 gap_begin, form_begin, form_end, slots_begin, slots_end, number, splits_begin, splits_end;
    u32 traced_begin, traced_end;
    u32 next; /* NO_NUMBER for the last */
    u32 containers; /* that are entered, it among them */
    u32 rule, end_step; /* its rule, NO_NUMBER for none, and the step at its end */
    u8 may_be_pair;
    const u8 *text, *text_end;
} list_member;

/* A list, or a text of several values, whose members are records. */
typedef struct {
    u32 form_begin, form_end; /* of its members: behind its token, and where its end's stands */
    u32 slots_begin, slots_end;
    u32 first_member, splits_begin;
    u32 count;       /* of a list with members that leave no trace, all objects: of all members */
    u8 blank_end;    /* … the last byte that each of these has in a form */
    int is_text;
    int are_all_containers; /* that are in the form, and hold no texts that may be records beside them */
    u32 traced_end, gaps_before, gaps; /* of the values that are traced: see `cut_trace` */
    const u8 *text, *text_end; /* between the brackets of a list */
} split;

/* Of a list all but one member left out: where its text lies, and the member's. */
typedef struct {
    const u8 *list, *list_end, *member, *member_end;
} kept_member;

typedef struct scanner {
    hash_seed seed;
    int keep_query, in_full;
    i64 year_clock_ms; /* that times without a year go by */
    word_list lists[WORD_LISTS];
    int has_map; /* the user has named places or names */
    key_filter filter;
    key_entry keys[KEY_CACHE];
    name_entry names[NAME_CACHE];
    beginning_entry beginnings[BEGINNING_CACHE];

    /* one line */
    enum walk_status status;
    int allows_line_feed; /* in a text, a line feed is white space */
    const u8 *last_crossed;   /* the line feed in a value that was passed last */
    int has_short_line; /* with longer values a line of the value might break it off */
    int has_reached_last; /* the walk has stopped at the next one: */
    const u8 *last_line_feed; /* behind which a value over lines is not walked; NULL on one line */
    int has_prefix; /* there is text before the record: a time, perhaps */
    const u8 *prefix_begin, *prefix_end;
    int is_late;  /* the walk puts texts into the form that only the late stages look at */
    int is_dirty; /* … and has found some */
    int has_nameless; /* there is a text of objects that are not in the form, as they name no event */
    int prefers_late; /* the line before needed such a walk */
    int needs_late;   /* the line does */
    int is_new;       /* its form has no rule, and no text of the late stages was looked at */
    int array_holds_text, array_holds_objects; /* the array walked last, or arrays in it */
    int array_has_blank_objects;
    int is_pair; /* the object walked last may be a pair of key and value */
    u32 form_length, slots_count, skipped_count, containers, known_names, text_levels;
    u32 arena_length;
    u32 keys_count; /* keys of the line so far */
    u32 named_count, texts_count; /* values under keys of names; texts that were entered, or may be */
    u16 key_guesses[KEY_GUESSES]; /* the keys of the line before, by their places in `keys` */
    u8 *form; /* `walked_form`, or `one_form` */
    u32 form_limit;
    slot *slots;
    u8 *walked_form; /* MAX_WALKED_BYTES and 16 more */
    slot *walked_slots;
    u32 members_count, splits_count;
    list_member *members;
    split *splits;
    u8 one_form[MAX_FORM_BYTES + 16]; /* of one of several records */
    slot one_slots[MAX_SLOTS];
    u32 numbers[MAX_SPLIT_LEVELS]; /* which of them */
    kept_member kept[MAX_SPLIT_LEVELS]; /* where these lie */
    u32 kept_levels;
    int takes_rejects; /* the record's list may have members that are rejected */
    int is_several;    /* the line may hold several records, of which so many were taken: */
    u32 line_records;
    size_t first_event, first_other, first_rejected_span; /* of the line */
    int may_reject; /* one of several records may be rejected: `value` says where its bytes lie */
    int is_text_line; /* the line is text, and ends with the records behind it */
    rejected_span value;
    skipped_key skipped[MAX_SKIPPED_KEYS];
    u32 traced_count;
    traced_value traced[MAX_TRACED];
    u32 gaps, first_gap; /* members whose values have not been kept; where the first of them would begin */
    u32 record_slots; /* of the record with all members of its lists */
    u32 walked_rule; /* of the record walked last, if that does for its path */
    int was_late;    /* the walk was */
    path_tree paths;
    int copies_samples; /* records with new forms do not stay where they are */
    u8 *arena; /* ARENA_BYTES */
    void *order; /* of scan_order.c */

    /* rules: their forms are numbered in a table */
    text_table rule_forms; /* in any order of keys that has come */
    rule *rules;
    size_t rules_capacity;
    u32 recent_rules[RECENT_RULES];

    /* what lasts over blocks */
    text_table dialogues, pages, agents;
    pair_table speakers;     /* dialogue and agent */
    pair_table actions;      /* kind and speakers */
    pair_table combinations; /* action and page */
    u32 generation;

    /* one block */
    text_table sids, unknown_names, new_form_table;
    new_form *new_forms;
    size_t new_forms_capacity;
    u8 *samples;
    size_t samples_count, samples_capacity;
    run *runs;
    size_t runs_count, runs_capacity;
    event_columns events;
    other_columns others;
    rejected_span *rejected_spans;
    size_t rejected_spans_count, rejected_spans_capacity;
    u32 *structure_counts;
    u32 structures_count;
    size_t structure_capacity;
    u32 lines;
    u8 *tail; /* a line near the block's end, with room behind */
    size_t tail_capacity;
    u8 *end; /* the last part of a block, with room behind, for values over lines */
    struct member_scan *member_scan; /* of scan_members.c */
    scan_result result;
} scanner;

/* Walk the object or text that begins at `at`, a brace or quote; return the place behind it, NULL as
   the status says. Its form, slots and flags are the scanner's. */
const u8 *walk_record(scanner *s, const u8 *at);

u32 find_flags(scanner *s, const u8 *key, size_t length);
/* Put what follows the record in its form: kinds of events where several values name some. */
int end_form(scanner *s);

/* Read a record by the path of one like it, on a line or over lines: return its rule, with its slots in
   the scanner, which is late or not as that record was, and set the place behind it; NO_NUMBER where there
   is none. Of a list of records it is `RULES_OF_MEMBERS`, and each member has its own, and its slots. What
   may be read ends at `end`. */
#define RULES_OF_MEMBERS (NO_NUMBER - 1)
u32 follow_path(scanner *s, const u8 *at, const u8 *end, const u8 **behind);
/* Return whether a text may end as full names do: what does not is none. Those that the user gave end as they
   like. */
int may_be_full_name(const word_list *lists, const u8 *text, size_t length);
/* Keep the path of the record that was walked last, from `begin` to `end`. */
void learn_path(scanner *s, const u8 *begin, const u8 *end, u32 rule);
/* … of one that has a list of records, all of whose members have been taken. */
void learn_list(scanner *s, const u8 *begin, const u8 *end);
/* Keep the rule of a list's member; forget all of them. */
void keep_list_rule(scanner *s, u32 member, u32 end, u32 rule);
void forget_list_rules(path_tree *paths);
int open_paths(path_tree *paths);
void close_paths(path_tree *paths);
/* Look for paths from now on: there are rules for more lines. */
void look_for_paths(path_tree *paths);
/* Forget all paths. */
void empty_paths(path_tree *paths);

/* -- lists of records ------------------------------------------------------------------------- */

/* Note the members of an array or text in the form whose records are several, from the first on. */
/* Write a record, of whose lists only the present members are left, behind the samples; return its length,
   0 where that cannot be. */
u32 write_sample(scanner *s, const u8 *at, const u8 *end);
/* Write a whole record behind the samples; return its length, 0 where there is no memory. */
u32 copy_sample(scanner *s, const u8 *at, const u8 *end);
split *add_split(scanner *s, u32 form_begin, u32 slots_begin, u32 first_member, u32 first_split,
                 int is_text);
/* Note that values of the record that was traced have no slots any more. */
static inline void drop_traced(scanner *s, u32 begin, u32 end)
{
    if (s->traced_count <= MAX_TRACED)
        for (u32 value = begin; value < end; value++) s->traced[value].is_dropped = 1;
}

/* Take members of an array that are like the one before out of the form again. */
void collapse_members(scanner *s, u32 first_member);

/* One record of those that a walk has found: which slots are its own, and where its form has the
   token of the list that it stands in. */
typedef struct {
    u32 slots_begin, slots_end, token;
    u32 member; /* NO_NUMBER for one that leaves no trace */
} one_record;

enum take_status { NOT_TAKEN, IS_TAKEN, NEEDS_RULE /* not taken: those behind it are looked at, too */ };
/* Does something with the record whose form and slots are the scanner's for now. */
typedef enum take_status (*take_one)(scanner *s, const one_record *record, void *more);
/* Make the form of each record that the walk has found, as if it were the only one, and its slots.
   Return 0 where that cannot be, where one was not taken, or all of a list are no events. */
int take_each(scanner *s, take_one take, void *more);
/* Put the slots of a member together that was found by its path, of a record with so many slots. */
void compose_followed(scanner *s, const list_member *member, u32 slots_count);

/* Return the byte of the scalar that a typed value in the form stands for, `{"S":…}`; of any other value
   its own. */
u8 find_typed_byte(const scanner *s, u32 at);

/* Write the form of the record walked last in an order that keys do not have a part in, and of each
   of its slots which slot of the record it is. Return 0 where there is no memory. */
int order_form(scanner *s, u8 *form, u32 *length, u16 *slots);

/* Walk a number, string or word, of which nothing is kept; return the place behind it or NULL. */
const u8 *walk_plain_scalar(scanner *s, const u8 *at);

/* Say whether a line within a value may be an event by itself, which breaks the value off; `last` is a line
   feed that is not before it. One that is too short for an event may be one with other values. */
enum event_line { NO_EVENT_LINE, SHORT_LINE, MAY_BE_EVENT_LINE };
enum event_line find_event_line(const u8 *at, const u8 *last);

/* -- lines with text before their JSON -------------------------------------------------------- */

enum line_head {
    HEAD_TEXT,    /* no values: what is behind may be JSON with a prefix */
    HEAD_SCALARS, /* numbers, strings, words up to a brace, which `reached` is */
    HEAD_DOUBT,
};

/* Read the values at a line's beginning, as far as they are some. */
enum line_head read_head(scanner *s, const u8 *at, const u8 *end, const u8 **reached);
/* Return the first bracket of a line that JSON may begin with; NULL for none. */
const u8 *find_place(const u8 *at, const u8 *end);
/* Return whether a line may end with `rest` behind the JSON at `at`. */
int may_end_line(const u8 *begin, const u8 *at, const u8 *rest, const u8 *end);
int is_first_part(const u8 *begin, const u8 *at);
int is_plain_text(const u8 *at, const u8 *end);
/* Return the quote of the first text that may be an object, and count the texts before it; NULL for none, or
   in doubt. */
const u8 *find_quoted(const u8 *begin, const u8 *end, u32 *count);
/* Return whether a text that is an object, with so many texts before it, is the only JSON of its line; `rest`
   is behind its quotes. */
int is_only_quoted(const scanner *s, const u8 *begin, const u8 *quote, u32 count, const u8 *rest,
                   const u8 *end);
/* Return whether what follows a record is nothing but empty arrays and objects. */
int are_empty_values(const u8 *at, const u8 *end);

/* -- small steps, inline ---------------------------------------------------------------------- */

/* Return the first byte that is a quote, a backslash, below a space or no ASCII. */
static inline const u8 *skip_plain(const u8 *at)
{
#if defined(__SSE2__)
    for (;; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i found = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                         _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
            _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)));
        unsigned mask = (unsigned)_mm_movemask_epi8(found);
        if (mask) return at + __builtin_ctz(mask);
    }
#elif defined(__aarch64__) && defined(__ARM_NEON)
    for (;; at += 16) {
        uint8x16_t bytes = vld1q_u8(at);
        uint8x16_t found = vorrq_u8(
            vorrq_u8(vceqq_u8(bytes, vdupq_n_u8('"')), vceqq_u8(bytes, vdupq_n_u8('\\'))),
            vcltq_s8(vreinterpretq_s8_u8(bytes), vdupq_n_s8(0x20)));
        u64 mask = vget_lane_u64(
            vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(found), 4)), 0);
        if (mask) return at + (__builtin_ctzll(mask) >> 2);
    }
#else
    while (*at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\') at++;
    return at;
#endif
}

/* Return the length of the UTF-8 character at a place, of two to four bytes; 0 for none. */
static inline unsigned match_utf8(const u8 *at)
{
    u8 first = at[0];
    if (first < 0xC2 || first > 0xF4) return 0;
    if ((at[1] & 0xC0) != 0x80) return 0;
    if (first < 0xE0) return 2;
    if ((at[2] & 0xC0) != 0x80) return 0;
    if (first < 0xF0) {
        if (first == 0xE0 && at[1] < 0xA0) return 0;
        if (first == 0xED && at[1] > 0x9F) return 0;
        return 3;
    }
    if ((at[3] & 0xC0) != 0x80) return 0;
    if (first == 0xF0 && at[1] < 0x90) return 0;
    if (first == 0xF4 && at[1] > 0x8F) return 0;
    return 4;
}

static inline int is_digit(u8 byte) { return byte >= '0' && byte <= '9'; }
static inline int is_upper(u8 byte) { return byte >= 'A' && byte <= 'Z'; }
static inline int is_lower(u8 byte) { return byte >= 'a' && byte <= 'z'; }
static inline u8 to_lower(u8 byte) { return is_upper(byte) ? (u8)(byte | 0x20) : byte; }

#endif
