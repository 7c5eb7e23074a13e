/* Two parameters whose owners neither agree nor quarrel: a toy to draw. */
#include "throng/math.h"
#include "throng/smooth.h"

enum {
    BOX,
    FIRST,
    SECOND
};

static const throng_param params[] = {
    [BOX] = {"box", THRONG_PARAM_REAL, 2, 0.01, 100, "", "parameters stay in [-box, box]"},
    [FIRST] = {"first", THRONG_PARAM_REAL, 0.5, -100, 100, "", "where the first begins, within the box"},
    [SECOND] = {"second", THRONG_PARAM_REAL, 0.5, -100, 100, "", "where the second begins"},
    {0}};

/* u = a b + b^2 and v = 1 + a - (1 + b)^2, with their sines and cosines. */
typedef struct inner {
    double sin_u, cos_u, sin_v, cos_v, u_b, v_b; /* derivatives in b; in a they are b and 1 */
} inner;

static inner look(const double *at) {
    double a = at[0], b = at[1];
    inner it = {.u_b = a + 2.0 * b, .v_b = -2.0 * (1.0 + b)};
    throng_sin_cos(a * b + b * b, &it.sin_u, &it.cos_u);
    throng_sin_cos(1.0 + a - (1.0 + b) * (1.0 + b), &it.sin_v, &it.cos_v);
    return it;
}

static void losses(const void *data, const double *at, double *out) {
    inner it = look(at);
    (void)data;
    out[0] = -it.sin_u;
    out[1] = -it.cos_v - at[0] * at[1] * at[1];
}

static void gradient(const void *data, int player, const double *at, double *out) {
    inner it = look(at);
    double a = at[0], b = at[1];
    (void)data;
    out[0] = player == 0 ? -it.cos_u * b : it.sin_v - b * b;
    out[1] = player == 0 ? -it.cos_u * it.u_b : it.sin_v * it.v_b - 2.0 * a * b;
}

static void curve(const void *data, int player, const double *at, const double *direction, double *out) {
    inner it = look(at);
    double a = at[0], b = at[1], aa, ab, bb;
    (void)data;
    if (player == 0) {
        aa = it.sin_u * b * b;
        ab = it.sin_u * b * it.u_b - it.cos_u;
        bb = it.sin_u * it.u_b * it.u_b - 2.0 * it.cos_u;
    } else {
        aa = it.cos_v;
        ab = it.cos_v * it.v_b - 2.0 * b;
        bb = it.cos_v * it.v_b * it.v_b - 2.0 * it.sin_v - 2.0 * a;
    }
    out[0] = aa * direction[0] + ab * direction[1];
    out[1] = ab * direction[0] + bb * direction[1];
}

static throng_status open_game(throng_context *context, const char *name, const double *param, throng_problem *out,
                               throng_error *err) {
    static const int ones[2] = {1, 1};
    static const char *const names[2] = {"a", "b"};
    const double start[2] = {param[FIRST], param[SECOND]};
    throng_smooth *game = NULL;
    const throng_smooth_def def = {.name = name,
                                   .n_players = 2,
                                   .n_parameters = ones,
                                   .parameters = names,
                                   .start = start,
                                   .low = -param[BOX],
                                   .high = param[BOX],
                                   .losses = losses,
                                   .gradient = gradient,
                                   .curve = curve};
    throng_status status = throng_smooth_create(context, &def, &game, err);
    if (status == THRONG_OK)
        *out = throng_smooth_problem(game);
    return status;
}

extern const throng_game throng_game_mixed_motives;
const throng_game throng_game_mixed_motives = {
    .about = {.struct_size = sizeof(throng_game),
              .name = "mixed-motives",
              .summary = "two parameters whose owners neither agree nor quarrel, for pictures",
              .details =
                  "The first sets a and gets sin(a b + b^2), the second sets b and gets cos(1 + a - (1 + b)^2) + a "
                  "b^2. Together they could get any amount, so that both stay in a box; what they reach depends "
                  "on where they begin. Solver: aga, which flutters where the sign of lambda changes.",
              .reference = "Li et al. 2024, Aligning individual and collective objectives in multi-agent cooperation, "
                           "NeurIPS; arXiv 2402.12416 (formula recalled, box ours)",
              .params = params},
    .open = open_game,
};
