/* The sums of a selection, in one pass over its range on one thread: rows are added up chunk by chunk in their order,
 * so that the same selection has the same bits. */
#include "serve/summary.h"

#include "report/json.h"

#include <math.h>
#include <string.h>

/* More cohorts than this are not listed. */
#define COHORTS_MAX 1000

/* Agents that are told apart by bit. */
typedef struct seen_agents {
    const int32_t *agents; /* NULL: not told apart */
    uint8_t *bits;
    int64_t n, count;
} seen_agents;

typedef struct group {
    int64_t rows;
    double phi, absolute, whole; /* whole: phi of all rows of the range, selected or not */
} group;

typedef struct spread {
    throng_column_view column;
    double sum, min, max;
    int64_t n;
} spread;

typedef struct summary {
    throng_context *context;
    const throng_i_selection *selection;
    throng_column_view phi, cohort, times;
    bool has_phi, has_cohort;
    spread state, weight;
    const int64_t *begins; /* [n_frames + 1] */
    int64_t n_frames;
    group chunk, all;
    double whole_absolute;
    group *cohorts, *frames; /* [cohort.n_words], [n_frames] */
    seen_agents agents;
    throng_i_best best;
} summary;

/* ---- adding up ------------------------------------------------------------------------------------------------- */

static void add_spread(spread *self, int64_t row) {
    double value = self->column.data ? throng_i_number(&self->column, row) : (double)NAN;
    if (!isfinite(value))
        return;
    self->sum += value;
    self->min = self->n == 0 || value < self->min ? value : self->min;
    self->max = self->n == 0 || value > self->max ? value : self->max;
    self->n++;
}

static void add_group(group *self, double phi) {
    self->rows++;
    self->phi += phi;
    self->absolute += fabs(phi);
}

static void add_agent(seen_agents *self, int64_t row) {
    int32_t agent = self->agents[row];
    uint8_t bit = (uint8_t)(1 << (agent & 7));
    self->count += !(self->bits[agent >> 3] & bit);
    self->bits[agent >> 3] |= bit;
}

static void add_row(summary *self, int64_t row, double phi) {
    add_group(&self->chunk, phi);
    if (self->has_cohort)
        add_group(&self->cohorts[((const int32_t *)self->cohort.data)[row]], phi);
    add_spread(&self->state, row);
    add_spread(&self->weight, row);
    if (self->agents.agents)
        add_agent(&self->agents, row);
    if (self->has_phi)
        throng_i_best_offer(&self->best, row, fabs(phi));
}

static void add_to(group *self, const group *part) {
    self->rows += part->rows;
    self->phi += part->phi;
    self->absolute += part->absolute;
}

/* Most selections are of few rows: bytes without a bit are passed over. Sums are made by chunk, then by frame, as
 * wholes are, so that the share of everybody is 1. */
static void add_up(summary *self) {
    const throng_i_selection *selection = self->selection;
    int64_t frame = 0, chunk = 0, n = selection->to - selection->from;
    for (int64_t i = 0; i < (n + 7) / 8; i++)
        for (unsigned bits = selection->bits[i]; bits; bits &= bits - 1) {
            int64_t row = selection->from + 8 * i + __builtin_ctz(bits);
            double phi = self->has_phi ? throng_i_number(&self->phi, row) : 0.0;
            if (row >= self->begins[frame + 1] || row / THRONG_CHUNK_ROWS != chunk) {
                add_to(&self->frames[frame], &self->chunk);
                self->chunk = (group){0};
                chunk = row / THRONG_CHUNK_ROWS;
            }
            while (row >= self->begins[frame + 1])
                frame++;
            add_row(self, row, isfinite(phi) ? phi : 0.0);
        }
    if (self->n_frames > 0)
        add_to(&self->frames[frame], &self->chunk);
    for (int64_t i = 0; i < self->n_frames; i++)
        add_to(&self->all, &self->frames[i]);
    throng_i_best_sort(&self->best);
}

/* What shares refer to. */
static throng_status add_wholes(throng_i_run_table *table, summary *self, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t from = self->selection->from, to = self->selection->to;
    for (int64_t i = 0; i < self->n_frames && self->has_phi; i++) {
        double sums[2] = {0.0, 0.0};
        int64_t begin = self->begins[i] > from ? self->begins[i] : from;
        int64_t end = self->begins[i + 1] < to ? self->begins[i + 1] : to;
        if (begin < end)
            THRONG_TRY(throng_i_run_sums(table, begin, end, sums, err));
        self->frames[i].whole = sums[0];
        self->all.whole += sums[0];
        self->whole_absolute += sums[1];
    }
out:
    return status;
}

/* ---- putting into words ---------------------------------------------------------------------------------------- */

static json_t *real_if(bool there, double value) {
    return there ? throng_i_json_real(value) : json_null();
}

static json_t *pack_spread(const spread *self) {
    if (!self->column.data || self->n == 0)
        return json_null();
    return json_pack("{s:o, s:o, s:o}", "mean", throng_i_json_real(self->sum / (double)self->n), "min",
                     throng_i_json_real(self->min), "max", throng_i_json_real(self->max));
}

static json_t *pack_cohorts(const summary *self) {
    if (!self->has_cohort)
        return json_null();
    json_t *list = json_array();
    for (int64_t i = 0; i < self->cohort.n_words; i++) {
        const group *it = &self->cohorts[i];
        if (it->rows > 0)
            json_array_append_new(
                list, json_pack("{s:o, s:I, s:o, s:o, s:o}", "cohort", throng_i_json_string(self->cohort.words[i]),
                                "rows", (json_int_t)it->rows, "phi", real_if(self->has_phi, it->phi), "share",
                                self->has_phi ? throng_i_json_share(it->phi, self->all.whole) : json_null(), "absolute",
                                real_if(self->has_phi, it->absolute)));
    }
    return list;
}

static json_t *pack_frames(const summary *self) {
    json_t *list = json_array();
    for (int64_t i = 0; i < self->n_frames; i++) {
        const group *it = &self->frames[i];
        if (self->begins[i + 1] <= self->selection->from || self->begins[i] >= self->selection->to)
            continue;
        json_t *label = self->times.data ? throng_i_cell(&self->times, self->begins[i]) : json_null();
        json_array_append_new(list,
                              json_pack("{s:I, s:o, s:I, s:o, s:o}", "frame", (json_int_t)i, "label", label, "rows",
                                        (json_int_t)it->rows, "phi", real_if(self->has_phi, it->phi), "share",
                                        self->has_phi ? throng_i_json_share(it->phi, it->whole) : json_null()));
    }
    return list;
}

static json_t *pack_top(throng_i_call *call, const summary *self) {
    static const throng_i_part parts[] = {THRONG_I_PART_ID,    THRONG_I_PART_TIME,   THRONG_I_PART_STEP,
                                          THRONG_I_PART_STATE, THRONG_I_PART_WEIGHT, THRONG_I_PART_COHORT,
                                          THRONG_I_PART_PHI};
    json_t *list = json_array();
    for (int i = 0; i < self->best.n; i++) {
        int64_t row = self->best.rows[i];
        json_t *entry = json_pack("{s:I}", "row", (json_int_t)row);
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
            throng_column_view column;
            if (throng_i_call_part(call, parts[k], &column))
                json_object_set_new(entry, throng_i_part_name(parts[k]), throng_i_cell(&column, row));
        }
        json_object_set_new(entry, "share", throng_i_json_share(throng_i_number(&self->phi, row), self->all.whole));
        json_array_append_new(list, entry);
    }
    return list;
}

static void reply_with(throng_i_call *call, const summary *self, double began) {
    const throng_i_selection *selection = self->selection;
    bool phi = self->has_phi;
    json_t *out = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "selection", selection->name, "table",
                            call->table->name, "from", (json_int_t)selection->from, "to", (json_int_t)selection->to,
                            "rows", (json_int_t)self->all.rows, "of", (json_int_t)(selection->to - selection->from),
                            "phi", real_if(phi, self->all.phi), "share",
                            phi ? throng_i_json_share(self->all.phi, self->all.whole) : json_null(), "absolute",
                            real_if(phi, self->all.absolute), "absolute_share",
                            phi ? throng_i_json_share(self->all.absolute, self->whole_absolute) : json_null());
    json_object_set_new(
        out, "whole",
        json_pack("{s:o, s:o}", "phi", real_if(phi, self->all.whole), "absolute", real_if(phi, self->whole_absolute)));
    int64_t agents = self->agents.agents ? self->agents.count : self->all.rows;
    bool counted = call->table->part[THRONG_I_PART_ID] >= 0;
    json_object_set_new(out, "agents", counted ? json_integer((json_int_t)agents) : json_null());
    json_object_set_new(out, "state", pack_spread(&self->state));
    json_object_set_new(out, "weight", pack_spread(&self->weight));
    json_object_set_new(out, "by_cohort", pack_cohorts(self));
    json_object_set_new(out, "by_frame", pack_frames(self));
    json_object_set_new(out, "top", pack_top(call, self));
    json_object_set_new(out, "seconds", throng_i_json_real(throng_i_seconds() - began));
    throng_i_reply_json(call->reply, out);
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

/* Agents need telling apart only if the range goes over several frames. */
static throng_status prepare_agents(throng_i_call *call, summary *self, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t frames = 0;
    for (int64_t i = 0; i < self->n_frames; i++)
        frames += self->begins[i + 1] > self->selection->from && self->begins[i] < self->selection->to;
    if (call->table->part[THRONG_I_PART_ID] < 0 ||
        (frames < 2 && call->table->part[THRONG_I_PART_TIME] < 0 && call->table->part[THRONG_I_PART_STEP] < 0))
        goto out;
    THRONG_TRY(throng_i_run_agents(call->table, &self->agents.agents, &self->agents.n, err));
    THRONG_TRY(throng_i_alloc(self->context, (self->agents.n + 7) / 8, 1, &self->agents.bits, err));
out:
    return status;
}

static throng_status prepare(throng_i_call *call, summary *self, int top, throng_error *err) {
    throng_status status = THRONG_OK;
    self->has_phi = throng_i_call_part(call, THRONG_I_PART_PHI, &self->phi);
    self->has_cohort = throng_i_call_part(call, THRONG_I_PART_COHORT, &self->cohort) &&
                       self->cohort.type == THRONG_TYPE_TEXT && self->cohort.n_words <= COHORTS_MAX;
    throng_i_call_part(call, THRONG_I_PART_STATE, &self->state.column);
    throng_i_call_part(call, THRONG_I_PART_WEIGHT, &self->weight.column);
    if (!throng_i_call_part(call, THRONG_I_PART_TIME, &self->times))
        throng_i_call_part(call, THRONG_I_PART_STEP, &self->times);
    THRONG_TRY(throng_i_run_frames(call->table, &self->begins, &self->n_frames, err));
    THRONG_TRY(throng_i_alloc(self->context, self->n_frames, sizeof *self->frames, &self->frames, err));
    THRONG_TRY(throng_i_alloc(self->context, self->has_cohort ? self->cohort.n_words : 0, sizeof *self->cohorts,
                              &self->cohorts, err));
    THRONG_TRY(throng_i_best_init(self->context, top, &self->best, err));
    THRONG_TRY(prepare_agents(call, self, err));
    THRONG_TRY(add_wholes(call->table, self, err));
out:
    return status;
}

void throng_i_summarise(throng_i_call *call, const throng_i_selection *selection, int top, double began) {
    throng_error err = {0};
    summary self = {.context = call->explorer->context, .selection = selection};
    throng_status status = prepare(call, &self, top, &err);
    if (status != THRONG_OK) {
        throng_i_reply_error(call->reply, &err);
    } else if (call->reply->status == 0) { /* else a column could not be read, and the reply says so */
        add_up(&self);
        reply_with(call, &self, began);
    }
    throng_i_free(self.context, self.frames);
    throng_i_free(self.context, self.cohorts);
    throng_i_free(self.context, self.agents.bits);
    throng_i_best_clear(self.context, &self.best);
}
