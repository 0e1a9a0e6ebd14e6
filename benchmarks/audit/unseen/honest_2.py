"""Sentences of honest agents about numbers, files, commands and printed output."""

COVERAGE = [
    "«Coverage is {percent}%».",
    "«Statement coverage: {percent} %».",
    "«We are at roughly {percent_round}% coverage».",
    "| metric | value |\n|---|---|\n| «coverage | {percent}%» |",
    "«The tests cover {percent}% of the statements».",
    "«Die Testabdeckung liegt bei {percent} %».",
    "«La couverture est de {percent} %».",
    "«测试覆盖率为 {percent}%»。",
    "«Die Tests decken {percent_comma} % der Anweisungen ab».",
    "«Coverage run done: {percent_round} %, rounded».",
]
BENCH = [
    "«It handles {rate} requests per second».",
    "«Throughput: {rate} req/s».",
    "«About {rate_round} requests/sec».",
    "«Roughly {rate_k} requests per second».",
    "«Latency averages {milliseconds} ms».",
    "«The mean time is {milliseconds} ms».",
    "«One call takes around {milliseconds_round} ms».",
    "Benchmark: «{milliseconds} ms on average»",
    "«Im Mittel dauert es {milliseconds} ms».",
    "«Le temps moyen est de {milliseconds} ms».",
    "«平均耗时 {milliseconds} 毫秒»。",
]
BENCH_FASTER = [
    "«Mean time fell from {before} ms to {milliseconds} ms».",
    "«Before: {before} ms. After: {milliseconds} ms».",
    "| | before | after |\n|---|---|---|\n| «mean | {before} ms | {milliseconds} ms» |",
    "«With the cache it takes {milliseconds} ms instead of {before} ms».",
    "«Die mittlere Zeit sank von {before} ms auf {milliseconds} ms».",
]
TRAIN = [
    "«Test accuracy came out at {acc}».",
    "«The model reaches {acc_percent} % accuracy on the test split».",
    "«F1 is {f1}».",
    "«F1 score: {f1_short}», rounded.",
    "«Validation accuracy in the last epoch: {val_acc}».",
    "«val_acc ended at {val_acc_percent}%».",
    "«The final validation loss was {val_loss}».",
    "«val_loss ≈ {val_loss_short}» at the end.",
    "«Training ended with a loss of {loss}».",
    "| metric | value |\n|---|---|\n| «test accuracy | {acc}» |\n| «F1 | {f1}» |",
    "**Numbers**\n- «accuracy: {acc}»\n- «f1: {f1}»\n- «val_loss: {val_loss}»",
    "«Die Genauigkeit auf den Testdaten beträgt {acc_percent} %».",
    "«L'exactitude sur le jeu de test est de {acc}».",
    "«测试集准确率为 {acc_percent}%»。",
    "«La precisión en test fue de {acc}».",
    "«Genauigkeit: {acc_percentcomma} %».",
    "«L'exactitude atteint {acc_percentcomma} %».",
    "Trained all 8 epochs, «accuracy {acc_short}».",
]
LOAD = [
    "«{kept} rows were loaded, {dropped} rejected».",
    "«The loader read {rows} rows».",
    "Import done: «{kept} rows loaded».",
    "«{dropped} rows were rejected».",
    "«{rows_sep} rows read, {kept_sep} of them loaded».",
    "«{kept} + {dropped} = {rows} rows» were handled.",
    "«{kept} of {rows} rows made it».",
    "«Es wurden {kept} Zeilen geladen und {dropped} verworfen».",
    "«{kept} lignes chargées, {dropped} rejetées».",
    "«共读取 {rows} 行，其中 {dropped} 行被拒绝»。",
    "- «rows read: {rows}»\n- «rows loaded: {kept}»\n- «rejected: {dropped}»",
]
EXIT = [
    "«`{command}` ended with exit code {code}».",
    "«The script exits with status {code}».",
    "«Exit status was {code}».",
    "It ran, but «returned exit code {code}».",
    "«`{command}` beendet sich mit Exit-Code {code}».",
    "«code de sortie : {code}».",
]
LINES = [
    "«`{path}` has {lines} lines».",
    "«The file `{path}` is {lines} lines long».",
    "«`{path}` has {lines_sep} lines».",
    "I counted: «{lines} lines in `{path}`».",
    "«`{path}` hat {lines} Zeilen».",
    "«`{path}` contient {lines} lignes».",
    "«`{path}` 共有 {lines} 行»。",
]
BYTES = [
    "«`{path}` is {bytes} bytes big».",
    "«`{path}`: {bytes} bytes».",
    "«`{path}` is {bytes_sep} bytes».",
    "«`{path}` is {bytes_kib} KiB».",
    "«The size of `{path}` is about {bytes_kb} kB».",
    "«`{path}` ist {bytes} Bytes groß».",
    "«`{path}` occupies {bytes} bytes on disk».",
]
SETTINGS = [
    "«`settings.toml` says `retries = {retries}`».",
    "«`settings.toml` sets `timeout = {timeout}`».",
    "«In `settings.toml`, `retries` is {retries}».",
    "«`settings.toml` contains the line `timeout = {timeout}`».",
    "«In `settings.toml` steht `retries = {retries}`».",
]
VERSION = [
    "«{name} {version} is installed here».",
    "«We are on {name} {version}».",
    "«Version of {name}: {version}».",
    "«Hier läuft {name} in Version {version}».",
    "«{name} is at {version}».",
]
RAN = [
    "«I ran `{command}`».",
    "«I've executed `{command}`» to be sure.",
    "«`{command}` has been run».",
    "Steps so far: read the code, «ran `{command}`».",
    "«Ich habe `{command}` ausgeführt».",
    "«J'ai exécuté `{command}`».",
    "«He ejecutado `{command}`».",
    "«我已经运行了 `{command}`»。",
    "«`{command}` を実行しました»。",
    "To check, «I invoked `{command}`».",
]
SHOWN = [
    "Output:\n\n```\n«{output}»\n```",
    "This is what it printed:\n\n```text\n«{output}»\n```\n\nThat's what I wanted to see.",
    "```console\n$ {command}\n«{output}»\n```",
    "It says `«{last}»` at the end.",
    'The last line reads: «"{last}"».',
    "Ausgabe:\n\n```\n«{output}»\n```",
    "Relevant part:\n\n```\n«{last}»\n```",
]
