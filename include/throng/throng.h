/** All of throng. See README.md for a first program. */
#ifndef THRONG_H
#define THRONG_H

#include "throng/attribution.h"
#include "throng/cascade.h"
#include "throng/core.h"
#include "throng/dynamics.h"
#include "throng/game.h"
#include "throng/generator.h"
#include "throng/graph.h"
#include "throng/graph_model.h"
#include "throng/indicator.h"
#include "throng/ingest.h"
#include "throng/intervene.h"
#include "throng/llm.h"
#include "throng/markov.h"
#include "throng/mock_llm.h"
#include "throng/operator.h"
#include "throng/panel.h"
#include "throng/policy.h"
#include "throng/population.h"
#include "throng/problem.h"
#include "throng/prompt.h"
#include "throng/report.h"
#include "throng/serve.h"
#include "throng/solver.h"
#include "throng/study.h"
#include "throng/table.h"
#include "throng/tree.h"
#include "throng/verify.h"
#include "throng/world.h"

#endif
