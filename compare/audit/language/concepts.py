"""Maps words of several languages to concepts: deeds (`read`), things (`row`) and measures (`latency`)."""

import re
from collections.abc import Iterator

_DEEDS = {
    "read": (r"\breads?\b|gelesen|\blues?\b|leíd|\blid[oa]s", r"读取|読み"),
    "load": (r"\b(?:re)?load|ge?laden|charg[ée]|cargad|carregad", r"加载|载入|ロード"),
    "import": (r"\bimport", r"导入|インポート"),
    "reject": (r"\breject|verworfen|abgelehnt|rejet[ée]|rechazad|rejeitad", r"拒绝|却下|拒否"),
    "skip": (r"\bskipp|übersprungen|ignorée?s|omitid|ignorad", r"跳过|スキップ"),
    "process": (r"\bprocess|\bhandle|verarbeitet|traitée?s|procesad|processad", r"处理|処理"),
    "drop": (r"\bdropp|\bdiscard|entfernt|supprimée?s|descartad", r"丢弃|破棄"),
    "keep": (r"\bkept\b|\bkeeps?\b|behalten|gardée?s|conservad", r"保留"),
    "parse": (r"\bpars", r"解析"),
    "write": (r"\bwrote\b|\bwritten\b|\bwrites\b|geschrieben|écrite?s|escrit", r"写入|書き"),
    "insert": (r"\binsert|eingefügt|insérée?s", r"插入|挿入"),
    "export": (r"\bexport", r"导出|エクスポート"),
    "convert": (r"\bconvert|umgewandelt|convertie?s|convertid", r"转换|変換"),
    "index": (r"\bindexed|indiziert|indexée?s|indexad", r"索引"),
    "match": (r"\bmatche[ds]|gefunden|trouvée?s|encontrad", r"匹配|一致"),
    "transform": (r"\btransform", r"转换"),
    "collect": (r"\bcollected|gesammelt|collectée?s", r"收集|収集"),
    "download": (r"\bdownload|heruntergeladen|téléchargée?s|descargad", r"下载|ダウンロード"),
    "migrate": (r"\bmigrat|migriert|migrée?s", r"迁移|移行"),
    "scan": (r"\bscann", r"扫描|スキャン"),
    "generate": (r"\bgenerated|\bgenerates|erzeugt|générée?s|generad", r"生成"),
    "copy": (r"\bcopie[ds]|kopiert|copiée?s|copiad", r"复制|コピー"),
    "receive": (r"\breceive|empfangen|reçue?s|recibid", r"接收|受信"),
    "send": (r"\bsent\b|\bsends\b|gesendet|envoyée?s|enviad", r"发送|送信"),
    "merge": (r"\bmerged\b|zusammengeführt|fusionnée?s", r"合并|マージ"),
    "filter": (r"\bfiltered\b|gefiltert|filtrée?s|filtrad", r"过滤|フィルタ"),
    "valid": (r"\bvalid\b|gültig|valides?\b|válid", r"有效|有効"),
    "duplicate": (r"\bduplicate", r"重复|重複"),
}
"""Concepts for what is done with data, each with two patterns.

The first pattern is for languages that separate words by spaces, the second for Chinese and Japanese.
"""
_THINGS = {
    "row": (r"\brows?\b|\bZeilen?\b|\blignes?\b|\bfilas?\b|\blinhas?\b", r"行"),
    "record": (r"\brecords?\b|Datens[aä]tze?|enregistrements?|registros?", r"记录|レコード"),
    "entry": (r"\bentr(?:y|ies)\b|Einträge?|entrées?|entradas?", r"条目"),
    "file": (r"\bfiles?\b|Dateien?|fichiers?|archivos?|ficheros?|arquivos?", r"文件|ファイル"),
    "item": (r"\bitems?\b|Elemente?|éléments?|elementos?", r"项目|件"),
    "request": (r"\brequests?\b|\breqs?\b|Anfragen?|requêtes?|peticiones|solicitudes", r"请求|リクエスト"),
    "module": (r"\bmodules?\b|Module|módulos?", r"模块|モジュール"),
    "user": (r"\busers?\b|Benutzer|utilisateurs?|usuarios?", r"用户|ユーザー"),
    "image": (r"\bimages?\b|Bilder|imágenes", r"图像|画像"),
    "sample": (r"\bsamples?\b|Beispiele|échantillons?|muestras?", r"样本|サンプル"),
    "message": (r"\bmessages?\b|Nachrichten|mensajes?", r"消息|メッセージ"),
    "document": (r"\bdocuments?\b|Dokumente|documentos?", r"文档|文書"),
    "word": (r"\bwords?\b|\bWörter\b|\bmots\b|\bpalabras\b", r"单词|単語"),
    "event": (r"\bevents?\b|Ereignisse|événements?|eventos?", r"事件|イベント"),
    "order": (r"\borders?\b|Bestellungen|commandes\b|pedidos?", r"订单|注文"),
    "page": (r"\bpages\b|\bSeiten\b|páginas", r"页|ページ"),
    "point": (r"\bpoints\b|Punkte|puntos", r"点"),
    "token": (r"\btokens?\b", r"令牌|トークン"),
    "object": (r"\bobjects?\b|Objekte|objets|objetos", r"对象|オブジェクト"),
    "table": (r"\btables\b|Tabellen|tablas", r"表"),
    "package": (r"\bpackages?\b|Pakete|paquets|paquetes", r"包"),
    "job": (r"\bjobs?\b|Aufträge|tâches", r"任务|ジョブ"),
}
_MEASURES = {
    "mean": (
        r"\bmean\b|\baverages?\b|\bavg\b|im Mittel|\bMittel|mittlere|Durchschnitt|durchschnittlich|\bmoyen|"
        r"en moyenne|\bmedia\b|promedio|\bmédia\b",
        r"平均",
    ),
    "latency": (r"latenc|\blat\b|Latenz|latencia", r"延迟|レイテンシ"),
    "throughput": (
        r"throughput|requests?\s?(?:/|per )\s?s|\breqs?/s|\brps\b|Durchsatz|débit|rendimiento",
        r"吞吐|スループット",
    ),
    "benchmark": (r"benchmark|hyperfine|\bbench\b", r"基准|ベンチマーク"),
}
_KINDS = {
    kind: {
        name: (re.compile(spaced, re.IGNORECASE), re.compile(unspaced)) for name, (spaced, unspaced) in table.items()
    }
    for kind, table in (("done", _DEEDS), ("thing", _THINGS), ("measure", _MEASURES))
}
DEED = "|".join(spaced for spaced, _ in _DEEDS.values())
DEED_UNSPACED = "|".join(unspaced for _, unspaced in _DEEDS.values())
INFORMATIVE_CONCEPTS = frozenset([*_DEEDS, *_MEASURES])
"""Concepts that say what was done or measured, unlike `row`, which only names a thing."""
MEASURE = "|".join(spaced for spaced, _ in _MEASURES.values())
THING = "|".join(spaced for spaced, _ in _THINGS.values())
THING_UNSPACED = "|".join(unspaced for _, unspaced in _THINGS.values())


def concepts_in(text: str, *kinds: str) -> Iterator[str]:
    """Yield the concepts that a text mentions.

    `kinds`: `done` (such as `read`), `thing` (such as `row`) or `measure` (such as `latency`).
    """
    for kind in kinds:
        for name, (spaced, unspaced) in _KINDS[kind].items():
            if spaced.search(text) or unspaced.search(text):
                yield name


def pattern_of_concepts(names: tuple[str, ...]) -> str:
    """Return a pattern that matches any word for one of the concepts `names`, such as `read` or `row`."""
    patterns = [
        f"{spaced.pattern}|{unspaced.pattern}"
        for table in _KINDS.values()
        for name, (spaced, unspaced) in table.items()
        if name in names
    ]
    return "|".join(patterns)
