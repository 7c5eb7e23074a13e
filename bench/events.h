/* Events of a made-up Bluesky, as Jetstream writes them, for bench/ingest.c: from random numbers, the same for a seed
 * whatever the number asked for. One account in twenty events; a few do and draw most; 14 days; a mix near that of the
 * real stream: of a hundred 55 likes, 14 posts, 10 follows, 9 reposts, 7 deletes, 2 blocks, 2 that are not modelled,
 * and 1 notice about an account. About 480 bytes a line. */
#ifndef THRONG_BENCH_EVENTS_H
#define THRONG_BENCH_EVENTS_H

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define EVENTS_POSTS 65536
#define EVENTS_START INT64_C(1732147200000000) /* 2024-11-21 */
#define EVENTS_SPAN  (INT64_C(14) * 86400 * 1000000)

/* A post, or whatever else was made, that later events can point to. */
typedef struct events_made {
    int64_t agent, number;
    const char *collection;
} events_made;

typedef struct events {
    uint64_t state;
    int64_t n_events, n_agents, number;
    events_made posts[EVENTS_POSTS], others[EVENTS_POSTS];
    int64_t n_posts, n_others;
    int64_t time; /* of the event, microseconds */
} events;

static uint64_t events_mix(uint64_t x) { /* splitmix64 */
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

static uint64_t events_draw(events *it) {
    return events_mix(it->state += 0x9E3779B97F4A7C15u);
}

static double events_uniform(events *it) {
    return (double)(events_draw(it) >> 11) * 0x1p-53;
}

static int64_t events_agent(events *it) {
    double u = events_uniform(it);
    return (int64_t)((double)it->n_agents * u * u * u);
}

/* `n` characters out of 32 that follow from a number. */
static char *events_letters(uint64_t number, int n, char *to) {
    static const char letters[] = "234567abcdefghijklmnopqrstuvwxyz";
    for (int i = 0; i < n; i++) {
        if (i % 12 == 0)
            number = events_mix(number + 0x9E3779B97F4A7C15u);
        to[i] = letters[number >> 5 * (i % 12) & 31];
    }
    to[n] = '\0';
    return to;
}

static void events_did(int64_t agent, FILE *out) {
    char name[25];
    fprintf(out, "did:plc:%s", events_letters((uint64_t)agent, 24, name));
}

static void events_key(int64_t number, FILE *out) {
    char name[14];
    fputs(events_letters((uint64_t)number | UINT64_C(1) << 62, 13, name), out);
}

static void events_cid(events *it, FILE *out) {
    char name[53];
    fprintf(out, "\"cid\":\"bafyrei%s\"", events_letters(events_draw(it), 52, name));
}

static void events_time(const events *it, FILE *out) {
    int64_t milli = (it->time - EVENTS_START) / 1000 - 87, day = milli < 0 ? 0 : milli / 86400000;
    milli = milli < 0 ? 0 : milli % 86400000;
    fprintf(out, "\"createdAt\":\"2024-%02d-%02dT%02d:%02d:%02d.%03dZ\"", day < 10 ? 11 : 12,
            (int)(day < 10 ? 21 + day : day - 9), (int)(milli / 3600000), (int)(milli / 60000 % 60),
            (int)(milli / 1000 % 60), (int)(milli % 1000));
}

static void events_uri(const events_made *made, FILE *out) {
    fputs("at://", out);
    events_did(made->agent, out);
    fprintf(out, "/app.bsky.%s/", made->collection);
    events_key(made->number, out);
}

/* {"cid":...,"uri":...} of a post */
static void events_link(events *it, const events_made *to, FILE *out) {
    fputc('{', out);
    events_cid(it, out);
    fputs(",\"uri\":\"", out);
    events_uri(to, out);
    fputs("\"}", out);
}

static const events_made *events_pick(events *it, const events_made *of, int64_t n) {
    double u = events_uniform(it);
    int64_t there = n < EVENTS_POSTS ? n : EVENTS_POSTS;
    return &of[(int64_t)((double)there * u * u)];
}

static void events_text(events *it, FILE *out) {
    static const char *const words[] = {"the",
                                        "a",
                                        "good",
                                        "bad",
                                        "day",
                                        "we",
                                        "love",
                                        "hate",
                                        "news",
                                        "vote",
                                        "for",
                                        "nice",
                                        "\\u00e9t\\u00e9",
                                        "cat",
                                        "sad",
                                        "great",
                                        "terrible",
                                        "is",
                                        "not",
                                        "#art",
                                        "and",
                                        "so",
                                        "\\n",
                                        "why"};
    int n = 3 + (int)(events_draw(it) % 30);
    fputs("\"text\":\"", out);
    for (int i = 0; i < n; i++)
        fprintf(out, "%s%s", i ? " " : "", words[events_draw(it) % (sizeof words / sizeof *words)]);
    fputs("\"", out);
}

/* The part of a post behind its type and time. */
static void events_post(events *it, FILE *out) {
    static const char *const languages[] = {"en", "en", "en", "ja", "pt", "de"};
    double kind = events_uniform(it);
    fprintf(out, ",\"langs\":[\"%s\"],", languages[events_draw(it) % 6]);
    if (it->n_posts > 0 && kind < 0.45) {
        const events_made *parent = events_pick(it, it->posts, it->n_posts);
        fputs("\"reply\":{\"parent\":", out);
        events_link(it, parent, out);
        fputs(",\"root\":", out);
        events_link(it, parent, out);
        fputs("},", out);
    } else if (it->n_posts > 0 && kind < 0.5) {
        fputs("\"embed\":{\"$type\":\"app.bsky.embed.record\",\"record\":", out);
        events_link(it, events_pick(it, it->posts, it->n_posts), out);
        fputs("},", out);
    }
    events_text(it, out);
}

static void events_remember(events_made *in, int64_t *n, events_made made) {
    in[*n % EVENTS_POSTS] = made;
    ++*n;
}

static void events_begin(events *it, int64_t agent, const char *operation, const char *collection, int64_t key,
                         FILE *out) {
    char revision[14];
    fputs("{\"did\":\"", out);
    events_did(agent, out);
    fprintf(out,
            "\",\"time_us\":%" PRId64 ",\"kind\":\"commit\",\"commit\":{\"rev\":\"%s\",\"operation\":\"%s\","
            "\"collection\":\"app.bsky.%s\",\"rkey\":\"",
            it->time, events_letters((uint64_t)it->number, 13, revision), operation, collection);
    events_key(key, out);
    fputc('"', out);
}

static void events_create(events *it, int64_t agent, const char *collection, FILE *out) {
    const events_made *subject = it->n_posts > 0 ? events_pick(it, it->posts, it->n_posts) : NULL;
    events_begin(it, agent, "create", collection, it->number, out);
    fprintf(out, ",\"record\":{\"$type\":\"app.bsky.%s\",", collection);
    events_time(it, out);
    if (collection[5] == 'p') { /* feed.post */
        events_post(it, out);
    } else if (collection[0] == 'g') { /* graph.follow, graph.block */
        fputs(",\"subject\":\"", out);
        events_did(events_agent(it), out);
        fputc('"', out);
    } else if (subject) {
        fputs(",\"subject\":", out);
        events_link(it, subject, out);
        if (collection[5] == 'r' && it->n_others > 0 && events_draw(it) % 10 < 3) {
            fputs(",\"via\":", out);
            events_link(it, events_pick(it, it->others, it->n_others), out);
        }
    }
    fputs("},", out);
    events_cid(it, out);
    fputs("}}\n", out);
    events_made made = {agent, it->number, collection};
    if (collection[5] == 'p')
        events_remember(it->posts, &it->n_posts, made);
    else
        events_remember(it->others, &it->n_others, made);
}

static void events_delete(events *it, FILE *out) {
    const events_made *made =
        it->n_others > 0 ? events_pick(it, it->others, it->n_others) : events_pick(it, it->posts, it->n_posts);
    events_begin(it, made->agent, "delete", made->collection, made->number, out);
    fputs("}}\n", out);
}

static void events_notice(events *it, int64_t agent, FILE *out) {
    fputs("{\"did\":\"", out);
    events_did(agent, out);
    fprintf(out, "\",\"time_us\":%" PRId64 ",\"kind\":\"identity\",\"identity\":{\"did\":\"", it->time);
    events_did(agent, out);
    fprintf(out, "\",\"handle\":\"a%" PRId64 ".example\",\"seq\":%" PRId64 "}}\n", agent, it->number);
}

/* Writes the events of a seed, n of them. */
static void events_write(int64_t n, uint64_t seed, FILE *out) {
    events *it = calloc(1, sizeof *it);
    if (!it)
        exit(1);
    it->state = seed;
    it->n_events = n;
    it->n_agents = n / 20 + 100;
    for (; it->number < n; it->number++) {
        int kind = (int)(events_draw(it) % 100);
        int64_t agent = events_agent(it);
        it->time = EVENTS_START + (int64_t)((double)EVENTS_SPAN * (double)it->number / (double)n);
        if (it->n_posts == 0 || kind < 14)
            events_create(it, agent, "feed.post", out);
        else if (kind < 69)
            events_create(it, agent, "feed.like", out);
        else if (kind < 79)
            events_create(it, agent, "graph.follow", out);
        else if (kind < 88)
            events_create(it, agent, "feed.repost", out);
        else if (kind < 95)
            events_delete(it, out);
        else if (kind < 97)
            events_create(it, agent, "graph.block", out);
        else if (kind < 99)
            events_create(it, agent, "graph.starterpack", out);
        else
            events_notice(it, agent, out);
    }
    free(it);
}

#endif
