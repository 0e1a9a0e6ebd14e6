"""Finds the network that a program trains, and its layers."""

import ast

from gedanken.compare.source.layers import Module, NotStaticError, build_layer
from gedanken.compare.source.module_builder import CONTAINERS, ModuleBuilder
from gedanken.compare.source.print_sites import called_name, last_name
from gedanken.compare.source.program_source import Source


def network(source: Source) -> Module | None:
    """Return the one network that a program trains; None if the source does not determine exactly one."""
    try:
        return _NetworkFinder(source).network()
    except (NotStaticError, ArithmeticError, RecursionError):
        return None


class _NetworkFinder:
    """Searches the code outside all classes for the network. Raises NotStaticError if there is not exactly one."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.builder = ModuleBuilder(source)

    def network(self) -> Module:
        if self._changes_modules_later():
            raise NotStaticError
        results = [self.builder.evaluate(call, {}) for call in self._module_calls()]
        networks = [module for module in results if isinstance(module, Module) and module.parameters]
        if len(networks) != 1 or any(not isinstance(module, Module) for module in results):
            raise NotStaticError
        return networks[0]

    def _module_calls(self) -> list[ast.Call]:
        """Find the outermost calls, outside class bodies, that build modules with parameters."""
        calls = []
        stack: list[tuple[ast.AST, bool]] = [(self.source.tree, False)]
        while stack:
            node, is_repeated = stack.pop()
            if isinstance(node, ast.ClassDef):
                continue
            if isinstance(node, ast.Call) and self._builds_module(node):
                if is_repeated:
                    raise NotStaticError
                calls.append(node)
                continue
            # In a loop it may be built many times; as an attribute it belongs to another object.
            is_repeated = is_repeated or isinstance(
                node, ast.For | ast.While | ast.ListComp | ast.GeneratorExp | ast.DictComp
            )
            is_repeated = is_repeated or (isinstance(node, ast.Assign) and not isinstance(node.targets[0], ast.Name))
            stack += [(child, is_repeated) for child in ast.iter_child_nodes(node)]
        return calls

    def _builds_module(self, call: ast.Call) -> bool:
        name = called_name(call) or ""
        if name in self.builder.classes:
            return self._is_module(self.builder.classes[name])
        return name in CONTAINERS or self._is_parametric_layer(call)

    def _is_parametric_layer(self, call: ast.Call) -> bool:
        try:
            module = build_layer(called_name(call) or "", (), {})
        except NotStaticError:
            return True
        return module is not None and bool(module.parameters)

    def _changes_modules_later(self) -> bool:
        """Return whether the program adds, ties, freezes or replaces modules in a way that is not analyzed here."""
        if self.source.calls({"add_module", "register_parameter", "register_module", "requires_grad_", "setattr"}):
            return True
        nodes = ast.walk(self.source.tree)
        stored = [node for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)]
        return any(self._may_change_module(node) for node in stored)

    def _may_change_module(self, node: ast.Attribute) -> bool:
        if not isinstance(node.value, ast.Name):
            return not ast.unparse(node).startswith("torch.backends.")
        return node.attr in ("requires_grad", "weight", "bias") or node.value.id in self.builder.classes

    def _is_module(self, node: ast.ClassDef) -> bool:
        bases = [last_name(base) for base in node.bases]
        class_names = self.builder.classes.keys() - {node.name}
        return any(base in ("Module", "Sequential") or base in class_names for base in bases)
