"""Formulas that turn a measured value into another: ``x * 1.8 + 32``, ``Math.round(x / 4)``. Pure.

Firmware takes JavaScript; of it, arithmetic on ``x`` with numbers, parentheses and functions of ``Math`` is
understood, which is what such formulas are made of.

Source: Shelly Gen2+ API, "Input.CheckExpression", "Voltmeter.CheckExpression". The texts of its errors are not
documented.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping

from plugin_sdk import JSON, JSONObject
from plugin_sdk.arguments import invalid, required, text

LONGEST = 100
_MOST_INPUTS = 5

_BINARY: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: math.fmod,
    ast.Pow: math.pow,
}
_FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "abs": abs,
    "ceil": math.ceil,
    "cos": math.cos,
    "exp": math.exp,
    "floor": math.floor,
    "log": math.log,
    "log10": math.log10,
    "max": max,
    "min": min,
    "pow": math.pow,
    "round": lambda value: math.floor(value + 0.5),
    "sin": math.sin,
    "sqrt": math.sqrt,
    "tan": math.tan,
    "trunc": math.trunc,
}
_CONSTANTS: Mapping[str, float] = {"PI": math.pi, "E": math.e}


class BadExpression(ValueError):
    """A formula that is none, or has no result; the text says why."""


def evaluate(expression: str, x: float) -> float:
    """A formula's result.

    Raises:
        BadExpression: It is no formula, or its result is no finite number.
    """
    if len(expression) > LONGEST:
        raise BadExpression("Expression is too long")
    try:
        result = float(_value(ast.parse(expression.strip(), mode="eval").body, float(x)))
    except (SyntaxError, ValueError, TypeError, ArithmeticError, RecursionError) as err:
        raise BadExpression(str(err) if isinstance(err, BadExpression) else f"Cannot evaluate: {expression}") from err
    if not math.isfinite(result):
        raise BadExpression("Result is not a number")
    return result


def transformed(transform: JSON, value: float | None) -> tuple[bool, float | None]:
    """A value as the settings ``{expr, unit}`` want it shown.

    Returns:
        Whether it is shown at all, and the value; None where it cannot be worked out.
    """
    expression = transform.get("expr") if isinstance(transform, dict) else None
    if not expression or not isinstance(expression, str) or not transform.get("unit"):
        return False, None
    try:
        return True, None if value is None else round(evaluate(expression, value), 3)
    except BadExpression:
        return True, None


def check_expression(params: JSONObject) -> JSON:
    """``CheckExpression``: ``{results: [[input, output], [input, null, error]]}``."""
    required(params, "expr")
    required(params, "inputs")
    expression, inputs = text(params, "expr") or "", params["inputs"]
    if not isinstance(inputs, list) or len(inputs) > _MOST_INPUTS or not all(_is_input(one) for one in inputs):
        raise invalid("inputs")
    return {"results": [_checked(expression, one) for one in inputs]}


def _checked(expression: str, value: float | None) -> list[JSON]:
    if value is None:
        return [None, None]
    try:
        return [value, round(evaluate(expression, value), 6)]
    except BadExpression as err:
        return [value, None, str(err)]


def _is_input(value: JSON) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _value(node: ast.expr, x: float) -> float:
    match node:
        case ast.Name(id="x"):
            result: float | None = x
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            result = float(number)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
            result = _value(operand, x) * (-1 if isinstance(sign, ast.USub) else 1)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            result = _BINARY[type(op)](_value(left, x), _value(right, x))
        case ast.Attribute(value=ast.Name(id="Math"), attr=name):
            result = _CONSTANTS.get(name)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="Math"), attr=name), args=args) if name in _FUNCTIONS:
            result = _FUNCTIONS[name](*(_value(arg, x) for arg in args))
        case _:
            result = None
    if result is None:
        raise BadExpression(f"Not understood: {ast.unparse(node)}")
    return result
