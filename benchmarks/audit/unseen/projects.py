"""Projects in many languages. Variants of a project differ in numbers, names and tools."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from benchmarks.audit.repositories import Files, Repository

STAND_IN = (Path(__file__).parent / "stand_in.py").read_text()
VERBS = ["adds", "rejects", "keeps", "rounds", "sorts", "merges", "parses", "drops", "splits", "caches", "formats"]
NOUNS = ["items", "negative amounts", "empty carts", "taxes", "coupons", "dates", "unknown keys", "long names"]


@dataclass(frozen=True)
class Language:
    """The tools of a language, and lines of a source file in this language."""

    source: str
    good: str
    other: str
    broken: str
    comment: str
    suites: tuple[str, ...]
    commands: dict[str, str]
    """The commands by what they check or show, for example `lint`: `npx eslint .`."""
    names: dict[str, str]
    """What the stand-in tool checks under each name, for example `eslint`: `lint`. Test runners are not included."""
    runner: str
    words: dict[str, tuple[str, str]]
    """What the linter, the type checker and the build print: a pair of the output on success and the output on
    failure.
    """
    shims: tuple[str, ...]


ESLINT = ("", "✖ {n} problems ({n} errors, 0 warnings)")
TSC = ("", "Found {n} errors in the same file, starting at line 3.")
VITE = (
    "vite v5.4.8 building for production...\n✓ {modules} modules transformed.\n"
    "dist/assets/index.js   {kilobytes} kB\n✓ built in {seconds}s",
    "error during build:\nRollupError: Parse failure",
)
BENCH = {"hyperfine": "bench", "wrk": "bench"}
LANGUAGES = {
    "jest": Language(
        "src/cart.ts", "  return price * count;", "  return count * price;", "  return price - count;", "//",
        ("src/cart.test.ts", "src/tax.test.ts", "src/coupon.test.ts"),
        {"tests": "npx jest", "narrow": "npx jest src/tax.test.ts", "lint": "npx eslint .",
         "types": "npx tsc --noEmit",
         "build": "npm run build", "coverage": "npx jest --coverage", "bench": "wrk -t2 -c16 http://127.0.0.1:8080/",
         "version": "npx jest --version"},
        {"eslint": "lint", "tsc": "types", "build": "build", **BENCH}, "jest",
        {"lint": ESLINT, "types": TSC, "build": VITE}, ("npx", "npm", "wrk"),
    ),
    "vitest": Language(
        "lib/slug.ts", "  return words.join('-');", "  return [...words].join('-');", "  return words.join('+');",
        "//",
        ("lib/slug.spec.ts", "lib/date.spec.ts"),
        {"tests": "pnpm vitest run", "narrow": "pnpm vitest run lib/date.spec.ts", "lint": "pnpm biome check",
         "types": "pnpm tsc -b", "build": "pnpm build", "version": "pnpm vitest --version"},
        {"biome": "lint", "tsc": "types", "build": "build"}, "vitest",
        {"lint": ("Checked 34 files in 12ms. No fixes applied.", "Found {n} errors."), "types": TSC, "build": VITE},
        ("pnpm",),
    ),
    "mocha": Language(
        "index.js", "  return a.concat(b);", "  return [...a, ...b];", "  return b.concat(a, a);", "//",
        ("test/list.js", "test/map.js"),
        {"tests": "npx mocha", "narrow": "npx mocha test/map.js", "lint": "npx standard",
         "bench": "hyperfine ./run.sh", "version": "npx mocha --version"},
        {"standard": "lint", **BENCH}, "mocha", {"lint": ("", "standard: {n} errors found")}, ("npx", "hyperfine"),
    ),
    "rust": Language(
        "src/lib.rs", "    left + right", "    right + left", "    left - right", "//",
        ("src/lib.rs",),
        {"tests": "cargo test", "lint": "cargo clippy -- -D warnings", "build": "cargo build --release",
         "bench": "hyperfine ./run.sh", "version": "cargo --version"},
        {"cargo clippy": "lint", "cargo build": "build", **BENCH}, "cargo test",
        {"lint": ("    Finished `dev` profile [unoptimized + debuginfo] target(s) in 0.31s",
                  "error: could not compile `shop` (lib) due to {n} previous errors"),
         "build": ("   Compiling shop v0.3.0 (/srv)\n"
                   "    Finished `release` profile [optimized] target(s) in {seconds}s",
                   "error: could not compile `shop` (lib) due to 1 previous error")},
        ("cargo", "hyperfine"),
    ),
    "go": Language(
        "cart/cart.go", "\treturn total + fee", "\treturn fee + total", "\treturn total - fee", "//",
        ("cart/cart_test.go", "tax/tax_test.go", "store/store_test.go"),
        {"tests": "go test ./...", "narrow": "go test ./cart/cart_test.go", "lint": "golangci-lint run",
         "types": "go vet ./...", "build": "go build ./...", "coverage": "go test -cover ./cart",
         "bench": "wrk -t2 -c16 http://127.0.0.1:8080/"},
        {"golangci-lint": "lint", "golangci-lint run": "lint", "go vet": "types", "go build": "build", **BENCH},
        "go test",
        {"lint": ("0 issues.", "{n} issues:\n* unused: {n}"), "types": ("", "vet: {n} errors"),
         "build": ("", "build failed")},
        ("go", "golangci-lint", "wrk"),
    ),
    "php": Language(
        "src/Invoice.php", "        return $net + $tax;", "        return $tax + $net;", "        return $net;", "//",
        ("tests/InvoiceTest.php", "tests/TaxTest.php"),
        {"tests": "phpunit", "narrow": "phpunit tests/TaxTest.php", "types": "phpstan analyse", "lint": "phpcs src",
         "version": "phpcs --version"},
        {"phpstan": "types", "phpcs": "lint"}, "phpunit",
        {"types": (" [OK] No errors", " [ERROR] Found {n} errors"),
         "lint": ("", "FOUND {n} ERRORS AFFECTING 1 LINE")},
        ("phpunit", "phpstan", "phpcs"),
    ),
    "ruby": Language(
        "lib/ledger.rb", "    debit + credit", "    credit + debit", "    debit - credit", "#",
        ("spec/ledger_spec.rb", "spec/entry_spec.rb"),
        {"tests": "bundle exec rspec", "narrow": "bundle exec rspec spec/entry_spec.rb",
         "lint": "bundle exec rubocop",
         "version": "rubocop --version"},
        {"rubocop": "lint"}, "rspec",
        {"lint": ("Inspecting 14 files\n..............\n\n14 files inspected, no offenses detected",
                  "14 files inspected, {n} offenses detected")},
        ("bundle", "rubocop"),
    ),
    "java": Language(
        "src/main/java/Cart.java", "        return sum + fee;", "        return fee + sum;", "        return fee;",
        "//",
        ("src/test/java/CartTest.java", "src/test/java/FeeTest.java"),
        {"tests": "mvn test", "build": "mvn package -DskipTests", "lint": "mvn checkstyle:check",
         "bench": "wrk -t2 -c16 http://127.0.0.1:8080/"},
        {"mvn package": "build", "mvn checkstyle:check": "lint", **BENCH}, "mvn test",
        {"lint": ("[INFO] You have 0 Checkstyle violations.", "[ERROR] You have {n} Checkstyle violations."),
         "build": ("[INFO] Building jar: /srv/target/shop.jar\n[INFO] BUILD SUCCESS\n[INFO] Total time:  {seconds} s",
                   "[INFO] BUILD FAILURE")},
        ("mvn", "wrk"),
    ),
    "dotnet": Language(
        "Shop/Cart.cs", "        return Sum + Fee;", "        return Fee + Sum;", "        return Fee;", "//",
        ("Shop.Tests/CartTests.cs",),
        {"tests": "dotnet test", "build": "dotnet build", "version": "dotnet --version"},
        {"dotnet build": "build"}, "dotnet test",
        {"build": ("Build succeeded.\n    0 Warning(s)\n    0 Error(s)\n\nTime Elapsed 00:00:0{seconds}",
                   "Build FAILED.\n    0 Warning(s)\n    1 Error(s)")},
        ("dotnet",),
    ),
    "cpp": Language(
        "src/matrix.cpp", "  return a * b;", "  return b * a;", "  return a + b;", "//",
        ("tests/matrix_test.cpp",),
        {"tests": "ctest --test-dir build", "build": "cmake --build build", "lint": "clang-tidy src/matrix.cpp",
         "bench": "hyperfine ./run.sh", "version": "ctest --version"},
        {"cmake": "build", "clang-tidy": "lint", **BENCH}, "ctest",
        {"lint": ("", "{n} errors generated."),
         "build": ("[ 50%] Building CXX object matrix.o\n[100%] Built target matrix", "make: *** [all] Error 2")},
        ("ctest", "cmake", "clang-tidy", "hyperfine"),
    ),
    "swift": Language(
        "Sources/Shop/Cart.swift", "        sum + fee", "        fee + sum", "        sum - fee", "//",
        ("Tests/ShopTests/CartTests.swift",),
        {"tests": "swift test", "build": "swift build", "lint": "swiftlint"},
        {"swift build": "build", "swiftlint": "lint"}, "swift test",
        {"lint": ("Done linting! Found 0 violations, 0 serious in 6 files.", "Done linting! Found {n} violations."),
         "build": ("Build complete! ({seconds}s)", "error: fatalError")},
        ("swift", "swiftlint"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Project:
    """A repository, its commands by what they check or show, and the edits that an agent makes."""

    repository: Repository
    commands: dict[str, str]
    narrow: str | None
    """The test file that can be run by itself; None if there is none."""
    spoils: dict[str, tuple[str, str]] = field(default_factory=dict)
    """For each check, such as `lint`: a line of the source, and the text that replaces it to make the check fail."""


def make_project(kind: str, number: int) -> Project:
    """Return variant `number` of the project in a language, such as `jest`."""
    language = LANGUAGES[kind]
    random = Random(f"{kind}/{number}")
    names = [f"{verb} {noun}" for verb in VERBS for noun in NOUNS]
    suites = [{"file": file, "tests": random.sample(names, random.randrange(4, 19))} for file in language.suites]
    lines = [f"{language.comment} part {index} of {kind}" for index in range(random.randrange(3, 17))]
    text = "\n".join(["", language.good, *lines]) + "\n"
    spoils = {
        "tests": (language.good, language.broken),
        "lint": (language.good, language.good + "\nint unused_thing;"),
        "types": (language.good, language.good + '\nnumber badly_typed = "x";'),
        "build": (language.good, language.good + "\n((("),
    }
    state = {
        "name": "shop", "source": language.source, "suites": suites, "skipped": random.choice([0, 0, 0, 2, 3]),
        "seconds": random.randrange(90, 790) / 100, "failing": random.randrange(2, 4),
        "errors": random.randrange(2, 9),
        "covered": random.randrange(7600, 9900) / 100, "kilobytes": random.randrange(90, 600) + 0.37,
        "modules": random.randrange(30, 220), "milliseconds": random.randrange(180, 960) + 0.4,
        "rate": random.randrange(4000, 29000) + 0.53,
        "version": f"{random.randrange(3, 30)}.{random.randrange(9)}.{number}",
        "names": language.names, "runner": language.runner,
        "spoiled": {matter: (language.source, new.splitlines()[-1]) for matter, (_, new) in spoils.items()},
        **{f"{matter} words": words for matter, words in language.words.items()},
    }  # fmt: skip
    files: Files = {
        ".tools/state.json": json.dumps(state),
        **{f".tools/{name}": STAND_IN for name in language.shims},
        language.source: text,
        **{file: f"{language.comment} tests\n" for file in language.suites if file != language.source},
        **_common_files(random),
    }
    repository = Repository(
        f"{kind}-{number}",
        files,
        language.commands["tests"],
        language.source,
        language.good,
        language.broken,
        language.other,
    )
    commands = language.commands | _common_commands(number)
    narrow = commands["narrow"].split()[-1].removeprefix("./") if "narrow" in commands else None
    if narrow and "/" not in narrow:
        narrow = None
    return Project(repository, commands, narrow, {matter: spoils[matter] for matter in ("tests", *language.words)})


def _common_files(random: Random) -> Files:
    """Return the files that every project contains: scripts that are really run, notes, and settings."""
    rows = random.randrange(120, 4000)
    data = "\n".join(f"{index},{'' if index % 37 == 5 else index * 7 % 91}" for index in range(rows))
    return {
        "README.md": "# shop\n\nA small shop.\n\nThe suite should have 500 tests one day.\n",
        "CHANGELOG.md": "# Changes\n\n- nothing yet\n",
        "settings.toml": f"retries = {random.randrange(2, 60)}\ntimeout = {random.randrange(61, 900)}\n",
        "data/orders.csv": data + "\n",
        "scripts/load.py": LOAD,
        "scripts/fit.py": FIT.replace("SEED", str(random.randrange(1000))),
        "scripts/verify.sh": f"echo checking\nexit {random.randrange(2, 90)}\n",
    }


def _common_commands(number: int) -> dict[str, str]:
    return {
        "load": "python3 scripts/load.py",
        "train": "python3 scripts/fit.py" if number % 2 else "python scripts/fit.py --verbose",
        "exit": 'bash scripts/verify.sh; echo "exit status: $?"',
        "lines": "wc -l data/orders.csv",
        "bytes": "wc -c data/orders.csv",
        "settings": "cat settings.toml",
    }


LOAD = """import csv

rows = list(csv.reader(open("data/orders.csv")))
good = [row for row in rows if row[1]]
print(f"read {len(rows)} rows")
print(f"loaded {len(good)} rows, {len(rows) - len(good)} rejected")
"""
FIT = """import random

random.seed(SEED)
RATE = 0.05
loss, score = 1.9, 0.41
for epoch in range(1, 9):
    loss *= 0.7 + RATE + random.random() / 20
    score += (0.99 - score) * (0.2 + random.random() / 9)
    print(f"Epoch {epoch}/8 - loss: {loss:.4f} - val_loss: {loss * 1.21:.4f} - val_acc: {score:.4f}")
print(f"test: f1={score - 0.0312:.4f} acc={score - 0.0107:.4f}")
"""


def projects() -> list[Project]:
    """Return all variants of all projects."""
    return [make_project(kind, number) for kind in LANGUAGES for number in range(3)]
