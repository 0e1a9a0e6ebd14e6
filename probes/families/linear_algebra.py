"""Makes programs of linear algebra: matrix products and convolutions of small whole numbers."""

from random import Random

from gedanken.probes.family import Group, GroupFamily, Part, next_template, program, random_numbers

_MATRIX_PRODUCT = {
    "nested loops": """
out = []
for i in range(2):
    for j in range(2):
        total = 0
        for k in range(len(B)):
            total += A[i][k] * B[k][j]
        out.append(f"{total % 100:02d}")
print(*out)
""",
    "function over columns": """
def dot(row, column):
    total = 0
    for a, b in zip(row, column):
        total += a * b
    return total % 100

columns = list(zip(*B))
print(*[f"{dot(row, column):02d}" for row in A for column in columns])
""",
    "flat lists": """
A = [a for row in A for a in row]
B = [b for row in B for b in row]
n = len(A) // 2
out = [0, 0, 0, 0]
for place in range(4):
    row, column = place // 2, place % 2
    for k in range(n):
        out[place] = (out[place] + A[row * n + k] * B[2 * k + column]) % 100
print(*[f"{number:02d}" for number in out])
""",
}

_CONVOLUTION_1D = {
    "nested loops": """
out = []
for start in range(len(SIGNAL) - len(KERNEL) + 1):
    total = 0
    for k in range(len(KERNEL)):
        total += SIGNAL[start + k] * KERNEL[k]
    out.append(f"{total % 100:02d}")
print(*out)
""",
    "windows": """
def window(start):
    total = 0
    for a, b in zip(SIGNAL[start:], KERNEL):
        total = (total + a * b) % 100
    return total

print(*[f"{window(start):02d}" for start in range(4)])
""",
}

_CONVOLUTION_2D = {
    "nested loops": """
out = []
for y in range(2):
    for x in range(2):
        total = 0
        for j in range(len(KERNEL)):
            for i in range(len(KERNEL[0])):
                total += IMAGE[y + j][x + i] * KERNEL[j][i]
        out.append(f"{total % 100:02d}")
print(*out)
""",
    "function": """
def at(y, x):
    total = 0
    for j, row in enumerate(KERNEL):
        for i, weight in enumerate(row):
            total = (total + weight * IMAGE[y + j][x + i]) % 100
    return total

print(*[f"{at(y, x):02d}" for y in (0, 1) for x in (0, 1)])
""",
}


def _matrix_product(size: int, number: int, rng: Random) -> Group:
    """Return a program that multiplies a 2 x `size` by a `size` x 2 matrix, and prints four numbers."""
    name, body = next_template(_MATRIX_PRODUCT, number)
    left, right = [random_numbers(rng, size) for _ in range(2)], [random_numbers(rng, 2) for _ in range(size)]
    return Group(name, [Part("alone", program(body, A=left, B=right))])


def _convolution_1d(size: int, number: int, rng: Random) -> Group:
    name, body = next_template(_CONVOLUTION_1D, number)
    text = program(body, SIGNAL=random_numbers(rng, size + 3), KERNEL=random_numbers(rng, size))
    return Group(name, [Part("alone", text)])


def _convolution_2d(size: int, number: int, rng: Random) -> Group:
    """Return a program for a convolution with a kernel of `size` weights, as square as possible."""
    name, body = next_template(_CONVOLUTION_2D, number)
    height = max(side for side in range(1, size + 1) if size % side == 0 and side * side <= size)
    width = size // height
    image = [random_numbers(rng, width + 1) for _ in range(height + 1)]
    kernel = [random_numbers(rng, width) for _ in range(height)]
    return Group(name, [Part("alone", program(body, IMAGE=image, KERNEL=kernel))])


LINEAR_ALGEBRA = GroupFamily(
    "linear algebra",
    {
        "matrix product": _matrix_product,
        "1-D convolution": _convolution_1d,
        "2-D convolution": _convolution_2d,
    },
)
