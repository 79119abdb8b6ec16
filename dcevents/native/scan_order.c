/* Write a form anew in an order of its own, so that the order of keys makes no form of its own.

   Members that mean the same kind of thing keep their order, as of these the judge takes the first;
   all others go before them, sorted by their keys. */
#include "scan.h"

enum { MAX_ORDERED = 64 };

typedef struct {
    const u8 *key;
    u32 length, flags, begin, end, slots_begin, slots_end;
    u8 byte; /* of its value */
    u8 is_bound; /* to the order of others */
} member;

typedef struct {
    scanner *s;
    u32 at, length, slots_count, next_slot, members_count;
    u8 bytes[MAX_FORM_BYTES + 16], copy[MAX_FORM_BYTES + 16];
    u16 slots[MAX_SLOTS], slots_copy[MAX_SLOTS];
    member members[MAX_LEVELS_WALKED * MAX_ORDERED];
} order;

static void order_object(order *o, int are_pairs);

static void put(order *o, u8 byte)
{
    REQUIRE(o->length < MAX_FORM_BYTES);
    o->bytes[o->length++] = byte;
}

static u8 take(order *o)
{
    REQUIRE(o->at < o->s->form_length);
    return o->s->form[o->at++];
}

static void put_slot(order *o)
{
    REQUIRE(o->slots_count < MAX_SLOTS);
    o->slots[o->slots_count++] = (u16)o->next_slot++;
}

static void order_value(order *o)
{
    u8 byte = take(o), token = byte & 15;
    put(o, byte);
    if (token == TOKEN_OBJECT) {
        order_object(o, byte & IS_PAIRS);
    } else if (token == TOKEN_ARRAY) {
        while ((o->s->form[o->at] & 15) != TOKEN_ARRAY_END) {
            if ((o->s->form[o->at] & 15) == TOKEN_SAME_AGAIN) put(o, take(o));
            else order_value(o);
        }
        put(o, take(o));
    } else {
        REQUIRE(token <= CLASS_TEXT);
        put_slot(o);
        if (token == CLASS_TEXT) {
            put(o, take(o));
            order_value(o);
        }
    }
}

static int is_container(const member *m)
{
    u8 token = m->byte & 15;
    return token == TOKEN_OBJECT || token == TOKEN_ARRAY || (m->flags & KEY_DOTTED);
}

static int is_known_name(const member *m)
{
    u8 token = m->byte & 15;
    return token == CLASS_FULL_NAME || token == CLASS_READY_NAME || token == CLASS_KIND_ALONE;
}

static int is_text_holder(const member *m)
{
    return (m->byte & 15) == CLASS_TEXT || ((m->flags & KEY_BODY) && (m->byte & DOUBT_BIT));
}

u8 find_typed_byte(const scanner *s, u32 at)
{
    u8 own = s->form[at++], found = own;
    if (own != TOKEN_OBJECT) return own;
    while (s->form[at]) {
        size_t length = s->form[at] - 1u;
        const u8 *key = s->form + at + 1;
        at += (u32)length + 1;
        u8 byte = s->form[at++];
        if ((byte & 15) >= CLASS_TEXT) return own;
        if (byte == CLASS_NULL) continue;
        if (found != own || !has_word(&s->lists[WORDS_SCALAR_TYPE], key, length)) return own;
        found = byte;
    }
    return s->form[at + 1] & END_HAS_OTHER ? own : found;
}

/* Return whether a key with dots makes an object under the other key. */
static int makes_object_of(const member *dotted, const member *other)
{
    return (dotted->flags & KEY_DOTTED) && dotted->length > other->length
        && dotted->key[other->length] == '.' && !memcmp(dotted->key, other->key, other->length);
}

/* Return whether the judge may prefer one of two members because it stands before the other. */
static int are_bound(const member *one, const member *two)
{
    u32 both = one->flags & two->flags;
    if (one->length == two->length && !memcmp(one->key, two->key, one->length)) return 1;
    if (is_container(one) && is_container(two)) return 1;
    if (makes_object_of(one, two) || makes_object_of(two, one)) return 1;
    if (is_text_holder(one) && is_text_holder(two)) return 1;
    u8 first = one->byte & 15, second = two->byte & 15;
    int is_said = first != CLASS_NULL && first != CLASS_EMPTY && second != CLASS_NULL
        && second != CLASS_EMPTY;
    if (!is_said) return 0;
    if (is_known_name(one) && is_known_name(two)) return 1;
    if (both & (KEY_TIME | KEY_PAGE | KEY_EVENT)) return 1;
    return (both & KEY_PART_BITS) && !((one->flags ^ two->flags) & KEY_PART_BITS);
}

static void find_bonds(member *members, u32 count)
{
    for (u32 one = 0; one < count; one++) {
        if (members[one].flags & KEY_TYPE) members[one].is_bound = 1;
        for (u32 two = one + 1; two < count; two++)
            if (are_bound(&members[one], &members[two]))
                members[one].is_bound = members[two].is_bound = 1;
    }
}

/* Return whether a member goes before another. */
static int goes_before(const member *one, const member *two)
{
    if (one->is_bound || two->is_bound) return !one->is_bound && two->is_bound;
    size_t shorter = one->length < two->length ? one->length : two->length;
    int difference = memcmp(one->key, two->key, shorter);
    return difference ? difference < 0 : one->length < two->length;
}

static void sort_members(order *o, u32 first)
{
    member *members = o->members + first;
    u32 count = o->members_count - first;
    u32 begin = members[0].begin, slots_begin = members[0].slots_begin;
    find_bonds(members, count);
    for (u32 at = 1; at < count; at++) {
        member moved = members[at];
        u32 to = at;
        for (; to > 0 && goes_before(&moved, &members[to - 1]); to--) members[to] = members[to - 1];
        members[to] = moved;
    }
    u32 length = begin, slots_count = slots_begin;
    memcpy(o->copy + begin, o->bytes + begin, o->length - begin);
    memcpy(o->slots_copy + slots_begin, o->slots + slots_begin,
           (o->slots_count - slots_begin) * sizeof *o->slots);
    for (u32 at = 0; at < count; at++) {
        const member *m = &members[at];
        memcpy(o->bytes + length, o->copy + m->begin, m->end - m->begin);
        length += m->end - m->begin;
        memcpy(o->slots + slots_count, o->slots_copy + m->slots_begin,
               (m->slots_end - m->slots_begin) * sizeof *o->slots);
        slots_count += m->slots_end - m->slots_begin;
    }
    REQUIRE(length == o->length && slots_count == o->slots_count);
}

static void order_object(order *o, int are_pairs)
{
    u32 first = o->members_count, count = 0;
    u8 said = 0;
    while ((said = take(o)) > 0) {
        member m = {o->s->form + o->at, said - 1u, 0, o->length, 0, o->slots_count, 0, 0, 0};
        put(o, said);
        for (u32 left = m.length; left > 0; left--) put(o, take(o));
        if (are_pairs) {
            u8 value_key = take(o);
            put(o, value_key);
            for (; value_key > 1; value_key--) put(o, take(o));
        }
        m.byte = find_typed_byte(o->s, o->at);
        order_value(o);
        m.end = o->length;
        m.slots_end = o->slots_count;
        if (++count > MAX_ORDERED) continue;
        REQUIRE(o->members_count < sizeof o->members / sizeof *o->members);
        m.flags = find_flags(o->s, m.key, m.length);
        o->members[o->members_count++] = m;
    }
    if (count > 1 && count <= MAX_ORDERED) sort_members(o, first);
    o->members_count = first;
    put(o, 0);
    put(o, take(o));
}

int order_form(scanner *s, u8 *form, u32 *length, u16 *slots)
{
    if (!s->order) s->order = malloc(sizeof(order));
    order *o = s->order;
    if (!o) return 0;
    o->s = s;
    o->at = o->length = o->slots_count = o->next_slot = o->members_count = 0;
    if (s->form[0] == ROOT_IS_TEXT) {
        put(o, take(o));
        put(o, take(o));
        order_value(o);
    } else {
        order_object(o, 0);
    }
    REQUIRE(o->slots_count == s->slots_count);
    if (o->at < s->form_length && s->form[o->at] != FORM_IS_LATE)
        for (u32 number = 0; number < o->slots_count; number++) {
            u8 kind = s->slots[o->slots[number]].kind;
            if (kind != KIND_NONE) put(o, kind);
        }
    if (s->form[s->form_length - 1] == FORM_IS_LATE) put(o, FORM_IS_LATE);
    memcpy(form, o->bytes, o->length);
    *length = o->length;
    memcpy(slots, o->slots, o->slots_count * sizeof *slots);
    return 1;
}
