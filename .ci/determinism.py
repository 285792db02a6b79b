"""Finds what makes two runs differ: clocks, chance, addresses, sets, the environment, float sums.

The rules hold for every module below the edges (layer 6). Each finding names the replacement. They
read the syntax tree and know no types, so they are careful rather than complete: what they cannot
see, the matrix of environments does.

A sum needs a word. Adding floats depends on their order, adding integers does not, and a syntax
tree cannot tell which it is looking at. So `sum` is allowed where the type checker or the element
itself proves integers: in `name: int = sum(...)`, as `return sum(...)` of a function that returns
`int`, or over elements that are literal integers, `len(...)` or `int(...)`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from source import Finding, Source

OPEN_LAYER = 6

CLOCK = "take the time from the event or from core/clock.py"
CHANCE = "draw from a named stream of core/rng.py"
ADDRESS = "an address differs between runs; order by seq"
EDGE = "only the edges (layer 6) may; pass it in"

BANNED_MODULES = {
    "time": CLOCK, "random": CHANCE, "secrets": CHANCE, "uuid": "number it: seq or the order id",
    "locale": "format numbers in core/money.py", "socket": EDGE, "asyncio": EDGE,
    "threading": EDGE, "multiprocessing": EDGE, "concurrent": EDGE, "signal": EDGE,
    "argparse": EDGE, "subprocess": EDGE, "logging": EDGE,
}  # fmt: skip
MODULE_EXCEPTIONS = frozenset({
    ("core.clock", "time"), ("core.rng", "random"), ("journal.syncer", "threading"),
})  # fmt: skip
BANNED_CALLS = {"id": ADDRESS, "hash": "hash canonical bytes with hashlib", "print": EDGE,
                "input": EDGE}  # fmt: skip
BANNED_ATTRIBUTES = {
    "datetime.now": CLOCK, "datetime.utcnow": CLOCK, "datetime.today": CLOCK, "date.today": CLOCK,
    "os.environ": EDGE, "os.getenv": EDGE, "os.environb": EDGE, "os.urandom": CHANCE,
    "os.getpid": EDGE, "sys.stdout": EDGE, "sys.stderr": EDGE, "sys.argv": EDGE,
}  # fmt: skip
ENVIRONMENT_READER = "core.clock"

SET_CALLS = frozenset({"set", "frozenset"})
SET_METHODS = frozenset({"union", "intersection", "difference", "symmetric_difference"})
SET_TYPES = frozenset({"set", "frozenset", "Set", "AbstractSet", "MutableSet"})
ORDERED_CONSUMERS = frozenset({
    "list", "tuple", "enumerate", "iter", "next", "map", "filter", "zip", "reversed", "dict",
    "deque", "sum", "reduce", "chain", "fromkeys", "join", "extend", "islice", "accumulate",
})  # fmt: skip
WALK_SETS = "a set has no order; walk sorted(...) or keep a dict"

Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Module


def findings(source: Source) -> Iterator[Finding]:
    """Everything in this module that could make two equal runs differ."""
    if source.layer == OPEN_LAYER and source.module:
        return
    yield from _modules(source)
    yield from _calls(source)
    yield from _sums(source)
    yield from _sets(source)


def _modules(source: Source) -> Iterator[Finding]:
    for line, name in source.imported():
        top = name.partition(".")[0]
        allowed = (source.module, top) in MODULE_EXCEPTIONS
        if (advice := BANNED_MODULES.get(top)) and not allowed:
            yield source.finding(line, "determinism", f"import of {top}: {advice}")


def _calls(source: Source) -> Iterator[Finding]:
    for node in source.nodes:
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in BANNED_CALLS:
                yield source.finding(node.lineno, "determinism", f"{name}(): {BANNED_CALLS[name]}")
            case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name):
                yield from _attribute(source, node.lineno, owner, name)
            case ast.ExceptHandler(body=[*_, ast.Raise(exc=None)]):
                pass  # It cleans up and lets the error go on.
            case ast.ExceptHandler(type=kind):
                caught = "everything" if kind is None else ast.unparse(kind)
                if caught in ("everything", "Exception", "BaseException"):
                    message = f"except {caught}: name what can fail; a bug must stop the process"
                    yield source.finding(node.lineno, "errors", message)


def _attribute(source: Source, line: int, owner: str, name: str) -> Iterator[Finding]:
    if source.module == ENVIRONMENT_READER and owner == "os":
        return
    if advice := BANNED_ATTRIBUTES.get(f"{owner}.{name}"):
        yield source.finding(line, "determinism", f"{owner}.{name}: {advice}")
    elif owner == "random" and name != "Random":
        yield source.finding(line, "determinism", f"random.{name}: {CHANCE}")


def _sums(source: Source) -> Iterator[Finding]:
    proven = _proven_sums(source)
    for node in source.nodes:
        match node:
            case ast.Call(func=ast.Name(id="sum"), args=[over, *_]):
                if node not in proven and not _counts(over):
                    message = "sum of what may be floats; write `name: int = sum(...)` or math.fsum"
                    yield source.finding(node.lineno, "determinism", message)


def _proven_sums(source: Source) -> set[ast.AST]:
    """The sums that the type checker proves to be integers."""
    proven: set[ast.AST] = set()
    for node in source.nodes:
        match node:
            case ast.AnnAssign(annotation=ast.Name(id="int"), value=ast.Call() as call):
                proven.add(call)
            case ast.FunctionDef(returns=ast.Name(id="int")):
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Return) and isinstance(inner.value, ast.Call):
                        proven.add(inner.value)
    return proven


def _counts(over: ast.expr) -> bool:
    match over:
        case ast.GeneratorExp(elt=ast.Constant(value=int())):
            return True
        case ast.GeneratorExp(elt=ast.Call(func=ast.Name(id="len" | "int"))):
            return True
        case ast.Call(func=ast.Name(id="map"), args=[ast.Name(id="len" | "int"), *_]):
            return True
    return False


def _sets(source: Source) -> Iterator[Finding]:
    module_names = _set_names(source.tree, frozenset())
    attributes = _set_attributes(source)
    yield from _walked(source, source.tree, module_names | attributes)
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            known = module_names | attributes
            yield from _walked(source, node, known | _set_names(node, known))


def _walked(source: Source, scope: Scope, known: frozenset[str]) -> Iterator[Finding]:
    for node in _inside(scope):
        walked: list[ast.expr] = []
        match node:
            case ast.For(iter=over) | ast.comprehension(iter=over):
                walked = [over]
            case ast.Starred(value=over) | ast.YieldFrom(value=over):
                walked = [over]
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in ORDERED_CONSUMERS:
                walked = arguments
            case ast.Call(func=ast.Attribute(attr="pop", value=over), args=[]):
                walked = [over]
            case ast.Call(func=ast.Attribute(attr=name), args=args) if name in ORDERED_CONSUMERS:
                walked = args
        for over in walked:
            if _is_set(over, known) and not _sorted_around(scope, node):
                yield source.finding(over.lineno, "determinism", WALK_SETS)


def _sorted_around(scope: Scope, node: ast.AST) -> bool:
    """Whether a comprehension is itself made into something without order, or sorted."""
    if not isinstance(node, ast.comprehension):
        return False
    orderless = SET_CALLS | {"sorted", "min", "max", "any", "all", "len"}
    for outer in _inside(scope):
        match outer:
            case ast.SetComp(generators=generators) if node in generators:
                return True
            case ast.Call(func=ast.Name(id=name), args=[argument, *_]) if name in orderless:
                if node in getattr(argument, "generators", ()):
                    return True
    return False


def _inside(scope: Scope) -> Iterator[ast.AST]:
    """The nodes of a scope without those of the functions inside it."""
    todo: list[ast.AST] = list(ast.iter_child_nodes(scope))
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            todo.extend(ast.iter_child_nodes(node))


def _set_names(scope: Scope, known: frozenset[str]) -> frozenset[str]:
    """The local names that hold a set, by their type or by what they are given."""
    names: set[str] = set()
    if not isinstance(scope, ast.Module):
        arguments = [*scope.args.posonlyargs, *scope.args.args, *scope.args.kwonlyargs]
        names.update(a.arg for a in arguments if _is_set_type(a.annotation))
    for node in sorted(_inside(scope), key=lambda n: getattr(n, "lineno", 0)):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                if _is_set(value, known | names):
                    names.add(name)
            case ast.AnnAssign(target=ast.Name(id=name), annotation=kind):
                if _is_set_type(kind):
                    names.add(name)
    return frozenset(names)


def _set_attributes(source: Source) -> frozenset[str]:
    """Attributes that somewhere in the module are made a set, spelled `.name`."""
    names: set[str] = set()
    for node in source.nodes:
        match node:
            case ast.Assign(targets=[ast.Attribute(attr=name)], value=value):
                if _is_set(value, frozenset()):
                    names.add(f".{name}")
            case ast.AnnAssign(target=ast.Attribute(attr=name), annotation=kind):
                if _is_set_type(kind):
                    names.add(f".{name}")
    return frozenset(names)


def _is_set_type(annotation: ast.expr | None) -> bool:
    if isinstance(annotation, ast.Subscript):
        annotation = annotation.value
    return annotation is not None and ast.unparse(annotation).rpartition(".")[2] in SET_TYPES


def _is_set(node: ast.expr, known: frozenset[str] | set[str]) -> bool:
    match node:
        case ast.Set() | ast.SetComp():
            return True
        case ast.Name(id=name):
            return name in known
        case ast.Attribute(attr=name):
            return f".{name}" in known
        case ast.Call(func=ast.Name(id=name)):
            return name in SET_CALLS
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in SET_METHODS
        case ast.BinOp(left=left, op=ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.BitXor()):
            return _is_set(left, known) or _is_set(node.right, known) or _is_keys(left)
        case ast.IfExp(body=body, orelse=orelse):
            return _is_set(body, known) or _is_set(orelse, known)
    return False


def _is_keys(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr="keys" | "items"), args=[]):
            return True
    return False
