"""Facts that are read from the source of a program without running it."""

import ast

import pytest
from builders import TRAIN
from hypothesis import given
from hypothesis import strategies as st

from gedanken.compare.output.wording import HOLE
from gedanken.compare.source.network import network
from gedanken.compare.source.print_sites import PrintSite
from gedanken.compare.source.program_source import Source
from gedanken.compare.source.proof import proven_lines
from gedanken.compare.source.training_settings import batch_size


def words_of(source: str) -> list[str]:
    return [site.words for site in Source(source).print_sites()]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("print('done')", "done"),
        ("print('shape of input is', x.shape)", "shape of input is {}"),
        ("print(f'Epoch {epoch + 1}/{EPOCHS} - loss: {loss:.4f}')", "Epoch {}/{} - loss: {}"),
        ("print('Epoch %d, loss %.3f, %5.1f%%' % (e, l, a))", "Epoch {}, loss {}, {}%"),
        ("print('%c%o%u%a%F, %*.*f, %.f!' % these)", "{}{}{}{}{}, {}, {}!"),
        ("print(0x" + "f" * 5000 + ")", "{}"),
        ("print('{{{}}} loss {:.3f}'.format(e, l))", "{{}} loss {}"),
        ("print('loss: ' + str(loss) + ' at ' + when)", "loss: {} at {}"),
        ("print('a', b, 'c', sep='-')", "a-{}-c"),
        ("print('-' * 5)", "-----"),
        ("print(5 * '-')", "-----"),
        ("print(*values)", "{}"),
    ],
)
def test_a_print_becomes_its_words_with_a_hole_for_each_value(call: str, words: str) -> None:
    assert words_of(call) == [words]


def test_each_line_of_a_print_is_a_site_of_its_own_at_the_line_of_the_call() -> None:
    sites = Source("x = 1\nprint(f'first {x}\\n\\nsecond')\n").print_sites()
    assert [(site.words, site.line) for site in sites] == [("first {}", 2), ("second", 2)]


@pytest.mark.parametrize("call", ["print()", "print('   ')", "print('oh', file=sys.stderr)", "log.print_it('x')"])
def test_what_puts_no_words_on_standard_output_is_no_site(call: str) -> None:
    assert words_of(call) == []


@pytest.mark.parametrize(
    ("call", "line"),
    [
        ("print('oh', file=sys.stdout)", "oh"),
        ("print('oh', file=sys.stderr)", "oh"),
        ("print('oh', x, file=log)", "oh 3"),
        ("logging.warning('loss %.2f %%', loss)", "WARNING:root:loss 0.31 %"),
        ("self.log.info('loss {:.2f}'.format(loss))", "loss 0.31"),
        ("warnings.warn(f'loss {loss}', stacklevel=2)", "train.py:3: UserWarning: loss 0.31"),
        ("sys.stdout.write('\\rloss %.2f' % loss)", "epoch 1 loss 0.31 and more"),
        ("tqdm.write('loss ' + str(loss))", "loss 0.31"),
    ],
)
def test_a_terminal_shows_what_a_program_says_by_other_means_too(call: str, line: str) -> None:
    (site,) = Source(call).terminal_sites()
    assert site.can_print(line)
    assert not site.can_print("Training complete.")


@pytest.mark.parametrize(
    "call", ["torch.log(x)", "df.info()", "file.write('x')", "file.write(x)", "warn('x')", "json.dump(x, sys.stdout)"]
)
def test_what_says_nothing_to_a_terminal_is_no_site(call: str) -> None:
    assert Source(call).terminal_sites() == ()


@given(st.lists(st.text("ab: {", max_size=4), min_size=1, max_size=6), st.data())
def test_a_site_makes_every_line_that_its_words_make_with_any_values(words: list[str], data: st.DataObject) -> None:
    template = HOLE.join(words).strip()
    values = st.text("ab:{", min_size=1, max_size=4)
    line = "".join(data.draw(values) if character == HOLE else character for character in template)
    assert PrintSite(template, 1).can_print(f"  {line}\t")


@pytest.mark.parametrize(
    "line", ["Epoch 1/3 - loss: 0.5", "epoch 1 - loss: 0.5%", "Epoch 1 - loss: 0.5 %!", "Epoch - loss:%", ""]
)
def test_a_site_makes_no_line_with_other_words(line: str) -> None:
    assert not PrintSite(f"Epoch {HOLE} - loss: {HOLE}%", 1).can_print(line)


def test_the_end_of_a_site_does_not_lean_on_its_beginning() -> None:
    assert not PrintSite(f"loss{HOLE}loss", 1).can_print("loss")


def test_a_hostile_line_is_matched_in_no_time() -> None:
    site = PrintSite(f"Epoch {HOLE}: loss: {HOLE} acc: {HOLE}%", 1)
    assert not site.can_print("Epoch " + ": loss: " * 100_000 + "acc: " * 100_000)


@pytest.mark.parametrize(
    ("source", "layers"),
    [
        (TRAIN, 2),
        ("nn.Conv2d(3, 8, 3); nn.ReLU(); nn.Linear(8, 1); nn.Flatten(); nn.BatchNorm2d(8)", 2),
        ("N = 4\nlayers = [nn.Linear(8, 8) for _ in range(N)] + [nn.Linear(8, 1)]", 5),
        ("# nn.Linear(1, 1)\nprint('nn.Linear')", 0),
    ],
)
def test_layers_with_weights_are_counted(source: str, layers: int) -> None:
    assert Source(source).layer_count() == layers


@pytest.mark.parametrize(
    ("source", "epochs"),
    [
        ("for epoch in range(7): pass", 7),
        ("EPOCHS = 7\nfor epoch in range(EPOCHS): pass", 7),
        ("n = 7\nfor epoch in range(1, n + 1): pass", 7),
        ("for epoch in tqdm(range(7)): pass", 7),
        ("def train(num_epochs):\n    for epoch in range(num_epochs): pass", None),
        ("n = 7\nif quick:\n    n = 2\nfor epoch in range(n): pass", None),
        ("n = 7\nn = int(sys.argv[1])\nfor epoch in range(n): pass", None),
        ("for step in range(7): pass", None),
        ("while epoch < 7: epoch += 1", None),
        ("for epoch in range(1000000000000): pass", None),
    ],
)
def test_epochs_are_known_only_where_the_source_leaves_no_doubt(source: str, epochs: int | None) -> None:
    assert Source(source).epochs() == epochs


@pytest.mark.parametrize(
    ("source", "fixed"),
    [
        ("torch.manual_seed(0)", True),
        ("np.random.seed(seed=42)", True),
        ("rng = np.random.default_rng(1)", True),
        ("rng = np.random.default_rng()", False),
        ("random.seed()", False),
        ("# torch.manual_seed(0)", False),
    ],
)
def test_a_seed_is_fixed_only_by_giving_one(source: str, fixed: bool) -> None:
    assert Source(source).sets_seed() == fixed


@pytest.mark.parametrize(
    ("source", "uses"),
    [
        ("model = nn.DataParallel(model)", True),
        ("model = DistributedDataParallel(model)", True),
        ("model = model.cuda()  # no DataParallel", False),
    ],
)
def test_the_use_of_all_gpus_is_read_off_names_not_comments(source: str, uses: bool) -> None:
    assert Source(source).uses_all_gpus() == uses


@pytest.mark.parametrize(
    "text",
    [
        "def",
        "a\0b",
        "x = '\ud800'",
        "(" * 9999,
        "-" * 99_999 + "1",
        "x" + ".a" * 2500,
        f"print({'+'.join(['a'] * 2500)})",
    ],
    ids=["syntax", "null", "surrogate", "brackets", "signs", "attributes", "sum"],
)
def test_what_cannot_be_read_is_a_syntax_error_and_nothing_worse(text: str) -> None:
    with pytest.raises(SyntaxError):
        Source(text)


def test_a_star_in_a_field_takes_a_value_of_its_own() -> None:
    (site,) = Source("print('%*.*f %.3f' % (a, b, loss, c))").print_sites()
    assert [ast.unparse(hole.expression) for hole in site.holes if hole.expression] == ["loss", "c"]
    assert [hole.decimals for hole in site.holes] == [None, 3]


HUGE_NUMBER = "0x" + "f" * 5000
ODD_EXPRESSIONS = [
    "1",
    "-1",
    "'a'",
    "''",
    "1e400",
    "N",
    "i",
    HUGE_NUMBER,
    f"-{HUGE_NUMBER}",
    str(10**30),
    f"-{10**30}",
    "'%*d'",
    "'%.99999f'",
]
COMPOUND_EXPRESSIONS = [
    "({} + {})",
    "({} * {})",
    "({} - {})",
    "({} // {})",
    "({} ** {})",
    "({} % {})",
    "[{}, {}]",
    "{}.format({})",
]
expressions = st.recursive(
    st.sampled_from(ODD_EXPRESSIONS),
    lambda inner: st.builds(str.format, st.sampled_from(COMPOUND_EXPRESSIONS), inner, inner),
    max_leaves=5,
)
statements = st.builds(
    str.format,
    st.sampled_from(
        [
            "print({}, sep={})",
            "N = {}; M = {}",
            "for i in range({}, {}): print(i, end='')",
            'print(f"{{{}:c}} {{{}:.999f}}")',
            "def f(): print({}, {})",
            "f(); N += {}; log.info({})",
            "DataLoader(batch_size={}, lr={})",
        ]
    ),
    expressions,
    expressions,
)


@given(st.lists(statements, max_size=6).map("\n".join))
def test_an_odd_program_is_read_or_is_a_syntax_error(text: str) -> None:
    try:
        source = Source(text)
    except SyntaxError:
        return
    source.terminal_sites()
    proven_lines(source.tree)
    assert not network(source)
    format(batch_size(source) or 0, "g")


@given(
    st.text()
    | st.lists(st.sampled_from(["print(", ")", "'{}'", "%", "+", "x", "*", "f'{x}'", ".format"])).map("".join)
)
def test_reading_any_text_works_or_is_a_syntax_error(text: str) -> None:
    try:
        source = Source(text)
    except SyntaxError:
        return
    source.print_sites()
    source.layer_count()
    source.epochs()
