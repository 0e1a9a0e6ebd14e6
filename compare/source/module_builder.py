"""Interprets the constructors of neural networks: what do they build, as far as the source alone tells?"""

import ast
from collections.abc import Iterator, Mapping, Sequence

from gedanken.compare.source.layers import Module, NotStaticError, build_layer, product
from gedanken.compare.source.print_sites import called_name, last_name
from gedanken.compare.source.program_source import Source
from gedanken.compare.source.values import (
    MOST_STEPS,
    NOT_A_MODULE,
    UNKNOWN,
    Tensor,
    check_list,
    evaluate_operation,
    loop_items,
)

MAX_DEPTH = 20
"""Maximum nesting depth of constructors."""
_SAME_MODULE_METHODS = frozenset({"to", "cuda", "cpu", "float", "double", "half", "eval", "train"})
_WRAPPERS = frozenset({"DataParallel", "DistributedDataParallel", "compile"})
_TENSOR_FACTORIES = frozenset({"randn", "rand", "zeros", "ones", "empty"})
CONTAINERS = frozenset({"ModuleList", "Sequential"})
_MODULE_ITERATORS = frozenset({"modules", "parameters", "named_modules", "named_parameters", "children"})
_PLAIN_CALLS = frozenset({"print", "device", "is_available", "manual_seed", "sqrt", "log", "exp"})
Names = dict[str, object]


class _ReturnSignal(Exception):
    def __init__(self, value: object) -> None:
        self.value = value


class ModuleBuilder:
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

    def _instantiate(
        self, node: ast.ClassDef, positional: Sequence[object], keywords: Mapping[str, object]
    ) -> Module:
        module = Module()
        self._construct(node, module, positional, keywords)
        return module

    def _construct(
        self, node: ast.ClassDef, module: Module, positional: Sequence[object], keywords: Mapping[str, object]
    ) -> None:
        self._count_steps()
        base = last_name(node.bases[0]) if len(node.bases) == 1 else None
        init = _find_method(node, "__init__")
        if init is not None:
            self._call_method(node, init, module, positional, keywords)
        elif base in self.classes:
            self._construct(self.classes[base], module, positional, keywords)
        elif base == "Sequential":
            self._add_children(module, positional)
        elif base != "Module":
            raise NotStaticError

    def _call_method(
        self,
        owner: ast.ClassDef,
        function: ast.FunctionDef,
        module: Module,
        positional: Sequence[object],
        keywords: Mapping[str, object],
    ) -> object:
        if self.depth >= MAX_DEPTH or function.decorator_list:
            raise NotStaticError
        names = self._bind(function.args, [module, *positional], keywords)
        names["\0owner"] = owner
        self.depth += 1
        try:
            self._execute_block(function.body, names)
        except _ReturnSignal as returned:
            return returned.value
        finally:
            self.depth -= 1
        return None

    def _bind(self, arguments: ast.arguments, positional: Sequence[object], keywords: Mapping[str, object]) -> Names:
        if arguments.vararg or arguments.kwarg:
            raise NotStaticError
        parameters = [*arguments.posonlyargs, *arguments.args]
        defaults = [None] * (len(parameters) - len(arguments.defaults)) + list(arguments.defaults)
        with_defaults = list(zip(parameters, defaults, strict=True))
        with_defaults += list(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
        if len(positional) > len(parameters) or not set(keywords) <= {
            argument.arg for argument, _default in with_defaults
        }:
            raise NotStaticError
        names: Names = {}
        for index, (argument, default) in enumerate(with_defaults):
            if index < len(positional) and index < len(parameters):
                names[argument.arg] = positional[index]
            elif argument.arg in keywords:
                names[argument.arg] = keywords[argument.arg]
            elif default is not None:
                names[argument.arg] = self.evaluate(default, {})
            else:
                raise NotStaticError
        return names

    def _execute_block(self, statements: Sequence[ast.stmt], names: Names) -> None:
        for statement in statements:
            self._count_steps()
            self._execute_statement(statement, names)

    def _execute_statement(self, statement: ast.stmt, names: Names) -> None:
        match statement:
            case ast.Assign(targets=[target], value=value):
                self._assign(target, self.evaluate(value, names), names)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign(target, self.evaluate(value, names), names)
            case ast.AugAssign(target=ast.Name(id=name) as target, op=op, value=value):
                operation = ast.BinOp(ast.Name(name, ast.Load()), op, value)
                self._assign(target, self.evaluate(operation, names), names)
            case ast.For(iter=ast.Call() as iterable) if called_name(iterable) in _MODULE_ITERATORS:
                pass  # it may set weights, but adds no layer
            case ast.For(target=target, iter=iterable, body=body, orelse=[]):
                for item in self._loop_items(iterable, names):
                    self._assign(target, item, names)
                    self._execute_block(body, names)
            case ast.If(test=test, body=body, orelse=orelse):
                self._execute_block(body if self._evaluate_condition(test, names) else orelse, names)
            case ast.Return(value=value):
                raise _ReturnSignal(self.evaluate(value, names) if value else None)
            case ast.Expr(value=ast.Call() as call):
                self.evaluate(call, names)
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
                for element, item in zip(targets, value, strict=True):
                    self._assign(element, item, names)
            case _:
                raise NotStaticError

    def evaluate(self, node: ast.expr, names: Names) -> object:
        """Return the value of an expression.

        If the value is unknown, it is `NOT_A_MODULE` if it certainly is not a module, and `UNKNOWN` if it may be one.
        """
        self._count_steps()
        match node:
            case ast.Constant(value=constant):
                return constant
            case ast.Name(id=name):
                return names[name] if name in names else self._evaluate_global(name)
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                return self._evaluate_attribute(name, attribute, names)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                return self._evaluate_all(elements, names)
            case ast.Call():
                return self._evaluate_call(node, names)
            case ast.JoinedStr() | ast.Compare() | ast.Lambda():
                return NOT_A_MODULE
        return self._evaluate_composite(node, names)

    def _evaluate_composite(self, node: ast.expr, names: Names) -> object:
        match node:
            case ast.BinOp(left=left, op=op, right=right):
                result = evaluate_operation(self.evaluate(left, names), op, self.evaluate(right, names))
                self._count_steps(len(result) if isinstance(result, list) else 0)
                return result
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return evaluate_operation(0, ast.Sub(), self.evaluate(operand, names))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return not self._evaluate_condition(operand, names)
            case ast.ListComp(elt=item, generators=[ast.comprehension(target=target, iter=iterable, ifs=[])]):
                return list(self._evaluate_comprehension(item, target, iterable, names))
            case ast.Subscript(value=container, slice=index_node) if not isinstance(index_node, ast.Slice):
                items, index = self.evaluate(container, names), self.evaluate(index_node, names)
                if isinstance(items, list) and isinstance(index, int) and -len(items) <= index < len(items):
                    return items[index]
        if any(isinstance(part, ast.Call) for part in ast.walk(node)):
            raise NotStaticError
        return UNKNOWN

    def _evaluate_attribute(self, name: str, attribute: str, names: Names) -> object:
        owner = names.get(name)
        if isinstance(owner, Module):
            if attribute in owner.children:
                return owner.children[attribute]
            if attribute in owner.values:
                return owner.values[attribute]
        class_node = names.get("\0owner") if isinstance(owner, Module) else self.classes.get(name)
        if isinstance(class_node, ast.ClassDef):
            values = [
                node.value
                for node in class_node.body
                if isinstance(node, ast.Assign) and [last_name(target) for target in node.targets] == [attribute]
            ]
            return self.evaluate(values[0], {}) if len(values) == 1 else UNKNOWN
        return NOT_A_MODULE if name in self.imported and name not in names else UNKNOWN

    def _evaluate_comprehension(
        self, item: ast.expr, target: ast.expr, iterable: ast.expr, names: Names
    ) -> Iterator[object]:
        for value in self._loop_items(iterable, names):
            inner_names = dict(names)
            self._assign(target, value, inner_names)
            yield self.evaluate(item, inner_names)

    def _evaluate_global(self, name: str) -> object:
        """Return the value of a global name that has a single number or simple expression; otherwise `UNKNOWN`."""
        assigned = self.source.assigned_values(name)
        if not assigned:
            return UNKNOWN
        number = self.source.number(ast.Name(name, ast.Load()))
        if number is not None:
            return number
        is_simple = isinstance(assigned[0], ast.List | ast.Tuple | ast.BinOp | ast.Name | ast.Constant)
        return self.evaluate(assigned[0], {}) if len(assigned) == 1 and is_simple else UNKNOWN

    def _loop_items(self, iterable: ast.expr, names: Names) -> Sequence[object]:
        if isinstance(iterable, ast.Call) and called_name(iterable) in ("range", "enumerate", "zip", "reversed"):
            arguments = [self.evaluate(argument, names) for argument in iterable.args]
            iterations = loop_items(called_name(iterable) or "", arguments)
            self._count_steps(len(iterations))
            return iterations
        items = self.evaluate(iterable, names)
        if isinstance(items, list):
            return items
        raise NotStaticError

    def _evaluate_condition(self, test: ast.expr, names: Names) -> bool:
        match test:
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                left_value, right_value = self.evaluate(left, names), self.evaluate(right, names)
                if any(
                    side is UNKNOWN or side is NOT_A_MODULE or isinstance(side, list)
                    for side in (left_value, right_value)
                ):
                    raise NotStaticError
                match op:
                    case ast.Eq():
                        return left_value == right_value
                    case ast.NotEq():
                        return left_value != right_value
                    case ast.Is():
                        return left_value is right_value
                    case ast.IsNot():
                        return left_value is not right_value
                if isinstance(left_value, int | float) and isinstance(right_value, int | float):
                    match op:
                        case ast.Lt():
                            return left_value < right_value
                        case ast.Gt():
                            return left_value > right_value
                raise NotStaticError
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return not self._evaluate_condition(operand, names)
        value = self.evaluate(test, names)
        if isinstance(value, bool | int | list) or value is None:
            return bool(value)
        raise NotStaticError

    def _evaluate_all(self, nodes: Sequence[ast.expr], names: Names) -> list[object]:
        values: list[object] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                items = self.evaluate(node.value, names)
                self._count_steps(len(check_list(items)))
                values += check_list(items)
            else:
                values.append(self.evaluate(node, names))
        return values

    def _evaluate_call(self, call: ast.Call, names: Names) -> object:
        name, func = called_name(call) or "", call.func
        if (
            isinstance(func, ast.Attribute)
            and isinstance(func.value, ast.Call)
            and called_name(func.value) == "super"
        ):
            return self._call_super_init(call, name, names)
        if isinstance(func, ast.Attribute) and name in _SAME_MODULE_METHODS:
            return self.evaluate(func.value, names)
        if any(keyword.arg is None for keyword in call.keywords):
            raise NotStaticError
        positional = self._evaluate_all(call.args, names)
        keywords = {keyword.arg or "": self.evaluate(keyword.value, names) for keyword in call.keywords}
        if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name):
            owner = names.get(func.value.id)
            if isinstance(owner, Module):
                return self._call_own_method(owner, name, positional, keywords, names)
            if isinstance(owner, list) and name in ("append", "extend") and len(positional) == 1:
                new_items = positional if name == "append" else check_list(positional[0])
                self._count_steps(len(new_items))
                owner += new_items
                return None
        if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Attribute):
            attribute_value = self.evaluate(func.value, names)
            if isinstance(attribute_value, Module) and name in ("append", "extend") and len(positional) == 1:
                self._add_children(attribute_value, positional if name == "append" else check_list(positional[0]))
                return None
        if name in self.classes:
            return self._instantiate(self.classes[name], positional, keywords)
        return self._make_object(name, positional, keywords)

    def _call_super_init(self, call: ast.Call, name: str, names: Names) -> object:
        owner, module = names.get("\0owner"), names.get("self")
        if name != "__init__" or not isinstance(owner, ast.ClassDef) or not isinstance(module, Module):
            raise NotStaticError
        base = last_name(owner.bases[0]) if len(owner.bases) == 1 else None
        positional = self._evaluate_all(call.args, names)
        keywords = {keyword.arg or "": self.evaluate(keyword.value, names) for keyword in call.keywords}
        if base in self.classes:
            self._construct(self.classes[base], module, positional, keywords)
        elif base == "Sequential":
            self._add_children(module, positional)
        elif base != "Module":
            raise NotStaticError
        return None

    def _call_own_method(
        self, module: Module, name: str, positional: Sequence[object], keywords: Mapping[str, object], names: Names
    ) -> object:
        owner = names.get("\0owner")
        method = _find_method(owner, name) if isinstance(owner, ast.ClassDef) else None
        if method is not None and isinstance(owner, ast.ClassDef):
            return self._call_method(owner, method, module, positional, keywords)
        if name in ("register_buffer", "apply"):
            return None
        raise NotStaticError

    def _make_object(self, name: str, positional: Sequence[object], keywords: Mapping[str, object]) -> object:
        if name in CONTAINERS:
            module = Module()
            self._add_children(
                module, check_list(positional[0]) if name == "ModuleList" and positional else positional
            )
            return module
        if name in _WRAPPERS and positional and isinstance(positional[0], Module):
            return positional[0]
        if name == "Parameter":
            if not positional or not isinstance(positional[0], Tensor):
                raise NotStaticError
            return Module(positional[0].size)
        if name in _TENSOR_FACTORIES:
            sizes = positional[0] if len(positional) == 1 and isinstance(positional[0], list) else positional
            try:
                return Tensor(product(sizes))
            except NotStaticError:
                return NOT_A_MODULE
        if name == "len" and len(positional) == 1 and isinstance(positional[0], list):
            return len(positional[0])
        if name == "int" and len(positional) == 1 and isinstance(positional[0], int | float):
            return int(positional[0])
        built_layer = build_layer(name, positional, keywords)
        if built_layer is not None:
            return built_layer
        if name.endswith("_") or name in _PLAIN_CALLS:
            return NOT_A_MODULE
        raise NotStaticError

    def _add_children(self, module: Module, items: Sequence[object]) -> None:
        self._count_steps(len(items))
        for item in items:
            if not isinstance(item, Module):
                raise NotStaticError
            module.children[len(module.children)] = item

    def _count_steps(self, steps: int = 1) -> None:
        self.steps += steps
        if self.steps > MOST_STEPS:
            raise NotStaticError


def _find_method(owner: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    return next((node for node in owner.body if isinstance(node, ast.FunctionDef) and node.name == name), None)
