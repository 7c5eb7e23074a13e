/* Cascades from the inside: the steps in which they are made, and what they hold.
 *
 * Members are numbered in the order of the table. Trees are worked on in another order, by place: a member comes before
 * everything below it, and what is below it stands right behind it, so that a tree is a piece of an array, a subtree is
 * a piece of that, and no step needs a stack, however deep trees are.
 */
#ifndef THRONG_SRC_CASCADE_CASCADE_H
#define THRONG_SRC_CASCADE_CASCADE_H

#include "population/graph.h"
#include "population/population.h"
#include "throng/cascade.h"

#define THRONG_I_UNTIMED INT64_MAX /* the time of what has none: after everything else */

/* A column of ids: a code a row, and the different keys. */
typedef struct throng_i_coded {
    int32_t *codes; /* [n_rows] NULL: there is no such column */
    throng_i_keys keys;
    int32_t missing; /* the code of missing values, -1: none is missing */
    char *text;      /* memory of words that were printed from numbers */
} throng_i_coded;

struct throng_cascades {
    throng_context *context;
    throng_cascades_def def;
    throng_table *actions; /* whose words keys borrow */
    throng_cascades_counts counts;
    throng_source *sources; /* [n_sources] with paths of their own */
    int n_sources;

    int64_t n_rows, n_members, n_cascades, n_agents;
    throng_i_coded id, agent, parent_id, item, author;
    throng_i_keys agents; /* [n_agents] whoever acts, then authors who do not */
    throng_i_keys names;  /* [n_members] of members */

    /* by member */
    int64_t *row; /* -1: unseen */
    throng_agent *agent_of;
    int64_t *when;   /* NULL: no times */
    int32_t *parent; /* -1: root */
    uint8_t *link;
    int32_t *place;

    /* by place */
    int32_t *member_at, *above, *size, *depth, *cascade_at;
    double *credit;

    /* by cascade */
    int64_t *offsets; /* [n_cascades + 1] places */
    int64_t *deepest, *width;
    double *virality;

    /* by agent */
    double *phi;
    int64_t *reach, *acted, *starts, *direct;
    throng_cascades_proof proof;
};

/* What members.c finds out and links.c needs. */
typedef struct throng_i_links {
    throng_cascades *self;
    throng_graph *graph;           /* who follows whom; NULL: not known */
    int32_t *first_row;            /* [members] of the row that counts */
    int32_t *member_of_parent;     /* [parent keys] -1: not there; NULL: no such column */
    int32_t *member_of_item;       /* [item keys] -1: not there */
    int32_t *item_of_parent;       /* [parent keys] the item of that name, -1: none */
    throng_agent *agent_of_author; /* [author keys] */
    uint8_t *may_spread;           /* [kind words] NULL: all may */
    const int32_t *kind;           /* [n_rows] */
    int64_t n_room;                /* members for which there is memory */
} throng_i_links;

/* Whether the columns that are named fit together: before anything is read. E_ARGUMENT. */
THRONG_MUST_USE throng_status throng_i_cascade_check(const throng_cascades_def *def, bool has_edges, throng_error *err);

/* Rows become members: columns are coded, repeats left out. members.c */
THRONG_MUST_USE throng_status throng_i_cascade_members(throng_cascades *self, throng_i_links *links, throng_error *err);

/* Everybody's parent, and members for what is named and not there. links.c */
THRONG_MUST_USE throng_status throng_i_cascade_links(throng_i_links *links, throng_error *err);
void throng_i_links_clear(throng_i_links *links);

/* Places, sizes and depths; cycles are cut. Then depth, width and virality of every tree. trees.c */
THRONG_MUST_USE throng_status throng_i_cascade_trees(throng_cascades *self, throng_error *err);

/* Credits. credit.c */
THRONG_MUST_USE throng_status throng_i_cascade_credit(throng_cascades *self, throng_error *err);

/* The first cascade whose places begin at or after `place`: where a chunk of places begins its work. */
int64_t throng_i_cascade_from(const throng_cascades *self, int64_t place);

/* Whether a acted before b: by time, then by row. */
static inline bool throng_i_cascade_before(const throng_cascades *self, int64_t a, int64_t b) {
    int64_t x = self->when ? self->when[a] : 0, y = self->when ? self->when[b] : 0;
    return x != y ? x < y : self->row[a] < self->row[b];
}

#endif
