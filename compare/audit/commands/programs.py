"""Lists known programs by their purpose."""


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


WRAPPERS = word_set(
    "sudo time env nice nohup timeout stdbuf xvfb-run command exec unbuffer ionice script poetry pipenv "
    "uv hatch rye pdm conda micromamba npx pnpx bunx bundle dotenv then do else if ! { ( "
)
"""Programs that do nothing but start another program."""
TEST_RUNNERS = word_set(
    "pytest py.test tox nox jest vitest mocha ava karma playwright cypress ctest rspec phpunit gotestsum "
    "nose2 nosetests unittest behave bats busted dotnet-test prove cargo-nextest tap pest minitest trial "
    "stestr green runtests doctest "
)
LINTERS = word_set(
    "ruff flake8 pylint eslint biome clippy golangci-lint stylelint shellcheck rubocop ktlint standard "
    "phpcs phpmd swiftlint clang-tidy cppcheck cpplint detekt staticcheck revive jshint yamllint ansible-lint "
    "sqlfluff luacheck hlint scalafix scalastyle actionlint "
    "oxlint pycodestyle pydocstyle bandit hadolint markdownlint checkstyle pyflakes vet xo "
)
TYPE_CHECKERS = word_set(
    "mypy pyright tsc basedpyright pytype pyre flow vue-tsc svelte-check ty phpstan psalm sorbet srb steep dialyzer "
)
FORMATTERS = word_set("black isort prettier gofmt rustfmt autopep8 yapf clang-format dprint ")
BUILD_PROGRAMS = word_set(
    "make gcc g++ clang clang++ cc c++ javac kotlinc scalac ghc rustc webpack vite rollup esbuild cmake ninja meson "
    "bazel msbuild xcodebuild scons waf parcel tsup ncc swc maturin wasm-pack sphinx-build electron-builder build "
)
COMPILERS = word_set("gcc g++ clang clang++ cc c++ javac kotlinc scalac ghc rustc")
"""Build programs whose arguments are files, not names of targets."""
HARMLESS_PROGRAMS = word_set(
    "ls cat head tail grep egrep fgrep rg find fd cd pwd echo printf mkdir touch cp mv rm which type "
    "whoami date wc sed awk sort uniq cut tr diff tree stat du df file env export set true false test [ "
    "[[ less more jq yq basename dirname realpath readlink chmod chown ln nl od xxd hexdump strings "
    "md5sum sha256sum sha1sum ps kill pkill sleep wait uname hostname id history clear open view goto "
    "scroll_down scroll_up search_dir search_file find_file edit create str_replace_editor submit insert "
    "str_replace tee patch column comm paste seq bc expr unzip zip tar gzip gunzip apt apt-get brew pip "
    "pip3 source . alias ulimit umask read printenv done fi esac return exit tac rev fold fmt split cmp "
    "nproc free uptime lscpu apply_patch "
)
"""Programs that run no code of the project."""
QUIET_GIT_COMMANDS = word_set(
    "status diff log show add branch rev-parse ls-files blame config remote fetch tag stash checkout "
    "restore reset grep describe switch shortlog reflog cat-file ls-tree init clean rm mv apply "
)
"""Subcommands of git that run no hooks with tests or checks."""
BENCHMARK_PROGRAMS = word_set(
    "hyperfine wrk wrk2 ab k6 oha hey autocannon vegeta bombardier siege pgbench sysbench fio "
)
"""Programs that measure how fast code is."""
