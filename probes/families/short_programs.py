"""Makes short programs with strings, dicts or recursion, and programs that may crash."""

from random import Random

from gedanken.probes.family import Group, GroupFamily, Part, next_template, program, random_numbers

_LETTERS = "abcdefgh"

_STRINGS = {
    "caesar": """
word = WORD
for by in SHIFTS:
    word = "".join(chr((ord(letter) - 97 + by) % 26 + 97) for letter in word)
    word = word[1:] + word[0]
print(word)
""",
    "pushed through": """
word = WORD
for letter in LETTERS:
    word = (word + letter)[1:] if letter not in word else word[::-1]
print(word)
""",
}

_DICTS = {
    "counting": """
counts = {"a": 0, "b": 0, "c": 0}
for letter in LETTERS:
    counts["abc"["abcdefgh".index(letter) % 3]] += 1
print(*[f"{name}={count:02d}" for name, count in counts.items()])
""",
    "moving": """
places = {"a": 5, "b": 7, "c": 9}
for letter in LETTERS:
    name = "abc"["abcdefgh".index(letter) % 3]
    places["a"], places[name] = places[name], (places["a"] * 2 + 1) % 100
print(*[f"{name}={place:02d}" for name, place in places.items()])
""",
}

_RECURSION = {
    "one function": """
def f(n, x):
    if n == 0:
        return x
    return f(n - 1, (x * FACTOR + n) % 1000)

print(f"{f(DEPTH, START):03d}")
""",
    "two functions": """
def even(n, x):
    return x if n == 0 else odd(n - 1, (x + FACTOR) % 1000)

def odd(n, x):
    return x if n == 0 else even(n - 1, (x * 2 - n) % 1000)

print(f"{even(DEPTH, START):03d}")
""",
    "on the way back": """
def f(n):
    if n == 0:
        return START
    below = f(n - 1)
    return (below * 3 + n) % 1000 if below % 2 else (below + FACTOR) % 1000

print(f"{f(DEPTH):03d}")
""",
}

# The number of orders does not affect the length of the answer.
_CRASHES = {
    "a loop": """
PRICES = {"tea": 3, "milk": 2, "bread": 5}
SHELVES = ["tea", "milk", "bread"]
done = total = 0
try:
    for shelf, amount, people in ORDERS:
        name = SHELVES[shelf]
        price = PRICES[name.strip()]
        number = int(amount)
        total += number * price // people
        done += 1
    print(f"none 000 {done:02d}")
except Exception as error:
    print(f"{type(error).__name__} {error.__traceback__.tb_lineno:03d} {done:02d}")
""",
    "functions": """
SHELVES = {0: "3", 1: "2", 2: "5", 3: "x"}
done = 0

def price_on(shelf):
    return int(SHELVES[shelf])

def share(shelf, amount, people):
    price = price_on(shelf)
    return price * int(amount) // people

try:
    for order in ORDERS:
        share(*order)
        done += 1
    print(f"none 000 {done:02d}")
except Exception as error:
    trace = error.__traceback__
    while trace.tb_next:
        trace = trace.tb_next
    print(f"{type(error).__name__} {trace.tb_lineno:03d} {done:02d}")
""",
}
_BAD_ORDERS: tuple[tuple[object, ...] | None, ...] = ((3, "2", 1), (1, "two", 2), (0, "4", 0), None, (-7, "1", 2))
"""Possible last orders, as (shelf, amount, people), each with one wrong value.

None means that the last order is valid.
"""


def _strings(size: int, number: int, rng: Random) -> Group:
    name, body = next_template(_STRINGS, number)
    word = "".join(rng.sample("abcdefghijklm", 6))
    if name == "caesar":
        return Group(name, [Part("alone", program(body, WORD=word, SHIFTS=random_numbers(rng, size)))])
    letters = "".join(rng.choices("abcdefghijklmnop", k=size))
    return Group(name, [Part("alone", program(body, WORD=word, LETTERS=letters))])


def _dicts(size: int, number: int, rng: Random) -> Group:
    name, body = next_template(_DICTS, number)
    return Group(name, [Part("alone", program(body, LETTERS="".join(rng.choices(_LETTERS, k=size))))])


def _recursion(size: int, number: int, rng: Random) -> Group:
    name, body = next_template(_RECURSION, number)
    text = program(body, START=rng.randint(100, 999), FACTOR=rng.randint(3, 9), DEPTH=size)
    return Group(name, [Part("alone", text)])


def _crashes(size: int, number: int, rng: Random) -> Group:
    """Return a program that, in four of five cases, crashes at its last order."""
    name, body = next_template(_CRASHES, number)
    orders: list[tuple[object, ...]] = [
        (rng.randint(0, 2), str(rng.randint(1, 9)), rng.randint(1, 4)) for _ in range(size)
    ]
    bad_order = _BAD_ORDERS[number // len(_CRASHES) % len(_BAD_ORDERS)]
    if bad_order is not None:
        orders[-1] = bad_order
    return Group(name, [Part("alone", program(body, ORDERS=orders))])


SHORT_PROGRAMS = GroupFamily(
    "short programs", {"strings": _strings, "dicts": _dicts, "recursion": _recursion, "crashes": _crashes}
)
