"""Finds a factory by MODULE:FACTORY, as the command line names it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from ..core.errors import ContractError
from .candidate import as_candidate

_NAME = r"[^\W\d]\w*"
_WHERE = re.compile(rf"({_NAME}(?:\.{_NAME})*):({_NAME}(?:\.{_NAME})*)")
EXAMPLE = "tools.live.conformance.stages:fake"


def load(where: str) -> Callable[[], object]:
    """The factory; ContractError when there is none, or when what it makes is no adapter.

    One is made here, so that a factory that cannot make any is told at once.
    """
    named = _WHERE.fullmatch(where)
    if named is None:
        raise ContractError(f"{where[:80]!r} is not MODULE:FACTORY; write it like {EXAMPLE}")
    factory = _found(_imported(named[1]), named[2], where)
    try:
        as_candidate(factory())
    except ContractError as error:
        raise ContractError(f"{where}: {error}") from None
    except (Exception, SystemExit) as error:
        said = f"{type(error).__name__}: {error}"
        raise ContractError(f"{where} raised {said:.120}; call it without arguments") from error
    return factory


def _imported(module: str) -> Any:
    here = os.getcwd()
    if here not in sys.path and "" not in sys.path:
        sys.path.insert(0, here)
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and (module + ".").startswith(error.name + "."):
            raise ContractError(
                f"there is no module {error.name}; run the command where it can be imported, or set"
                " PYTHONPATH"
            ) from None
        raise ContractError(f"module {module} needs {error.name}; install it") from None
    except (Exception, SystemExit) as error:
        said = f"{type(error).__name__}: {error}"
        raise ContractError(f"module {module} cannot be imported: {said:.160}; mend it") from error


def _found(module: Any, path: str, where: str) -> Callable[[], object]:
    found = module
    for name in path.split("."):
        if not hasattr(found, name):
            known = [one for one in vars(module) if callable(getattr(module, one))]
            mine = [one for one in known if not one.startswith("_")]
            from ..console import did_you_mean

            raise ContractError(f"{where}: there is no {name}; {did_you_mean(name, mine)}")
        found = getattr(found, name)
    if not callable(found):
        raise ContractError(
            f"{where} is {type(found).__name__}, which cannot be called; name a function or a class"
            " that makes an adapter"
        )
    made: Callable[[], object] = found
    return made
