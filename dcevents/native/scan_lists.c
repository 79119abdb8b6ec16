/* Lists whose members are records: the form of each alone, made of the form of all.

   What is around a list its members share, siblings they do not (definitions, rule 9). */
#include "scan.h"

split *add_split(scanner *s, u32 form_begin, u32 slots_begin, u32 first_member, u32 first_split,
                 int is_text)
{
    if (s->splits_count >= MAX_SPLITS) {
        s->status = WALK_DOUBT;
        return NULL;
    }
    split added = {.form_begin = form_begin, .form_end = s->form_length, .slots_begin = slots_begin,
                   .slots_end = s->slots_count, .first_member = first_member,
                   .splits_begin = first_split, .is_text = is_text, .traced_end = s->traced_count,
                   .gaps = s->gaps};
    s->splits[s->splits_count] = added;
    return &s->splits[s->splits_count++];
}

void collapse_members(scanner *s, u32 first_member)
{
    const list_member *m = &s->members[first_member];
    u32 form_length = m->gap_begin, slots_count = m->slots_begin, before = 0, before_length = 0;
    int is_said = 0;
    for (u32 at = first_member; at != NO_NUMBER; at = m->next) {
        m = &s->members[at];
        u32 length = m->form_end - m->form_begin, gap = m->form_begin - m->gap_begin;
        u32 slots = m->slots_end - m->slots_begin;
        int is_same = !gap && length == before_length
            && !memcmp(s->form + before, s->form + m->form_begin, length);
        if (is_same) {
            if (!is_said) s->form[form_length++] = TOKEN_SAME_AGAIN;
            is_said = 1;
            drop_traced(s, m->traced_begin, m->traced_end);
            continue;
        }
        memmove(s->form + form_length, s->form + m->gap_begin, gap + length);
        memmove(s->slots + slots_count, s->slots + m->slots_begin, slots * sizeof *s->slots);
        before = form_length + gap;
        before_length = length;
        form_length += gap + length;
        slots_count += slots;
        is_said = 0;
    }
    REQUIRE(form_length <= s->form_length && slots_count <= s->slots_count);
    s->form_length = form_length;
    s->slots_count = slots_count;
}

enum { MAX_SAMPLE_BYTES = 1 << 16 };

static int append_sample(scanner *s, const u8 *from, const u8 *end)
{
    for (; from < end; from++) {
        u8 *grown = grow_array(s->samples, &s->samples_capacity, s->samples_count, 1);
        if (!grown) return 0;
        s->samples = grown;
        s->samples[s->samples_count++] = *from;
    }
    return 1;
}

u32 write_sample(scanner *s, const u8 *at, const u8 *end)
{
    size_t size = (size_t)(end - at), begin = s->samples_count;
    const u8 *from = at;
    for (u32 level = 0; level < s->kept_levels; level++) {
        const kept_member *kept = &s->kept[level];
        /* Not of a list in a text, nor of one whose member leaves no trace. */
        if (!kept->list || kept->list < at || kept->list_end > end || !kept->member) return 0;
        size -= (size_t)(kept->list_end - kept->list) - (size_t)(kept->member_end - kept->member);
    }
    if (!s->kept_levels || size > MAX_SAMPLE_BYTES) return 0;
    int is_written = 1;
    for (u32 level = 0; level < s->kept_levels; level++) {
        is_written &= append_sample(s, from, s->kept[level].list);
        from = s->kept[level].member;
    }
    is_written &= append_sample(s, from, s->kept[s->kept_levels - 1].member_end);
    for (u32 level = s->kept_levels; level--;)
        is_written &= append_sample(s, s->kept[level].list_end,
                                    level ? s->kept[level - 1].member_end : end);
    if (!is_written) s->samples_count = begin;
    return is_written ? (u32)(s->samples_count - begin) : 0;
}

u32 copy_sample(scanner *s, const u8 *at, const u8 *end)
{
    size_t begin = s->samples_count;
    return append_sample(s, at, end) ? (u32)(s->samples_count - begin) : 0;
}

/* A part of the walk's form: the record, or a member; and the list in it. */
typedef struct part {
    const struct part *around;
    const split *list;
    u32 form_end, slots_end;
} part;

typedef struct {
    scanner *s;
    take_one take;
    void *more;
    u32 form_length, slots_count, own_slots, token; /* of `one_form` so far */
    u32 member;
    int needs_rules; /* some have not been taken: they are looked at for their forms alone */
} composer;

/* Append a part of the walk's form and slots; return 0 where there is no room. */
static int append(composer *c, u32 begin, u32 end, u32 slots_begin, u32 slots_end)
{
    scanner *s = c->s;
    REQUIRE(begin <= end && slots_begin <= slots_end);
    u32 length = end - begin, slots = slots_end - slots_begin;
    if (length > MAX_FORM_BYTES - c->form_length || slots > MAX_SLOTS - c->slots_count) return 0;
    memcpy(s->one_form + c->form_length, s->walked_form + begin, length);
    memcpy(s->one_slots + c->slots_count, s->walked_slots + slots_begin, slots * sizeof *s->slots);
    c->form_length += length;
    c->slots_count += slots;
    return 1;
}

/* Append what follows the member in all lists around. */
static int append_rest(composer *c, const part *around)
{
    for (; around; around = around->around) {
        const split *list = around->list;
        u32 behind = list->form_end;
        if (!list->is_text) {
            if (c->form_length >= MAX_FORM_BYTES) return 0;
            c->s->one_form[c->form_length++] = TOKEN_ARRAY_END | 1u << END_COUNT_SHIFT;
            behind++;
        }
        if (!append(c, behind, around->form_end, list->slots_end, around->slots_end)) return 0;
    }
    return 1;
}

/* Take the record that has been put together but for what follows it, and so many like it: their numbers
   follow its own, which is at `level`. */
static int take_members(composer *c, const part *around, u32 level, u32 count)
{
    scanner *s = c->s;
    one_record one = {c->own_slots, c->slots_count, c->token, c->member};
    if (!append_rest(c, around)) return 0;
    s->form = s->one_form;
    s->slots = s->one_slots;
    s->form_limit = MAX_FORM_BYTES;
    s->form_length = c->form_length;
    s->slots_count = c->slots_count;
    if (!end_form(s)) return 0;
    for (; count; count--, s->numbers[level]++) {
        enum take_status status = c->take(s, &one, c->more);
        c->needs_rules |= status == NEEDS_RULE;
        if (status == NOT_TAKEN) return 0;
        if (status == NEEDS_RULE) break;
    }
    return 1;
}

/* Take so many neighbours in a list that leave no trace, all objects. */
static int take_blanks(composer *c, const part *around, u32 level, u32 count)
{
    const u8 blank[] = {TOKEN_OBJECT, 0, around->list->blank_end};
    if (!count) return 1;
    if (c->form_length + sizeof blank > MAX_FORM_BYTES) return 0;
    memcpy(c->s->one_form + c->form_length, blank, sizeof blank);
    c->form_length += sizeof blank;
    return take_members(c, around, level, count);
}

/* Take the members of the last of some lists, which holds all others. */
static int take_list(composer *c, const part *whole, u32 begin, u32 slots_begin, u32 splits_begin,
                     u32 splits_end, u32 level)
{
    scanner *s = c->s;
    const split *list = &s->splits[splits_end - 1];
    if (list->splits_begin != splits_begin || level >= MAX_SPLIT_LEVELS) return 0;
    if (!append(c, begin, list->form_begin, slots_begin, list->slots_begin)) return 0;
    size_t events = s->events.count;
    u32 form_length = c->form_length, slots_count = c->slots_count, next = 0;
    const list_member *m = NULL;
    part around = *whole;
    around.list = list;
    for (u32 at = list->first_member; at != NO_NUMBER || next < list->count; at = m->next) {
        u32 stop = at == NO_NUMBER ? list->count : s->members[at].number;
        c->form_length = form_length;
        c->slots_count = slots_count;
        c->token = form_length - 1;
        c->own_slots = slots_count;
        s->numbers[level] = next;
        s->kept_levels = 0;
        c->member = NO_NUMBER;
        if (list->count && !take_blanks(c, &around, level, stop - next)) return 0;
        next = stop + 1;
        if (at == NO_NUMBER) break;
        m = &s->members[at];
        if ((s->walked_form[m->form_begin] & 15) <= CLASS_TEXT) continue; /* no record */
        c->form_length = form_length;
        c->slots_count = slots_count;
        s->numbers[level] = m->number;
        kept_member kept = {list->text, list->text_end, m->text, m->text_end};
        s->kept[level] = kept;
        s->kept_levels = level + 1;
        c->member = at;
        int is_taken = 0;
        if (m->splits_begin == m->splits_end) {
            is_taken = append(c, m->form_begin, m->form_end, m->slots_begin, m->slots_end)
                && take_members(c, &around, level, 1);
        } else {
            part inner = {&around, NULL, m->form_end, m->slots_end};
            is_taken = take_list(c, &inner, m->form_begin, m->slots_begin, m->splits_begin,
                                 m->splits_end, level + 1);
        }
        if (!is_taken) return 0;
    }
    return c->needs_rules || s->events.count > events;
}

int take_each(scanner *s, take_one take, void *more)
{
    composer c = {.s = s, .take = take, .more = more};
    part whole = {NULL, NULL, s->form_length, s->slots_count};
    memset(s->numbers, 0, sizeof s->numbers);
    return take_list(&c, &whole, 0, 0, 0, s->splits_count, 0) && !c.needs_rules;
}

/* -- lists that were found by a path -------------------------------------------------------------- */

static void copy_slots(scanner *s, const slot *from, u32 count)
{
    memcpy(s->one_slots + s->slots_count, from, count * sizeof *from);
    s->slots_count += count;
}

void compose_followed(scanner *s, const list_member *member, u32 slots_count)
{
    const list_member *last = &s->members[s->members_count - 1];
    u32 before = s->members[0].slots_begin, own = member->slots_end - member->slots_begin;
    u32 behind = slots_count - last->slots_end;
    REQUIRE(before + own + behind <= MAX_SLOTS); /* as the record had that the path is of */
    s->slots = s->one_slots;
    s->slots_count = 0;
    copy_slots(s, s->walked_slots, before);
    copy_slots(s, s->walked_slots + member->slots_begin, own);
    copy_slots(s, s->walked_slots + last->slots_end, behind);
}
