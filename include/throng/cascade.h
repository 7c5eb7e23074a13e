/**
 * Cascades: who passed on what. Actions (posts, reposts, replies, adoptions) become trees, trees are measured, and
 * their reach is divided over the agents that made it.
 *
 * An action's parent is, in this order: what the table says; who was followed and acted last before on the same item
 * (Goel, Anderson, Hofman and Watts 2016, The structural virality of online diffusion, doi 10.1287/mnsc.2015.2158); the
 * action with which the item began. Every action is in exactly one tree; how it got there is said and counted.
 */
#ifndef THRONG_CASCADE_H
#define THRONG_CASCADE_H

#include "throng/population.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How a member came to its place. */
typedef enum throng_link {
    THRONG_LINK_START,    /* it begins its cascade */
    THRONG_LINK_KNOWN,    /* the table names its parent */
    THRONG_LINK_FOLLOWED, /* its agent follows the parent's, which acted last before */
    THRONG_LINK_ASSUMED,  /* nothing is known but the item: it hangs on the item's first action */
    THRONG_LINK_COUNT
} throng_link;

/** "start", "known", "followed", "assumed". */
THRONG_API const char *throng_link_name(throng_link link);

/** Which columns of a table are what. Start from throng_cascades_default(). Numbers and text may be mixed among id,
 *  parent and item. A value is missing that is INT64_MIN (of dates INT32_MIN) or the text "". */
typedef struct throng_cascades_def {
    const char *agent;  /* who acted; required, never missing */
    const char *id;     /* what the action is called. NULL: actions are told apart by item and agent, and of several the
                           earliest counts */
    const char *time;   /* whole number, date or timestamp. Actions of one time are in the order of the rows, those
                           without a time last. NULL: the order of the rows */
    const char *parent; /* the id of the action that it came from, where that is known; needs id */
    const char *item;   /* what is passed on: the id of its first action, or any name */
    const char *author; /* who made the parent or item, for those that are not in the table */
    const char *kind;   /* text: only a "repost" may have come through somebody else, all others come from their item.
                           NULL: all may */
    const char *source, *target; /* edges: columns of who follows, and of who is followed */
    double within; /* an action that is followed was at most so long before: seconds of timestamps, days of dates, else
                      units of the column; infinite by default */
    bool apart;    /* what would be ASSUMED begins a cascade of its own instead, as Goel et al. have it */
} throng_cascades_def;

THRONG_API throng_cascades_def throng_cascades_default(void);

/** What became of the rows: rows = actions + repeats; actions + unseen = members = starts + known + followed +
 *  assumed. */
typedef struct throng_cascades_counts {
    int64_t rows;
    int64_t repeats; /* left out: an id, or an agent with an item, again */
    int64_t actions; /* rows that are members */
    int64_t unseen;  /* members without a row: parents and items that are named and not there */
    int64_t members;
    int64_t starts, known, followed, assumed;
    int64_t lost;    /* parents that are named and not there */
    int64_t early;   /* actions with a time before that of their known parent; they stay with it */
    int64_t ties;    /* followed actions of the very same time as the parent: the order of the rows decided */
    int64_t untimed; /* actions without a time */
    int64_t cycles; /* chains that lead back to themselves: cut at their earliest action, which then starts a cascade */
    int64_t edges;  /* different pairs that were looked through */
    int64_t strangers; /* edges left out: an end never acts, or is both ends */
} throng_cascades_counts;

typedef struct throng_cascades throng_cascades;

/**
 * Makes trees of actions, measures them, and credits agents.
 *
 * The credit of reach is a Shapley value: v(S) counts the members that are still reached if agents outside S act but
 * nobody takes it up from them. A member is reached iff everybody above it is in S, so each of the k different agents
 * above it has 1/k of it, exactly: the credits sum to the number of members with somebody above them.
 *
 * @param actions  consumed, also on failure
 * @param edges    who follows whom; NULL: not known. Consumed, also on failure
 * @return THRONG_E_ARGUMENT (no agent; a parent without ids), THRONG_E_COLUMN (unknown column or wrong type),
 *         THRONG_E_EMPTY (no rows), THRONG_E_MISSING_VALUE (an agent is), THRONG_E_CANCELLED, THRONG_E_MEMORY.
 *
 * Cost: O(rows log rows) time at worst; about 100 bytes a row beside the table, and with edges 4 bytes an agent and
 * thread. A followed link costs the lesser of the agent's follows and the item's earlier actions. No recursion: a chain
 * of any length will do. The same bits for any number of threads.
 */
THRONG_API THRONG_MUST_USE throng_status throng_cascades_create(throng_context *context, throng_table *actions,
                                                                throng_table *edges, const throng_cascades_def *def,
                                                                throng_cascades **out, throng_error *err);
THRONG_API void throng_cascades_free(throng_cascades *cascades);

/** Where actions and edges are. Texts are borrowed. */
typedef struct throng_cascades_input {
    const char *const *paths; /* [n_paths] as for throng_table_read. A crowd made by throng_ingest (X.duckdb, without
                                 #table) has its columns and follows filled in where def leaves them NULL */
    int n_paths;
    const char *condition;       /* SQL that rows must fulfil; NULL: all */
    const char *edges;           /* as a path; NULL: none, or a crowd's own follows */
    const char *edges_condition; /* NULL: all */
} throng_cascades_input;

/** Reads the tables, then does as throng_cascades_create. */
THRONG_API THRONG_MUST_USE throng_status throng_cascades_read(throng_context *context,
                                                              const throng_cascades_input *input,
                                                              const throng_cascades_def *def, throng_cascades **out,
                                                              throng_error *err);

THRONG_API throng_cascades_counts throng_cascades_counted(const throng_cascades *cascades);

/** A tree. */
typedef struct throng_cascade {
    int64_t root;         /* a member */
    int64_t size;         /* members, the root among them */
    int64_t depth, width; /* steps from the root to the furthest member; most members at one depth */
    double virality; /* mean distance between two members: 2 for a large broadcast, more if it went from hand to hand;
                        0 if there is one member. Exact but for one rounding */
} throng_cascade;

/** How many trees there are, and the index-th: they are in the order of their roots. */
THRONG_API int64_t throng_cascades_count(const throng_cascades *cascades);
THRONG_API throng_cascade throng_cascades_tree(const throng_cascades *cascades, int64_t index);

/** An action in its tree. */
typedef struct throng_cascade_member {
    int64_t row;         /* of the table of actions, from 0; -1: unseen */
    throng_agent agent;  /* -1: nobody knows */
    int64_t parent;      /* a member; -1: it is a root */
    int64_t cascade;     /* which tree */
    int64_t depth;       /* 0: the root */
    int64_t descendants; /* members below it */
    throng_link link;
    double phi; /* credit of its agent for what is below it; 0 if the agent is above it, too, where that counts */
} throng_cascade_member;

/** The index-th member, 0 .. counted.members - 1: actions in the order of their first rows, then the unseen ones. */
THRONG_API throng_cascade_member throng_cascades_member(const throng_cascades *cascades, int64_t index);

/** An agent's part. */
typedef struct throng_cascade_agent {
    double phi;      /* its share of the reach; all sum to throng_cascades_reach */
    int64_t reach;   /* members that are below it somewhere: what would be lost without it alone */
    int64_t actions; /* its members */
    int64_t starts;  /* of these, roots */
    int64_t direct;  /* members whose parent is its */
} throng_cascade_agent;

THRONG_API int64_t throng_cascades_agents(const throng_cascades *cascades);
THRONG_API throng_cascade_agent throng_cascades_agent(const throng_cascades *cascades, throng_agent agent);

/** Borrowed: [agents] phi of everyone. */
THRONG_API const double *throng_cascades_phi(const throng_cascades *cascades);

/** The proof: how many members have somebody above them, what the credits sum to, and |sum - reach| / max(reach, 1). */
typedef struct throng_cascades_proof {
    int64_t reach;
    double sum, residual;
} throng_cascades_proof;
THRONG_API throng_cascades_proof throng_cascades_prove(const throng_cascades *cascades);

/** An agent's id, or the id of a member (the item's name where there are no ids), as text; "(unknown)" for -1. */
THRONG_API void throng_cascades_agent_name(const throng_cascades *cascades, throng_agent agent, char *out, size_t size);
THRONG_API void throng_cascades_member_name(const throng_cascades *cascades, int64_t member, char *out, size_t size);

/** The files that were read: n and a borrowed array. */
THRONG_API const throng_source *throng_cascades_sources(const throng_cascades *cascades, int *n_sources);

#ifdef __cplusplus
}
#endif
#endif
