"""Translates foreign words in logs into English: names of metrics, data splits (train, val, test) and counters."""

import re
from functools import lru_cache

_ENGLISH = {
    "loss": "verlust verluste perte pertes pérdida perdida pérdidas perdita perda verlies förlust kayıp потери "
    "потеря 损失 損失 손실",
    "cost": "kosten coût costo custo",
    "error": "fehler fehlerrate erreur errore erro błąd ошибка",
    "acc": "genauigkeit treffergenauigkeit exactitude exactitud accuratezza acurácia acuracia nauwkeurigheid "
    "noggrannhet dokładność doğruluk точность 准确率 準確率 正解率 정확도",
    "precision": "präzision précision precisión precisione precisão precisie",
    "recall": "trefferquote rappel richiamo revocação полнота",
    "reward": "belohnung récompense recompensa ricompensa beloning nagroda награда",
    "train": "trainings entraînement entrainement apprentissage entrenamiento aprendizaje addestramento "
    "treinamento treino träning eğitim обучение обучения 训练 訓練 学習 훈련 학습",
    "val": "validierung validierungs validación validacion validazione validação validacao validatie validering "
    "walidacja doğrulama валидация валидации 验证 驗證 検証 검증",
    "test": "prueba pruebas prova teste testowy тест тесте 测试 測試 テスト 테스트",
    "epoch": "epoche epochen époque époques época épocas epoca epoka epok эпоха 第",
    "step": "schritt schritte étape étapes paso pasos passo passi stap krok adım шаг",
    "time": "zeit dauer temps durée duree tiempo duración duracion tempo durata duração tijd duur czas süre время",
    "second": "sekunde sekunden seconde secondes segundo segundos secondo secondi сек",
    "rate": "lernrate taux tasa tasso taxa leersnelheid",
    "best": "beste bester bestes meilleur meilleure mejor migliore melhor лучший лучшая",
    "mean": "mittel mittlere mittlerer durchschnitt durchschnittlicher moyenne média gemiddelde средний средняя",
}
_WORDS = {word: english for english, words in _ENGLISH.items() for word in words.split()}
_CJK_WORDS = re.compile(
    "|".join(sorted((word for word in _WORDS if re.fullmatch("[\u2e80-\ud7af]+", word)), key=len, reverse=True))
)
"""Matches the listed Chinese, Japanese and Korean words. They may have no blank before or after them."""
_ELIDED = re.compile(r"(?<!\w)[dl]['’](?=\w)", re.IGNORECASE)
"""Matches `l'` or `d'` before a French or Italian word, such as the `d'` in `perte d'entraînement`."""
_HELD_OUT = re.compile(r"(?<![A-Za-z])(?:h[eo]ld[- _]out|out[- _]of[- _](?:sample|fold))(?![A-Za-z])", re.IGNORECASE)
_COMPOUND = re.compile(
    r"(?P<first>trainings?|validierungs?|validations?|tests?|gesamt)"
    r"(?P<second>verlust|genauigkeit|fehler|kosten|präzision|zeit)(?:e|es|en)?"
)
"""Matches a German compound: `Validierungsverlust`."""


def separate_words(name: str) -> str:
    """Prepare a name for being split into words.

    Listed Chinese, Japanese and Korean words become English, with blanks around them. `d'entraînement` becomes
    `entraînement`, and `held-out` becomes `heldout`.
    """
    if "out" in name.lower():
        name = _HELD_OUT.sub("heldout", name)
    if "'" in name or "’" in name:
        name = _ELIDED.sub("", name)
    return name if name.isascii() else _CJK_WORDS.sub(lambda match: f" {_WORDS[match[0]]} ", name)


def is_foreign_word(word: str) -> bool:
    """Return whether a lower-case word is one of the listed foreign words, or a German compound such as
    `validierungsverlust`."""
    return word in _WORDS or _COMPOUND.fullmatch(word) is not None


@lru_cache(maxsize=4096)
def translate_word(word: str) -> tuple[str, ...]:
    """Translate a lower-case word: `verlust` becomes `("loss",)`. The German compound `validierungsverlust` becomes
    `("val", "loss")`. An unknown word is returned unchanged, as `(word,)`."""
    if word in _WORDS:
        return (_WORDS[word],)
    if compound := _COMPOUND.fullmatch(word):
        first = compound["first"]
        return (_WORDS.get(first, "total" if first == "gesamt" else first), _WORDS[compound["second"]])
    return (word,)
