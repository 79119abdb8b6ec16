/* Walk one record: validate it strictly, and write its form.

   The form has the keys that can matter, as they are spelled, nesting, and of each value under them
   its class. Two records of one form keep their event in the same places. */
#include "scan.h"

static const u8 *walk_object(scanner *s, const u8 *at, u32 inherited, unsigned level);
static const u8 *walk_array(scanner *s, const u8 *at, u32 flags, unsigned level);
static const u8 *walk_scalar(scanner *s, const u8 *at, u32 flags, unsigned level);
static int walk_form(scanner *s, const u8 *text, const u8 *end, enum text_kind kind, unsigned level);
static const u8 *skip_container(scanner *s, const u8 *at, u8 brace, unsigned level, int *types,
                                u32 *count);

static const u8 *stop(scanner *s, enum walk_status status)
{
    s->status = status;
    return NULL;
}

/* Stop at a byte that cannot stand there: the line's end, behind which a value may go on, or not. */
static const u8 *stop_at(scanner *s, const u8 *at)
{
    return stop(s, *at == '\n' ? WALK_UNFINISHED : WALK_BROKEN);
}

static const u8 *skip_separators(const u8 *at, const u8 *end)
{
    while (at < end) {
        if (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n' || *at == ',' || *at == 0x1E
            || *at == 0)
            at++;
        else if (end - at >= 3 && at[0] == 0xEF && at[1] == 0xBB && at[2] == 0xBF)
            at += 3;
        else
            break;
    }
    return at;
}

/* Return whether a line within a value may be an event by itself, which breaks the value off. */
static int may_be_event_line(const u8 *at, const u8 *last)
{
    while (*at != '{' && *at != '"') {
        int may_lead = (*at != '\n' && *at <= ' ') || *at == ',' || *at == '[' || *at == ']'
            || *at >= 0x80;
        if (!may_lead) return 0;
        at++;
    }
    if (*at == '{') {
        const u8 *end = memchr(at, '\n', (size_t)(last - at) + 1);
        if (!end) return 1;
        while (end > at + 1
               && (end[-1] <= ' ' || end[-1] == ',' || end[-1] == '[' || end[-1] == ']'
                   || end[-1] >= 0x80))
            end--;
        return end[-1] == '}' || end[-1] == '"';
    }
    const u8 *text = at + 1, *quote = skip_plain(text);
    while (*quote >= 0x80) quote = skip_plain(quote + 1);
    if (*quote != '"') return 1;
    const u8 *behind = quote + 1;
    while (*behind == ' ' || *behind == '\t') behind++;
    return *behind != ':' && may_hold_values(text, (size_t)(quote - text));
}

static const u8 *skip_spaces(scanner *s, const u8 *at)
{
    for (;; at++) {
        if (*at == ' ' || *at == '\t' || *at == '\r') continue;
        if (*at != '\n') return at;
        if (s->allows_line_feed) continue;
        if (!s->last_line_feed || at >= s->last_line_feed
            || may_be_event_line(at + 1, s->last_line_feed))
            return at;
        s->last_crossed = at;
    }
}

static inline const u8 *skip_space(scanner *s, const u8 *at)
{
    return *at > ' ' ? at : skip_spaces(s, at);
}

/* -- scalars as they are spelled -------------------------------------------------------------- */

static int is_hex(u8 byte)
{
    u8 lower = to_lower(byte);
    return is_digit(byte) || (lower >= 'a' && lower <= 'f');
}

/* Return the length of the escape at a backslash; 0 for none. */
static unsigned match_escape(const u8 *at)
{
    switch (at[1]) {
    case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't': return 2;
    case 'u': return is_hex(at[2]) && is_hex(at[3]) && is_hex(at[4]) && is_hex(at[5]) ? 6 : 0;
    default: return 0;
    }
}

/* Return the closing quote of the string whose text begins at `at`. */
__attribute__((always_inline)) static inline const u8 *
walk_string(scanner *s, const u8 *at, int *has_escapes)
{
    at = skip_plain(at);
    while (*at != '"') {
        unsigned size = 0;
        if (*at == '\\') {
            size = match_escape(at);
            *has_escapes = 1;
        } else if (*at >= 0x80) {
            size = match_utf8(at);
        }
        if (!size) return stop(s, WALK_BROKEN);
        at = skip_plain(at + size);
    }
    return at;
}

static const u8 *walk_digits(const u8 *at)
{
    while (is_digit(*at)) at++;
    return at;
}

static const u8 *walk_number(scanner *s, const u8 *at, int *is_whole)
{
    *is_whole = 1;
    if (*at == '-') at++;
    if (!is_digit(*at)) return stop(s, WALK_BROKEN);
    at = *at == '0' ? at + 1 : walk_digits(at);
    if (*at == '.') {
        *is_whole = 0;
        if (!is_digit(at[1])) return stop(s, WALK_BROKEN);
        at = walk_digits(at + 1);
    }
    if (*at == 'e' || *at == 'E') {
        *is_whole = 0;
        at++;
        if (*at == '+' || *at == '-') at++;
        if (!is_digit(*at)) return stop(s, WALK_BROKEN);
        at = walk_digits(at);
    }
    return at;
}

static const u8 *walk_word(scanner *s, const u8 *at)
{
    if (!memcmp(at, "true", 4) || !memcmp(at, "null", 4)) return at + 4;
    if (!memcmp(at, "false", 5)) return at + 5;
    return stop(s, WALK_BROKEN);
}

const u8 *walk_plain_scalar(scanner *s, const u8 *at)
{
    int ignored = 0;
    if (*at == '"') {
        const u8 *end = walk_string(s, at + 1, &ignored);
        return end ? end + 1 : NULL;
    }
    return *at == '-' || is_digit(*at) ? walk_number(s, at, &ignored) : walk_word(s, at);
}

/* -- the form --------------------------------------------------------------------------------- */

int put_byte(scanner *s, unsigned byte)
{
    if (s->form_length >= s->form_limit) {
        s->status = WALK_DOUBT;
        return 0;
    }
    s->form[s->form_length++] = (u8)byte;
    return 1;
}

static int put_key(scanner *s, const u8 *key, size_t length)
{
    REQUIRE(length <= MAX_KEY_BYTES);
    if (s->form_length + length + 1 > s->form_limit) {
        s->status = WALK_DOUBT;
        return 0;
    }
    s->form[s->form_length] = (u8)(length + 1);
    copy_text(s->form + s->form_length + 1, key, length);
    s->form_length += (u32)length + 1;
    return 1;
}

static slot *add_slot(scanner *s, const u8 *text, size_t length, unsigned class_)
{
    if (s->slots_count >= MAX_WALKED_SLOTS) {
        s->status = WALK_DOUBT;
        return NULL;
    }
    slot *added = &s->slots[s->slots_count++];
    added->text = text;
    added->length = (u32)length;
    added->class_ = (u8)class_;
    added->kind = KIND_NONE;
    added->form = FORM_ABSENT;
    added->is_whole = 1;
    added->ms = 0;
    return added;
}

/* Note a member behind the one before, `last`, which is then it. */
static int add_member(scanner *s, const list_member *member, u32 *last)
{
    if (s->members_count >= MAX_MEMBERS) {
        s->status = WALK_DOUBT;
        return 0;
    }
    if (*last != NO_NUMBER) s->members[*last].next = s->members_count;
    *last = s->members_count++;
    s->members[*last] = *member;
    return 1;
}

/* Return room for a text and zeros behind it; NULL where there is none. */
static u8 *take_arena(scanner *s, size_t length)
{
    if (length + READ_AHEAD > ARENA_BYTES - s->arena_length) {
        s->status = WALK_DOUBT;
        return NULL;
    }
    return s->arena + s->arena_length;
}

static void keep_in_arena(scanner *s, size_t length)
{
    REQUIRE(s->arena_length + length + READ_AHEAD <= ARENA_BYTES);
    memset(s->arena + s->arena_length + length, 0, READ_AHEAD);
    s->arena_length += (u32)length + READ_AHEAD;
}

static event_name find_name(scanner *s, const u8 *text, size_t length)
{
    if (length > NAME_CACHE_BYTES) return classify_name(s->lists, text, length);
    name_entry *entry = &s->names[hash_bytes(&s->seed, text, length) & (NAME_CACHE - 1)];
    if (entry->length != length || !is_same(entry->bytes, text, length)) {
        entry->name = classify_name(s->lists, text, length);
        entry->length = (u8)length;
        memcpy(entry->bytes, text, length);
    }
    return entry->name;
}

/* Return whether a text may end as full names do: what does not is none. */
static int may_be_full_name(const u8 *text, size_t length)
{
    static const char ends[] = "redgedailonekedtedoutdedsedady";
    while (length && !is_digit(text[length - 1]) && !is_lower(to_lower(text[length - 1]))) length--;
    if (length < 8) return 0;
    const u8 *last = text + length - 3;
    for (size_t at = 0; at + 1 < sizeof ends; at += 3)
        if (to_lower(last[2]) == (u8)ends[at + 2] && to_lower(last[1]) == (u8)ends[at + 1]
            && to_lower(last[0]) == (u8)ends[at])
            return 1;
    return 0;
}

u32 find_flags(scanner *s, const u8 *key, size_t length)
{
    if (!length) return find_key_flags(s->lists, &s->filter, key, 0);
    if (length > KEY_CACHE_BYTES) return find_key_flags(s->lists, &s->filter, key, length);
    /* Most lines have the keys of the line before. */
    u16 *guess = &s->key_guesses[s->keys_count++ & (KEY_GUESSES - 1)];
    key_entry *entry = &s->keys[*guess];
    if (entry->length == length && is_same(entry->bytes, key, length)) return entry->flags;
    *guess = (u16)(hash_bytes(&s->seed, key, length) & (KEY_CACHE - 1));
    entry = &s->keys[*guess];
    if (entry->length != length || !is_same(entry->bytes, key, length)) {
        entry->flags = find_key_flags(s->lists, &s->filter, key, length);
        entry->length = (u8)length;
        memcpy(entry->bytes, key, length);
    }
    return entry->flags;
}

/* -- texts in texts --------------------------------------------------------------------------- */

/* What a walk has made so far, to go back to. */
typedef struct {
    u32 form_length, slots_count, skipped_count, containers, arena_length;
    u32 members_count, splits_count, known_names;
} walk_mark;

static walk_mark mark_walk(const scanner *s)
{
    walk_mark mark = {s->form_length, s->slots_count, s->skipped_count, s->containers,
                      s->arena_length, s->members_count, s->splits_count, s->known_names};
    return mark;
}

static void go_back(scanner *s, const walk_mark *mark)
{
    s->status = WALK_OK;
    s->form_length = mark->form_length;
    s->slots_count = mark->slots_count;
    s->skipped_count = mark->skipped_count;
    s->containers = mark->containers;
    s->arena_length = mark->arena_length;
    s->members_count = mark->members_count;
    s->splits_count = mark->splits_count;
    s->known_names = mark->known_names;
}

/* Walk one value of a text: an object, an array, or a text again. */
static const u8 *walk_text_value(scanner *s, const u8 *at, unsigned level)
{
    if (*at == '{') return put_byte(s, TOKEN_OBJECT) ? walk_object(s, at + 1, 0, level + 1) : NULL;
    if (*at == '[')
        return put_byte(s, TOKEN_ARRAY) ? walk_array(s, at + 1, KEY_BODY, level + 1) : NULL;
    return *at == '"' ? walk_scalar(s, at, KEY_BODY, level + 1) : NULL;
}

/* Walk the values of a text up to its end: one, or several records. */
static int walk_text_values(scanner *s, const u8 *at, const u8 *end, unsigned level)
{
    u32 form_begin = s->form_length, slots_begin = s->slots_count, known = s->known_names;
    u32 members_count = s->members_count, first_split = s->splits_count, count = 0;
    u32 first = NO_NUMBER, last = NO_NUMBER;
    int are_objects = 1;
    while (at < end) {
        u32 begin = s->form_length, slots = s->slots_count, splits = s->splits_count;
        are_objects = are_objects && *at == '{';
        at = walk_text_value(s, at, level);
        if (!at || at > end) return 0;
        list_member member = {begin, begin, s->form_length, slots, s->slots_count, count++, splits,
                              s->splits_count, NO_NUMBER};
        if (!add_member(s, &member, &last)) return 0;
        if (first == NO_NUMBER) first = last;
        at = skip_separators(at, end);
    }
    if (count == 1) {
        if (first_split == s->splits_count) s->members_count = members_count;
        return 1;
    }
    if (!are_objects || known == s->known_names) return 0;
    return add_split(s, form_begin, slots_begin, first, first_split, 1);
}

/* Walk a text that is JSON values; return 0, with the form as it was, for any other. */
static int walk_json_text(scanner *s, const u8 *at, const u8 *end, enum text_kind kind,
                          unsigned level)
{
    walk_mark mark = mark_walk(s);
    int allows_line_feed = s->allows_line_feed, is_walked = 0;
    s->allows_line_feed = 1;
    s->text_levels++;
    u32 place = s->form_length;
    if (put_byte(s, kind)) {
        u32 splits = s->splits_count;
        is_walked = walk_text_values(s, at, end, level);
        if (is_walked && s->splits_count > splits && s->splits[s->splits_count - 1].is_text
            && s->splits[s->splits_count - 1].form_begin == place + 1)
            s->form[place] |= ONE_OF_SEVERAL;
    }
    s->text_levels--;
    s->allows_line_feed = allows_line_feed;
    if (!is_walked) go_back(s, &mark);
    return is_walked;
}

/* Return a text in the arena, where zeros are behind it; NULL where there is no room. */
static const u8 *place_text(scanner *s, const u8 *text, size_t length)
{
    if (text >= s->arena && text < s->arena + ARENA_BYTES) return text;
    u8 *copy = take_arena(s, length);
    if (!copy) return NULL;
    memcpy(copy, text, length);
    keep_in_arena(s, length);
    return copy;
}

/* Walk a text that is JSON from its beginning on. */
static int walk_plain_text(scanner *s, const u8 *at, const u8 *end, unsigned level)
{
    size_t length = (size_t)(end - at);
    at = place_text(s, at, length);
    return at && walk_json_text(s, at, at + length, TEXT_JSON, level);
}

/* Return whether the text before a place may be values, which are no prefix then. */
static int are_values(scanner *s, const u8 *at, const u8 *place)
{
    int types = 0;
    u32 count = 0;
    while (at && (at = skip_separators(at, place)) < place)
        at = *at == '[' ? skip_container(s, at + 1, '[', 1, &types, &count)
                        : walk_plain_scalar(s, at);
    int is_certain = !at && s->status != WALK_DOUBT;
    s->status = WALK_OK;
    return !is_certain;
}

/* Walk a text that has other text before its JSON, all on one line. */
static int walk_prefixed_text(scanner *s, const u8 *at, const u8 *end, unsigned level)
{
    size_t length = (size_t)(end - at);
    at = place_text(s, at, length);
    if (!at) return 0;
    end = at + length;
    const u8 *place = find_json_place(at, end);
    if (!place || *place != '{' || memchr(at, '\n', (size_t)(place - at))) return 0;
    if (are_values(s, at, place)) return 0;
    int allows_line_feed = s->allows_line_feed;
    s->allows_line_feed = 0;
    s->text_levels++;
    const u8 *rest = put_byte(s, TEXT_BEHIND_PREFIX) ? walk_text_value(s, place, level) : NULL;
    s->text_levels--;
    s->allows_line_feed = allows_line_feed;
    if (!rest || rest > end) return 0;
    s->has_text_prefix = 1;
    const u8 *last = end;
    while (last > rest && last[-1] == '\n') last--;
    for (; rest < last; rest++)
        if (*rest == '\n' || strchr("\"'{}[]", *rest ? *rest : 'x')) return 0;
    return 1;
}

/* Walk a text that stands for another one, which is JSON. */
static int walk_encoded_text(scanner *s, const u8 *text, size_t length, enum text_kind kind,
                             unsigned level)
{
    u8 *plain = take_arena(s, length);
    if (!plain) return 0;
    size_t size = kind == TEXT_BASE64 ? decode_base64(text, length, plain)
                                      : decode_percent(text, length, plain);
    keep_in_arena(s, size);
    const u8 *end = plain + size, *at = skip_separators(plain, end);
    if (at == end || (*at != '{' && *at != '[' && *at != '"')) return 0;
    return walk_json_text(s, at, end, kind, level);
}

/* Walk a text that is JSON, behind a prefix, encoded, or a form; return 0, with the form as it was,
   for any other. */
static int walk_text(scanner *s, const slot *holder, unsigned level)
{
    const u8 *text = holder->text, *end = text + holder->length;
    const u8 *at = skip_separators(text, end);
    if (at == end || s->text_levels >= MAX_TEXT_LEVELS) return 0;
    walk_mark mark = mark_walk(s);
    int is_walked = 0;
    if (*at == '{' || *at == '[' || *at == '"') {
        is_walked = walk_plain_text(s, at, end, level);
        if (is_walked || *at != '[') goto ended;
        go_back(s, &mark);
    }
    if (memchr(at, '{', (size_t)(end - at)) || *at == '[') {
        is_walked = walk_prefixed_text(s, at, end, level);
    } else if (!memchr(at, '[', (size_t)(end - at))) {
        if (is_base64(text, holder->length))
            is_walked = walk_encoded_text(s, text, holder->length, TEXT_BASE64, level);
        else if (is_percent_encoded(text, holder->length))
            is_walked = walk_encoded_text(s, text, holder->length, TEXT_PERCENT, level);
        else if (memchr(at, '=', (size_t)(end - at)))
            is_walked = walk_form(s, text, end, TEXT_FORM, level);
    }
ended:
    if (!is_walked) go_back(s, &mark);
    return is_walked;
}

/* Walk the form in a request line; return 0, with the record's form as it was, for any other text. */
static int walk_query(scanner *s, const slot *holder, unsigned level)
{
    const u8 *at = holder->text, *end = at + holder->length;
    walk_mark mark = mark_walk(s);
    if (s->text_levels >= MAX_TEXT_LEVELS || !find_query(&at, &end)) return 0;
    int is_walked = walk_form(s, at, end, TEXT_QUERY, level);
    if (!is_walked) go_back(s, &mark);
    return is_walked;
}

/* -- scalars in the form ---------------------------------------------------------------------- */

/* Return the flags that a text has for the late stages: it may be a full name, JSON, a form, though
   its key is not listed. */
static u32 find_late_flags(scanner *s, const u8 *text, size_t length, u32 flags)
{
    u32 late = 0;
    if (!length) return 0;
    if (!(flags & (KEY_NO_NAME | KEY_NAME)) && may_be_full_name(text, length)) {
        event_name name = find_name(s, text, length);
        if (name.class_ == CLASS_FULL_NAME || name.class_ == CLASS_READY_NAME) late |= KEY_NAME;
    }
    if (!(flags & (KEY_NO_TEXT | KEY_BODY)) && may_hold_values(text, length)) late |= KEY_BODY;
    if ((flags & KEY_REQUEST) && may_hold_request(text, length)) late |= KEY_BODY;
    if (late) s->is_dirty = 1;
    return late;
}

static unsigned class_name(scanner *s, slot *holder, u32 flags)
{
    if (!(flags & KEY_EVENT) && !may_be_full_name(holder->text, holder->length))
        return CLASS_OTHER_NAME;
    event_name name = find_name(s, holder->text, holder->length);
    int is_full = name.class_ == CLASS_FULL_NAME || name.class_ == CLASS_READY_NAME;
    if (!is_full && !(flags & KEY_EVENT)) return CLASS_OTHER_NAME;
    holder->kind = name.kind;
    s->known_names += name.kind != KIND_NONE;
    return name.class_;
}

/* Return 0 where the time's class is not certain. */
static int class_time(scanner *s, slot *holder, int is_number, unsigned *bits)
{
    enum time_class found
        = parse_time(holder->text, holder->length, is_number, &holder->ms, &holder->form);
    if (found == TIME_DOUBT) {
        s->status = WALK_DOUBT;
        return 0;
    }
    *bits |= (unsigned)found << TIME_SHIFT;
    return 1;
}

/* Return whether a text is white space only: no name of an event. */
static int is_blank(const u8 *text, size_t length)
{
    for (size_t at = 0; at < length; at++)
        if (text[at] != ' ' && text[at] != '\t' && text[at] != '\r' && text[at] != '\n') return 0;
    return 1;
}

/* Return a text without escapes, which lasts as long as the walk; NULL where there is no room. */
static const u8 *unescape_text(scanner *s, const u8 *text, size_t *length)
{
    u8 *plain = take_arena(s, *length);
    if (!plain) return NULL;
    *length = unescape(text, *length, plain);
    keep_in_arena(s, *length);
    return plain;
}

static int put_string(scanner *s, const u8 *text, size_t length, int has_escapes, u32 flags,
                      unsigned level)
{
    if (has_escapes && !(text = unescape_text(s, text, &length))) return 0;
    if (s->is_late) flags |= find_late_flags(s, text, length, flags);
    slot *added = add_slot(s, text, length, length ? CLASS_STRING : CLASS_EMPTY);
    if (!added) return 0;
    if (!length) return put_byte(s, CLASS_EMPTY);
    if (s->in_full && (flags & KEY_MEETING)) {
        s->status = WALK_DOUBT;
        return 0;
    }
    /* Whether an event's sid is too long decides which of two events is the record's. */
    u32 part = (flags & KEY_PART_BITS) >> KEY_PART_SHIFT;
    int may_be_sid = part == PART_SID || part == PART_SESSION || (flags & KEY_TYPE);
    if (length > MAX_SID_BYTES && may_be_sid) {
        s->status = WALK_DOUBT;
        return 0;
    }
    if ((flags & KEY_EVENT) && is_blank(text, length)) {
        s->status = WALK_DOUBT;
        return 0;
    }
    unsigned class_ = CLASS_STRING, bits = 0;
    if (flags & KEY_NAME) class_ = class_name(s, added, flags);
    if ((flags & KEY_TIME) && !class_time(s, added, 0, &bits)) return 0;
    if ((flags & KEY_PAGE) && (s->keep_query || (*text != '?' && *text != '#'))) bits |= PAGE_BIT;
    u32 place = s->form_length;
    if (!put_byte(s, class_ | bits)) return 0;
    if (flags & KEY_BODY) {
        int is_request = (flags & KEY_REQUEST) && *text != '{' && *text != '[';
        int is_name = class_ == CLASS_FULL_NAME || class_ == CLASS_READY_NAME
            || class_ == CLASS_KIND_ALONE;
        if (is_request ? walk_query(s, added, level) : !is_name && walk_text(s, added, level))
            class_ = CLASS_TEXT;
        else if (is_request ? may_hold_request(text, length) : may_hold_values(text, length))
            bits |= DOUBT_BIT;
        s->form[place] = (u8)(class_ | bits);
    }
    added->class_ = (u8)class_;
    return 1;
}

enum { MAX_DECIMAL_DIGITS = 40, MAX_SPELLED_DIGITS = 64, MAX_DECIMAL_BYTES = 48 };

/* Write a number with a fraction or an exponent as its plain decimal (definitions 1): 7.0 is 7,
   1e2 is 100. Return its length; 0 where it is long, which the judge decides. */
static size_t write_decimal(const u8 *text, size_t length, u8 *out)
{
    const u8 *at = text, *end = text + length;
    u8 digits[MAX_SPELLED_DIGITS];
    int count = 0, fraction = 0, exponent = 0, is_behind_point = 0;
    int is_negative = *at == '-';
    if (is_negative) at++;
    for (; at < end && *at != 'e' && *at != 'E'; at++) {
        if (*at == '.') {
            is_behind_point = 1;
            continue;
        }
        fraction += is_behind_point;
        if (!count && *at == '0') continue;
        if (count == MAX_SPELLED_DIGITS) return 0;
        digits[count++] = *at;
    }
    if (!count) {
        *out = '0';
        return 1;
    }
    if (at < end) {
        int is_minus = *++at == '-';
        if (is_minus || *at == '+') at++;
        for (; at < end; at++) {
            if (exponent >= 100000) return 0;
            exponent = exponent * 10 + (*at - '0');
        }
        if (is_minus) exponent = -exponent;
    }
    exponent -= fraction;
    while (digits[count - 1] == '0') count--, exponent++;
    if (count + exponent > MAX_DECIMAL_DIGITS || count > MAX_DECIMAL_DIGITS
        || 1 - exponent > MAX_DECIMAL_DIGITS)
        return 0;
    u8 *begin = out;
    if (is_negative) *out++ = '-';
    int point = count + exponent; /* digits before the point */
    if (point <= 0) {
        *out++ = '0';
        *out++ = '.';
        for (; point < 0; point++) *out++ = '0';
        memcpy(out, digits, (size_t)count);
        return (size_t)(out + count - begin);
    }
    for (int digit = 0; digit < point || digit < count; digit++) {
        if (digit == point) *out++ = '.';
        *out++ = digit < count ? digits[digit] : '0';
    }
    REQUIRE(out - begin <= MAX_DECIMAL_BYTES);
    return (size_t)(out - begin);
}

static int put_number(scanner *s, const u8 *text, size_t length, int is_whole, u32 flags)
{
    slot *added = add_slot(s, text, length, CLASS_NUMBER);
    if (!added) return 0;
    if (s->in_full && (flags & KEY_MEETING)) {
        s->status = WALK_DOUBT;
        return 0;
    }
    unsigned bits = 0;
    added->is_whole = (u8)is_whole;
    if ((flags & KEY_TIME) && !class_time(s, added, 1, &bits)) return 0;
    if (!is_whole) {
        u8 *plain = take_arena(s, MAX_DECIMAL_BYTES);
        if (!plain) return 0;
        size_t plain_length = write_decimal(text, length, plain);
        keep_in_arena(s, plain_length);
        if (plain_length) {
            added->text = plain;
            added->length = (u32)plain_length;
            added->is_whole = 1;
        }
    }
    if (flags & KEY_PAGE) bits |= PAGE_BIT;
    return put_byte(s, CLASS_NUMBER | bits);
}

static int put_word(scanner *s, const u8 *text, size_t length, u32 flags)
{
    int is_null = *text == 'n';
    if (!add_slot(s, text, length, is_null ? CLASS_NULL : CLASS_WORD)) return 0;
    if (is_null) return put_byte(s, CLASS_NULL);
    if (s->in_full && (flags & KEY_MEETING)) {
        s->status = WALK_DOUBT;
        return 0;
    }
    return put_byte(s, CLASS_WORD | (flags & KEY_PAGE ? PAGE_BIT : 0u));
}

/* -- objects and arrays ----------------------------------------------------------------------- */

typedef struct {
    u64 hashes; /* a bit for each key that was passed over */
    u32 first_skipped;
    unsigned state;
    int has_dotted;
    u32 members;
    int has_pair_key, has_pair_value;
    const u8 *value_key; /* of a list of pairs: the key of the present pair's value */
    size_t value_key_length;
} object_state;

/* Put a member's key; in a list of pairs, the key of its value too. */
static int put_member_key(scanner *s, const object_state *state, const u8 *key, size_t length)
{
    if (!put_key(s, key, length)) return 0;
    return !state->value_key || put_key(s, state->value_key, state->value_key_length);
}

/* A key that is put into the form only with what stands under it. */
typedef struct {
    const u8 *text;
    size_t length;
    const object_state *state;
    int is_put;
} late_key;

/* Put a text under a key that does not matter into the form where a late stage may find something. */
static int put_late_string(scanner *s, const u8 *text, size_t length, int has_escapes, u32 flags,
                           unsigned level, late_key *key)
{
    u32 arena_length = s->arena_length;
    if (has_escapes && !(text = unescape_text(s, text, &length))) return 0;
    u32 late = find_late_flags(s, text, length, flags);
    if (!late) {
        s->arena_length = arena_length;
        return 1;
    }
    if (key) {
        key->is_put = 1;
        if (!put_member_key(s, key->state, key->text, key->length)) return 0;
    }
    return put_string(s, text, length, 0, flags | late, level);
}

/* Walk a scalar, and put it into the form if its key matters. */
static const u8 *walk_scalar(scanner *s, const u8 *at, u32 flags, unsigned level)
{
    int matters = (flags & KEY_MATTERS) != 0;
    if (*at == '"') {
        int has_escapes = 0;
        const u8 *text = at + 1, *end = walk_string(s, text, &has_escapes);
        if (!end) return NULL;
        size_t length = (size_t)(end - text);
        if (matters && !put_string(s, text, length, has_escapes, flags, level)) return NULL;
        if (!matters && s->is_late && !put_late_string(s, text, length, has_escapes, flags, level, NULL))
            return NULL;
        return end + 1;
    }
    if (*at == '-' || is_digit(*at)) {
        int is_whole = 1;
        const u8 *end = walk_number(s, at, &is_whole);
        if (!end) return NULL;
        if (matters && !put_number(s, at, (size_t)(end - at), is_whole, flags)) return NULL;
        return end;
    }
    if (*at == 't' || *at == 'f' || *at == 'n') {
        const u8 *end = walk_word(s, at);
        if (!end) return NULL;
        if (matters && !put_word(s, at, (size_t)(end - at), flags)) return NULL;
        return end;
    }
    return stop_at(s, at);
}

/* -- objects and arrays that are not entered -------------------------------------------------- */

/* Walk what an object or array holds, of which nothing matters; `brace` is its opening. */
static const u8 *skip_container(scanner *s, const u8 *at, u8 brace, unsigned level, int *types,
                                u32 *count)
{
    u8 closing = brace == '{' ? '}' : ']';
    *types = 0;
    *count = 0;
    if (level > MAX_LEVELS_WALKED) return stop(s, WALK_DOUBT);
    at = skip_space(s, at);
    if (*at == closing) return at + 1;
    for (;;) {
        if (brace == '{') {
            int has_escapes = 0;
            if (*at != '"') return stop_at(s, at);
            const u8 *end = walk_string(s, at + 1, &has_escapes);
            if (!end) return NULL;
            *types |= has_escapes || has_word(&s->lists[WORDS_TYPE], at + 1, (size_t)(end - at - 1));
            at = skip_space(s, end + 1);
            if (*at != ':') return stop_at(s, at);
            at = skip_space(s, at + 1);
        }
        if (*at == '{' || *at == '[') {
            int inner_types = 0;
            u32 inner_count = 0;
            at = skip_container(s, at + 1, *at, level + 1, &inner_types, &inner_count);
        } else {
            int is_late = s->is_late;
            s->is_late = 0;
            at = walk_scalar(s, at, 0, level);
            s->is_late = is_late;
        }
        if (!at) return NULL;
        *count += 1;
        at = skip_space(s, at);
        if (*at == closing) return at + 1;
        if (*at != ',') return stop_at(s, at);
        at = skip_space(s, at + 1);
    }
}

/* Walk a meeting: whether there is one matters, not what it says. */
static const u8 *walk_meeting(scanner *s, const u8 *at, unsigned level)
{
    int types = 0, is_object = *at == '{';
    u32 count = 0;
    if (s->in_full) return stop(s, WALK_DOUBT);
    const u8 *end = skip_container(s, at + 1, *at, level, &types, &count);
    if (!end) return NULL;
    /* A typed value, an array of one scalar may be nothing. */
    if (is_object ? types : count == 1) return stop(s, WALK_DOUBT);
    if (!put_byte(s, is_object ? TOKEN_OBJECT : TOKEN_ARRAY)) return NULL;
    if (is_object && !put_byte(s, 0)) return NULL;
    unsigned byte = is_object ? TOKEN_OBJECT_END | END_HAS_OTHER
                              : TOKEN_ARRAY_END | 2u << END_COUNT_SHIFT;
    return put_byte(s, byte) ? end : NULL;
}

/* -- members ----------------------------------------------------------------------------------- */

static u64 mark_key(const u8 *key, size_t length)
{
    unsigned ends = length ? key[0] * 7u + key[length - 1] * 31u : 0;
    return (u64)1 << ((ends + length) & 63);
}

static void note_skipped(scanner *s, object_state *state, const u8 *key, size_t length)
{
    state->hashes |= mark_key(key, length);
    if (s->skipped_count < MAX_SKIPPED_KEYS) {
        s->skipped[s->skipped_count].key = key;
        s->skipped[s->skipped_count].length = (u32)length;
    }
    s->skipped_count++;
}

/* Return whether a key may be one that the object had before, and that was passed over. */
static int was_skipped(const scanner *s, const object_state *state, const u8 *key, size_t length)
{
    if (!(state->hashes & mark_key(key, length))) return 0;
    if (s->skipped_count > MAX_SKIPPED_KEYS || s->skipped_count - state->first_skipped > 256)
        return 1;
    for (u32 number = state->first_skipped; number < s->skipped_count; number++) {
        const skipped_key *other = &s->skipped[number];
        if (other->length == length && !memcmp(other->key, key, length)) return 1;
    }
    return 0;
}

/* Walk an object or array under a key; what holds nothing that matters leaves no trace. */
static const u8 *walk_container(scanner *s, const u8 *at, u32 flags, unsigned level,
                                object_state *state, const u8 *key, size_t length)
{
    u32 mark = s->form_length, slots_count = s->slots_count;
    int is_object = *at == '{';
    if (++s->containers > MAX_CONTAINERS) return stop(s, WALK_DOUBT);
    if (!put_member_key(s, state, key, length)) return NULL;
    if ((flags & KEY_MEETING)) return walk_meeting(s, at, level + 1);
    if (!put_byte(s, is_object ? TOKEN_OBJECT : TOKEN_ARRAY)) return NULL;
    u32 inner = s->form_length;
    at = is_object ? walk_object(s, at + 1, flags & KEY_INHERITED, level + 1)
                   : walk_array(s, at + 1, flags, level + 1);
    if (!at) return NULL;
    is_object = (s->form[inner - 1] & 15) == TOKEN_OBJECT; /* a list of pairs is one, too */
    int is_empty = s->form_length == inner + (is_object ? 2u : 1u);
    /* So it is with a typed value under a key that does not matter. */
    u8 byte = find_typed_byte(s, inner - 1), class_ = byte & 15;
    is_empty |= class_ < CLASS_FULL_NAME && !(byte & DOUBT_BIT);
    if (is_empty && !(flags & KEY_MATTERS) && !state->has_dotted) {
        s->form_length = mark;
        s->slots_count = slots_count;
        note_skipped(s, state, key, length);
        state->state |= END_HAS_OTHER;
    } else if (was_skipped(s, state, key, length)) {
        return stop(s, WALK_DOUBT); /* of two equal keys the first wins */
    }
    return at;
}

static const u8 *walk_member(scanner *s, const u8 *at, u32 flags, unsigned level,
                             object_state *state, const u8 *key, size_t length)
{
    if (flags & KEY_DOTTED) {
        const u8 *dot = memchr(key, '.', length);
        if (was_skipped(s, state, key, (size_t)(dot - key))) return stop(s, WALK_DOUBT);
        state->has_dotted = 1;
    }
    if (*at == '{' || *at == '[') {
        if (flags & KEY_CLOSED) {
            int types = 0;
            u32 count = 0;
            state->state |= END_HAS_OTHER;
            note_skipped(s, state, key, length);
            return skip_container(s, at + 1, *at, level + 1, &types, &count);
        }
        return walk_container(s, at, flags, level, state, key, length);
    }
    if (flags & KEY_MATTERS) {
        state->has_pair_key |= (flags & KEY_PAIR) && *at == '"';
        if (!put_member_key(s, state, key, length)) return NULL;
        return walk_scalar(s, at, flags, level);
    }
    state->has_pair_key |= (flags & KEY_PAIR) && *at == '"';
    late_key late = {key, length, state, 0};
    int is_null = *at == 'n';
    if (s->is_late && *at == '"') {
        int has_escapes = 0;
        const u8 *text = at + 1, *end = walk_string(s, text, &has_escapes);
        if (!end || !put_late_string(s, text, (size_t)(end - text), has_escapes, flags, level, &late))
            return NULL;
        at = end + 1;
    } else {
        at = walk_scalar(s, at, flags, level);
    }
    if (late.is_put) return was_skipped(s, state, key, length) ? stop(s, WALK_DOUBT) : at;
    state->state |= is_null ? END_HAS_NULL : END_HAS_OTHER;
    note_skipped(s, state, key, length);
    return at;
}

static const u8 *end_object(scanner *s, const u8 *at, const object_state *state)
{
    s->skipped_count = state->first_skipped;
    s->is_pair = state->has_pair_key && state->has_pair_value && state->members <= 8;
    if (!put_byte(s, 0) || !put_byte(s, TOKEN_OBJECT_END | state->state)) return NULL;
    return at + 1;
}

/* Walk an object whose brace is before `at`; return the place behind it. */
static const u8 *walk_object(scanner *s, const u8 *at, u32 inherited, unsigned level)
{
    object_state state = {.first_skipped = s->skipped_count};
    if (level > MAX_LEVELS_WALKED) return stop(s, WALK_DOUBT);
    at = skip_space(s, at);
    if (*at == '}') return end_object(s, at, &state);
    for (;;) {
        if (*at != '"') return stop_at(s, at);
        int has_escapes = 0;
        const u8 *key = at + 1, *end = walk_string(s, key, &has_escapes);
        if (!end) return NULL;
        size_t length = (size_t)(end - key);
        if (has_escapes && !(key = unescape_text(s, key, &length))) return NULL;
        if (length > MAX_KEY_BYTES) return stop(s, WALK_DOUBT);
        u32 flags = find_flags(s, key, length);
        if (flags & KEY_TYPE) flags |= inherited;
        at = skip_space(s, end + 1);
        if (*at != ':') return stop_at(s, at);
        at = skip_space(s, at + 1);
        state.members++;
        state.has_pair_value |= (flags & KEY_VALUE) != 0;
        at = walk_member(s, at, flags, level, &state, key, length);
        if (!at) return NULL;
        at = skip_space(s, at);
        if (*at == '}') return end_object(s, at, &state);
        if (*at != ',') return stop_at(s, at);
        at = skip_space(s, at + 1);
    }
}

/* -- forms ---------------------------------------------------------------------------------- */

/* Return a part of a form without its encoding; NULL where that is no text. */
static const u8 *decode_part(scanner *s, const u8 *text, size_t *length)
{
    u8 *plain = take_arena(s, *length);
    if (!plain) return NULL;
    *length = decode_percent(text, *length, plain);
    keep_in_arena(s, *length);
    return is_valid_utf8(plain, *length) ? plain : NULL;
}

/* Put a field of a form into the form of the record. */
static int put_field(scanner *s, const u8 *key, size_t length, const u8 *value, size_t value_length,
                     unsigned level, object_state *state)
{
    key = decode_part(s, key, &length);
    if (!key || length > MAX_KEY_BYTES) return 0;
    u32 flags = find_flags(s, key, length);
    state->members++;
    if (flags & KEY_DOTTED) {
        const u8 *dot = memchr(key, '.', length);
        if (was_skipped(s, state, key, (size_t)(dot - key))) return 0;
        state->has_dotted = 1;
    }
    late_key late = {key, length, state, 0};
    int matters = (flags & KEY_MATTERS) != 0;
    if (matters || s->is_late) {
        value = decode_part(s, value, &value_length);
        if (!value) return 0;
    }
    if (matters)
        return put_key(s, key, length) && put_string(s, value, value_length, 0, flags, level);
    if (s->is_late && !put_late_string(s, value, value_length, 0, flags, level, &late)) return 0;
    if (late.is_put) return !was_skipped(s, state, key, length);
    state->state |= END_HAS_OTHER;
    note_skipped(s, state, key, length);
    return 1;
}

/* Walk a text that is a form: `key=value&…`. */
static int walk_form(scanner *s, const u8 *text, const u8 *end, enum text_kind kind, unsigned level)
{
    object_state state = {.first_skipped = s->skipped_count};
    const u8 *at = text;
    if (!trim_form(&at, &end)) return 0;
    if (!put_byte(s, kind) || !put_byte(s, TOKEN_OBJECT)) return 0;
    s->text_levels++;
    int is_first = 1, is_form = 1;
    while (is_form && at < end) {
        const u8 *key = at;
        while (at < end && is_form_key(*at)) at++;
        const u8 *key_end = at, *value = at, *next = at;
        while (next < end && *next != '&') next++;
        if (at < next && *at == '=' && key < key_end) value = at + 1;
        else is_form = at == next && !is_first;
        if (is_form && key < key_end)
            is_form = put_field(s, key, (size_t)(key_end - key), value, (size_t)(next - value),
                                level + 1, &state);
        at = next < end ? next + 1 : end;
        is_first = 0;
    }
    s->text_levels--;
    return is_form && !is_first && end_object(s, text, &state) != NULL;
}

/* Walk an array's member; put it into the form if it may matter. */
static const u8 *walk_item(scanner *s, const u8 *at, u32 flags, unsigned level)
{
    u32 mark = s->form_length;
    int is_object = *at == '{';
    s->is_pair = 0;
    if (!is_object && *at != '[') return walk_scalar(s, at, flags, level);
    if (++s->containers > MAX_CONTAINERS) return stop(s, WALK_DOUBT);
    if (!put_byte(s, is_object ? TOKEN_OBJECT : TOKEN_ARRAY)) return NULL;
    at = is_object ? walk_object(s, at + 1, flags & KEY_INHERITED, level + 1)
                   : walk_array(s, at + 1, flags, level + 1);
    if (!at) return NULL;
    s->is_pair = is_object && s->is_pair;
    int is_empty = s->form_length == mark + ((s->form[mark] & 15) == TOKEN_OBJECT ? 3u : 2u);
    if (is_empty && !(flags & KEY_MATTERS)) s->form_length = mark;
    return at;
}

/* -- lists of pairs --------------------------------------------------------------------------- */

enum { PAIR_KEY, PAIR_NAME, PAIR_FIELD, PAIR_VALUE, PAIR_PARTS };

/* The parts of a pair as they are spelled: keys, and where their values begin. */
typedef struct {
    const u8 *key, *at;
    size_t length;
} pair_part;

/* Return which part of a pair a key is; PAIR_PARTS for none. */
static int find_pair_part(const u8 *key, size_t length)
{
    static const char *const parts[] = {"key", "name", "field", "value"};
    u8 folded[8];
    size_t size = 0;
    for (size_t at = 0; at < length; at++) {
        if (key[at] && strchr("_-$@ ", key[at])) continue;
        if (size == sizeof folded) return PAIR_PARTS;
        folded[size++] = to_lower(key[at]);
    }
    for (int part = 0; part < PAIR_PARTS; part++)
        if (size == strlen(parts[part]) && !memcmp(folded, parts[part], size)) return part;
    return PAIR_PARTS;
}

/* Walk past a value of which nothing is kept. */
static const u8 *skip_value(scanner *s, const u8 *at, unsigned level)
{
    int types = 0, is_late = s->is_late;
    u32 count = 0;
    if (*at == '{' || *at == '[') return skip_container(s, at + 1, *at, level, &types, &count);
    s->is_late = 0;
    at = walk_scalar(s, at, 0, level);
    s->is_late = is_late;
    return at;
}

enum { MAX_PAIR_MEMBERS = 3 };

/* Find the parts of a pair, its brace before `at`; return the place behind it. NULL with a status that
   is fine for an object that is no pair: it has too many members that are no part of one. */
static const u8 *find_pair(scanner *s, const u8 *at, unsigned level, pair_part *parts)
{
    u32 count = 0, others = 0;
    pair_part other = {NULL, NULL, 0};
    at = skip_space(s, at);
    if (*at == '}') return at + 1;
    for (;;) {
        int has_escapes = 0;
        if (*at != '"') return stop_at(s, at);
        const u8 *key = at + 1, *end = walk_string(s, key, &has_escapes);
        if (!end) return NULL;
        if (has_escapes) return stop(s, WALK_DOUBT);
        at = skip_space(s, end + 1);
        if (*at != ':') return stop_at(s, at);
        at = skip_space(s, at + 1);
        pair_part found = {key, at, (size_t)(end - key)};
        int part = find_pair_part(key, found.length);
        pair_part *same = part < PAIR_PARTS ? &parts[part] : &other;
        int is_again = same->key && same->length == found.length
            && !memcmp(same->key, key, found.length);
        /* Of equal keys the first wins: how many there are is for the judge to say. */
        if (is_again) return stop(s, WALK_DOUBT);
        others += part == PAIR_PARTS;
        if (others > 1 || ++count > MAX_PAIR_MEMBERS) return NULL;
        if (!same->key) *same = found;
        at = skip_value(s, at, level + 1);
        if (!at) return NULL;
        at = skip_space(s, at);
        if (*at == '}') return at + 1;
        if (*at != ',') return stop_at(s, at);
        at = skip_space(s, at + 1);
    }
}

/* Return the part that is a pair's key; NULL where an object is no pair. */
static const pair_part *find_pair_name(const pair_part *parts)
{
    if (!parts[PAIR_VALUE].key) return NULL;
    for (int part = PAIR_KEY; part <= PAIR_FIELD; part++)
        if (parts[part].key && *parts[part].at == '"') return &parts[part];
    return NULL;
}

/* Return whether all members of an array are pairs; `at` is the first. */
static int are_pairs(scanner *s, const u8 *at, unsigned level)
{
    for (;;) {
        pair_part parts[PAIR_PARTS] = {{NULL, NULL, 0}};
        if (*at != '{') return 0;
        at = find_pair(s, at + 1, level + 1, parts);
        if (!at || !find_pair_name(parts)) return 0;
        at = skip_space(s, at);
        if (*at == ']') return 1;
        if (*at != ',') return 0;
        at = skip_space(s, at + 1);
    }
}

/* Put a pair into the form as a member of an object; return 0 where that fails. */
static int put_pair(scanner *s, const pair_part *name, const pair_part *value, unsigned level,
                    object_state *state)
{
    int has_escapes = 0;
    const u8 *key = name->at + 1, *end = walk_string(s, key, &has_escapes);
    if (!end) return 0;
    size_t length = (size_t)(end - key);
    if (has_escapes && !(key = unescape_text(s, key, &length))) return 0;
    /* Of equal keys of pairs each counts. */
    if (length > MAX_KEY_BYTES || value->length > MAX_KEY_BYTES || was_skipped(s, state, key, length)) {
        s->status = WALK_DOUBT;
        return 0;
    }
    state->value_key = value->key;
    state->value_key_length = value->length;
    u32 flags = find_flags(s, key, length), skipped = s->skipped_count;
    if (!walk_member(s, value->at, flags, level, state, key, length)) return 0;
    if (s->skipped_count == skipped) note_skipped(s, state, key, length);
    return 1;
}

/* Walk an array of pairs, which is an object; `at` is its first member. */
static const u8 *walk_pairs(scanner *s, const u8 *at, unsigned level)
{
    object_state state = {.first_skipped = s->skipped_count};
    s->form[s->form_length - 1] = TOKEN_OBJECT | IS_PAIRS;
    for (;;) {
        pair_part parts[PAIR_PARTS] = {{NULL, NULL, 0}};
        const u8 *end = find_pair(s, at + 1, level + 1, parts);
        REQUIRE(end);
        if (!put_pair(s, find_pair_name(parts), &parts[PAIR_VALUE], level, &state)) return NULL;
        at = skip_space(s, end);
        if (*at == ']') break;
        at = skip_space(s, at + 1);
    }
    at = end_object(s, at, &state);
    s->is_pair = 0;
    return at;
}

/* An array while it is walked. */
typedef struct {
    u32 form_begin, slots_begin, members_count, first_split, known_names, keys_count;
    u32 containers, all_containers, most_containers; /* before, of members, of one */
    u32 first, last, count, containers_count, objects_count, gap;
    u32 text_arrays; /* members that are arrays of texts, and no objects */
    int has_blank, has_text, holds_text, holds_objects; /* itself; itself or in arrays in it */
} array_state;

/* Walk a member, and note it if it leaves a trace. */
static const u8 *walk_next_item(scanner *s, const u8 *at, u32 flags, unsigned level, array_state *a)
{
    u32 begin = s->form_length;
    int is_array = *at == '[', is_container = *at == '{' || is_array;
    s->keys_count = a->keys_count;
    s->containers = a->containers;
    if (a->gap && !put_byte(s, TOKEN_SAME_AGAIN | (a->gap < MAX_GAP ? a->gap : MAX_GAP) << 4))
        return NULL;
    list_member member = {begin, s->form_length, 0, s->slots_count, 0, a->count, s->splits_count, 0,
                          NO_NUMBER};
    at = walk_item(s, at, flags, level);
    if (!at) return NULL;
    u32 containers = s->containers - a->containers;
    a->all_containers += containers;
    if (containers > a->most_containers) a->most_containers = containers;
    a->count++;
    a->containers_count += (u32)is_container;
    if (s->form_length == member.form_begin) {
        s->form_length = begin;
        a->has_blank |= is_container;
        a->gap++;
        return at;
    }
    a->gap = 0;
    u8 byte = s->form[member.form_begin];
    a->objects_count += (byte & 15) == TOKEN_OBJECT; /* or a list of pairs */
    a->has_text |= !is_container && ((byte & 15) == CLASS_TEXT || (byte & DOUBT_BIT));
    if (is_array && (byte & 15) == TOKEN_ARRAY) {
        int has_splits = member.splits_begin < s->splits_count;
        a->text_arrays += s->array_holds_text && !s->array_holds_objects && !has_splits;
        a->holds_text |= s->array_holds_text || has_splits;
        a->holds_objects |= s->array_holds_objects;
    }
    member.form_end = s->form_length;
    member.slots_end = s->slots_count;
    member.splits_end = s->splits_count;
    if (!add_member(s, &member, &a->last)) return NULL;
    if (a->first == NO_NUMBER) a->first = a->last;
    return at;
}

/* End an array: its members are records each, or members like the one before are not said again. */
static const u8 *end_array(scanner *s, const u8 *at, array_state *a)
{
    int is_split = a->containers_count > 1 && s->known_names > a->known_names;
    s->containers = a->containers + (is_split ? a->most_containers : a->all_containers);
    if (s->containers > MAX_CONTAINERS) return stop(s, WALK_DOUBT);
    unsigned byte = TOKEN_ARRAY_END | (a->count < 2 ? a->count : 2) << END_COUNT_SHIFT;
    if (a->has_blank) byte |= END_HAS_BLANK;
    s->array_holds_text = a->has_text || a->holds_text;
    s->array_holds_objects = a->holds_objects || a->objects_count > 0;
    if (is_split) {
        /* Whether texts beside are records, too, depends on where the others are found. */
        int are_texts = a->text_arrays == a->containers_count;
        if (a->has_blank || a->has_text || (a->holds_text && !are_texts))
            return stop(s, WALK_DOUBT);
        s->form[a->form_begin - 1] |= ONE_OF_SEVERAL;
        if (!add_split(s, a->form_begin, a->slots_begin, a->first, a->first_split, 0)) return NULL;
    } else if (a->first_split == s->splits_count) {
        if (a->first != NO_NUMBER) collapse_members(s, a->first);
        s->members_count = a->members_count;
    }
    return put_byte(s, byte) ? at + 1 : NULL;
}

/* Walk an array whose bracket is before `at`; members of the form before are not said again. */
static const u8 *walk_array(scanner *s, const u8 *at, u32 flags, unsigned level)
{
    array_state a = {.form_begin = s->form_length, .slots_begin = s->slots_count,
                     .members_count = s->members_count, .first_split = s->splits_count,
                     .known_names = s->known_names, .keys_count = s->keys_count,
                     .containers = s->containers, .first = NO_NUMBER, .last = NO_NUMBER};
    if (level > MAX_LEVELS_WALKED) return stop(s, WALK_DOUBT);
    at = skip_space(s, at);
    if (*at == '{' && are_pairs(s, at, level)) return walk_pairs(s, at, level);
    if (s->status != WALK_OK) return NULL;
    while (*at != ']' || a.count) {
        at = walk_next_item(s, at, flags, level, &a);
        if (!at) return NULL;
        at = skip_space(s, at);
        if (*at == ']') break;
        if (*at != ',') return stop_at(s, at);
        at = skip_space(s, at + 1);
    }
    return end_array(s, at, &a);
}

/* Where several values are known names, it matters which. */
int end_form(scanner *s)
{
    u32 known = 0;
    for (u32 number = 0; number < s->slots_count; number++)
        known += s->slots[number].kind != KIND_NONE;
    for (u32 number = 0; known > 1 && number < s->slots_count; number++)
        if (s->slots[number].kind != KIND_NONE && !put_byte(s, s->slots[number].kind)) return 0;
    return !s->is_dirty || put_byte(s, FORM_IS_LATE);
}

/* Walk a record that is a text, its quote before `at`. */
static const u8 *walk_root_text(scanner *s, const u8 *at)
{
    int has_escapes = 0;
    const u8 *end = walk_string(s, at, &has_escapes);
    if (!end) return NULL;
    size_t length = (size_t)(end - at);
    const u8 *plain = unescape_text(s, at, &length);
    if (!plain) return NULL;
    slot holder = {plain, (u32)length, CLASS_TEXT, KIND_NONE, FORM_ABSENT, 1, 0};
    if (!put_byte(s, ROOT_IS_TEXT) || !walk_text(s, &holder, 0)) return stop(s, WALK_DOUBT);
    return end + 1;
}

static const u8 *walk_once(scanner *s, const u8 *at)
{
    s->status = WALK_OK;
    s->form = s->walked_form;
    s->slots = s->walked_slots;
    s->form_limit = MAX_WALKED_BYTES;
    s->form_length = s->slots_count = s->skipped_count = s->containers = 0;
    s->text_levels = s->arena_length = s->keys_count = 0;
    s->members_count = s->splits_count = s->known_names = 0;
    s->is_dirty = 0;
    s->allows_line_feed = s->has_text_prefix = 0;
    s->last_crossed = NULL;
    at = *at == '"' ? walk_root_text(s, at + 1) : walk_object(s, at + 1, 0, 1);
    if (!at || s->splits_count) return at;
    if (!end_form(s)) return NULL;
    if (s->form_length > MAX_FORM_BYTES || s->slots_count > MAX_SLOTS) return stop(s, WALK_DOUBT);
    return at;
}

const u8 *walk_record(scanner *s, const u8 *at)
{
    const u8 *end = walk_once(s, at);
    if (end || !s->is_late || s->status != WALK_DOUBT) return end;
    s->is_late = 0;
    return walk_once(s, at);
}
