"""Interprets the constructors of neural networks: finds out what they build, if the source alone determines this."""

import ast
from collections.abc import Iterator, Mapping, Sequence

from gedanken.compare.source.layers import Module, NotStaticError, layer, product
from gedanken.compare.source.print_sites import called_name, last_name
from gedanken.compare.source.program_source import Source
from gedanken.compare.source.values import MOST_STEPS, PLAIN, UNKNOWN, Tensor, calculated, iterated, listed

DEEPEST = 20
"""Maximum nesting depth of constructors."""
_MOVES = frozenset({"to", "cuda", "cpu", "float", "double", "half", "eval", "train"})
_WRAPPERS = frozenset({"DataParallel", "DistributedDataParallel", "compile"})
_FILLED = frozenset({"randn", "rand", "zeros", "ones", "empty"})
CONTAINERS = frozenset({"ModuleList", "Sequential"})
_WALKS = frozenset({"modules", "parameters", "named_modules", "named_parameters", "children"})
_PLAIN_CALLS = frozenset({"print", "device", "is_available", "manual_seed", "sqrt", "log", "exp"})
Names = dict[str, object]


class _Returned(Exception):
    def __init__(self, value: object) -> None:
        self.value = value


class Builder:
    """Evaluates constructors. Methods raise NotStaticError if the source does not determine a needed value."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.classes = {node.name: node for node in source.tree.body if isinstance(node, ast.ClassDef)}
        self.imported = {
            (alias.asname or alias.name).partition(".")[0]
            for node in ast.walk(source.tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        self.steps = 0
        self.depth = 0

    def _instance(self, node: ast.ClassDef, places: Sequence[object], named: Mapping[str, object]) -> Module:
        module = Module()
        self._construct(node, module, places, named)
        return module

    def _construct(
        self, node: ast.ClassDef, module: Module, places: Sequence[object], named: Mapping[str, object]
    ) -> None:
        self._count()
        base = last_name(node.bases[0]) if len(node.bases) == 1 else None
        init = _method(node, "__init__")
        if init is not None:
            self._call(node, init, module, places, named)
        elif base in self.classes:
            self._construct(self.classes[base], module, places, named)
        elif base == "Sequential":
            self._extend(module, places)
        elif base != "Module":
            raise NotStaticError

    def _call(
        self,
        owner: ast.ClassDef,
        function: ast.FunctionDef,
        module: Module,
        places: Sequence[object],
        named: Mapping[str, object],
    ) -> object:
        if self.depth >= DEEPEST or function.decorator_list:
            raise NotStaticError
        names = self._bind(function.args, [module, *places], named)
        names["\0owner"] = owner
        self.depth += 1
        try:
            self._block(function.body, names)
        except _Returned as returned:
            return returned.value
        finally:
            self.depth -= 1
        return None

    def _bind(self, arguments: ast.arguments, places: Sequence[object], named: Mapping[str, object]) -> Names:
        if arguments.vararg or arguments.kwarg:
            raise NotStaticError
        known = [*arguments.posonlyargs, *arguments.args]
        defaults = [None] * (len(known) - len(arguments.defaults)) + list(arguments.defaults)
        every = list(zip(known, defaults, strict=True))
        every += list(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
        if len(places) > len(known) or not set(named) <= {argument.arg for argument, _default in every}:
            raise NotStaticError
        names: Names = {}
        for at, (argument, default) in enumerate(every):
            if at < len(places) and at < len(known):
                names[argument.arg] = places[at]
            elif argument.arg in named:
                names[argument.arg] = named[argument.arg]
            elif default is not None:
                names[argument.arg] = self.value(default, {})
            else:
                raise NotStaticError
        return names

    def _block(self, statements: Sequence[ast.stmt], names: Names) -> None:
        for statement in statements:
            self._count()
            self._statement(statement, names)

    def _statement(self, statement: ast.stmt, names: Names) -> None:
        match statement:
            case ast.Assign(targets=[target], value=value):
                self._assign(target, self.value(value, names), names)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign(target, self.value(value, names), names)
            case ast.AugAssign(target=ast.Name(id=name) as target, op=op, value=value):
                whole = ast.BinOp(ast.Name(name, ast.Load()), op, value)
                self._assign(target, self.value(whole, names), names)
            case ast.For(iter=ast.Call() as over) if called_name(over) in _WALKS:
                pass  # it may set weights, but adds no layer
            case ast.For(target=target, iter=over, body=body, orelse=[]):
                for item in self._items(over, names):
                    self._assign(target, item, names)
                    self._block(body, names)
            case ast.If(test=test, body=body, orelse=orelse):
                self._block(body if self._truth(test, names) else orelse, names)
            case ast.Return(value=value):
                raise _Returned(self.value(value, names) if value else None)
            case ast.Expr(value=ast.Call() as call):
                self.value(call, names)
            case ast.Expr(value=ast.Constant()) | ast.Pass() | ast.Assert():
                pass
            case _:
                raise NotStaticError

    def _assign(self, target: ast.expr, value: object, names: Names) -> None:
        match target:
            case ast.Name(id=name):
                names[name] = value
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                module = names.get(name)
                if not isinstance(module, Module) or value is UNKNOWN:
                    raise NotStaticError
                module.children.pop(attribute, None)
                module.values.pop(attribute, None)
                if isinstance(value, Module):
                    module.children[attribute] = value
                else:
                    module.values[attribute] = value
            case ast.Tuple(elts=targets) if isinstance(value, list) and len(value) == len(targets):
                for part, item in zip(targets, value, strict=True):
                    self._assign(part, item, names)
            case _:
                raise NotStaticError

    def value(self, node: ast.expr, names: Names) -> object:
        """Return the value of an expression; PLAIN if it is unknown but certainly no module, UNKNOWN if it may be
        one."""
        self._count()
        match node:
            case ast.Constant(value=constant):
                return constant
            case ast.Name(id=name):
                return names[name] if name in names else self._global(name)
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                return self._attribute(name, attribute, names)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                return self._all(elements, names)
            case ast.Call():
                return self._called(node, names)
            case ast.JoinedStr() | ast.Compare() | ast.Lambda():
                return PLAIN
        return self._composed(node, names)

    def _composed(self, node: ast.expr, names: Names) -> object:
        match node:
            case ast.BinOp(left=left, op=op, right=right):
                made = calculated(self.value(left, names), op, self.value(right, names))
                self._count(len(made) if isinstance(made, list) else 0)
                return made
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return calculated(0, ast.Sub(), self.value(operand, names))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return not self._truth(operand, names)
            case ast.ListComp(elt=item, generators=[ast.comprehension(target=target, iter=over, ifs=[])]):
                return list(self._each(item, target, over, names))
            case ast.Subscript(value=whole, slice=at) if not isinstance(at, ast.Slice):
                items, index = self.value(whole, names), self.value(at, names)
                if isinstance(items, list) and isinstance(index, int) and -len(items) <= index < len(items):
                    return items[index]
        if any(isinstance(part, ast.Call) for part in ast.walk(node)):
            raise NotStaticError
        return UNKNOWN

    def _attribute(self, name: str, attribute: str, names: Names) -> object:
        owner = names.get(name)
        if isinstance(owner, Module):
            if attribute in owner.children:
                return owner.children[attribute]
            if attribute in owner.values:
                return owner.values[attribute]
        known = names.get("\0owner") if isinstance(owner, Module) else self.classes.get(name)
        if isinstance(known, ast.ClassDef):
            values = [
                node.value
                for node in known.body
                if isinstance(node, ast.Assign) and [last_name(target) for target in node.targets] == [attribute]
            ]
            return self.value(values[0], {}) if len(values) == 1 else UNKNOWN
        return PLAIN if name in self.imported and name not in names else UNKNOWN

    def _each(self, item: ast.expr, target: ast.expr, over: ast.expr, names: Names) -> Iterator[object]:
        for value in self._items(over, names):
            inner = dict(names)
            self._assign(target, value, inner)
            yield self.value(item, inner)

    def _global(self, name: str) -> object:
        """Return the value of a global name with one number or one simple expression; otherwise UNKNOWN."""
        assigned = self.source.assigned(name)
        if not assigned:
            return UNKNOWN
        number = self.source.number(ast.Name(name, ast.Load()))
        if number is not None:
            return number
        simple = isinstance(assigned[0], ast.List | ast.Tuple | ast.BinOp | ast.Name | ast.Constant)
        return self.value(assigned[0], {}) if len(assigned) == 1 and simple else UNKNOWN

    def _items(self, over: ast.expr, names: Names) -> Sequence[object]:
        if isinstance(over, ast.Call) and called_name(over) in ("range", "enumerate", "zip", "reversed"):
            given = [self.value(argument, names) for argument in over.args]
            turns = iterated(called_name(over) or "", given)
            self._count(len(turns))
            return turns
        items = self.value(over, names)
        if isinstance(items, list):
            return items
        raise NotStaticError

    def _truth(self, test: ast.expr, names: Names) -> bool:
        match test:
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                ours, theirs = self.value(left, names), self.value(right, names)
                if any(side is UNKNOWN or side is PLAIN or isinstance(side, list) for side in (ours, theirs)):
                    raise NotStaticError
                match op:
                    case ast.Eq():
                        return ours == theirs
                    case ast.NotEq():
                        return ours != theirs
                    case ast.Is():
                        return ours is theirs
                    case ast.IsNot():
                        return ours is not theirs
                if isinstance(ours, int | float) and isinstance(theirs, int | float):
                    match op:
                        case ast.Lt():
                            return ours < theirs
                        case ast.Gt():
                            return ours > theirs
                raise NotStaticError
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return not self._truth(operand, names)
        value = self.value(test, names)
        if isinstance(value, bool | int | list) or value is None:
            return bool(value)
        raise NotStaticError

    def _all(self, nodes: Sequence[ast.expr], names: Names) -> list[object]:
        values: list[object] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                items = self.value(node.value, names)
                self._count(len(listed(items)))
                values += listed(items)
            else:
                values.append(self.value(node, names))
        return values

    def _called(self, call: ast.Call, names: Names) -> object:
        name, func = called_name(call) or "", call.func
        if (
            isinstance(func, ast.Attribute)
            and isinstance(func.value, ast.Call)
            and called_name(func.value) == "super"
        ):
            return self._super(call, name, names)
        if isinstance(func, ast.Attribute) and name in _MOVES:
            return self.value(func.value, names)
        if any(keyword.arg is None for keyword in call.keywords):
            raise NotStaticError
        places = self._all(call.args, names)
        named = {keyword.arg or "": self.value(keyword.value, names) for keyword in call.keywords}
        if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name):
            owner = names.get(func.value.id)
            if isinstance(owner, Module):
                return self._method_called(owner, name, places, named, names)
            if isinstance(owner, list) and name in ("append", "extend") and len(places) == 1:
                added = places if name == "append" else listed(places[0])
                self._count(len(added))
                owner += added
                return None
        if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Attribute):
            part = self.value(func.value, names)
            if isinstance(part, Module) and name in ("append", "extend") and len(places) == 1:
                self._extend(part, places if name == "append" else listed(places[0]))
                return None
        if name in self.classes:
            return self._instance(self.classes[name], places, named)
        return self._made(name, places, named)

    def _super(self, call: ast.Call, name: str, names: Names) -> object:
        owner, module = names.get("\0owner"), names.get("self")
        if name != "__init__" or not isinstance(owner, ast.ClassDef) or not isinstance(module, Module):
            raise NotStaticError
        base = last_name(owner.bases[0]) if len(owner.bases) == 1 else None
        places = self._all(call.args, names)
        named = {keyword.arg or "": self.value(keyword.value, names) for keyword in call.keywords}
        if base in self.classes:
            self._construct(self.classes[base], module, places, named)
        elif base == "Sequential":
            self._extend(module, places)
        elif base != "Module":
            raise NotStaticError
        return None

    def _method_called(
        self, module: Module, name: str, places: Sequence[object], named: Mapping[str, object], names: Names
    ) -> object:
        owner = names.get("\0owner")
        method = _method(owner, name) if isinstance(owner, ast.ClassDef) else None
        if method is not None and isinstance(owner, ast.ClassDef):
            return self._call(owner, method, module, places, named)
        if name in ("register_buffer", "apply"):
            return None
        raise NotStaticError

    def _made(self, name: str, places: Sequence[object], named: Mapping[str, object]) -> object:
        if name in CONTAINERS:
            module = Module()
            self._extend(module, listed(places[0]) if name == "ModuleList" and places else places)
            return module
        if name in _WRAPPERS and places and isinstance(places[0], Module):
            return places[0]
        if name == "Parameter":
            if not places or not isinstance(places[0], Tensor):
                raise NotStaticError
            return Module(places[0].size)
        if name in _FILLED:
            sizes = places[0] if len(places) == 1 and isinstance(places[0], list) else places
            try:
                return Tensor(product(sizes))
            except NotStaticError:
                return PLAIN
        if name == "len" and len(places) == 1 and isinstance(places[0], list):
            return len(places[0])
        if name == "int" and len(places) == 1 and isinstance(places[0], int | float):
            return int(places[0])
        made = layer(name, places, named)
        if made is not None:
            return made
        if name.endswith("_") or name in _PLAIN_CALLS:
            return PLAIN
        raise NotStaticError

    def _extend(self, module: Module, items: Sequence[object]) -> None:
        self._count(len(items))
        for item in items:
            if not isinstance(item, Module):
                raise NotStaticError
            module.children[len(module.children)] = item

    def _count(self, steps: int = 1) -> None:
        self.steps += steps
        if self.steps > MOST_STEPS:
            raise NotStaticError


def _method(owner: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    return next((node for node in owner.body if isinstance(node, ast.FunctionDef) and node.name == name), None)
