/*
 * Everybody's parent. What the table says goes first. Of the rest, those that act on one item are put in the order of
 * time, and each looks for the last one before it whom its agent follows: through its follows or through those before
 * it, whichever are fewer. Items are independent, so they are looked through in parallel.
 */
#include "cascade/cascade.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define TO_THE_ITEM (-2) /* a parent that will be the item's first action */

/* Somebody acting on an item. */
typedef struct act {
    int64_t when;
    int32_t row, member;
} act;

typedef struct following {
    throng_i_links *links;
    int64_t n; /* acts on items */
    int64_t n_items;
    const int64_t *offsets; /* [n_items + 1] acts of an item */
    act *acts;              /* [n] */
    throng_adjacency follows;
    uint64_t within;
    int32_t *last;      /* [n_slates][agents] -1, or where an agent acted last, while an item is gone through */
    atomic_flag *taken; /* [n_slates] of `last`: whether a thread is at work on it */
    int n_slates;
} following;

void throng_i_links_clear(throng_i_links *links) {
    throng_context *context = links->self->context;
    throng_graph_free(links->graph);
    throng_i_free(context, links->first_row);
    throng_i_free(context, links->member_of_parent);
    throng_i_free(context, links->member_of_item);
    throng_i_free(context, links->item_of_parent);
    throng_i_free(context, links->agent_of_author);
    throng_i_free(context, links->may_spread);
}

/* ---- what a member says ----------------------------------------------------------------------------------------- */

/* The key that a member's row has in a column, -1: none. */
static int32_t key_of(const throng_i_links *links, const throng_i_coded *column, int64_t member) {
    int32_t code = column->codes ? column->codes[links->first_row[member]] : -1;
    return code == column->missing ? -1 : code;
}

static bool may_spread(const throng_i_links *links, int64_t member) {
    return !links->may_spread || links->may_spread[links->kind[links->first_row[member]]];
}

/* The item on which a member acts, through whomever; -1: its parent is known otherwise, or it is the item. */
static int32_t item_of(const throng_i_links *links, int64_t member) {
    int32_t item = key_of(links, &links->self->item, member);
    bool is_itself = item >= 0 && links->member_of_item && links->member_of_item[item] == member;
    return item >= 0 && !is_itself && may_spread(links, member) ? item : -1;
}

static throng_agent author_of(const throng_i_links *links, int64_t member) {
    int32_t key = key_of(links, &links->self->author, member);
    return key < 0 ? -1 : links->agent_of_author[key];
}

/* ---- who was followed ------------------------------------------------------------------------------------------- */

static bool follows(const throng_adjacency *out, throng_agent agent, throng_agent whom) {
    int64_t low = out->offsets[agent], high = out->offsets[agent + 1];
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (out->neighbours[middle] < whom)
            low = middle + 1;
        else
            high = middle;
    }
    return low < out->offsets[agent + 1] && out->neighbours[low] == whom;
}

static int compare_acts(const void *a, const void *b) {
    const act *x = a, *y = b;
    if (x->when != y->when)
        return x->when < y->when ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static bool is_recent(const following *job, const act *before, const act *now) {
    return (uint64_t)now->when - (uint64_t)before->when <= job->within;
}

static int steps(int64_t n) { /* of a binary search */
    int count = 1;
    for (; n > 1; n /= 2)
        count++;
    return count;
}

/* Of the acts before the at-th of an item the last whose agent is followed, -1: none. */
static int32_t find_followed(const following *job, const act *acts, const int32_t *last, int32_t at) {
    const throng_agent *agent_of = job->links->self->agent_of;
    throng_agent agent = agent_of[acts[at].member];
    int64_t begin = job->follows.offsets[agent], end = job->follows.offsets[agent + 1];
    int32_t found = -1;
    if (acts[at].when == THRONG_I_UNTIMED || begin == end)
        return -1;
    if (end - begin < (int64_t)at * steps(end - begin)) {
        for (int64_t e = begin; e < end; e++)
            found = last[job->follows.neighbours[e]] > found ? last[job->follows.neighbours[e]] : found;
        return found >= 0 && is_recent(job, &acts[found], &acts[at]) ? found : -1;
    }
    for (int32_t i = at - 1; i >= 0 && is_recent(job, &acts[i], &acts[at]); i--)
        if (follows(&job->follows, agent, agent_of[acts[i].member]))
            return i;
    return -1;
}

/* Whether the agent follows whoever made the item, which need not act on it. */
static bool follows_author(const following *job, int64_t member, int64_t item) {
    const throng_i_links *links = job->links;
    const throng_cascades *self = links->self;
    if (!links->member_of_item || !job->follows.offsets)
        return false;
    int32_t root = links->member_of_item[item];
    throng_agent author = root >= 0 ? self->agent_of[root] : author_of(links, member);
    if (author < 0 || !follows(&job->follows, self->agent_of[member], author))
        return false;
    if (root < 0 || !self->when || self->when[root] == THRONG_I_UNTIMED)
        return true;
    return self->when[member] != THRONG_I_UNTIMED && self->when[root] <= self->when[member] &&
           (uint64_t)self->when[member] - (uint64_t)self->when[root] <= job->within;
}

/* The parent of the i-th act of an item. Where there are no ids, an item begins with its first act. */
static void link_act(const following *job, int64_t item, const act *acts, const int32_t *last, int32_t i) {
    throng_cascades *self = job->links->self;
    int32_t member = acts[i].member, found = -1;
    bool has_ids = job->links->member_of_item;
    if (self->parent[member] >= 0 || (i == 0 && !has_ids))
        return;
    if (last)
        found = find_followed(job, acts, last, i);
    if (found >= 0) {
        self->parent[member] = acts[found].member;
        self->link[member] = THRONG_LINK_FOLLOWED;
    } else if (follows_author(job, member, item)) {
        self->parent[member] = TO_THE_ITEM;
        self->link[member] = THRONG_LINK_FOLLOWED;
    } else if (!self->def.apart) {
        self->parent[member] = has_ids ? TO_THE_ITEM : acts[0].member;
        self->link[member] = THRONG_LINK_ASSUMED;
    }
}

static void link_item(const following *job, int64_t item, int32_t *last) {
    const throng_agent *agent_of = job->links->self->agent_of;
    int64_t begin = job->offsets[item], n = job->offsets[item + 1] - begin;
    act *acts = job->acts + begin;
    bool sorted = true;
    for (int64_t i = 1; i < n && sorted; i++)
        sorted = compare_acts(&acts[i - 1], &acts[i]) < 0;
    if (!sorted)
        qsort(acts, (size_t)n, sizeof *acts, compare_acts);
    for (int32_t i = 0; i < n; i++) {
        link_act(job, item, acts, last, i);
        if (last)
            last[agent_of[acts[i].member]] = i;
    }
    for (int64_t i = 0; i < n && last; i++)
        last[agent_of[acts[i].member]] = -1;
}

/* A slate that nobody works on: there is one a thread. */
static int take_slate(const following *job) {
    int slate = 0;
    while (atomic_flag_test_and_set(&job->taken[slate]))
        slate = slate + 1 == job->n_slates ? 0 : slate + 1;
    return slate;
}

/* The items whose acts begin in the chunk. */
static void follow_chunk(void *user, throng_chunk chunk) {
    const following *job = user;
    int64_t low = 0, high = job->n_items;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (job->offsets[middle] < chunk.begin)
            low = middle + 1;
        else
            high = middle;
    }
    int slate = job->last ? take_slate(job) : 0;
    int32_t *last = job->last ? job->last + slate * job->links->self->n_agents : NULL;
    for (; low < job->n_items && job->offsets[low] < chunk.end; low++)
        link_item(job, low, last);
    if (last)
        atomic_flag_clear(&job->taken[slate]);
}

static throng_status make_slates(following *job, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = job->links->self->context;
    int64_t n = job->links->self->n_agents;
    int64_t n_chunks = throng_i_chunk_count(job->n);
    job->n_slates = throng_context_threads(context);
    if (n_chunks < job->n_slates)
        job->n_slates = n_chunks > 0 ? (int)n_chunks : 1;
    THRONG_TRY(throng_i_alloc(context, job->n_slates, sizeof *job->taken, &job->taken, err));
    THRONG_TRY(throng_i_resize(context, &job->last, job->n_slates * n, sizeof *job->last, err));
    memset(job->last, 0xff, (size_t)(job->n_slates * n) * sizeof *job->last);
    for (int i = 0; i < job->n_slates; i++)
        atomic_flag_clear(&job->taken[i]);
out:
    return status;
}

/* `within` in units of the column. */
static uint64_t reach_back(const throng_cascades *self) {
    throng_column_view column;
    double unit = 1.0;
    if (self->def.time && throng_table_find(self->actions, self->def.time, &column, NULL) == THRONG_OK)
        unit = column.type == THRONG_TYPE_TIMESTAMP ? 1e6 : 1.0;
    double window = self->def.within * unit;
    return window < 9e18 ? (uint64_t)window : UINT64_MAX;
}

static throng_status follow(throng_i_links *links, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_cascades *self = links->self;
    throng_context *context = self->context;
    const throng_progress progress = {"finding parents", "actions", 0, 0};
    following job = {.links = links, .n_items = self->item.keys.n, .within = reach_back(self)};
    int64_t *offsets = NULL;
    THRONG_TRY(throng_i_alloc(context, job.n_items + 1, sizeof *offsets, &offsets, err));
    for (int64_t m = 0; m < self->n_members; m++) {
        int32_t item = item_of(links, m);
        if (item >= 0)
            offsets[item + 1]++;
    }
    for (int64_t i = 0; i < job.n_items; i++)
        offsets[i + 1] += offsets[i];
    job.n = offsets[job.n_items];
    THRONG_TRY(throng_i_resize(context, &job.acts, job.n, sizeof *job.acts, err));
    for (int64_t m = 0; m < self->n_members; m++) {
        int32_t item = item_of(links, m);
        if (item >= 0)
            job.acts[offsets[item]++] = (act){self->when ? self->when[m] : 0, links->first_row[m], (int32_t)m};
    }
    memmove(offsets + 1, offsets, (size_t)job.n_items * sizeof *offsets);
    offsets[0] = 0;
    job.offsets = offsets;
    if (links->graph) {
        job.follows = throng_graph_out(links->graph);
        THRONG_TRY(make_slates(&job, err));
    }
    THRONG_TRY(throng_chunks_for(context, job.n, follow_chunk, &job, &progress, err));
out:
    throng_i_free(context, offsets);
    throng_i_free(context, job.acts);
    throng_i_free(context, job.last);
    throng_i_free(context, job.taken);
    return status;
}

/* ---- parents that are named ------------------------------------------------------------------------------------- */

static void link_known(throng_i_links *links) {
    throng_cascades *self = links->self;
    for (int64_t m = 0; m < self->n_members; m++) {
        int32_t key = key_of(links, &self->parent_id, m), parent = key < 0 ? -1 : links->member_of_parent[key];
        self->counts.lost += key >= 0 && parent < 0;
        if (parent < 0)
            continue;
        self->parent[m] = parent;
        self->link[m] = THRONG_LINK_KNOWN;
    }
}

/* Members that are named and have no row: of items and of parents, by key. */
typedef struct unseen {
    int32_t *of_item, *of_parent; /* -1: none so far */
} unseen;

static throng_status grow(throng_i_links *links, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_cascades *self = links->self;
    throng_context *context = self->context;
    bool text = self->names.words;
    if (self->n_members < links->n_room)
        return THRONG_OK;
    int64_t room = links->n_room + links->n_room / 4 + 16;
    THRONG_REQUIRE(room < INT32_MAX, E_ARGUMENT,
                   "There are more actions than throng can count, about 2 thousand million.");
    THRONG_TRY(throng_i_resize(context, &self->row, room, sizeof *self->row, err));
    THRONG_TRY(throng_i_resize(context, &self->agent_of, room, sizeof *self->agent_of, err));
    THRONG_TRY(throng_i_resize(context, &self->parent, room, sizeof *self->parent, err));
    THRONG_TRY(throng_i_resize(context, &self->link, room, sizeof *self->link, err));
    if (self->when)
        THRONG_TRY(throng_i_resize(context, &self->when, room, sizeof *self->when, err));
    THRONG_TRY(throng_i_resize(context, &self->names.memory, room, text ? sizeof(char *) : sizeof(int64_t), err));
    self->names.words = text ? self->names.memory : NULL;
    self->names.values = text ? NULL : self->names.memory;
    links->n_room = room;
out:
    return status;
}

/* The parent of a member is what the index-th key of a column names: a member without a row, made at the first need, by
 * whoever is said to be its author there. */
static throng_status find_unseen(throng_i_links *links, const throng_i_keys *keys, int32_t index, int32_t *known,
                                 int64_t needed_by, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_cascades *self = links->self;
    if (known[index] >= 0) {
        self->parent[needed_by] = known[index];
        return THRONG_OK;
    }
    THRONG_TRY(grow(links, err));
    int64_t member = self->n_members++;
    self->row[member] = -1;
    self->agent_of[member] = author_of(links, needed_by);
    self->parent[member] = -1;
    self->link[member] = THRONG_LINK_START;
    if (self->when)
        self->when[member] = THRONG_I_UNTIMED;
    if (keys->words)
        ((const char **)self->names.memory)[member] = keys->words[index];
    else
        ((int64_t *)self->names.memory)[member] = keys->values[index];
    known[index] = (int32_t)member;
    self->parent[needed_by] = (int32_t)member;
out:
    return status;
}

/* The parent of a member that has none yet, and is not the beginning of something: its item or its lost parent. */
static throng_status link_rest(throng_i_links *links, int64_t member, unseen *seen, throng_error *err) {
    throng_cascades *self = links->self;
    int32_t item = key_of(links, &self->item, member), lost = key_of(links, &self->parent_id, member);
    bool from_item = self->parent[member] == TO_THE_ITEM;
    if (!from_item && item >= 0 && !may_spread(links, member) && self->parent[member] < 0) {
        from_item = links->member_of_item && links->member_of_item[item] != member;
        self->link[member] = from_item ? THRONG_LINK_KNOWN : THRONG_LINK_START;
    }
    if (from_item && links->member_of_item[item] >= 0) {
        self->parent[member] = links->member_of_item[item];
        return THRONG_OK;
    }
    if (from_item)
        return find_unseen(links, &self->item.keys, item, seen->of_item, member, err);
    if (self->parent[member] >= 0 || lost < 0 || item >= 0)
        return THRONG_OK;
    self->link[member] = THRONG_LINK_KNOWN;
    int32_t same = links->item_of_parent ? links->item_of_parent[lost] : -1;
    if (same >= 0)
        return find_unseen(links, &self->item.keys, same, seen->of_item, member, err);
    return find_unseen(links, &self->parent_id.keys, lost, seen->of_parent, member, err);
}

static throng_status link_unseen(throng_i_links *links, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_cascades *self = links->self;
    throng_context *context = self->context;
    unseen seen = {0};
    int64_t n = self->n_members, n_items = self->item.keys.n, n_parents = self->parent_id.keys.n;
    THRONG_TRY(throng_i_resize(context, &seen.of_item, n_items, sizeof *seen.of_item, err));
    THRONG_TRY(throng_i_resize(context, &seen.of_parent, n_parents, sizeof *seen.of_parent, err));
    memset(seen.of_item, 0xff, (size_t)n_items * sizeof *seen.of_item);
    memset(seen.of_parent, 0xff, (size_t)n_parents * sizeof *seen.of_parent);
    for (int64_t m = 0; m < n; m++)
        THRONG_TRY(link_rest(links, m, &seen, err));
    self->counts.unseen = self->n_members - n;
    self->counts.members = self->names.n = self->n_members;
out:
    throng_i_free(context, seen.of_item);
    throng_i_free(context, seen.of_parent);
    return status;
}

/* ---- the step --------------------------------------------------------------------------------------------------- */

static void count_times(throng_cascades *self) {
    for (int64_t m = 0; m < self->n_members && self->when; m++) {
        int32_t parent = self->parent[m];
        if (parent < 0 || self->when[m] == THRONG_I_UNTIMED || self->when[parent] == THRONG_I_UNTIMED)
            continue;
        self->counts.early += self->link[m] == THRONG_LINK_KNOWN && self->when[m] < self->when[parent];
        self->counts.ties += self->link[m] == THRONG_LINK_FOLLOWED && self->when[m] == self->when[parent];
    }
}

throng_status throng_i_cascade_links(throng_i_links *links, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_cascades *self = links->self;
    if (self->parent_id.codes)
        link_known(links);
    if (self->item.codes)
        THRONG_TRY(follow(links, err));
    THRONG_TRY(link_unseen(links, err));
    count_times(self);
out:
    return status;
}
