"""Language models that play."""
from __future__ import annotations

import ctypes
import os
import warnings
from typing import Any

from ._context import Context
from ._library import Record, lib


class Model:
    """A language model as a policy of ``throng.play``. One of `endpoint`, `script` and `replay` says who answers.

    name: as the server calls it; of a replay, whose answers are taken
    endpoint: server to ask, with the version: "http://127.0.0.1:8000/v1"
    script: a file of rules that answers instead of a model; "": all choices are alike
    replay: a transcript from which answers are taken
    api: "chat" or "completions"
    key_variable, key_file: environment variable, or file, that holds the key
    cache: keep answers in this file, and take them from there
    transcript: add every question and answer to this file
    template: a file that says what the model is told; default: plain English
    temperature: 0: its most probable action; above, throng draws
    samples, orders, logprobs: as ``throng play`` has them; samples and orders 0: its defaults
    max_calls: stop before more answers than that; 0: no limit

    >>> import throng
    >>> r = throng.play('kuhn', [throng.Model(script='', temperature=1), 'solver:cfr-plus'], deals=100)
    >>> r.policies[0].policy, r.policies[0].counts.void
    ('stand-in', False)
    """

    def __init__(self, name: str | None = None, *, endpoint: str | None = None, script: Any = None, replay: Any = None,
                 api: str = 'chat', key_variable: str | None = None, key_file: Any = None, cache: Any = None,
                 transcript: Any = None, template: Any = None, temperature: float = 0.0, samples: int = 0,
                 orders: int = 0, logprobs: bool = True, max_calls: int = 0):
        if sum(entry is not None for entry in (endpoint, script, replay)) != 1:
            raise ValueError('whom to ask? Give one of endpoint, script and replay')
        if script is None and not name:
            raise ValueError('a model needs a name: which one is it?')
        if api not in ('chat', 'completions'):
            raise ValueError(f"api is 'chat' or 'completions', got {api!r}")
        self.name, self.endpoint, self.script, self.replay, self.api = name or 'stand-in', endpoint, script, replay, api
        self.key_variable, self.key_file, self.cache, self.transcript = key_variable, key_file, cache, transcript
        self.template, self.temperature, self.samples, self.orders = template, temperature, samples, orders
        self.logprobs, self.max_calls = logprobs, max_calls

    def __repr__(self) -> str:
        return f'<throng model {self.name}>'

    def _source(self, context: Context, seed: int) -> ctypes.c_void_p:
        llm, name = ctypes.c_void_p(), self.name.encode()
        if self.script is not None:
            path = os.fsencode(self.script) or None
            lib.call('llm_script_create', context.pointer, path, seed, ctypes.byref(llm))
        elif self.replay is not None:
            lib.call('llm_replay_create', context.pointer, os.fsencode(self.replay), name, ctypes.byref(llm))
        elif self.endpoint is not None:
            wanted = lib.struct('llm_endpoint_def')
            wanted.url, wanted.model, wanted.seed, wanted.max_calls = self.endpoint.encode(), name, seed, self.max_calls
            wanted.api = lib.value(f'LLM_{self.api.upper()}')
            wanted.key_variable = self.key_variable.encode() if self.key_variable else None
            wanted.key_file = os.fsencode(self.key_file) if self.key_file else None
            lib.call('llm_endpoint_create', context.pointer, ctypes.byref(wanted), ctypes.byref(llm))
        return llm

    def _fill(self, context: Context, wanted: Any, seed: int) -> Any:
        """Says in a definition whom to ask, and how; what it opens lives as long as that."""
        llm = self._source(context, seed)
        try:
            if self.cache is not None:
                lib.call('llm_cache_create', llm, os.fsencode(self.cache), lib.value('LLM_CACHE_WRITE'),
                         ctypes.byref(llm))
            if self.transcript is not None:
                lib.call('llm_transcript_create', llm, os.fsencode(self.transcript), ctypes.byref(llm))
        finally:
            wanted.keep = [context.own(llm, 'llm_free')]
        wanted.llm = llm
        if self.template is not None:
            wording = ctypes.c_void_p()
            lib.call('llm_template_load', context.pointer, os.fsencode(self.template), ctypes.byref(wording))
            wanted.keep.append(context.own(wording, 'llm_template_free'))
            wanted.wording = wording
        wanted.temperature, wanted.no_logprobs, wanted.seed = self.temperature, not self.logprobs, seed
        wanted.samples, wanted.orders = self.samples, self.orders
        return wanted


def counted(counts: Any) -> Record:
    """How answers came about. A model that cannot be read says nothing about the game."""
    if counts.is_void:
        warnings.warn(f'{counts.unreadable:.1%} of the answers could not be read: what was played is void',
                      stacklevel=4)
    return Record(by_logprobs=counts.by_logprobs, by_samples=counts.by_samples, refusals=counts.refusals,
                  defaulted=counts.defaulted, unreadable=counts.unreadable, void=bool(counts.is_void))
